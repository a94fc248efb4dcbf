import TensorCore

/// The keys and values that the layers of a UNet make of texts. They are the same in every step of a run, so that they
/// are computed once.
struct TextProjections: Sendable {
    /// Those of one layer.
    struct Layer: Sendable {
        /// `[texts, T, channels]`.
        var key: Tensor
        /// `[texts, T, channels]`.
        var value: Tensor
    }

    /// By the layers' numbers.
    let layers: [Layer]
    /// Number of texts.
    let count: Int
    /// Tokens of each.
    let tokens: Int
}

/// The texts of the pictures of one pass.
struct TextsOfPass {
    private let projections: TextProjections
    /// The text of each picture; `nil` where the pictures have the texts in their order.
    private let rows: RowIndices?
    private let pictures: Int

    /// - Parameters:
    ///   - projections: of all texts.
    ///   - texts: the text of each picture.
    init(_ projections: TextProjections, texts: [Int]) {
        self.projections = projections
        pictures = texts.count
        rows = texts == Array(0..<projections.count) ? nil : RowIndices(texts)
    }

    /// What a layer attends to, for each picture.
    ///
    /// - Parameters:
    ///   - layer: its number.
    ///   - ws: where rows are put together.
    /// - Returns: keys and values, `[B, T, channels]`.
    func callAsFunction(_ layer: Int, _ ws: Workspace) -> TextProjections.Layer {
        let all = projections.layers[layer]
        guard let rows else { return all }
        return .init(key: gathered(all.key, rows, ws), value: gathered(all.value, rows, ws))
    }

    private func gathered(_ x: Tensor, _ rows: RowIndices, _ ws: Workspace) -> Tensor {
        let (tokens, width) = (x.shape[1], x.shape[2])
        return ws.rows(rows, of: x.reshaped(to: Shape(1, x.shape[0], tokens * width)))
            .reshaped(to: Shape(pictures, tokens, width))
    }
}
