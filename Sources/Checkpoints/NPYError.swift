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

    /// The sentence a person reads.
    public var description: String { "\(file): byte \(offset): expected \(expected), found \(found)" }
}
