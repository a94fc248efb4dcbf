import CLibMD

/// SHA-256 (FIPS 180-4), by the system's libmd.
public struct SHA256: Sendable {
    private var context = SHA2_CTX()

    /// A hash of nothing yet.
    public init() { SHA256Init(&context) }

    /// Takes in more bytes.
    public mutating func update(_ bytes: [UInt8]) {
        SHA256Update(&context, bytes, bytes.count)
    }

    /// The 32 bytes of the hash of all that was taken in; more may follow.
    public func digest() -> [UInt8] {
        var context = context
        var result = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256Final(&result, &context)
        return result
    }

    /// The hash in 64 lower-case hexadecimal digits; more may follow.
    public func hexadecimal() -> String {
        digest().hexadecimal
    }

    /// The hash of bytes, as ``hexadecimal()`` writes it.
    public static func hexadecimal(of bytes: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(bytes)
        return hash.hexadecimal()
    }

    /// The hash of a file, which is read in pieces, as ``hexadecimal()`` writes it.
    public static func hexadecimal(ofFile path: String) throws(FileError) -> String {
        let file = try RegularFile(path)
        var hash = SHA256()
        var offset = 0
        while offset < file.size {
            let piece = try file.bytes(at: offset, count: min(1 << 20, file.size - offset))
            hash.update(piece)
            offset += piece.count
        }
        return hash.hexadecimal()
    }
}

extension [UInt8] {
    /// The bytes in lower-case hexadecimal digits.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
