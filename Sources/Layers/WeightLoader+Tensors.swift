import Synchronization
import TensorCore

extension WeightLoader {
    /// A tensor's values as fp32 or bf16, read at once and by all threads, straight into the memory where they stay.
    func tensor(_ name: String, shape: [Int], as dtype: DType) throws(WeightError) -> Tensor {
        precondition(dtype == .float32 || dtype == .bfloat16, "weights as \(dtype.rawValue)")
        let info = try take(name, shape: shape)
        let (bytes, overflows) = info.count.multipliedReportingOverflow(by: dtype.byteCount)
        guard info.count <= Self.largestTensor, !overflows, WeightMemory.isAvailable((bytes + 3) / 4) else {
            throw .memory(file: info.file, tensor: name, bytes: bytes)
        }
        tensorBytes += bytes
        do throws(TensorReadError) {
            return try Tensor(shape: Shape(shape), dtype: dtype) { (target) throws(TensorReadError) in
                if !plansOnly { try read(info, as: dtype, into: target) }
            }
        } catch { throw .unreadable(error) }
    }

    private func read(
        _ info: TensorInfo, as dtype: DType, into target: UnsafeMutableRawBufferPointer
    ) throws(TensorReadError) {
        let step = Self.stepBytes / 4
        let steps = (info.count + step - 1) / step
        let next = Atomic(0)
        let failure = Mutex<TensorReadError?>(nil)
        let isStored = info.dtype == dtype
        runtime.concurrently(parts: min(runtime.threads, max(steps, 1))) { _ in
            let staging = UnsafeMutableRawBufferPointer.allocate(
                byteCount: isStored ? 0 : step * info.dtype.byteCount, alignment: 4096)
            let wide = UnsafeMutableBufferPointer<Float>.allocate(capacity: isStored || dtype == .float32 ? 0 : step)
            defer {
                staging.deallocate()
                wide.deallocate()
            }
            while true {
                let first = next.wrappingAdd(1, ordering: .relaxed).oldValue * step
                guard first < info.count, failure.withLock({ $0 == nil }) else { return }
                let count = min(step, info.count - first)
                let part = UnsafeMutableRawBufferPointer(
                    rebasing: target[first * dtype.byteCount..<(first + count) * dtype.byteCount])
                let bytes =
                    isStored
                    ? part : UnsafeMutableRawBufferPointer(rebasing: staging[..<(count * info.dtype.byteCount)])
                do throws(TensorReadError) {
                    try source.read(info.name, at: first * info.dtype.byteCount, into: bytes)
                } catch {
                    failure.withLock { $0 = error }
                    return
                }
                guard !isStored, let raw = bytes.baseAddress else { continue }
                let floats = dtype == .float32 ? part.bindMemory(to: Float.self) : wide
                guard let start = floats.baseAddress else { continue }
                convertToFloat(raw, dtype: info.dtype, count: count, into: start, tier: tier)
                guard dtype == .bfloat16, let narrow = part.bindMemory(to: UInt16.self).baseAddress else { continue }
                roundToBFloat16(UnsafeBufferPointer(start: start, count: count), into: narrow)
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
