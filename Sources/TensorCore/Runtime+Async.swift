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
}
