import Glibc
import Synchronization
import TensorCore
import Testing

/// Work of tasks on the runtime's own thread.
@Suite struct RuntimeAsyncTests {
    private struct Refusal: Error, Equatable {}

    /// What several pieces of work share.
    private final class Notes: Sendable {
        let seen = Mutex<[Int]>([])
        let busy = Atomic(0)
        let started = Atomic(false)
        let ended = Atomic(false)
    }

    @Test func resultsAndErrorsComeBack() async {
        let runtime = Runtime(threads: 1)
        #expect(await runtime.perform { _ in 6 * 7 } == 42)
        await #expect(throws: Refusal()) {
            try await runtime.perform { (_) throws(Refusal) -> Int in throw Refusal() }
        }
    }

    @Test func workRunsOneAfterAnother() async {
        let runtime = Runtime(threads: 1)
        let notes = Notes()
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask {
                    await runtime.perform { _ in
                        #expect(notes.busy.add(1, ordering: .relaxed).newValue == 1)
                        notes.seen.withLock { $0.append(index) }
                        notes.busy.subtract(1, ordering: .relaxed)
                    }
                }
            }
        }
        #expect(notes.seen.withLock { $0.sorted() } == Array(0..<200))
    }

    @Test(.timeLimit(.minutes(1))) func workStaysOffTheThreadsOfTasks() async {
        // More blocked pieces of work than the cooperative pool has threads: if they held any, no task would end.
        let runtimes = (0..<32).map { _ in Runtime(threads: 1) }
        let notes = Notes()
        async let blocked: Void = withTaskGroup(of: Void.self) { group in
            for runtime in runtimes {
                group.addTask {
                    await runtime.perform { _ in
                        while !notes.ended.load(ordering: .sequentiallyConsistent) { usleep(200) }
                    }
                }
            }
        }
        let sum = await withTaskGroup(of: Int.self) { group in
            for index in 0..<64 { group.addTask { index } }
            return await group.reduce(0, +)
        }
        #expect(sum == 64 * 63 / 2)
        notes.ended.store(true, ordering: .sequentiallyConsistent)
        await blocked
    }

    @Test func cancellationIsTold() async {
        let runtime = Runtime(threads: 1)
        let notes = Notes()
        let task = Task.detached {
            await runtime.perform { cancellation in
                notes.started.store(true, ordering: .sequentiallyConsistent)
                while !cancellation.isCancelled { usleep(200) }
                return true
            }
        }
        while !notes.started.load(ordering: .sequentiallyConsistent) { await Task.yield() }
        task.cancel()
        #expect(await task.value)
    }
}
