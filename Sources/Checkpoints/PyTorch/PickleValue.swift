/// A value that a pickle builds. Those that hold others lie in the machine's arena and are named by their number there:
/// a file may nest them as deep as it likes, or in circles, and nothing here follows them by recursion.
enum PickleValue: Sendable, Equatable {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    /// An integer beyond 64 bits, little-endian two's complement.
    case wideInt([UInt8])
    case string(String)
    case bytes([UInt8])
    /// A name of the allow-list.
    case global(PickleGlobal)
    /// A place in the arena.
    case object(Int)
}

/// What lies in the arena.
enum PickleObject: Sendable {
    case tuple([PickleValue])
    case list([PickleValue])
    /// Pairs in the order in which they were set.
    case dictionary([(key: PickleValue, value: PickleValue)])
    case set
    /// A storage, by its place in the machine's list.
    case storage(Int)
    case tensor(TorchView)
    /// Plain data of a known class whose content nobody asks for, such as a training run's options.
    case data(className: String)

    /// What messages call it.
    var noun: String {
        switch self {
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .set: "a set"
        case .storage: "a storage"
        case .tensor: "a tensor"
        case .data(let className): "an object of \(className)"
        }
    }
}

/// A storage that a pickle names.
struct TorchStorage: Sendable, Equatable {
    /// Its key: the name of its record, or its entry in the list of keys.
    var key: String
    /// The type of its elements; bytes where the storage has none.
    var type: StoredType
    /// Bytes.
    var byteCount: Int
}

/// A tensor as a view of a storage.
struct TorchView: Sendable, Equatable {
    /// The storage's place in the machine's list.
    var storage: Int
    var type: StoredType
    /// The first element's place in the storage, in elements.
    var offset: Int
    /// The dimensions, outermost first.
    var shape: [Int]
    /// Elements of the storage from one index to the next, for each dimension.
    var strides: [Int]

    /// Elements; the machine has checked that the product does not overflow.
    var count: Int { shape.reduce(1, *) }
    var byteCount: Int { count * type.bitCount / 8 }

    /// Whether the elements lie side by side in order.
    var isContiguous: Bool {
        var step = 1
        for (size, stride) in zip(shape, strides).reversed() where size != 1 {
            if size == 0 { return true }
            guard stride == step else { return false }
            step *= size
        }
        return true
    }
}
