import Checkpoints

/// What the hub names a file's contents by, and the cache its blob: the SHA-256 of a large file, the git blob hash of a
/// small one.
public enum ContentHash: Sendable, Hashable, CustomStringConvertible {
    /// SHA-256 of the contents, 64 hexadecimal digits.
    case sha256(String)
    /// SHA-1 of `blob`, the size and the contents as git puts them together, 40 hexadecimal digits.
    case gitBlob(String)

    /// A hash from its digits; `nil` where they are neither 40 nor 64 in lower case. Nothing else becomes a path.
    public init?(_ text: String) {
        let digits = text.utf8
        guard
            digits.allSatisfy({
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            })
        else { return nil }
        switch digits.count {
        case 64: self = .sha256(text)
        case 40: self = .gitBlob(text)
        default: return nil
        }
    }

    /// The digits alone: the name of the blob.
    public var description: String {
        switch self {
        case .sha256(let digits), .gitBlob(let digits): digits
        }
    }

    /// A hash of this kind over what is taken in.
    struct Running {
        private var sha256: SHA256?
        private var sha1: SHA1?

        /// - Parameter size: all bytes that will be taken in; git's hash starts with it.
        init(_ kind: ContentHash, size: Int) {
            switch kind {
            case .sha256: sha256 = SHA256()
            case .gitBlob:
                var hash = SHA1()
                hash.update(Array("blob \(size)\0".utf8))
                sha1 = hash
            }
        }

        mutating func update(_ bytes: [UInt8]) {
            sha256?.update(bytes)
            sha1?.update(bytes)
        }

        /// The digits so far.
        var digits: String { sha256?.hexadecimal() ?? sha1?.hexadecimal() ?? "" }
    }

    /// The hash of this kind of a file on the disk.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - proceeds: asked between two pieces; `false` gives up.
    /// - Returns: the digits, `nil` where it was given up.
    func found(inFile path: String, proceeds: () -> Bool = { true }) throws(FileError) -> String? {
        let file = try RegularFile(path)
        var hash = Running(self, size: file.size)
        var offset = 0
        while offset < file.size {
            guard proceeds() else { return nil }
            let piece = try file.bytes(at: offset, count: min(1 << 20, file.size - offset))
            hash.update(piece)
            offset += piece.count
        }
        return hash.digits
    }
}
