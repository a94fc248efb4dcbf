import CKernels
import Synchronization

/// How evenly a number of threads would share the work of forward passes: counted over the cuts that the kernels make,
/// without computing and without the threads.
///
/// Time is counted in cycles of a simple core: 64 floating-point operations of products, convolutions and attention a
/// cycle, 256 of products of integers, 16 of depthwise convolutions, 48 of inverted residuals, and 8 bytes of what
/// other operations read and write. An operation takes as long as the largest of its shares; one that is too small to
/// be shared takes as long as it is. What it costs to hand out shares, to wait for the last one, and to fetch from
/// memory that others use, too, is not counted.
public struct Balance: Sendable {
    /// Jobs of one kind of operation, or of all.
    public struct Tally: Sendable {
        /// Operations.
        public fileprivate(set) var jobs = 0
        /// Operations that one thread does while the others wait.
        public fileprivate(set) var unshared = 0
        /// Cycles that one thread would take alone.
        public fileprivate(set) var whole = 0.0
        /// Cycles of the largest shares.
        public fileprivate(set) var slowest = 0.0

        fileprivate mutating func add(whole: Double, slowest: Double, isShared: Bool) {
            jobs += 1
            unshared += isShared ? 0 : 1
            self.whole += whole
            self.slowest += slowest
        }
    }

    /// Threads that share the work.
    public let threads: Int
    /// All operations.
    public private(set) var all = Tally()
    /// Operations by their kind.
    public private(set) var kinds: [String: Tally] = [:]
    /// For each thread the bytes of weights, inputs and outputs that its shares touch, operation by operation.
    public private(set) var touched: [Double]
    /// The bytes that one thread alone would touch.
    public private(set) var touchedAlone = 0.0

    private static let bytesACycle = 8.0

    /// Floating-point operations that a core does in a cycle.
    static func speed(of op: ck_op) -> Double {
        switch op {
        case .CK_OP_depthwise2d_run: 16
        case .CK_OP_inverted_residual_run: 48
        case .CK_OP_int8_gemm_run: 256
        default: 64
        }
    }

    init(threads: Int) {
        self.threads = threads
        touched = [Double](repeating: 0, count: threads)
    }

    /// The share of the threads' time in which they work: 1 where all shares of all operations are equal and no work
    /// is done twice.
    public var ratio: Double { all.slowest > 0 ? all.whole / (Double(threads) * all.slowest) : 1 }

    /// Adds an operation.
    ///
    /// - Parameters:
    ///   - name: its kind.
    ///   - parts: into how many parts it is cut.
    ///   - speed: floating-point operations of it that a core does in a cycle.
    ///   - share: what part of parts comes to.
    mutating func add(_ name: String, parts: Int, speed: Double, share: (_ part: Int, _ parts: Int) -> ck_share) {
        func cycles(_ share: ck_share) -> Double { share.operations / speed + share.moved / Self.bytesACycle }
        let whole = share(0, 1)
        var slowest = 0.0
        for part in 0..<parts {
            let own = share(part, parts)
            slowest = max(slowest, cycles(own))
            touched[part] += own.touched
        }
        touchedAlone += whole.touched
        all.add(whole: cycles(whole), slowest: slowest, isShared: parts > 1)
        kinds[name, default: Tally()].add(whole: cycles(whole), slowest: slowest, isShared: parts > 1)
    }
}

extension Runtime {
    /// Simulates how numbers of threads would share the work of forward passes on this runtime, whose own threads have
    /// no say in it.
    ///
    /// - Parameters:
    ///   - threads: the numbers of threads, each 1 to 256.
    ///   - planning: plans the passes, see ``plan(_:)``, once for each number; nobody else plans on this runtime
    ///     meanwhile.
    /// - Returns: one balance for each number.
    /// - Throws: what `planning` throws.
    public func balances<E: Error>(threads: [Int], of planning: () throws(E) -> Void) throws(E) -> [Balance] {
        precondition(threads.allSatisfy { (1...256).contains($0) }, "balances of \(threads) threads")
        defer { simulated.withLock { $0 = nil } }
        var balances: [Balance] = []
        for count in threads {
            simulated.withLock { $0 = Balance(threads: count) }
            try planning()
            if let balance = simulated.withLock({ $0 }) { balances.append(balance) }
        }
        return balances
    }
}
