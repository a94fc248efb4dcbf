import CKernels
import CPlatform

/// The memory and the bookkeeping of one forward pass.
///
/// Operations are methods of the workspace: they take tensors, give a tensor, and compute on the runtime's threads.
/// Activations live in memory that is reused as soon as no tensor refers to it, in this pass and in the next: a pass of
/// a shape seen before allocates nothing. A tensor that outlives the pass must be ``Tensor/copied()``.
///
/// A workspace belongs to one thread at a time; see ``Runtime/withWorkspace(profile:_:)``.
public final class Workspace: @unchecked Sendable {
    // Sendable in name only for the runtime's list of idle workspaces; `withWorkspace` hands it to one caller at a
    // time.

    enum Mode {
        case compute
        /// Shapes, memory and operations are counted; nothing is computed.
        case plan
    }

    /// What a forward pass cost.
    public struct Account: Sendable {
        /// Floating-point operations of matrix products, convolutions and attention, a multiply-add counted as two.
        public var flops = 0.0
        /// Bytes of activations held at the fullest moment, as allocated.
        public var activationBytes = 0
        /// Bytes of the threads' scratch memory, which comes on top of them.
        public internal(set) var scratchBytes = 0
        /// Buffers that had to be allocated because none was free.
        public var allocations = 0
        /// Seconds by kind of operation, where profiling was asked for.
        public var seconds: [String: Double] = [:]
        /// Times each kind of operation ran.
        public var calls: [String: Int] = [:]
    }

    /// What the current pass, or the last one, cost.
    public private(set) var account = Account()

    unowned let runtime: Runtime
    let mode: Mode
    private var profiles = false
    private var buffers: [Storage] = []
    private var scratch: Storage
    private var scratchStride = 0
    /// What planned operations are added to.
    var balance: Balance?

    /// The work that sharing must take off the calling thread to be worth waking others for, in floating-point
    /// operations or floats moved.
    static let leastSaving = 30_000.0

    /// Into how many parts work is cut for so many threads: one each, or one.
    static func parts(of work: Double, threads: Int) -> Int {
        work * (1 - 1 / Double(threads)) < leastSaving ? 1 : threads
    }

    init(runtime: Runtime, mode: Mode) {
        self.runtime = runtime
        self.mode = mode
        scratch = Storage(byteCount: 64)
    }

    /// Threads that share the work: the runtime's, or those of the balance that a planned pass is for.
    var threads: Int { balance?.threads ?? runtime.pool.count }

    func begin(profile: Bool) {
        profiles = profile
        account = Account()
        account.activationBytes = buffers.reduce(0) { $0 + $1.byteCount }
        account.scratchBytes = scratch.byteCount
    }

    /// Lets go of buffers that a tensor has taken out of the pass.
    func end() {
        for index in buffers.indices.reversed() where !isKnownUniquelyReferenced(&buffers[index]) {
            buffers.remove(at: index)
        }
    }

    /// Uninitialised memory for a result.
    func allocate(_ shape: Shape, _ dtype: DType = .float32) -> Tensor {
        let bytes = shape.elementCount * dtype.byteCount
        return Tensor(shape: shape, dtype: dtype, storage: allocateStorage(byteCount: bytes))
    }

    /// The smallest free buffer that is large enough and not wastefully large, else a new one.
    private func allocateStorage(byteCount: Int) -> Storage {
        var best = -1
        for index in buffers.indices {
            let size = buffers[index].byteCount
            guard size >= byteCount, best < 0 || size < buffers[best].byteCount else { continue }
            if isKnownUniquelyReferenced(&buffers[index]) { best = index }
        }
        if best >= 0, buffers[best].byteCount <= 8 * max(byteCount, 4096) { return buffers[best] }
        // A few floats of slack: kernels may read, never write, up to a vector past the end of a row.
        let storage = Storage(byteCount: byteCount + 256)
        buffers.append(storage)
        account.allocations += 1
        account.activationBytes = max(account.activationBytes, buffers.reduce(0) { $0 + $1.byteCount })
        return storage
    }

    /// Runs a kernel.
    ///
    /// - Parameters:
    ///   - name: the kind of operation, for profiles.
    ///   - flops: operations to account for.
    ///   - work: what decides whether the job is shared between threads; `flops` where left out.
    ///   - scratchBytes: scratch that each thread needs.
    func perform<Arguments>(
        _ name: StaticString, _ op: ck_op, _ arguments: Arguments, flops: Double = 0, work: Double,
        scratchBytes: Int = 0
    ) {
        account.flops += flops
        let threads = runtime.pool.count
        if scratchBytes > scratchStride {
            scratchStride = (scratchBytes + 4159) & ~63  // threads a page apart: no false sharing, no aliasing in L1
            scratch = Storage(byteCount: 64)  // never both at once
            scratch = Storage(byteCount: scratchStride * threads + 64, hasOwnPages: true)
            account.scratchBytes = scratch.byteCount
        }
        guard mode == .compute else {
            guard balance != nil else { return }
            return withUnsafePointer(to: arguments) { pointer in
                simulate(name, work, speed: Balance.speed(of: op)) {
                    ck_share_of(op, pointer, Int32($0), Int32($1))
                }
            }
        }
        measure(name) {
            withUnsafePointer(to: arguments) { pointer in
                runtime.pool.run(
                    op, runtime.tier.kernelTier, pointer, parts: Self.parts(of: work, threads: threads),
                    scratch: scratch.pointer, stride: scratchStride)
            }
        }
    }

    /// Runs work on rows that no kernel does: copies, sums of a few.
    ///
    /// - Parameters:
    ///   - name: the kind of operation, for profiles.
    ///   - rows: how many there are; results must not depend on which are done together.
    ///   - floats: that are read and written of a row.
    ///   - body: the work on some of the rows, on any thread; it is not called where nothing is computed but costs.
    func perform(_ name: StaticString, rows: Int, floats: Int, _ body: (Range<Int>) -> Void) {
        let work = Double(rows * floats)
        guard mode == .compute else {
            // The speed has no say: there are no floating-point operations.
            return simulate(name, work, speed: 1) { part, parts in
                let bytes = Double((rows * (part + 1) / parts - rows * part / parts) * floats * 4)
                return ck_share(operations: 0, moved: bytes, touched: bytes)
            }
        }
        let parts = Self.parts(of: work, threads: runtime.pool.count)
        measure(name) {
            runtime.pool.run(parts: parts) { part in body(rows * part / parts..<rows * (part + 1) / parts) }
        }
    }

    private func simulate(
        _ name: StaticString, _ work: Double, speed: Double, share: (_ part: Int, _ parts: Int) -> ck_share
    ) {
        let parts = Self.parts(of: work, threads: threads)
        balance?.add("\(name)", parts: parts, speed: speed, share: share)
    }

    private func measure(_ name: StaticString, _ body: () -> Void) {
        guard profiles else { return body() }
        let start = cp_now()
        body()
        account.seconds["\(name)", default: 0] += cp_now() - start
        account.calls["\(name)", default: 0] += 1
    }
}
