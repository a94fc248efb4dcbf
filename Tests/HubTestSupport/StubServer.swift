import Foundation
import Synchronization

/// A server on 127.0.0.1 that says over HTTP what a test wants, well or badly.
public final class StubServer: Sendable {
    /// What was asked.
    public struct Request: Sendable {
        /// `GET` or `HEAD`.
        public var method: String
        /// Path and query.
        public var path: String
        /// The fields by their names in lower case.
        public var fields: [String: String]
        /// Where a part was asked for, the first byte of it.
        public var start: Int? {
            fields["range"].flatMap { range in
                range.hasPrefix("bytes=") ? Int(range.dropFirst(6).prefix { $0 != "-" }) : nil
            }
        }
    }

    /// What is answered.
    public struct Reply: Sendable {
        /// The three digits.
        public var status: Int
        /// Names and values.
        public var fields: [(String, String)]
        /// The body, of which `Content-Length` is told unless a field says something else.
        public var body: [UInt8]
        /// Bytes of the body after which the connection is cut; `nil` sends all.
        public var cutAfter: Int?
        /// Seconds between two pieces of the body.
        public var delay = 0.0
        /// Bytes of a piece.
        public var piece = 1
        /// Whether `Content-Length` is left out, so that the end of the connection is the end of the body.
        public var hidesLength = false
        /// Sent instead of everything else.
        public var raw: [UInt8]?

        /// An answer.
        public init(_ status: Int = 200, _ fields: [(String, String)] = [], _ body: [UInt8] = []) {
            self.status = status
            self.fields = fields
            self.body = body
        }

        /// The value of a field, to be changed.
        public subscript(name: String) -> String? {
            get { fields.first { $0.0.lowercased() == name.lowercased() }?.1 }
            set {
                fields.removeAll { $0.0.lowercased() == name.lowercased() }
                if let newValue { fields.append((name, newValue)) }
            }
        }
    }

    private struct State {
        var requests: [Request] = []
        var isOpen = true
    }

    /// Where it listens.
    public let port: Int
    /// Its address.
    public var address: String { "http://127.0.0.1:\(port)" }
    private let socket: Int32
    private let state = Mutex(State())
    private let answer: @Sendable (Request) -> Reply?

    /// Everything that was asked so far.
    public var requests: [Request] { state.withLock { $0.requests } }

    /// Starts to listen.
    ///
    /// - Parameter answer: what is answered; `nil` closes the connection without a word.
    public init(_ answer: @escaping @Sendable (Request) -> Reply?) throws {
        self.answer = answer
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = socket
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
                bind(socket, place, length) == 0 && listen(socket, 64) == 0 && getsockname(socket, place, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRINUSE) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(socket, nil, nil)
                guard connection >= 0 else { return }
                guard let self, self.state.withLock({ $0.isOpen }) else {
                    close(connection)
                    return
                }
                Thread.detachNewThread { self.serve(connection) }
            }
        }
    }

    deinit {
        state.withLock { $0.isOpen = false }
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var pending: [UInt8] = []
        while let request = Self.read(connection, &pending) {
            state.withLock { $0.requests.append(request) }
            guard let reply = answer(request) else { return }
            guard Self.write(reply, to: connection, isHead: request.method == "HEAD") else { return }
        }
    }

    private static func read(_ connection: Int32, _ pending: inout [UInt8]) -> Request? {
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let text = String(decoding: pending, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                pending = Array(text[end.upperBound...].utf8)
                let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
                let words = lines[0].split(separator: " ")
                guard words.count == 3 else { return nil }
                var fields: [String: String] = [:]
                for line in lines.dropFirst() {
                    guard let colon = line.firstIndex(of: ":") else { continue }
                    fields[line[..<colon].lowercased()] =
                        line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                }
                return Request(method: String(words[0]), path: String(words[1]), fields: fields)
            }
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            pending += piece[..<count]
        }
    }

    /// - Returns: whether the connection goes on.
    private static func write(_ reply: Reply, to connection: Int32, isHead: Bool) -> Bool {
        if let raw = reply.raw {
            _ = send(raw, to: connection)
            return false
        }
        var head = "HTTP/1.1 \(reply.status) Whatever\r\n"
        for (name, value) in reply.fields { head += "\(name): \(value)\r\n" }
        let statesLength = reply["content-length"] != nil || reply["transfer-encoding"] != nil
        if !statesLength, !reply.hidesLength { head += "Content-Length: \(reply.body.count)\r\n" }
        guard send(Array((head + "\r\n").utf8), to: connection) else { return false }
        guard !isHead else { return true }
        let body = reply.body.prefix(reply.cutAfter ?? reply.body.count)
        if reply.delay > 0 {
            for start in stride(from: 0, to: body.count, by: reply.piece) {
                let piece = Array(body.dropFirst(start).prefix(reply.piece))
                guard send(piece, to: connection) else { return false }
                Thread.sleep(forTimeInterval: reply.delay)
            }
        } else {
            guard send(Array(body), to: connection) else { return false }
        }
        return reply.cutAfter == nil && !reply.hidesLength && reply["content-length"] == nil
    }

    private static func send(_ bytes: [UInt8], to connection: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    connection, $0.baseAddress?.advanced(by: done), $0.count - done, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}
