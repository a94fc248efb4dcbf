import Glibc
import Synchronization

/// Blocking work done piece by piece, in order, on a thread of its own; the thread ends when nothing is left to do.
final class WorkQueue: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var isWorking = false
    }

    private let state = Mutex(State())

    /// Adds a piece of work at the end.
    func add(_ work: @escaping @Sendable () -> Void) {
        let starts = state.withLock { state in
            state.waiting.append(work)
            defer { state.isWorking = true }
            return !state.isWorking
        }
        if starts { startThread() }
    }

    private func startThread() {
        let queue = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<WorkQueue>.fromOpaque(argument).takeRetainedValue().work()
                return nil
            }, queue.toOpaque())
        guard status == 0 else {
            // A system that starts no more threads: late is better than never.
            queue.release()
            return work()
        }
        pthread_detach(thread)
    }

    private func work() {
        while let next = takeNext() { next() }
    }

    private func takeNext() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.isWorking = false
            return nil
        }
    }
}
