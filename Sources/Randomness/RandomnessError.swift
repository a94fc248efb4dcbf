/// Random numbers cannot be drawn as asked.
public enum RandomnessError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The generator's reference does not take this seed.
    case seed(String, generator: String, allowed: String)
    /// No whole number lies from `low` up to, but not including, `high`.
    case emptyRange(low: Int, high: Int)
    /// A count below 0 or above what is drawn at once.
    case count(Int, allowed: ClosedRange<Int>)
    /// More elements at once than threads of the GPU: from there on the reference's numbers depend on the GPU's model.
    case beyondThreads(Int, threads: Int)
    /// The bounds of a truncated normal distribution are not finite, not in order, or too far out.
    case bounds(lower: Double, upper: Double)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .seed(let seed, let generator, let allowed):
            "\(seed) is no seed for \(generator), which takes whole numbers in \(allowed)"
        case .emptyRange(let low, let high): "no whole number is at least \(low) and less than \(high)"
        case .count(let count, let allowed): "\(count) random numbers were asked for, possible are \(allowed)"
        case .beyondThreads(let count, let threads):
            "\(count) random numbers of torch-cuda at once; beyond \(threads), the threads of the GPU that is imitated, "
                + "they would depend on the GPU's model"
        case .bounds(let lower, let upper):
            "a normal distribution cannot be cut to \(lower)...\(upper); the bounds must be in order and within 8 of 0"
        }
    }
}
