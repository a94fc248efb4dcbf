/// The dimensions of a tensor, outermost first; at most six, held in place.
public struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible, RandomAccessCollection {
    private var sizes: (Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0)

    /// Number of dimensions.
    public let rank: Int

    /// The largest rank a tensor can have.
    public static let maximumRank = 6

    /// A shape of the given sizes, each 0 or more.
    ///
    /// - Precondition: at most ``maximumRank`` sizes, none negative.
    public init(_ sizes: [Int]) {
        precondition(
            sizes.count <= Self.maximumRank, "a tensor has at most \(Self.maximumRank) dimensions, not \(sizes)")
        precondition(sizes.allSatisfy { $0 >= 0 }, "negative size in shape \(sizes)")
        rank = sizes.count
        for (axis, size) in sizes.enumerated() { self[raw: axis] = size }
    }

    /// A shape of two dimensions.
    public init(_ a: Int, _ b: Int) {
        rank = 2
        sizes = (a, b, 0, 0, 0, 0)
    }

    /// A shape of three dimensions.
    public init(_ a: Int, _ b: Int, _ c: Int) {
        rank = 3
        sizes = (a, b, c, 0, 0, 0)
    }

    /// A shape of four dimensions.
    public init(_ a: Int, _ b: Int, _ c: Int, _ d: Int) {
        rank = 4
        sizes = (a, b, c, d, 0, 0)
    }

    /// A shape written as a literal.
    public init(arrayLiteral elements: Int...) { self.init(elements) }

    /// The first axis.
    public var startIndex: Int { 0 }
    /// One past the last axis.
    public var endIndex: Int { rank }

    /// The size along an axis; negative axes count from the end.
    ///
    /// - Precondition: the axis exists.
    public subscript(axis: Int) -> Int {
        let index = axis < 0 ? axis + rank : axis
        precondition(index >= 0 && index < rank, "axis \(axis) of a tensor of \(rank) dimensions")
        return self[raw: index]
    }

    private subscript(raw index: Int) -> Int {
        get {
            switch index {
            case 0: sizes.0
            case 1: sizes.1
            case 2: sizes.2
            case 3: sizes.3
            case 4: sizes.4
            default: sizes.5
            }
        }
        set {
            switch index {
            case 0: sizes.0 = newValue
            case 1: sizes.1 = newValue
            case 2: sizes.2 = newValue
            case 3: sizes.3 = newValue
            case 4: sizes.4 = newValue
            default: sizes.5 = newValue
            }
        }
    }

    /// Elements in all; 1 for rank 0.
    public var elementCount: Int {
        var product = 1
        for axis in 0..<rank { product *= self[raw: axis] }
        return product
    }

    /// The sizes as an array.
    public var dimensions: [Int] { (0..<rank).map { self[raw: $0] } }

    /// Whether both shapes have the same sizes.
    public static func == (a: Shape, b: Shape) -> Bool { a.rank == b.rank && a.sizes == b.sizes }

    /// Feeds the sizes to a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(rank)
        for axis in 0..<rank { hasher.combine(self[raw: axis]) }
    }

    /// The sizes in brackets: `[1, 3, 224, 224]`.
    public var description: String { dimensions.description }
}
