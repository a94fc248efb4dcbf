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

    /// Work too small to be worth waking a second thread for, in floating-point operations or floats moved.
    static let smallestSharedJob = 60_000.0

    init(runtime: Runtime, mode: Mode) {
        self.runtime = runtime
        self.mode = mode
        scratch = Storage(byteCount: 64)
    }

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
    func allocate(_ shape: Shape) -> Tensor {
        Tensor(shape: shape, storage: allocateStorage(byteCount: shape.elementCount * 4))
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
            scratch = Storage(byteCount: scratchStride * threads + 64)
            account.scratchBytes = scratch.byteCount
        }
        guard mode == .compute else { return }
        let start = profiles ? cp_now() : 0
        withUnsafePointer(to: arguments) { pointer in
            runtime.pool.run(
                op, runtime.tier.kernelTier, pointer, parts: work < Self.smallestSharedJob ? 1 : threads,
                scratch: scratch.pointer, stride: scratchStride)
        }
        if profiles {
            account.seconds["\(name)", default: 0] += cp_now() - start
            account.calls["\(name)", default: 0] += 1
        }
    }
}
