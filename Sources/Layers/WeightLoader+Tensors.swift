import Synchronization
import TensorCore

extension WeightLoader {
    /// A tensor's values, read at once and by all threads, straight into the memory where they stay.
    func tensor(_ name: String, shape: [Int]) throws(WeightError) -> Tensor {
        let info = try take(name, shape: shape)
        guard info.count <= Self.largestTensor, WeightMemory.isAvailable(info.count) else {
            throw .memory(file: info.file, tensor: name, bytes: info.count * 4)
        }
        tensorBytes += info.count * 4
        do throws(TensorReadError) {
            return try Tensor(shape: Shape(shape)) { (target) throws(TensorReadError) in
                if !plansOnly { try read(info, into: target) }
            }
        } catch { throw .unreadable(error) }
    }

    private func read(_ info: TensorInfo, into target: UnsafeMutableBufferPointer<Float>) throws(TensorReadError) {
        let step = Self.stepBytes / info.dtype.byteCount
        let steps = (info.count + step - 1) / step
        let next = Atomic(0)
        let failure = Mutex<TensorReadError?>(nil)
        runtime.concurrently(parts: min(runtime.threads, max(steps, 1))) { _ in
            let staging = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.stepBytes, alignment: 4096)
            defer { staging.deallocate() }
            while true {
                let first = next.wrappingAdd(1, ordering: .relaxed).oldValue * step
                guard first < info.count, failure.withLock({ $0 == nil }) else { return }
                let part = UnsafeMutableBufferPointer(rebasing: target[first..<min(first + step, info.count)])
                let isStored = info.dtype == .float32
                let bytes =
                    isStored
                    ? UnsafeMutableRawBufferPointer(part)
                    : UnsafeMutableRawBufferPointer(rebasing: staging[..<(part.count * info.dtype.byteCount)])
                do throws(TensorReadError) {
                    try source.read(info.name, at: first * info.dtype.byteCount, into: bytes)
                } catch {
                    failure.withLock { $0 = error }
                    return
                }
                guard !isStored, let start = part.baseAddress, let raw = bytes.baseAddress else { continue }
                convertToFloat(raw, dtype: info.dtype, count: part.count, into: start, tier: tier)
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
