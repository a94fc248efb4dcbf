import Synchronization

/// Whether the task that waits for a piece of work has been cancelled.
public final class Cancellation: Sendable {
    private let flag = Atomic(false)

    init() {}

    /// Whether it has: the work may stop where that is cheap.
    public var isCancelled: Bool { flag.load(ordering: .relaxed) }

    func cancel() { flag.store(true, ordering: .relaxed) }
}

extension Runtime {
    /// Runs blocking work, such as a forward pass, for a task that waits for it.
    ///
    /// The work runs on a thread of the runtime's own, never on the cooperative pool that all tasks share; what is
    /// asked for while it is busy waits in line, in order.
    ///
    /// - Parameter body: the work; it is told whether the calling task was cancelled, and is run even then.
    /// - Throws: what `body` throws.
    public func perform<R: Sendable, E: Error>(
        _ body: @escaping @Sendable (Cancellation) throws(E) -> R
    ) async throws(E) -> R {
        let cancellation = Cancellation()
        let result: Result<R, E> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.add {
                    let result: Result<R, E>
                    do throws(E) { result = .success(try body(cancellation)) } catch { result = .failure(error) }
                    continuation.resume(returning: result)
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }

    /// Works through items a few at a time for a task that waits: tasks that share the runtime take turns, and a
    /// cancelled task stops before the next few.
    ///
    /// - Parameters:
    ///   - items: what there is to do.
    ///   - step: how many items are done at a time, at least 1.
    ///   - cancelled: what is thrown where the task was cancelled.
    ///   - progress: is told after every step how many items are done, of how many.
    ///   - body: the work on the next few items.
    /// - Returns: what `body` gave, in order.
    /// - Throws: what `body` throws, and `cancelled`.
    public func perform<Item: Sendable, R: Sendable, E: Error>(
        on items: [Item], atATime step: Int, cancelled: E, progress: (@Sendable (_ done: Int, _ total: Int) -> Void)?,
        _ body: @escaping @Sendable ([Item]) throws(E) -> R
    ) async throws(E) -> [R] {
        var results: [R] = []
        for first in stride(from: 0, to: items.count, by: step) {
            let part = Array(items[first..<min(first + step, items.count)])
            let result = try await perform { (cancellation) throws(E) -> R in
                guard !cancellation.isCancelled else { throw cancelled }
                return try body(part)
            }
            results.append(result)
            progress?(first + part.count, items.count)
        }
        return results
    }
}
