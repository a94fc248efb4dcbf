/// What the vectors of an index are: whose, and of which pictures.
public struct IndexDescription: Sendable, Equatable {
    /// The model's name, as it can be found again.
    public var model: String
    /// What tells one state of the model from another, such as a hash of its files. Vectors of different identities
    /// must never be compared.
    public var identity: String
    /// The folder that the paths of the entries start from: absolute, byte for byte as the system knows it.
    public var folder: [UInt8]
    /// Numbers in each vector.
    public var width: Int

    /// The widest vectors that an index can have.
    public static let widthLimit = 65_536
    /// The most bytes of a name, an identity, a folder or a path.
    public static let textLimit = 4096

    /// A description of an index.
    public init(model: String, identity: String, folder: [UInt8], width: Int) {
        self.model = model
        self.identity = identity
        self.folder = folder
        self.width = width
    }

    /// Why no index can be so; `nil` where one can.
    var refusal: (expected: String, found: String)? {
        guard (1...Self.widthLimit).contains(width) else {
            return ("a width of 1 to \(Self.widthLimit)", "\(width)")
        }
        for text in [Array(model.utf8), Array(identity.utf8), folder] {
            guard (1...Self.textLimit).contains(text.count) else {
                return (
                    "a model, an identity and a folder of 1 to \(Self.textLimit) bytes", "\(text.count) bytes"
                )
            }
        }
        return nil
    }
}

/// One vector's origin: a file, and what shows that it has changed since.
public struct IndexEntry: Sendable, Equatable {
    /// The path below the index's folder, byte for byte as the system knows it.
    public var path: [UInt8]
    /// Bytes of the file when its vector was made.
    public var size: Int
    /// When the file was last changed before its vector was made: nanoseconds since 1970.
    public var modified: Int

    /// The origin of a vector.
    public init(path: [UInt8], size: Int, modified: Int) {
        self.path = path
        self.size = size
        self.modified = modified
    }

    /// Whether the path is a plain one that stays below the folder: names parted by single slashes, none of them `.` or
    /// `..`.
    var hasPlainPath: Bool {
        guard (1...IndexDescription.textLimit).contains(path.count) else { return false }
        // The current name's bytes so far, and whether all of them are dots.
        var (length, isDots) = (0, true)
        for byte in path {
            if byte == UInt8(ascii: "/") {
                guard length > 2 || length > 0 && !isDots else { return false }
                (length, isDots) = (0, true)
            } else {
                guard byte != 0 else { return false }
                length += 1
                isDots = isDots && byte == UInt8(ascii: ".")
            }
        }
        return length > 2 || length > 0 && !isDots
    }
}
