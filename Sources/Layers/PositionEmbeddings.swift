import Synchronization
public import TensorCore

/// Learned embeddings of a grid of patches, resized for images of other sizes.
///
/// transformers resizes them by bicubic interpolation without antialiasing (`interpolate_pos_encoding`), timm with it
/// (`resample_abs_pos_embed`); the tokens before the patches keep theirs.
public final class PositionEmbeddings: Sendable {
    private let values: [Float]
    private let prefix: Int
    private let grid: (height: Int, width: Int)
    private let width: Int
    private let method: Resampling.Method
    /// The last sizes asked for; a handful suffices, as images of one run mostly share theirs.
    private let resized = Mutex<[(rows: Int, columns: Int, values: Tensor)]>([])
    private static let keptSizes = 8

    /// Embeddings `[prefix + grid.height * grid.width, width]`.
    public init(
        _ values: [Float], prefix: Int, grid: (height: Int, width: Int), width: Int, method: Resampling.Method
    ) {
        self.values = values
        self.prefix = prefix
        self.grid = grid
        self.width = width
        self.method = method
    }

    /// The embeddings for a grid of `rows` x `columns` patches, `[prefix + rows * columns, width]`.
    public func embeddings(rows: Int, columns: Int) -> Tensor {
        resized.withLock { list in
            if let found = list.first(where: { $0.rows == rows && $0.columns == columns }) { return found.values }
            let made = make(rows: rows, columns: columns)
            if list.count == Self.keptSizes { list.removeFirst() }
            list.append((rows, columns, made))
            return made
        }
    }

    private func make(rows: Int, columns: Int) -> Tensor {
        guard rows != grid.height || columns != grid.width else {
            return Tensor(values, shape: [prefix + rows * columns, width])
        }
        let resampling = Resampling(
            method, height: grid.height, width: grid.width, outputHeight: rows, outputWidth: columns)
        let patches = Tensor(Array(values[(prefix * width)...]), shape: [grid.height, grid.width, width])
        let result = resampling.applied(to: patches)
        return Tensor(Array(values[..<(prefix * width)]) + result.floats, shape: [prefix + rows * columns, width])
    }
}
