public import TensorCore

/// Self-attention within the windows of a picture, with a bias for each distance between two pixels of a window: the
/// W-MSA and SW-MSA of Swin (Liu et al. 2021, arXiv:2103.14030, section 3.2).
///
/// Tensors: those of the projections, and a table of biases `[(2 h - 1) (2 w - 1), heads]`.
public struct WindowAttention: Sendable {
    private let heads: Int
    private let qkv: Linear
    private let output: Linear
    private let table: Tensor

    /// Reads the layer.
    ///
    /// - Parameters:
    ///   - width: the pixels' width, divisible by `heads`.
    ///   - heads: number of heads.
    ///   - window: height and width of a window.
    ///   - projections: the places of the query, key and value projections.
    ///   - output: the place of the output projection.
    ///   - table: the place and the name of the biases.
    public init(
        _ width: Int, heads: Int, window: (height: Int, width: Int), _ projections: SelfAttention.Projections,
        output: Weights, table: (place: Weights, name: String)
    ) throws(WeightError) {
        self.heads = heads
        qkv = try SelfAttention.together(width, projections)
        self.output = try Linear(width, width, output)
        let distances = (2 * window.height - 1) * (2 * window.width - 1)
        let values = try table.place.tensor(table.name, shape: [distances, heads]).floats
        self.table = Windows.table(values, distances: distances, heads: heads)
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, width]`.
    ///   - residual: shaped like x, added to the result.
    ///   - windows: how pictures of this size are cut.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H, W, width]`.
    public func callAsFunction(_ x: Tensor, residual: Tensor, windows: Windows, _ ws: Workspace) -> Tensor {
        let cut = ws.rows(windows.cut, of: x)  // [B, windows pixels, width]
        let sequences = cut.reshaped(to: Shape(x.shape[0] * windows.count, windows.pixels, x.shape[3]))
        let bias = PlacedBias(table: table, places: windows.places)
        let y = ws.selfAttention(
            qkv(sequences, ws), heads: heads, mask: AttentionMask(placedBias: bias), form: qkv.form)
        // Back among their neighbours before the projection: what stood for padding is not projected.
        let pixels = ws.rows(windows.joined, of: y.reshaped(to: cut.shape))  // [B, H W, width]
        return output(pixels.reshaped(to: x.shape), residual: residual, ws)
    }
}
