/// An array file (`.npy`) cannot be used.
public struct NPYError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file.
    public var file: String
    /// The byte of the file that the error is about.
    public var offset: Int
    /// What is wanted.
    public var expected: String
    /// What is there.
    public var found: String

    /// An error at a byte of a file.
    public init(file: String, offset: Int, expected: String, found: String) {
        self.file = file
        self.offset = offset
        self.expected = expected
        self.found = found
    }

    /// The sentence a person reads.
    public var description: String { "\(file): byte \(offset): expected \(expected), found \(found)" }
}
