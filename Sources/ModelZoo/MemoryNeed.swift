/// Bytes of memory that a model takes for a piece of work.
///
/// What comes on top does not depend on the model's size: the program itself, its tokenizer's tables, the pictures or
/// sounds that are being decoded, and up to 2 MiB of a page that is begun.
public struct MemoryNeed: Sendable, Equatable, CustomStringConvertible {
    /// Packed weights.
    public var weights: Int
    /// Activations and the threads' scratch memory of the largest pass, and the inputs.
    public var activations: Int

    /// The need of the given parts.
    ///
    /// - Parameters:
    ///   - weights: bytes of packed weights.
    ///   - activations: bytes of the largest pass and its inputs.
    public init(weights: Int, activations: Int) {
        self.weights = weights
        self.activations = activations
    }

    /// All of it.
    public var total: Int {
        let (sum, overflows) = weights.addingReportingOverflow(activations)
        return overflows ? .max : sum
    }

    /// Sum and parts in megabytes of 10^6 bytes, as a sentence has it.
    public var description: String {
        "\(Self.text(total)) of memory (weights \(Self.text(weights)), activations \(Self.text(activations)))"
    }

    /// Megabytes with one digit after the point.
    static func text(_ bytes: Int) -> String {
        let tenths = bytes / 100_000 + (bytes % 100_000 >= 50_000 ? 1 : 0)
        return "\(tenths / 10).\(tenths % 10) MB"
    }
}
