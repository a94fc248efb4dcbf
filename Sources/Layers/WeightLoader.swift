import Synchronization
public import TensorCore

/// Reads a checkpoint into the packed form of a model's layers, and keeps account of every tensor.
///
/// Building a model first notes what goes where; ``finish(ignoring:)`` then checks that nothing is left over and reads
/// and packs the large tensors on all threads at once.
public final class WeightLoader {
    /// Where packed weights live.
    public let memory: WeightMemory
    /// The tier that packs.
    public var tier: Tier { runtime.tier }
    /// How matrices of products are laid out.
    public var form: PackedMatrix.Form { runtime.weights.form }
    /// Elements of the parameters taken so far, buffers such as running means not counted.
    public private(set) var parameterCount = 0

    /// Bytes that the weights take in memory: packed matrices and vectors, and tensors read as they are.
    public var byteCount: Int { memory.byteCount + tensorBytes }

    let source: any TensorSource
    let runtime: Runtime
    let plansOnly: Bool
    var tensorBytes = 0
    private var taken: Set<String> = []
    /// A factor for each row of a tensor in eight bits.
    private var scales: [String: [Float]] = [:]
    private var jobs: [PackJob] = []

    /// Bytes of a checkpoint that one thread reads and packs at a time: small enough to stay in its cache.
    static let stepBytes = 1 << 20

    /// Elements of the largest tensor that is read as it is: embeddings of tokens are the largest of them.
    static let largestTensor = 1 << 30

    private struct PackJob: Sendable {
        let tensor: String
        let dtype: DType
        let matrix: PackedMatrix
        let rows: Range<Int>
        let taps: Int
        let sourceRow: Int
        /// Of the rows of a tensor in eight bits.
        let scales: [Float]?

        var rowBytes: Int { matrix.inputs * dtype.byteCount }
        var byteCount: Int { rows.count * rowBytes }
    }

    /// Makes a loader.
    ///
    /// - Parameters:
    ///   - source: the tensors.
    ///   - runtime: whose threads read and pack them.
    ///   - plansOnly: names, shapes and sizes are checked and counted, but no values are read: all are zero.
    public init(_ source: any TensorSource, runtime: Runtime, plansOnly: Bool = false) {
        self.source = source
        self.runtime = runtime
        self.plansOnly = plansOnly
        memory = WeightMemory(isPlanned: plansOnly)
    }

    /// Whether the checkpoint has the tensor.
    func has(_ name: String) -> Bool { source.info(name) != nil }

    /// Whether a layer has asked for the tensor: where two loaders share a checkpoint, each ignores what the other
    /// took.
    public func hasTaken(_ name: String) -> Bool { taken.contains(name) }

    /// Checks a tensor's shape and type and notes that it was used.
    ///
    /// - Parameters:
    ///   - name: the tensor's.
    ///   - shape: the dimensions it must have.
    ///   - isBuffer: whether it is a statistic rather than a parameter.
    ///   - isMatrix: whether it is one that ``pack(_:rows:into:row:taps:)`` takes, which may be stored as integers with
    ///     a factor for each row in a tensor of the same name and `_scale`: compressed-tensors' `int-quantized` format.
    func take(
        _ name: String, shape: [Int], isBuffer: Bool = false, isMatrix: Bool = false
    ) throws(WeightError) -> TensorInfo {
        guard let info = source.info(name) else {
            throw .missing(location: source.location, tensor: name, expected: shape)
        }
        guard info.shape == shape else {
            throw .shape(file: info.file, tensor: name, expected: shape, found: info.shape)
        }
        guard info.dtype.isFloatingWeight || (isMatrix && info.dtype == .int8 && has("\(name)_scale")) else {
            throw .type(file: info.file, tensor: name, found: info.dtype.rawValue)
        }
        if info.dtype == .int8, scales[name] == nil { scales[name] = try takeScales(of: info) }
        if !isMatrix { runtime.log?.noteValues(info) }
        if taken.insert(name).inserted && !isBuffer { parameterCount += info.count }
        return info
    }

    /// The factors of a tensor in eight bits, `[rows]` or `[rows, 1]`.
    private func takeScales(of tensor: TensorInfo) throws(WeightError) -> [Float] {
        let name = "\(tensor.name)_scale"
        let rows = tensor.shape.first ?? 0
        let shape = source.info(name)?.shape == [rows] ? [rows] : [rows, 1]
        return try values(name, shape: shape, isBuffer: true)
    }

    /// A small tensor's values, read at once.
    func values(_ name: String, shape: [Int], isBuffer: Bool) throws(WeightError) -> [Float] {
        let info = try take(name, shape: shape, isBuffer: isBuffer)
        guard info.count <= Self.largestTensor else {
            throw .memory(file: info.file, tensor: name, bytes: info.count * 4)
        }
        var values = [Float](repeating: 0, count: info.count)
        guard !plansOnly, info.count > 0 else { return values }
        try read(info, [0..<info.count], into: &values)
        return values
    }

    /// The columns of a tensor of two dimensions and more, read at once: `[shape[0], columns, ...]`; nothing where no
    /// values are read.
    func values(_ name: String, shape: [Int], columns: Range<Int>) throws(WeightError) -> [Float] {
        let info = try take(name, shape: shape)
        let inner = shape.dropFirst(2).reduce(1, *)
        let rows = (0..<shape[0]).map { row in
            (row * shape[1] + columns.lowerBound) * inner..<(row * shape[1] + columns.upperBound) * inner
        }
        guard info.count <= Self.largestTensor else {
            throw .memory(file: info.file, tensor: name, bytes: info.count * 4)
        }
        guard !plansOnly, info.count > 0 else { return [] }
        var values = [Float](repeating: 0, count: shape[0] * columns.count * inner)
        try read(info, rows, into: &values)
        return values
    }

    /// Runs of a tensor's elements one after another, converted to fp32.
    private func read(_ info: TensorInfo, _ runs: [Range<Int>], into values: inout [Float]) throws(WeightError) {
        let width = info.dtype.byteCount, step = Self.stepBytes / width
        let longest = runs.lazy.map(\.count).max() ?? 0
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: min(longest, step) * width, alignment: 64)
        defer { bytes.deallocate() }
        var done = 0
        for run in runs {
            for first in stride(from: run.lowerBound, to: run.upperBound, by: step) {
                let count = min(step, run.upperBound - first)
                let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * width)])
                do throws(TensorReadError) { try source.read(info.name, at: first * width, into: part) } catch {
                    throw .unreadable(error)
                }
                values.withUnsafeMutableBufferPointer { target in
                    guard let start = target.baseAddress, let raw = part.baseAddress else { return }
                    convertToFloat(raw, dtype: info.dtype, count: count, into: start + done, tier: tier)
                }
                done += count
            }
        }
    }

    /// Makes sure that there is memory for a tensor's packed form, or for those of its groups side by side.
    func reserve(_ floats: Int, times groups: Int = 1, for tensor: TensorInfo) throws(WeightError) {
        let (total, overflows) = floats.multipliedReportingOverflow(by: groups)
        guard !overflows, memory.reserve(total) else {
            throw .memory(file: tensor.file, tensor: tensor.name, bytes: total.multipliedReportingOverflow(by: 4).0)
        }
    }

    /// Notes that rows of a tensor are to be packed as the rows from `row` on of a matrix.
    func pack(_ tensor: TensorInfo, rows: Range<Int>, into matrix: PackedMatrix, row: Int, taps: Int) {
        runtime.log?.note(tensor, as: matrix.form)
        guard !plansOnly else { return }
        let rowBytes = max(matrix.inputs * tensor.dtype.byteCount, 1)
        // Whole panels, so that no two threads write the same one.
        let step = max(32, Self.stepBytes / rowBytes / 32 * 32)
        for start in stride(from: 0, to: rows.count, by: step) {
            let end = min(start + step, rows.count)
            let (first, last) = (rows.lowerBound + start, rows.lowerBound + end)
            jobs.append(
                PackJob(
                    tensor: tensor.name, dtype: tensor.dtype, matrix: matrix, rows: row + start..<row + end, taps: taps,
                    sourceRow: first, scales: scales[tensor.name].map { Array($0[first..<last]) }))
        }
    }

    /// Checks that every tensor was used, then reads and packs what was noted.
    ///
    /// - Parameter ignorable: names that may be left over, such as a batch norm's `num_batches_tracked`.
    public func finish(ignoring ignorable: (String) -> Bool = { _ in false }) throws(WeightError) {
        let unused = source.names.filter { !taken.contains($0) && !ignorable($0) }
        guard unused.isEmpty else { throw .unused(location: source.location, tensors: unused) }
        let next = Atomic(0)
        // The first part that fails says why, and the others stop.
        let hasFailed = Atomic(false)
        let failure = Mutex<TensorReadError?>(nil)
        let (source, tier, jobs) = (source, tier, jobs)
        let most = jobs.lazy.map(\.byteCount).max() ?? 0
        runtime.concurrently(parts: min(runtime.threads, max(jobs.count, 1))) { _ in
            let staging = UnsafeMutableRawBufferPointer.allocate(byteCount: most, alignment: 4096)
            defer { staging.deallocate() }
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < jobs.count, !hasFailed.load(ordering: .relaxed) else { return }
                let job = jobs[index]
                do throws(TensorReadError) {
                    try source.read(
                        job.tensor, at: job.sourceRow * job.rowBytes,
                        into: UnsafeMutableRawBufferPointer(rebasing: staging[..<job.byteCount]))
                } catch {
                    if !hasFailed.exchange(true, ordering: .relaxed) { failure.withLock { $0 = error } }
                    return
                }
                guard let bytes = staging.baseAddress else { continue }
                (job.scales ?? []).withUnsafeBufferPointer { scales in
                    job.matrix.fill(
                        row: job.rows.lowerBound, count: job.rows.count, taps: job.taps, from: bytes, dtype: job.dtype,
                        tier: tier, factors: job.scales == nil ? nil : scales.baseAddress)
                }
            }
        }
        self.jobs = []
        if let error = failure.withLock({ $0 }) { throw .unreadable(error) }
    }
}
