/// A safetensors file breaks a rule of the format or exceeds a limit.
public struct SafetensorsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The rules of the format in the order in which the reference reader (safetensors 0.8, `tensor.rs`) has them; then
    /// our own.
    public enum Rule: String, Sendable, CaseIterable {
        /// The file has at least 8 bytes: the header's length.
        case lengthField = "R1"
        /// The header has at most 100,000,000 bytes.
        case headerLimit = "R2"
        /// The header lies within the file.
        case headerWithinFile = "R3"
        /// The header is UTF-8.
        case utf8 = "R4"
        /// The header is one JSON value, nested at most 128 levels.
        case json = "R5"
        /// The header starts with `{`, white space aside.
        case startsWithBrace = "R6"
        /// Each entry is an object of `dtype`, `shape` and `data_offsets` in their forms; metadata are strings.
        case entryForm = "R7"
        /// The data are laid out without holes, overlaps or shared bytes.
        case layout = "R8"
        /// The number of elements can be represented.
        case elementCount = "R9"
        /// The size can be represented and is a whole number of bytes.
        case byteCount = "R10"
        /// The offsets span the bytes that type and shape need.
        case span = "R11"
        /// The data end where the file ends.
        case fileLength = "R12"
        /// The type is one of the format's.
        case dtype = "R13"
        /// No name occurs twice. The reference's documentation says so; its reader lets it pass.
        case duplicateName = "duplicate"
        /// At most 1,000,000 tensors, 8 dimensions, 1024 bytes of a name.
        case limit = "limit"
    }

    /// The file.
    public var file: String
    /// The rule that is broken.
    public var rule: Rule
    /// The tensor concerned.
    public var tensor: String?
    /// What the rule wants.
    public var expected: String
    /// What is there.
    public var found: String
    /// The byte of the file that the error is about.
    public var offset: Int

    /// The sentence a person reads.
    public var description: String {
        let subject = tensor.map { ": tensor \($0.quoted)" } ?? ""
        return "\(file): byte \(offset)\(subject): expected \(expected), found \(found) [\(rule.rawValue)]"
    }
}
