import TensorCore

extension TensorSource {
    /// Reads bytes of what a tensor is in fp32.
    ///
    /// - Parameters:
    ///   - info: what the source says of the tensor, which is of a type of weights.
    ///   - offset: the first byte, in fp32.
    ///   - buffer: where the bytes go.
    ///   - change: is given the elements that were read, and their values to change.
    func readFloats(
        _ info: TensorInfo, at offset: Int, into buffer: UnsafeMutableRawBufferPointer,
        changed change: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) throws(TensorReadError) {
        let byteCount = info.count * 4
        guard offset >= 0, offset <= byteCount, buffer.count <= byteCount - offset else {
            throw TensorReadError(
                file: info.file, tensor: info.name,
                reason: "\(buffer.count) bytes from \(offset) on are wanted, it has \(byteCount)")
        }
        guard buffer.count > 0 else { return }
        let elements = offset / 4..<(offset + buffer.count + 3) / 4
        let width = info.dtype.byteCount
        let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: elements.count * width, alignment: 64)
        defer { raw.deallocate() }
        let values = UnsafeMutablePointer<Float>.allocate(capacity: elements.count)
        defer { values.deallocate() }
        try read(info.name, at: elements.lowerBound * width, into: raw)
        guard let start = raw.baseAddress else { return }
        convertToFloat(start, dtype: info.dtype, count: elements.count, into: values, tier: .best)
        change(elements, values)
        let first = UnsafeRawPointer(values) + (offset - elements.lowerBound * 4)
        buffer.copyMemory(from: UnsafeRawBufferPointer(start: first, count: buffer.count))
    }

    /// A small tensor's values in fp32, all of which must be finite.
    func finiteFloats(_ info: TensorInfo) throws(AdapterError) -> [Float] {
        guard info.dtype.isFloatingWeight else {
            throw .key(file: info.file, key: info.name, expected: "floats", found: info.dtype.rawValue)
        }
        var values = [Float](repeating: 0, count: info.count)
        var failure: TensorReadError?
        values.withUnsafeMutableBytes { bytes in
            do throws(TensorReadError) { try readFloats(info, at: 0, into: bytes) { _, _ in } } catch {
                failure = error
            }
        }
        if let failure { throw .unreadable(failure) }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw .key(
                file: info.file, key: info.name, expected: "finite values", found: "\(values[index]) at \(index)")
        }
        return values
    }
}
