import Checkpoints

/// The way of one file from the hub into its blob.
final class Download: AnswerSink {
    private let exchange: Exchange
    private let file: RepositoryFile
    private let hash: ContentHash
    private let size: Int
    private let commit: String
    private let reference: String
    private let partial: PartialFile
    private let advanced: (Int) -> Void

    private var head = AnswerHead()
    private var address: WebAddress
    /// Bytes of the body of a refusal, which nobody reads.
    private var chatter = 0
    /// An answer that is good for nothing, though the whole from its start may be.
    private var isUseless = false
    /// Whether what is there is of several answers, or was there before.
    private var isPieced = false

    /// - Parameters:
    ///   - exchange: the way to the hub.
    ///   - address: the file's.
    ///   - file: what the hub says of it; size and hash must be known.
    ///   - commit: the commit it is of.
    ///   - reference: what messages call the model.
    ///   - partial: where it goes.
    ///   - advanced: told of bytes that came, and of less than none where they are thrown away.
    init?(
        _ exchange: Exchange, _ address: WebAddress, _ file: RepositoryFile, commit: String, reference: String,
        into partial: PartialFile, advanced: @escaping (Int) -> Void
    ) {
        guard let hash = file.hash, let size = file.bytes else { return nil }
        self.exchange = exchange
        self.address = address
        self.file = file
        self.hash = hash
        self.size = size
        self.commit = commit
        self.reference = reference
        self.partial = partial
        self.advanced = advanced
    }

    /// Fetches what is missing, and checks the whole.
    ///
    /// - Throws: ``HubError``. What has come stays for another try, unless its hash is wrong.
    func run() throws(HubError) {
        let start = address
        isPieced = partial.count > 0
        var isLast = false
        while true {
            try exchange.persist { () throws(HubError) in try attempt(start) }
            if partial.digits == hash.description { return }
            let found = partial.digits
            try restart()
            guard isPieced, !isLast else {
                partial.discard()
                throw .damaged(file: file.name, expected: hash.description, found: found)
            }
            // A piece of another time may be at fault: once more, all of it.
            isLast = true
        }
    }

    /// One try for the rest.
    private func attempt(_ start: WebAddress) throws(HubError) -> Exchange.Fault? {
        guard partial.count < size || size == 0 else { return nil }
        let before = partial.count
        isUseless = false
        head = AnswerHead()
        let (end, last): (Transfer.End, WebAddress)
        do throws(HubError) {
            (end, last) = try exchange.ask(start, from: before, into: self) {
                [self] (head, address) throws(HubError) in try check(head, address)
            }
        } catch {
            guard isUseless else { throw error }
            return Exchange.Fault(
                error: .answer(
                    address: start.shown, expected: "the part from byte \(before) on", found: "status \(head.status)"))
        }
        if partial.count < size { isPieced = partial.count > 0 }
        var fault = try exchange.fault(end, at: last) ?? exchange.fault(head, at: last)
        if fault == nil, partial.count < size {
            fault = Exchange.Fault(
                error: .connection(address: last.shown, reason: "it ends after \(partial.count) of \(size) bytes"))
        }
        // A trickle is no progress.
        fault?.hasAdvanced = partial.count - before >= max(1, min(1 << 20, size / 20))
        return fault
    }

    /// What the hub's own answers say of the file must be what its listing said.
    private func check(_ head: AnswerHead, _ address: WebAddress) throws(HubError) {
        guard address.hasSameOrigin(as: exchange.settings.endpoint), head.status < 400 else { return }
        func refuse(_ expected: String, _ found: String?) -> HubError {
            .answer(address: address.shown, expected: expected, found: found?.quoted ?? "none")
        }
        if let stated = head["x-repo-commit"], stated != commit { throw refuse("the commit \(commit)", stated) }
        if let stated = head["x-linked-etag"], head.contentTag != hash.description {
            throw refuse("the hash \(hash)", stated)
        }
        if head["x-linked-size"] != nil, head.contentSize != size {
            throw refuse("\(size) bytes", head["x-linked-size"])
        }
    }

    func begin(_ head: AnswerHead) throws(HubError) {
        self.head = head
        chatter = 0
        if let coding = head["content-encoding"], coding.lowercased() != "identity" {
            throw .answer(
                address: address.shown, expected: "bytes as they are", found: "Content-Encoding: \(coding.quoted)")
        }
        switch head.status {
        case 200:
            // The rest was asked for, and all of it comes.
            if partial.count > 0 { try restart() }
            if let length = head.count("content-length"), length != size { throw wrongSize(length) }
        case 206:
            guard let range = head.contentRange, range.start == partial.count, range.total ?? size == size else {
                throw try useless()
            }
        case 416: throw try useless()
        case 408, 429, 500, 502, 503, 504: break
        case let status: throw exchange.refusal(status, head, reference: reference, at: address)
        }
    }

    func take(_ piece: UnsafeRawBufferPointer) throws(HubError) {
        guard head.status == 200 || head.status == 206 else {
            chatter += piece.count
            guard chatter <= KeptAnswer.mostChatter else { throw .status(head.status, address: address.shown) }
            return
        }
        guard piece.count <= size - partial.count else { throw wrongSize(partial.count + piece.count) }
        do { try partial.append(Array(piece)) } catch { throw .file(error) }
        advanced(piece.count)
    }

    /// Breaks off an answer that is no use beside what is there; the next try asks for the whole.
    private func useless() throws(HubError) -> HubError {
        isUseless = true
        try restart()
        return .cancelled
    }

    private func restart() throws(HubError) {
        advanced(-partial.count)
        do { try partial.restart() } catch { throw .file(error) }
    }

    private func wrongSize(_ found: Int) -> HubError {
        .answer(address: address.shown, expected: "\(size) bytes of \(file.name)", found: "\(found) or more")
    }
}
