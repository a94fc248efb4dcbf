/// An http or https address, taken apart strictly: what is sent is put together from these parts again, so that no two
/// readers of a text can disagree about the server it names.
public struct WebAddress: Sendable, Equatable, CustomStringConvertible {
    /// Whether the server must prove who it is.
    public let isSecure: Bool
    /// The server, in lower case; an IPv6 address stands in brackets.
    public let host: String
    /// Its port.
    public let port: Int
    /// The path, which starts with a slash, and the query.
    public let path: String

    private static let longest = 8192

    /// Takes an address apart.
    ///
    /// - Parameter text: `http://` or `https://`, a host, a port or none, a path or none. A user's name, white space,
    ///   backslashes, and everything but ASCII make it none.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.longest, text.utf8.allSatisfy(Self.isPlain) else { return nil }
        let lower = text.lowercased()
        isSecure = lower.hasPrefix("https://")
        guard isSecure || lower.hasPrefix("http://") else { return nil }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        guard let (host, port) = Self.authority(rest[..<end], isSecure: isSecure) else { return nil }
        self.host = host
        self.port = port
        // A fragment is the reader's own affair.
        let tail = rest[end...].prefix { $0 != "#" }
        path = tail.hasPrefix("/") ? String(tail) : "/" + tail
    }

    /// The address that a redirect of this one names: whole, from the server's root, or beside this one.
    func redirected(to location: String) -> WebAddress? {
        guard location.utf8.allSatisfy(Self.isPlain), !location.isEmpty else { return nil }
        let origin = "\(isSecure ? "https" : "http")://\(authority)"
        if location.hasPrefix("//") { return WebAddress((isSecure ? "https:" : "http:") + location) }
        if location.hasPrefix("/") { return WebAddress(origin + location) }
        let start = location.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if start.contains(":") { return WebAddress(location) }
        let own = path.prefix { $0 != "?" }
        if location.hasPrefix("?") { return WebAddress(origin + own + location) }
        let folder = own.lastIndex(of: "/").map { own[...$0] } ?? "/"
        return WebAddress(origin + folder + location)
    }

    /// Whether both lead to the same server: scheme, host and port.
    func hasSameOrigin(as other: WebAddress) -> Bool {
        isSecure == other.isSecure && host == other.host && port == other.port
    }

    /// The address of a path on the same server, below this one's.
    func appending(_ below: String) -> WebAddress? {
        let base = path.hasSuffix("/") ? String(path.dropLast()) : path
        return WebAddress("\(isSecure ? "https" : "http")://\(authority)\(base)\(below)")
    }

    /// Host and port as they stand in an address.
    var authority: String { port == (isSecure ? 443 : 80) ? host : "\(host):\(port)" }

    /// The whole address.
    public var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }

    /// The address without its query, which may hold a signature.
    var shown: String { "\(isSecure ? "https" : "http")://\(authority)\(path.prefix { $0 != "?" })" }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "\"")
    }

    private static func authority(_ text: Substring, isSecure: Bool) -> (host: String, port: Int)? {
        let host: Substring
        let tail: Substring
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            host = text[...close]
            tail = text[text.index(after: close)...]
            guard host.dropFirst().dropLast().allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
                return nil
            }
        } else {
            host = text.prefix { $0 != ":" }
            tail = text[host.endIndex...]
            guard host.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." || $0 == "_" }) else {
                return nil
            }
        }
        guard !host.isEmpty, host != "[]", host.utf8.count <= 255 else { return nil }
        guard !tail.isEmpty else { return (host.lowercased(), isSecure ? 443 : 80) }
        let digits = tail.dropFirst()
        guard tail.hasPrefix(":"), digits.utf8.count <= 5, digits.allSatisfy(\.isNumber), let port = Int(digits),
            (1...65535).contains(port)
        else { return nil }
        return (host.lowercased(), port)
    }

    /// A text with everything percent-encoded that has a meaning in a path, slashes left where they are.
    static func encoded(_ text: String) -> String {
        var result = ""
        let digits = Array("0123456789ABCDEF")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return result
    }
}
