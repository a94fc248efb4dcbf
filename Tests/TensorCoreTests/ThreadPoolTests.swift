import Dispatch
import Foundation
import Synchronization
import TensorCore
import TestSupport
import Testing

/// The threads of a runtime, seen from outside.
@Suite(.serialized) struct ThreadPoolTests {
    @Test(arguments: [1, 2, 3, 16, 64])
    func everyPartRunsOnce(threads: Int) {
        let runtime = Runtime(threads: threads)
        for parts in [0, 1, 2, threads - 1, threads, threads + 1, 1000] {
            let runs = Mutex([Int](repeating: 0, count: max(parts, 0)))
            runtime.concurrently(parts: parts) { part in runs.withLock { $0[part] += 1 } }
            #expect(runs.withLock { $0.allSatisfy { $0 == 1 } }, "\(parts) parts on \(threads) threads")
        }
    }

    @Test func resultsAreSeenByTheCaller() {
        let runtime = Runtime(threads: 4)
        for round in 0..<2000 {
            let values = Values(count: 4)
            runtime.concurrently(parts: 4) { part in values.set(part, round * 4 + part) }
            #expect(values.all == (0..<4).map { round * 4 + $0 })
        }
    }

    /// Integers that parts write without a lock, each its own.
    private final class Values: @unchecked Sendable {
        private let pointer: UnsafeMutablePointer<Int>
        private let count: Int

        init(count: Int) {
            self.count = count
            pointer = .allocate(capacity: count)
            pointer.initialize(repeating: -1, count: count)
        }

        deinit { pointer.deallocate() }
        func set(_ index: Int, _ value: Int) { pointer[index] = value }
        var all: [Int] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
    }

    @Test func workAfterAPause() {
        // Workers that have gone to sleep are woken again.
        let runtime = Runtime(threads: 3)
        for _ in 0..<5 {
            usleep(20_000)
            let sum = Atomic(0)
            runtime.concurrently(parts: 30) { part in sum.wrappingAdd(part, ordering: .relaxed) }
            #expect(sum.load(ordering: .relaxed) == 435)
        }
    }

    @Test func callersTakeTurns() {
        let runtime = Runtime(threads: 2)
        let inside = Atomic(0)
        let overlaps = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 100) { _ in
            runtime.withWorkspace { _ in
                if inside.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue > 1 {
                    overlaps.wrappingAdd(1, ordering: .relaxed)
                }
                usleep(100)
                inside.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            }
        }
        #expect(overlaps.load(ordering: .relaxed) == 0)
    }

    @Test func droppedRuntimesEndTheirThreads() throws {
        // 200 runtimes of 8 threads each would be 1400 threads; other suites run meanwhile, hence the margin.
        let before = try threadCount()
        for index in 0..<200 {
            let runtime = Runtime(threads: 8)
            if index % 2 == 0 { runtime.concurrently(parts: 8) { _ in } }
        }
        #expect(try threadCount() < before + 600)
    }

    /// Threads of this process.
    private func threadCount() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
    }

    // Extensions of the C library that its Swift module leaves out.
    private typealias Affinity = @convention(c) (Int32, Int, UnsafeMutableRawPointer) -> Int32
    private typealias Processor = @convention(c) () -> Int32

    /// Calls `body` while this thread, and no other of the process, may run on one processor only.
    private func onOneProcessor<Result>(_ body: () -> Result) throws -> Result {
        let get = unsafeBitCast(try #require(dlsym(nil, "sched_getaffinity")), to: Affinity.self)
        let set = unsafeBitCast(try #require(dlsym(nil, "sched_setaffinity")), to: Affinity.self)
        var old = [UInt8](repeating: 0, count: 128)
        #expect(get(0, old.count, &old) == 0)
        let first = try #require(old.firstIndex { $0 != 0 })
        var one = [UInt8](repeating: 0, count: 128)
        one[first] = old[first] & (~old[first] &+ 1)
        #expect(set(0, one.count, &one) == 0)
        let result = body()
        #expect(set(0, old.count, &old) == 0)
        return result
    }

    @Test func theDefaultRespectsTheAffinityMask() throws {
        #expect(try onOneProcessor { Runtime.defaultThreads } == 1)
    }

    @Test(.enabled(if: Runtime.defaultThreads > 1)) func aWorkerLeavesTheCallersProcessor() throws {
        let processor = unsafeBitCast(try #require(dlsym(nil, "sched_getcpu")), to: Processor.self)
        let runtime = Runtime(threads: 2)
        let apart = try onOneProcessor {
            let here = processor()
            let elsewhere = Atomic(false)
            for _ in 0..<1000 where !elsewhere.load(ordering: .relaxed) {
                runtime.concurrently(parts: 2) { _ in
                    usleep(100)
                    if processor() != here { elsewhere.store(true, ordering: .relaxed) }
                }
            }
            return elsewhere.load(ordering: .relaxed)
        }
        #expect(apart)
    }
}
