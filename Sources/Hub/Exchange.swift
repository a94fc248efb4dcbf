import CHub
import Glibc

/// Requests to the hub: redirects followed by hand, passing faults tried again.
///
/// Headers are put together anew for every hop. The token goes to the endpoint's own origin alone, and so never to
/// where a redirect leads.
final class Exchange {
    let settings: HubSettings
    private let transfer: Transfer
    private let proceeds: () -> Bool
    /// Told of a wait before another try, in seconds, and its reason.
    private let waits: (Double, String) -> Void

    static let mostRedirects = 5

    /// - Throws: ``HubError/offline(reference:)`` before anything is opened where no connection may be.
    init(
        _ settings: HubSettings, reference: String, proceeds: @escaping () -> Bool,
        waits: @escaping (Double, String) -> Void
    ) throws(HubError) {
        guard !settings.isOffline else { throw .offline(reference: reference) }
        self.settings = settings
        self.proceeds = proceeds
        self.waits = waits
        transfer = try Transfer(proceeds: proceeds)
    }

    /// Whether the endpoint is told who asks.
    var sendsToken: Bool { settings.token != nil }

    /// Asks once, redirects followed.
    ///
    /// - Parameters:
    ///   - address: an address of the endpoint.
    ///   - isHead: whether the head alone is wanted.
    ///   - offset: bytes that are there already; where there are any, the rest is asked for.
    ///   - staysHome: whether a redirect to another server is an answer and not a way.
    ///   - sink: takes the last answer.
    ///   - passes: is given the head of every answer on the way, the last one included, before its body.
    /// - Returns: how the last exchange ended, and its address.
    func ask(
        _ address: WebAddress, isHead: Bool = false, from offset: Int = 0, staysHome: Bool = false,
        into sink: any AnswerSink, passes: @escaping (AnswerHead, WebAddress) throws(HubError) -> Void = { _, _ in }
    ) throws(HubError) -> (end: Transfer.End, address: WebAddress) {
        var address = address
        for _ in 0...Self.mostRedirects {
            let hop = Hop(sink, address, settings.endpoint, staysHome: staysHome, passes: passes)
            var headers = ["User-Agent: zoo", "Accept: */*", "Accept-Encoding: identity"]
            if offset > 0 { headers.append("Range: bytes=\(offset)-") }
            if address.hasSameOrigin(as: settings.endpoint), let token = settings.token { headers.append(token.header) }
            let request = Transfer.Request(
                address: address, headers: headers, isHead: isHead, proxy: settings.proxies.proxy(for: address),
                certificates: settings.certificates, mustBeSecure: settings.endpoint.isSecure,
                patience: settings.patience)
            let end = try transfer.perform(request, into: hop)
            guard let next = hop.next else { return (end, address) }
            address = next
        }
        throw .answer(
            address: address.shown, expected: "at most \(Self.mostRedirects) redirects", found: "one more")
    }

    /// Does something again that the way was at fault for, after a wait that doubles.
    ///
    /// - Parameter work: is given how often it was tried; returns `nil` where it is done. What brought something new
    ///   (`hasAdvanced`) starts the count anew.
    func persist(_ work: () throws(HubError) -> Fault?) throws(HubError) {
        let patience = settings.patience
        var tries = 0
        var total = 0
        while let fault = try work() {
            total += 1
            tries = fault.hasAdvanced ? 1 : tries + 1
            guard tries <= patience.retries, total <= 1000 else { throw fault.error }
            var seconds = patience.retrySeconds * Double(1 << min(tries - 1, 3))
            if let asked = fault.wait {
                guard asked <= patience.longestWait else { throw .busy(address: fault.address, seconds: asked) }
                seconds = max(seconds, asked)
            }
            waits(seconds, fault.error.description)
            try pause(seconds)
        }
    }

    /// A fault of the way.
    struct Fault {
        var error: HubError
        var address = ""
        /// Seconds that the server asks for.
        var wait: Double?
        var hasAdvanced = false
    }

    /// What an answer's status makes of a try: a fault to wait out, or an error.
    func fault(_ head: AnswerHead, at address: WebAddress) -> Fault? {
        guard [408, 429, 500, 502, 503, 504].contains(head.status) else { return nil }
        return Fault(
            error: .status(head.status, address: address.shown), address: address.shown,
            wait: head["retry-after"].flatMap(Self.seconds))
    }

    /// What the end of an exchange makes of a try.
    func fault(_ end: Transfer.End, at address: WebAddress) throws(HubError) -> Fault? {
        switch end {
        case .whole: return nil
        case .broken(let reason):
            return Fault(error: .connection(address: address.shown, reason: reason), address: address.shown)
        case .insecure(let reason): throw .insecure(address: address.shown, reason: reason)
        case .failed(let reason): throw .connection(address: address.shown, reason: reason)
        }
    }

    /// The error that a final status amounts to.
    ///
    /// - Parameters:
    ///   - reference: the model as it was asked for.
    ///   - address: where the answer is from. The text of a refusal is not repeated: a server may write anything.
    func refusal(_ status: Int, _ head: AnswerHead, reference: String, at address: WebAddress) -> HubError {
        let code = head["x-error-code"] ?? ""
        switch (status, code) {
        case (_, "GatedRepo"): return .gated(reference: reference, sentToken: sendsToken)
        case (_, "RevisionNotFound"): return .noRevision(reference: reference)
        case (404, "EntryNotFound"): return .status(404, address: address.shown)
        case (401, _), (404, _), (_, "RepoNotFound"): return .notFound(reference: reference, sentToken: sendsToken)
        default: return .status(status, address: address.shown)
        }
    }

    private func pause(_ seconds: Double) throws(HubError) {
        var left = seconds
        while left > 0 {
            guard proceeds() else { throw .cancelled }
            usleep(useconds_t(min(left, 0.05) * 1e6))
            left -= 0.05
        }
    }

    /// The wait that `Retry-After` asks for: seconds, or a date as HTTP writes it.
    static func seconds(_ text: String) -> Double? {
        if text.utf8.count <= 9, let seconds = Int(text), seconds >= 0 { return Double(seconds) }
        guard text.utf8.count <= 64 else { return nil }
        let date = ch_date(text)
        return date < 0 ? nil : max(0, Double(date) - Double(time(nil)))
    }
}

/// One hop: passes the answer on, unless it sends elsewhere.
private final class Hop: AnswerSink {
    private let sink: any AnswerSink
    private let address: WebAddress
    private let endpoint: WebAddress
    private let staysHome: Bool
    private let passes: (AnswerHead, WebAddress) throws(HubError) -> Void
    private(set) var next: WebAddress?
    private var chatter = 0

    init(
        _ sink: any AnswerSink, _ address: WebAddress, _ endpoint: WebAddress, staysHome: Bool,
        passes: @escaping (AnswerHead, WebAddress) throws(HubError) -> Void
    ) {
        self.sink = sink
        self.address = address
        self.endpoint = endpoint
        self.staysHome = staysHome
        self.passes = passes
    }

    func begin(_ head: AnswerHead) throws(HubError) {
        try passes(head, address)
        guard head.isRedirect else { return try sink.begin(head) }
        let location = head["location"] ?? ""
        guard let target = address.redirected(to: location) else {
            throw .answer(
                address: address.shown, expected: "a redirect to an http or https address",
                found: location.isEmpty ? "none" : "another")
        }
        guard target.isSecure || !endpoint.isSecure else {
            throw .answer(address: address.shown, expected: "a redirect to https", found: "one to \(target.shown)")
        }
        if staysHome, !target.hasSameOrigin(as: endpoint) { return try sink.begin(head) }
        next = target
    }

    func take(_ piece: UnsafeRawBufferPointer) throws(HubError) {
        guard next != nil else { return try sink.take(piece) }
        // What a redirect says beside its address is for people, and short.
        chatter += piece.count
        guard chatter <= KeptAnswer.mostChatter else {
            throw .answer(address: address.shown, expected: "a redirect", found: "a body without end")
        }
    }
}

/// Keeps an answer of limited size.
final class KeptAnswer: AnswerSink {
    private(set) var head = AnswerHead()
    private(set) var bytes: [UInt8] = []
    private let limit: Int
    private let address: WebAddress
    private var count = 0

    /// The most bytes of a body that nobody reads.
    static let mostChatter = 1 << 20

    init(_ address: WebAddress, limit: Int) {
        self.address = address
        self.limit = limit
    }

    func begin(_ head: AnswerHead) throws(HubError) {
        self.head = head
        bytes = []
        count = 0
        if let size = head.count("content-length"), size > limit { throw tooLarge }
    }

    func take(_ piece: UnsafeRawBufferPointer) throws(HubError) {
        count += piece.count
        // The text of a refusal is not read.
        let isWanted = (200..<300).contains(head.status)
        guard count <= (isWanted ? limit : Self.mostChatter) else { throw tooLarge }
        if isWanted { bytes.append(contentsOf: piece) }
    }

    private var tooLarge: HubError {
        .answer(address: address.shown, expected: "at most \(limit) bytes", found: "more")
    }
}
