/// The status and the fields of an answer.
struct AnswerHead: Sendable, Equatable {
    /// The three digits.
    private(set) var status = 0
    private var fields: [(name: String, value: String)] = []
    private var bytes = 0

    /// The most bytes and fields of a head.
    private static let longest = 64 << 10
    private static let mostFields = 200

    static func == (left: AnswerHead, right: AnswerHead) -> Bool {
        left.status == right.status && left.fields.elementsEqual(right.fields) { $0 == $1 }
    }

    /// The value of a field; its name is in lower case. Of a field that stands twice the first counts.
    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// Whether the answer sends elsewhere.
    var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }

    /// A field's value as a count; `nil` where the field is absent or is none.
    func count(_ name: String) -> Int? {
        guard let text = self[name], text.utf8.count <= 18, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    /// Takes in one line of a head; a status line begins a new one.
    ///
    /// - Returns: what is wrong, `nil` where nothing is.
    mutating func take(_ line: [UInt8]) -> String? {
        var line = line[...]
        while let last = line.last, last == 0x0A || last == 0x0D { line.removeLast() }
        if line.starts(with: Array("HTTP/".utf8)) {
            self = AnswerHead()
            let parts = line.split(separator: 0x20, maxSplits: 2)
            guard parts.count >= 2, parts[1].count == 3, let status = Int(String(decoding: parts[1], as: UTF8.self))
            else { return "a status line without a status" }
            self.status = status
            return nil
        }
        bytes += line.count + 2
        guard bytes <= Self.longest, fields.count < Self.mostFields else { return "a head of endless length" }
        guard !line.isEmpty else { return nil }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        var text = String(decoding: value, as: UTF8.self)
        while text.utf8.last == 0x20 || text.utf8.last == 0x09 { text.removeLast() }
        fields.append((name, text))
        return nil
    }
}

extension AnswerHead {
    /// The entity tag of the linked file, else of the answer itself, without its quotes and its mark of weakness.
    var contentTag: String? {
        guard var tag = self["x-linked-etag"] ?? self["etag"] else { return nil }
        if tag.hasPrefix("W/") { tag.removeFirst(2) }
        if tag.utf8.count >= 2, tag.hasPrefix("\""), tag.hasSuffix("\"") { tag = String(tag.dropFirst().dropLast()) }
        return tag
    }

    /// The size of the linked file; of an answer that sends nowhere its own.
    var contentSize: Int? {
        self["x-linked-size"] != nil ? count("x-linked-size") : isRedirect ? nil : count("content-length")
    }

    /// The first byte and the size of the whole that a part (status 206) states; the size may be left open (`*`).
    var contentRange: (start: Int, end: Int, total: Int?)? {
        guard let text = self["content-range"], text.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count == 2, let start = ends[0], let end = ends[1], start >= 0, end >= start else { return nil }
        if parts[1] == "*" { return (start, end, nil) }
        guard let total = Int(parts[1]), total > end else { return nil }
        return (start, end, total)
    }
}
