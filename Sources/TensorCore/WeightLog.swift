import Synchronization

/// What the loaders of a ``Runtime`` have noted of a checkpoint's tensors: which become matrices, and which are read in
/// another way. Whoever writes a checkpoint for this project's own use asks it what may change its type.
public final class WeightLog: Sendable {
    /// A tensor of a file.
    public struct Key: Hashable, Sendable {
        /// The file it lies in.
        public var file: String
        /// Its name there.
        public var tensor: String

        /// The tensor of a name in a file.
        public init(file: String, tensor: String) {
            self.file = file
            self.tensor = tensor
        }
    }

    private struct Notes {
        var matrices: Set<Key> = []
        var others: Set<Key> = []
    }
    private let notes = Mutex(Notes())

    /// A log without notes.
    public init() {}

    /// The tensors that are held as matrices in eight bits by a runtime of ``WeightType/int8`` and in no other way
    /// besides.
    public var matricesInEightBits: Set<Key> { notes.withLock { $0.matrices.subtracting($0.others) } }

    /// Notes that a tensor is packed into a matrix.
    public func note(_ tensor: TensorInfo, as form: PackedMatrix.Form) {
        let key = Key(file: tensor.file, tensor: tensor.name)
        notes.withLock { notes in
            let isMatrix = form == .int8
            _ = isMatrix ? notes.matrices.insert(key) : notes.others.insert(key)
        }
    }

    /// Notes that a tensor's values are read as such.
    public func noteValues(_ tensor: TensorInfo) {
        let key = Key(file: tensor.file, tensor: tensor.name)
        notes.withLock { _ = $0.others.insert(key) }
    }
}
