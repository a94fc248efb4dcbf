/// A PyTorch file breaks a rule of its format, asks for what is not allowed, or exceeds a limit.
public struct PyTorchError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of rule is broken.
    public enum Rule: String, Sendable, CaseIterable {
        /// The file is of a format that is read.
        case format
        /// The archive's records lie in it whole, apart from each other, stored as they are.
        case archive
        /// A record's bytes have the CRC-32 that the archive says.
        case checksum
        /// The file does not end within what it describes.
        case truncated
        /// The pickle consists of the operations that PyTorch writes.
        case opcode
        /// The pickle names nothing but the functions and classes of weights and plain data.
        case global
        /// Operations find what they need on the stack and in the memo.
        case stack
        /// What is rebuilt is given what it needs.
        case arguments
        /// Storages have the size that the pickle says.
        case storage
        /// A tensor lies within its storage.
        case view
        /// The bounds on sizes and counts are kept.
        case limit
        /// The file's object is weights by name, or holds them under a known key.
        case contents
    }

    /// The file.
    public var file: String
    /// What kind of rule is broken.
    public var rule: Rule
    /// What the rule wants.
    public var expected: String
    /// What is there.
    public var found: String
    /// The byte of the file that the error is about, where it is about one.
    public var offset: Int?

    /// The sentence a person reads.
    public var description: String {
        let place = offset.map { ": byte \($0)" } ?? ""
        let advice =
            switch rule {
            case .global, .opcode, .format: "; \(Self.advice)"
            case .archive, .checksum, .truncated, .stack, .arguments, .storage, .view, .limit, .contents: ""
            }
        return "\(file)\(place): expected \(expected), found \(found) [\(rule.rawValue)]\(advice)"
    }

    /// What to do with a file that holds more than data.
    private static let advice = """
        if you trust the file, convert it with Python: weights = torch.load(FILE, weights_only=False), then \
        safetensors.torch.save_file({k: v.contiguous() for k, v in weights.items()}, "model.safetensors")
        """
}

/// Bounds on what an untrusted file may ask for; the formats themselves have none.
enum PyTorchLimits {
    /// Bytes of one pickle.
    static let pickleByteCount = 128 << 20
    /// Values on the stack, in the memo, and lists, tuples and dictionaries in all.
    static let objectCount = 1 << 21
    /// Bytes that operations may copy in all, beyond what they read.
    static let copiedByteCount = 256 << 20
    /// Records of an archive.
    static let recordCount = 1_000_000
    /// Bytes of an archive's directory.
    static let directoryByteCount = 256 << 20
    /// Dimensions of a tensor and bytes of its name, as for safetensors.
    static let rank = SafetensorsHeader.rankLimit
    static let nameByteCount = SafetensorsHeader.nameLimit
    /// Bytes of a tensor that is larger than its storage, such as one value that stands for many.
    static let expandedByteCount = 64 << 20
    /// Dictionaries within dictionaries that are searched for weights.
    static let wrapperDepth = 4
}
