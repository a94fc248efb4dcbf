/// An order of rows, see ``Workspace/rows(_:of:)``.
public struct RowIndices: Sendable, Equatable {
    let values: [Int32]
    /// One more than the largest index.
    let limit: Int

    /// An order of the given indices; a negative one stands for zeros.
    public init(_ indices: [Int]) {
        values = indices.map { Int32(max($0, -1)) }
        limit = (indices.max() ?? -1) + 1
    }

    /// Number of rows.
    public var count: Int { values.count }
}
