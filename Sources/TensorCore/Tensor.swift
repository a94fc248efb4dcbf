/// An array of numbers with a shape: dense, row-major, a value.
///
/// Models compute in fp32; other types hold what is only stored or looked up, such as token ids, and brain floats what
/// goes from one layer that multiplies them to the next. Copies share memory until one of them is written.
public struct Tensor: Sendable {
    /// The dimensions, outermost first.
    public let shape: Shape
    /// The element type.
    public let dtype: DType
    var storage: Storage
    /// Elements before the first one in the storage.
    let offset: Int

    init(shape: Shape, dtype: DType = .float32, storage: Storage, offset: Int = 0) {
        self.shape = shape
        self.dtype = dtype
        self.storage = storage
        self.offset = offset
    }

    /// A tensor of the given values in row-major order.
    ///
    /// - Precondition: as many values as the shape has elements.
    public init(_ values: [Float], shape: Shape) {
        precondition(values.count == shape.elementCount, "\(values.count) values for shape \(shape)")
        self.init(shape: shape) { buffer in _ = buffer.update(fromContentsOf: values) }
    }

    /// A tensor of 64-bit integers, such as token ids.
    ///
    /// - Precondition: as many values as the shape has elements.
    public init(integers values: [Int64], shape: Shape) {
        precondition(values.count == shape.elementCount, "\(values.count) values for shape \(shape)")
        let storage = Storage(byteCount: values.count * 8)
        values.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(start: storage.pointer, count: bytes.count).copyMemory(from: bytes)
        }
        self.init(shape: shape, dtype: .int64, storage: storage)
    }

    /// An fp32 tensor whose values `fill` writes; it is handed zeros.
    public init<E: Error>(
        shape: Shape, fill: (UnsafeMutableBufferPointer<Float>) throws(E) -> Void
    ) throws(E) {
        try self.init(shape: shape, dtype: .float32) { (bytes) throws(E) in try fill(bytes.bindMemory(to: Float.self)) }
    }

    /// A tensor whose values `fill` writes as they are stored; it is handed zeros.
    public init<E: Error>(
        shape: Shape, dtype: DType, fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void
    ) throws(E) {
        let byteCount = shape.elementCount * dtype.byteCount
        let storage = Storage(byteCount: byteCount)
        // Pages fresh from the system are zeros; touching them would take memory that may never be needed.
        if !storage.isMapped { storage.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount) }
        try fill(UnsafeMutableRawBufferPointer(start: storage.pointer, count: byteCount))
        self.init(shape: shape, dtype: dtype, storage: storage)
    }

    /// An fp32 tensor of zeros.
    public init(zeros shape: Shape) {
        self.init(shape: shape) { _ in }
    }

    /// Elements in all.
    public var count: Int { shape.elementCount }

    /// The values of an fp32 tensor in row-major order.
    public var floats: [Float] { withFloats { Array($0) } }

    /// The values of a 64-bit integer tensor in row-major order.
    ///
    /// - Precondition: ``dtype`` is `.int64`.
    public var integers: [Int64] {
        precondition(dtype == .int64, "integers of a \(dtype) tensor")
        let pointer = storage.pointer.assumingMemoryBound(to: Int64.self) + offset
        return Array(UnsafeBufferPointer(start: pointer, count: count))
    }

    /// Calls `body` with the values of an fp32 tensor, valid during the call.
    public func withFloats<R, E: Error>(_ body: (UnsafeBufferPointer<Float>) throws(E) -> R) throws(E) -> R {
        let result = try body(UnsafeBufferPointer(start: floatPointer, count: count))
        withExtendedLifetime(storage) {}
        return result
    }

    /// Calls `body` with the values of an fp32 tensor for writing; memory shared with another tensor is copied first.
    public mutating func withMutableFloats<R, E: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
    ) throws(E) -> R {
        if !isKnownUniquelyReferenced(&storage) { self = copied() }
        return try body(UnsafeMutableBufferPointer(start: mutableFloatPointer, count: count))
    }

    /// The same values under another shape.
    ///
    /// - Precondition: both shapes have as many elements.
    public func reshaped(to shape: Shape) -> Tensor {
        precondition(shape.elementCount == count, "\(self.shape) cannot be reshaped to \(shape)")
        return Tensor(shape: shape, dtype: dtype, storage: storage, offset: offset)
    }

    /// Rows `range` of the first dimension, sharing memory.
    ///
    /// - Precondition: the range lies within the first dimension.
    public func rows(_ range: Range<Int>) -> Tensor {
        precondition(
            shape.rank > 0 && range.lowerBound >= 0 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
        var dimensions = shape.dimensions
        let rowCount = shape[0] == 0 ? 0 : count / shape[0]
        dimensions[0] = range.count
        return Tensor(
            shape: Shape(dimensions), dtype: dtype, storage: storage, offset: offset + range.lowerBound * rowCount)
    }

    /// The same values in memory of their own.
    public func copied() -> Tensor {
        let bytes = count * dtype.byteCount
        let copy = Storage(byteCount: bytes)
        copy.pointer.copyMemory(from: start, byteCount: bytes)
        return Tensor(shape: shape, dtype: dtype, storage: copy)
    }

    /// The index of the first value that is NaN or infinite, if any.
    public var firstNonFinite: Int? {
        withFloats { values in values.firstIndex { !$0.isFinite } }
    }

    /// The first value as it is stored.
    var start: UnsafeRawPointer { UnsafeRawPointer(storage.pointer + offset * dtype.byteCount) }

    var floatPointer: UnsafePointer<Float> { UnsafePointer(mutableFloatPointer) }

    /// Where a kernel finds the values that it is told are fp32 or bf16.
    var kernelPointer: UnsafePointer<Float> { UnsafePointer(mutableKernelPointer) }

    var mutableKernelPointer: UnsafeMutablePointer<Float> {
        guard dtype == .bfloat16 else { return mutableFloatPointer }
        return (storage.pointer + offset * dtype.byteCount).assumingMemoryBound(to: Float.self)
    }

    var mutableFloatPointer: UnsafeMutablePointer<Float> {
        precondition(dtype == .float32, "fp32 values of a \(dtype) tensor")
        return storage.pointer.assumingMemoryBound(to: Float.self) + offset
    }
}
