public import TensorCore

/// A table of vectors looked up by number, PyTorch's `torch.nn.Embedding`.
///
/// Tensor: `weight` `[count, width]`.
public struct Embedding: Sendable {
    /// Rows of the table.
    public let count: Int
    private let table: Tensor

    /// Reads the table.
    ///
    /// - Parameters:
    ///   - count: rows of the table.
    ///   - width: values of a row.
    ///   - name: the tensor's, below `w`.
    ///   - isVocabulary: whether the rows are those of a vocabulary, by far the largest of tables: held in bf16 where
    ///     matrices are held in bf16 or in int8. Others are always fp32.
    ///   - w: where it lies in the checkpoint.
    public init(
        _ count: Int, _ width: Int, weight name: String = "weight", isVocabulary: Bool = false, _ w: Weights
    ) throws(WeightError) {
        self.count = count
        let isNarrow = isVocabulary && w.loader.form != .plain
        table = try w.tensor(name, shape: [count, width], as: isNarrow ? .bfloat16 : .float32)
    }

    /// The rows of the given numbers, with others added.
    ///
    /// - Parameters:
    ///   - ids: `B * T` numbers, each in `0 ..< count`.
    ///   - shape: `[B, T]`.
    ///   - addend: `[T, width]`, added to every sequence, such as position embeddings; `nil` adds nothing.
    ///   - ws: where it is computed.
    /// - Returns: `[B, T, width]`.
    public func callAsFunction(_ ids: [Int], shape: Shape, adding addend: Tensor? = nil, _ ws: Workspace) -> Tensor {
        ws.embedded(ids, shape: shape, table: table, adding: addend)
    }

    /// The first `count` rows in fp32, `[count, width]`.
    public func prefix(_ count: Int) -> Tensor { table.rows(0..<count).converted(to: .float32) }
}
