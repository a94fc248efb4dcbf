import CKernels
import CPlatform
import Glibc

/// A fixed set of threads that run the parts of one job at a time; the caller is thread 0.
///
/// Workers spin for a while after a job and then sleep: a forward pass is a few hundred jobs of microseconds, and
/// waking a sleeping thread costs as much as a small layer. Work is divided by part number alone, so results do not
/// depend on which thread runs what. Every thread claims its own parts first, the same in every job, so that it finds
/// in its cache what it wrote; then those that nobody has begun: where the system gives a worker's core to another
/// program, its parts do not wait for it. A worker that finds itself on the caller's processor moves to another: a
/// system that packs threads on few processors may leave both there for seconds.
final class ThreadPool: @unchecked Sendable {
    // Safe to share: `exclusive` admits one caller at a time, who alone writes the job before it is published by
    // `current` and reads results after `finished` has reached the number of parts. A part is run by who puts the job's
    // number on its stamp; until it has run the job stays, and a worker that comes late, with the number of a job that
    // is over, finds that out after its claim and leaves the part to who claims it for the present one.

    /// Threads in all, the caller included; fewer than asked for where the system would not start more.
    private(set) var count: Int

    private enum Job {
        case none
        case kernel(ck_op, ck_tier, UnsafeRawPointer, scratch: UnsafeMutableRawPointer, stride: Int)
        case closure((Int) -> Void)
    }

    /// Words on cache lines of their own: 0 generation (what sleepers wait on), 1 finished parts, 2 sleepers, 3 quit,
    /// 4 the caller's processor.
    private let words: UnsafeMutablePointer<UInt32>
    private static let lineWords = 16
    private var job = Job.none
    /// The job that runs, or the last one: its number, and in the lowest sixteen bits its parts.
    private let current: UnsafeMutablePointer<UInt64>
    /// For each part the last job that it was claimed in, on a cache line of its own.
    private let stamps: UnsafeMutablePointer<UInt64>
    private static let mostParts = 1024
    private static let stampWords = 8
    private var threads: [pthread_t] = []
    private let lock: UnsafeMutablePointer<pthread_mutex_t>

    private var generation: UnsafeMutablePointer<UInt32> { words }
    private var finished: UnsafeMutablePointer<UInt32> { words + Self.lineWords }
    private var sleepers: UnsafeMutablePointer<UInt32> { words + 2 * Self.lineWords }
    private var quit: UnsafeMutablePointer<UInt32> { words + 3 * Self.lineWords }
    private var processor: UnsafeMutablePointer<UInt32> { words + 4 * Self.lineWords }

    /// Pauses before a worker sleeps: about 200 microseconds.
    private static let spinLimit = 8_000
    /// Pauses before a waiting thread offers its core to others: a worker woken onto the caller's own core could not
    /// run otherwise.
    private static let yieldAfter = 400

    init(count: Int) {
        self.count = max(1, count)
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        words = .allocate(capacity: 5 * Self.lineWords)
        words.initialize(repeating: 0, count: 5 * Self.lineWords)
        current = .allocate(capacity: 1)
        current.initialize(to: 0)
        stamps = .allocate(capacity: Self.mostParts * Self.stampWords)
        stamps.initialize(repeating: 0, count: Self.mostParts * Self.stampWords)
        for index in 1..<self.count {
            let start = Unmanaged.passRetained(WorkerStart(pool: self, index: index))
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    let start = Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
                    start.work()
                    return nil
                }, start.toOpaque())
            guard status == 0 else {
                start.release()
                break
            }
            threads.append(thread)
        }
        self.count = threads.count + 1
    }

    /// Ends the workers; they hold no reference to the pool while they wait.
    func shutDown() {
        cp_store(quit, 1)
        _ = cp_add(generation, 1)
        cp_wake(generation)
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }

    deinit {
        words.deallocate()
        current.deallocate()
        stamps.deallocate()
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Runs `body` while no other caller uses the pool.
    func exclusive<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body()
    }

    /// Runs `parts` parts of a kernel. The caller holds ``exclusive(_:)``.
    func run(
        _ op: ck_op, _ tier: ck_tier, _ arguments: UnsafeRawPointer, parts: Int,
        scratch: UnsafeMutableRawPointer, stride: Int
    ) {
        guard parts > 1, !threads.isEmpty else {
            for part in 0..<parts { ck_run(op, tier, arguments, Int32(part), Int32(parts), scratch) }
            return
        }
        perform(.kernel(op, tier, arguments, scratch: scratch, stride: stride), parts)
    }

    /// Runs `body(0) ... body(parts - 1)`. The caller holds ``exclusive(_:)``.
    func run(parts: Int, _ body: (Int) -> Void) {
        guard parts > 1, !threads.isEmpty else {
            for part in 0..<parts { body(part) }
            return
        }
        withoutActuallyEscaping(body) { escapable in
            for first in Swift.stride(from: 0, to: parts, by: Self.mostParts) {
                perform(.closure { escapable(first + $0) }, min(parts - first, Self.mostParts))
            }
            job = .none
        }
    }

    private func perform(_ job: Job, _ parts: Int) {
        precondition(parts <= Self.mostParts, "\(parts) parts of a job")
        self.job = job
        let next = (cp_load_stamp(current) >> 16 + 1) << 16 | UInt64(parts)
        cp_store(finished, 0)
        let here = UInt32(bitPattern: cp_processor())
        if cp_load(processor) != here { cp_store(processor, here) }
        cp_store_stamp(current, next)
        _ = cp_add(generation, 1)
        if cp_load(sleepers) > 0 { cp_wake(generation) }
        runParts(of: next, as: 0)
        var pauses = 0
        while cp_load(finished) != UInt32(parts) {
            pauses += 1
            if pauses > Self.yieldAfter { sched_yield() } else { cp_pause() }
        }
    }

    /// Runs what one thread can get of a job: its own parts, which are its index and every `count`-th after it, then
    /// the other threads'.
    private func runParts(of number: UInt64, as thread: Int) {
        let parts = Int(number & 0xffff)
        for turn in 0..<count {
            for part in Swift.stride(from: (thread + turn) % count, to: parts, by: count)
            where cp_claim(stamps + part * Self.stampWords, number) != 0 {
                guard cp_load_stamp(current) == number else { return }
                run(part, of: parts, as: thread)
                _ = cp_add(finished, 1)
            }
        }
    }

    private func run(_ part: Int, of parts: Int, as thread: Int) {
        switch job {
        case .none: break
        case .kernel(let op, let tier, let arguments, let scratch, let stride):
            ck_run(op, tier, arguments, Int32(part), Int32(parts), scratch + thread * stride)
        case .closure(let body): body(part)
        }
    }

    fileprivate func work(as index: Int) {
        var seen: UInt32 = 0
        var hasOwn: Bool?  // whether there is a processor for it that is not the caller's
        while true {
            var pauses = 0
            while cp_load(generation) == seen {
                if pauses < Self.spinLimit {
                    pauses += 1
                    // On a busy machine the core may be the one that the caller, or another program, waits for.
                    if pauses % Self.yieldAfter == 0 { sched_yield() } else { cp_pause() }
                    continue
                }
                _ = cp_add(sleepers, 1)  // announced before the last look, so that no wake is missed
                if cp_load(generation) == seen { cp_wait(generation, seen) }
                _ = cp_sub(sleepers, 1)
                pauses = 0
            }
            seen = cp_load(generation)
            if cp_load(quit) != 0 { return }
            let caller = Int32(bitPattern: cp_load(processor))
            if cp_processor() == caller {
                hasOwn = (hasOwn ?? (count <= cp_affinity_count())) && cp_leave(caller) != 0
            }
            runParts(of: cp_load_stamp(current), as: index)
        }
    }
}

/// What a new thread is handed.
private final class WorkerStart {
    private unowned(unsafe) let pool: ThreadPool
    private let index: Int

    init(pool: ThreadPool, index: Int) {
        self.pool = pool
        self.index = index
    }

    func work() { pool.work(as: index) }
}
