import Checkpoints

/// A token of the hub's, which nothing that prints values shows.
struct Token: Sendable, CustomStringConvertible, CustomReflectable {
    private let secret: String

    /// Takes a token as it stands in a variable or a file, white space around it left out.
    ///
    /// - Returns: `nil` for an empty text.
    /// - Throws: ``HubError/setting(name:reason:)`` where it could not stand in a header.
    init?(_ text: String, from source: String) throws(HubError) {
        let bytes = Array(text.utf8)
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return nil }
        guard last - first < 4096, bytes[first...last].allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .setting(name: source, reason: "a token is one word of printable ASCII")
        }
        secret = String(decoding: bytes[first...last], as: UTF8.self)
    }

    /// The header that carries it.
    var header: String { "Authorization: Bearer \(secret)" }

    var description: String { "(hidden)" }
    var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
