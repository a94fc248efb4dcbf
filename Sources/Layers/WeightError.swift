public import TensorCore

/// A checkpoint does not hold what a model's layers ask for.
public enum WeightError: Error, Sendable, CustomStringConvertible {
    /// There is no tensor of this name.
    case missing(location: String, tensor: String, expected: [Int])
    /// The tensor has other dimensions.
    case shape(file: String, tensor: String, expected: [Int], found: [Int])
    /// The tensor's type is none that weights can have.
    case type(file: String, tensor: String, found: String)
    /// The system has not the memory that the tensor would take.
    case memory(file: String, tensor: String, bytes: Int)
    /// Tensors that no layer asked for.
    case unused(location: String, tensors: [String])
    /// The bytes could not be read.
    case unreadable(TensorReadError)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .missing(let location, let tensor, let expected):
            "\(location): tensor \(tensor) is missing (expected shape \(expected)); the checkpoint is of another "
                + "architecture or incomplete"
        case .shape(let file, let tensor, let expected, let found):
            "\(file): tensor \(tensor) has shape \(found), expected \(expected); the configuration and the weights "
                + "contradict each other"
        case .type(let file, let tensor, let found):
            "\(file): tensor \(tensor) has type \(found), expected F32, F16 or BF16, or for a matrix I8 with "
                + "a tensor \(tensor)_scale"
        case .memory(let file, let tensor, let bytes):
            "\(file): tensor \(tensor) needs \(bytes) bytes of memory, which this system does not give"
        case .unused(let location, let tensors):
            "\(location): \(tensors.count) tensor\(tensors.count == 1 ? "" : "s") no layer uses: "
                + tensors.prefix(5).joined(separator: ", ") + (tensors.count > 5 ? ", ..." : "")
                + "; the configuration and the weights contradict each other"
        case .unreadable(let error):
            error.description
        }
    }
}
