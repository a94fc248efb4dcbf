import CKernels
import CPlatform
import Synchronization

/// Where models compute: a tier, a number of threads, and the memory of their activations.
///
/// A runtime may be used from any number of tasks; forward passes on it run one after another, each on all its threads.
/// fp32 results depend on neither the number of threads nor the batch size.
public final class Runtime: Sendable {
    /// The instruction-set tier in use.
    public let tier: Tier
    /// Threads in use, the caller's included.
    public let threads: Int
    /// How models that are loaded for it hold their matrices.
    public let weights: WeightType
    /// Where models that are loaded for it note how their tensors are used.
    public let log: WeightLog?

    let pool: ThreadPool
    /// Work of tasks that wait for it, see ``perform(_:)``.
    let queue = WorkQueue()
    private let idle = Mutex<[Workspace]>([])
    /// What planned passes are added to, see ``balances(threads:of:)``.
    let simulated = Mutex<Balance?>(nil)

    /// Makes a runtime.
    ///
    /// - Parameters:
    ///   - threads: threads to use, 1 to 256; `nil` takes ``defaultThreads``.
    ///   - tier: the highest tier to use; `nil` takes the best this CPU can run.
    ///   - weights: how models that are loaded for it hold their matrices.
    ///   - log: where models that are loaded for it note how their tensors are used.
    public init(threads: Int? = nil, tier: Tier? = nil, weights: WeightType = .float32, log: WeightLog? = nil) {
        self.weights = weights
        self.log = log
        self.tier = tier.map(Tier.best(upTo:)) ?? .best
        self.threads = min(max(threads ?? Self.defaultThreads, 1), 256)
        pool = ThreadPool(count: self.threads)
    }

    deinit { pool.shutDown() }

    /// The processors this process may use: its affinity mask, and the CPU quota of its control group where one is set.
    public static var defaultThreads: Int {
        let affinity = Int(cp_affinity_count())
        guard let quota = ControlGroup.cpuQuota() else { return affinity }
        return max(1, min(affinity, Int(quota.rounded(.up))))
    }

    /// Runs `body` with a workspace of its own, while no other caller computes on this runtime.
    ///
    /// - Parameters:
    ///   - profile: whether the workspace measures every operation.
    ///   - body: the work; what it returns must not share memory with the workspace's tensors.
    public func withWorkspace<R, E: Error>(
        profile: Bool = false, _ body: (Workspace) throws(E) -> R
    ) throws(E) -> R {
        let taken = idle.withLock { $0.popLast() }
        let workspace = taken ?? Workspace(runtime: self, mode: .compute)
        workspace.begin(profile: profile)
        defer {
            workspace.end()
            idle.withLock { $0.append(workspace) }
        }
        return try pool.exclusive { () throws(E) -> R in try body(workspace) }
    }

    /// Runs `body(0) ... body(parts - 1)` on the runtime's threads.
    public func concurrently(parts: Int, _ body: (Int) -> Void) {
        pool.exclusive { pool.run(parts: parts, body) }
    }

    /// Runs a forward pass without computing: operations only count what they would do.
    public func plan(_ body: (Workspace) -> Void) -> Workspace.Account {
        let workspace = Workspace(runtime: self, mode: .plan)
        workspace.begin(profile: false)
        workspace.balance = simulated.withLock { $0 }
        body(workspace)
        if workspace.balance != nil { simulated.withLock { $0 = workspace.balance } }
        return workspace.account
    }

    /// Releases the memory of activations that no forward pass is using.
    public func releaseMemory() {
        idle.withLock { $0 = [] }
    }

    /// The machine's fp32 peak with this tier and these threads, measured now in about 50 ms: floating-point operations
    /// per second of independent fused multiply-adds in registers.
    public func measuredPeak() -> Double {
        (0..<5).map { _ in multiplyAddSpeed(rounds: 200_000) }.reduce(0, max)
    }

    /// Floating-point operations per second of independent fused multiply-adds in registers, with this tier and these
    /// threads: `rounds` of them on each, 20,000 of which are about a millisecond.
    public func multiplyAddSpeed(rounds: Int) -> Double {
        let kernelTier = tier.kernelTier
        let operations = Mutex(0.0)
        let start = cp_now()
        concurrently(parts: threads) { _ in
            let done = ck_peak_fma(kernelTier, rounds)
            operations.withLock { $0 += done }
        }
        return operations.withLock { $0 } / (cp_now() - start)
    }
}

/// Gives memory that was freed back to the system, page by page.
///
/// Work of many rounds, each of which takes megabytes and leaves a little behind, calls this between rounds: what is
/// left behind lies where the megabytes were, the next round's do not fit there any more, and over hours the process
/// would grow.
public func releaseFreedMemory() { cp_trim() }

/// From now on, memory of 256 KiB and more goes back to the system when it is let go of, instead of lying about in the
/// process's heap: a checkpoint is read through buffers that nobody needs afterwards. A matter of the whole process.
public func returnLargeMemoryWhenFreed() { cp_return_large() }

/// Seconds on the monotonic clock; differences are meaningful, the value is not.
public func monotonicSeconds() -> Double { cp_now() }
