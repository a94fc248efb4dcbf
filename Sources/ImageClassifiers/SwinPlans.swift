import Layers
import Synchronization
import TensorCore

/// How Swin cuts images of a size into windows, stage by stage.
final class SwinPlans: Sendable {
    /// One stage's share of a plan.
    struct Stage: Sendable {
        /// Rows of the stage's pixels.
        let rows: Int
        /// Columns of the stage's pixels.
        let columns: Int
        /// The pixels of the stage before, four by four; `nil` for the first stage.
        let merge: RowIndices?
        /// The windows of even and of odd blocks.
        let windows: [Windows]
    }

    private let configuration: Swin.Configuration
    private let layout: CheckpointLayout
    /// The last sizes asked for.
    private let made = Mutex<[(rows: Int, columns: Int, stages: [Stage])]>([])
    private static let keptSizes = 4

    init(_ configuration: Swin.Configuration, _ layout: CheckpointLayout) {
        self.configuration = configuration
        self.layout = layout
    }

    /// The size of a stage's windows, which the tables of biases are made for. timm narrows windows to the model's own
    /// grid where they are larger.
    func windowSize(_ stage: Int) -> (height: Int, width: Int) {
        let window = configuration.windows[stage]
        guard layout == .timm else { return (window[0], window[1]) }
        var grid = zip(configuration.imageSize, configuration.patchSize).map { $0 / $1 }
        for _ in 0..<stage { grid = grid.map { ($0 + 1) / 2 } }
        return (min(window[0], grid[0]), min(window[1], grid[1]))
    }

    /// The plan for a grid of patches.
    func plan(rows: Int, columns: Int) -> [Stage] {
        made.withLock { list in
            if let found = list.first(where: { $0.rows == rows && $0.columns == columns }) { return found.stages }
            let stages = make(rows: rows, columns: columns)
            if list.count == Self.keptSizes { list.removeFirst() }
            list.append((rows, columns, stages))
            return stages
        }
    }

    private func make(rows: Int, columns: Int) -> [Stage] {
        var (rows, columns) = (rows, columns)
        return configuration.depths.indices.map { index in
            var merge: RowIndices?
            if index > 0 {
                merge = Self.merging(rows: rows, columns: columns)
                (rows, columns) = ((rows + 1) / 2, (columns + 1) / 2)
            }
            let window = windowSize(index)
            let shift = shift(index, window, rows: rows, columns: columns)
            let order: Windows.PaddingOrder = layout == .timm ? .shiftedThenPadded : .paddedThenShifted
            return Stage(
                rows: rows, columns: columns, merge: merge,
                windows: [(0, 0), shift].map { shift in
                    Windows(height: rows, width: columns, window: window, shift: shift, order: order)
                })
        }
    }

    /// Half a window, but 0 where one window spans the picture: transformers looks at the shorter side, the others at
    /// each.
    private func shift(
        _ stage: Int, _ window: (height: Int, width: Int), rows: Int, columns: Int
    ) -> (height: Int, width: Int) {
        let half = configuration.windows[stage].map { $0 / 2 }
        if layout == .transformers {
            return min(rows, columns) <= window.height ? (0, 0) : (half[0], half[1])
        }
        return (rows <= window.height ? 0 : half[0], columns <= window.width ? 0 : half[1])
    }

    /// Four neighbouring pixels side by side, the left ones first; zeros beyond the right and lower edges.
    private static func merging(rows: Int, columns: Int) -> RowIndices {
        var indices: [Int] = []
        for row in stride(from: 0, to: rows, by: 2) {
            for column in stride(from: 0, to: columns, by: 2) {
                for (down, across) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    let isInside = row + down < rows && column + across < columns
                    indices.append(isInside ? (row + down) * columns + column + across : -1)
                }
            }
        }
        return RowIndices(indices)
    }
}
