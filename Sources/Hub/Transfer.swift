import CHub

/// Who takes an answer, piece by piece.
protocol AnswerSink: AnyObject {
    /// The head, before any of the body. What it throws breaks the exchange off.
    func begin(_ head: AnswerHead) throws(HubError)
    /// A piece of the body.
    func take(_ piece: UnsafeRawBufferPointer) throws(HubError)
}

/// One exchange after the other with one server at a time, over a connection that is taken up again.
final class Transfer {
    /// What is asked.
    struct Request {
        var address: WebAddress
        var headers: [String]
        var isHead = false
        var proxy: String?
        var certificates: String?
        var mustBeSecure: Bool
        var patience: HubSettings.Patience
    }

    /// How an exchange ended that no sink broke off.
    enum End: Equatable {
        case whole
        /// The way was at fault: another try may do.
        case broken(String)
        case insecure(String)
        case failed(String)
    }

    private let session: OpaquePointer
    private let proceeds: () -> Bool

    /// - Parameter proceeds: asked about once a second; `false` breaks an exchange off.
    init(proceeds: @escaping () -> Bool) throws(HubError) {
        if let reason = ch_missing() {
            throw .connection(
                address: "libcurl", reason: "\(String(cString: reason)); install it (Debian: apt install libcurl4)")
        }
        guard let session = ch_open() else {
            throw .connection(address: "libcurl", reason: "no memory for a connection")
        }
        self.session = session
        self.proceeds = proceeds
    }

    deinit { ch_close(session) }

    /// What the callbacks work on.
    private final class Course {
        let sink: any AnswerSink
        let proceeds: () -> Bool
        var head = AnswerHead()
        var hasBegun = false
        var problem: String?
        var error: HubError?

        init(_ sink: any AnswerSink, _ proceeds: @escaping () -> Bool) {
            self.sink = sink
            self.proceeds = proceeds
        }

        func begin() throws(HubError) {
            guard !hasBegun else { return }
            hasBegun = true
            try sink.begin(head)
        }

        func guarded(_ work: () throws(HubError) -> Void) -> Int32 {
            guard error == nil, problem == nil else { return 1 }
            do throws(HubError) {
                try work()
                return problem == nil ? 0 : 1
            } catch {
                self.error = error
                return 1
            }
        }
    }

    /// Asks, and hands the answer to the sink.
    ///
    /// - Throws: what the sink throws; ``HubError/cancelled``; ``HubError/answer(address:expected:found:)`` where the
    ///   head is none.
    func perform(_ request: Request, into sink: any AnswerSink) throws(HubError) -> End {
        guard proceeds() else { throw .cancelled }
        let course = Course(sink, proceeds)
        let result = run(request, course)
        if let error = course.error { throw error }
        if let problem = course.problem {
            throw .answer(address: request.address.shown, expected: "an answer in HTTP", found: problem)
        }
        let reason = withUnsafeBytes(of: result.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        switch result.end {
        case CH_DONE:
            // A head without a body has not been handed on yet.
            try course.begin()
            return .whole
        case CH_BROKEN_OFF: throw .cancelled
        case CH_INSECURE: return .insecure(reason)
        case CH_UNREACHABLE, CH_TIMED_OUT, CH_CUT: return .broken(reason)
        default: return .failed(reason)
        }
    }

    private func run(_ request: Request, _ course: Course) -> ch_result {
        var sink = ch_sink()
        sink.context = Unmanaged.passUnretained(course).toOpaque()
        sink.header = { context, bytes, count in
            guard let context, let bytes else { return 1 }
            let course = Unmanaged<Course>.fromOpaque(context).takeUnretainedValue()
            return course.guarded {
                // Fields behind a chunked body are not looked at.
                guard !course.hasBegun else { return }
                course.problem = course.head.take(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
            }
        }
        sink.body = { context, bytes, count in
            guard let context, let bytes else { return 1 }
            let course = Unmanaged<Course>.fromOpaque(context).takeUnretainedValue()
            return course.guarded { () throws(HubError) in
                try course.begin()
                try course.sink.take(UnsafeRawBufferPointer(start: bytes, count: count))
            }
        }
        sink.proceed = { context in
            guard let context else { return 1 }
            return Unmanaged<Course>.fromOpaque(context).takeUnretainedValue().proceeds() ? 0 : 1
        }
        var result = ch_result()
        withCStrings([request.address.description, request.proxy, request.certificates] + request.headers) { strings in
            var headers = Array(strings.dropFirst(3))
            headers.withUnsafeMutableBufferPointer { headers in
                var question = ch_request()
                question.url = strings[0]
                question.proxy = strings[1]
                question.ca_file = strings[2]
                question.headers = UnsafePointer(headers.baseAddress)
                question.header_count = headers.count
                question.head = request.isHead ? 1 : 0
                question.https_only = request.mustBeSecure ? 1 : 0
                question.connect_milliseconds = Int(min(max(request.patience.connectSeconds, 0.001), 1e6) * 1000)
                question.stall_seconds = request.patience.stallSeconds
                question.stall_bytes = request.patience.stallBytes
                ch_perform(session, &question, &sink, &result)
            }
        }
        // The callbacks reach it without holding it.
        withExtendedLifetime(course) {}
        return result
    }
}

/// Texts as C reads them, for the length of a call.
private func withCStrings(_ texts: [String?], _ body: ([UnsafePointer<CChar>?]) -> Void) {
    func next(_ index: Int, _ pointers: [UnsafePointer<CChar>?]) {
        guard index < texts.count else { return body(pointers) }
        guard let text = texts[index] else { return next(index + 1, pointers + [nil]) }
        text.withCString { next(index + 1, pointers + [$0]) }
    }
    next(0, [])
}
