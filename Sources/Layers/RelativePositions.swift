import Synchronization
public import TensorCore

/// A bias for each distance between two patches of a grid, and three for pairs with the class token before them.
///
/// Bao et al., *BEiT* (2021, arXiv:2106.08254), appendix; Raffel et al. 2019 (arXiv:1910.10683), section 2.1. For other
/// grids than its own the distances' biases are resized by bilinear interpolation, as transformers does
/// (`BeitRelativePositionBias`).
public final class RelativePositions: Sendable {
    private let values: [Float]
    private let heads: Int
    private let grid: (rows: Int, columns: Int)
    /// The last sizes asked for.
    private let made = Mutex<[(rows: Int, columns: Int, bias: PlacedBias)]>([])
    private static let keptSizes = 4

    /// The biases of a grid.
    ///
    /// - Parameters:
    ///   - values: `[(2 rows - 1) (2 columns - 1) + 3, heads]`: the distances', then class token to patch, patch to
    ///     class token, and class token to itself.
    ///   - heads: number of heads.
    ///   - grid: rows and columns of patches.
    public init(_ values: [Float], heads: Int, grid: (rows: Int, columns: Int)) {
        precondition(values.count == Self.count(grid) * heads, "\(values.count) biases for \(grid)")
        self.values = values
        self.heads = heads
        self.grid = grid
    }

    /// Biases of a head for a grid.
    public static func count(_ grid: (rows: Int, columns: Int)) -> Int { distances(grid) + 3 }

    private static func distances(_ grid: (rows: Int, columns: Int)) -> Int {
        (2 * grid.rows - 1) * (2 * grid.columns - 1)
    }

    /// The biases for a class token and a grid of patches.
    public func bias(rows: Int, columns: Int) -> PlacedBias {
        made.withLock { list in
            if let found = list.first(where: { $0.rows == rows && $0.columns == columns }) { return found.bias }
            let bias = make((rows, columns))
            if list.count == Self.keptSizes { list.removeFirst() }
            list.append((rows, columns, bias))
            return bias
        }
    }

    /// The table has the distances' biases first, then as often as places need it the bias of a patch's query for the
    /// class token's key, that of the class token's query for a patch's key, and at the end its own.
    private func make(_ size: (rows: Int, columns: Int)) -> PlacedBias {
        let distances = Self.distances(size)
        let rowLength = 2 * size.columns - 1
        let centre = (size.rows - 1) * rowLength + size.columns - 1
        let patches = (0..<size.rows * size.columns).map { $0 / size.columns * rowLength + $0 % size.columns }
        let (classKey, classQuery) = (distances, distances + centre + 1)
        let places = PlacedBias.Places(
            queries: [[classQuery] + patches], keys: [[classKey] + patches.map { centre - $0 }])
        let own = Self.distances(grid)
        let resized = resized(size)
        let length = classQuery + max(classKey, centre) + 1
        let table = Tensor(shape: Shape(heads, length)) { table in
            for head in 0..<heads {
                let row = head * length
                for place in 0..<distances { table[row + place] = resized[place * heads + head] }
                for place in classKey..<classQuery { table[row + place] = values[(own + 1) * heads + head] }
                for place in classQuery..<length { table[row + place] = values[own * heads + head] }
                table[row + classQuery + classKey] = values[(own + 2) * heads + head]
            }
        }
        return PlacedBias(table: table, places: places)
    }

    /// The distances' biases for another grid, `[distances, heads]`.
    private func resized(_ size: (rows: Int, columns: Int)) -> [Float] {
        guard size != grid else { return values }
        let old = Tensor(
            Array(values[..<(Self.distances(grid) * heads)]), shape: [2 * grid.rows - 1, 2 * grid.columns - 1, heads])
        let resampling = Resampling(
            .bilinear(alignCorners: false), height: 2 * grid.rows - 1, width: 2 * grid.columns - 1,
            outputHeight: 2 * size.rows - 1, outputWidth: 2 * size.columns - 1)
        return resampling.applied(to: old).floats
    }
}
