import TensorCore

/// The statistics of all norms of a network, in the order of their use, so that passes over parts of a picture
/// normalise as a pass over the whole would.
package final class NormMoments {
    private enum Mode {
        case record
        case replay
        case refine
    }

    private var mode = Mode.record
    private var used: [GroupMoments] = []
    private var found: [GroupMoments] = []
    private var place = 0
    private var parts = 0

    /// Statistics that are yet to be recorded: each norm of the first pass uses those of its input.
    package init() {}

    /// Begins a pass that uses what was recorded.
    package func replay() { (mode, place) = (.replay, 0) }

    /// Begins a pass over a part that uses what was recorded, and measures what it meets.
    package func refine() {
        (mode, place) = (.refine, 0)
        parts += 1
    }

    /// What was measured of all parts takes the place of what was recorded.
    package func endRefining() { (used, found, parts) = (found, [], 0) }

    /// The statistics of the next norm.
    ///
    /// - Parameter measure: finds those of its input.
    func next(_ measure: () -> GroupMoments) -> GroupMoments {
        defer { place += 1 }
        switch mode {
        case .record:
            used.append(measure())
        case .replay: break
        case .refine:
            let own = measure()
            if parts == 1 { found.append(own) } else { found[place].add(own) }
        }
        return used[place]
    }
}
