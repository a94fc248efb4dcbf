import CPlatform
import Glibc

/// The bytes behind tensors.
///
/// Written only by whoever holds the sole reference (a fresh tensor, or a workspace handing out memory that no tensor
/// uses any more), read by everyone else: that is why sharing one between threads is safe.
final class Storage: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    let byteCount: Int
    /// Whether the memory came from the system's pages, which are zeros and are taken when they are first touched.
    let isMapped: Bool

    /// Above this, memory comes from the system in huge pages.
    private static let mappedFrom = 4 << 20

    /// Uninitialised memory, aligned to 64 bytes.
    ///
    /// - Parameter hasOwnPages: whether it comes from the system whatever its size, and leaves no hole in the heap when
    ///   it is given back.
    init(byteCount: Int, hasOwnPages: Bool = false) {
        let size = max(byteCount, 64)
        self.byteCount = size
        let isLarge = size >= Self.mappedFrom
        if isLarge || hasOwnPages, let mapped = cp_map(UInt(size), isLarge ? 1 : 0) {
            pointer = mapped
            isMapped = true
        } else {
            pointer = .allocate(byteCount: size, alignment: 64)
            isMapped = false
        }
    }

    deinit {
        if isMapped { cp_unmap(pointer, UInt(byteCount)) } else { pointer.deallocate() }
    }
}

/// Memory for a model's weights: handed out once, given back when the model goes; matrices in huge pages, of which only
/// those are taken that matrices fill.
///
/// Allocation happens on one thread while a model is built; the pieces are then filled by several threads, each its
/// own, and read-only from there on. Vectors, which are filled at once, lie apart from matrices: one thread would take
/// and clear the huge pages of many matrices for the few values between them.
public final class WeightMemory: @unchecked Sendable {
    private static let chunkBytes = 64 << 20
    private static let vectorChunkBytes = 1 << 20
    /// Where weights are planned only, the smallest piece of which no memory is reserved.
    private static let plannedFrom = 1 << 20
    /// Where they lie then: an address that nothing is read from.
    nonisolated(unsafe) private static let nowhere = UnsafeMutablePointer<Float>.allocate(capacity: 16)
    private let isPlanned: Bool
    private var chunks: [(base: UnsafeMutableRawPointer, size: Int)] = []
    /// What is left of the chunk that pieces are taken from.
    private struct Rest {
        var base: UnsafeMutableRawPointer
        var size: Int
        /// Where the pages end that were handed out whole, and asked for as huge ones.
        var hugeEnd: UnsafeMutableRawPointer
    }
    private var matrixRest: Rest?
    private var vectorRest: Rest?
    /// Bytes handed out.
    public private(set) var byteCount = 0

    /// Memory that holds nothing yet.
    ///
    /// - Parameter isPlanned: whether it is only counted. Small pieces are then zeros as ever; large ones have no
    ///   memory and must be neither read nor written, so that a model larger than the machine can still be described.
    public init(isPlanned: Bool = false) { self.isPlanned = isPlanned }

    deinit { for chunk in chunks { cp_unmap(chunk.base, UInt(chunk.size)) } }

    /// Makes sure that the next `count` floats of matrices can be had, side by side.
    ///
    /// - Returns: whether the system gave the memory.
    public func reserve(_ count: Int) -> Bool {
        reserve(count, in: &matrixRest, chunk: isPlanned ? Self.plannedFrom : Self.chunkBytes)
    }

    private func reserve(_ count: Int, in rest: inout Rest?, chunk: Int) -> Bool {
        let (bytes, overflows) = max(count, 1).multipliedReportingOverflow(by: 4)
        guard !overflows, bytes <= .max - Self.chunkBytes else { return false }
        let size = (bytes + 63) & ~63
        if isPlanned, size >= Self.plannedFrom { return true }
        if let rest, size <= rest.size { return true }
        let chunkSize = max(chunk, size)
        guard let base = cp_map(UInt(chunkSize), 0) else { return false }
        chunks.append((base, chunkSize))
        rest = Rest(base: base, size: chunkSize, hugeEnd: base)
        return true
    }

    /// Whether the system would give memory for `count` floats now.
    public static func isAvailable(_ count: Int) -> Bool {
        let (bytes, overflows) = max(count, 1).multipliedReportingOverflow(by: 4)
        guard !overflows, bytes <= .max - chunkBytes, let base = cp_map(UInt(bytes), 0) else { return false }
        cp_unmap(base, UInt(bytes))
        return true
    }

    /// `count` floats of a matrix, zeroed, aligned to 64 bytes, valid as long as this object lives.
    ///
    /// Address space is reserved a chunk at a time; only pages that are written take memory.
    ///
    /// - Precondition: the system has the memory; ``reserve(_:)`` asks first where a file decides how much.
    func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
        floats(count, from: &matrixRest, chunk: isPlanned ? Self.plannedFrom : Self.chunkBytes)
    }

    /// `count` floats of a vector, likewise.
    func vectorFloats(_ count: Int) -> UnsafeMutablePointer<Float> {
        floats(count, from: &vectorRest, chunk: Self.vectorChunkBytes)
    }

    private func floats(_ count: Int, from rest: inout Rest?, chunk: Int) -> UnsafeMutablePointer<Float> {
        let size = (max(count, 1) * 4 + 63) & ~63
        byteCount += size
        if isPlanned, size >= Self.plannedFrom { return Self.nowhere }
        guard reserve(count, in: &rest, chunk: chunk), var left = rest else {
            preconditionFailure("the system has no memory for \(count) weights")
        }
        let piece = left.base
        left.base += size
        left.size -= size
        let whole = (left.base - left.hugeEnd) / Int(CP_HUGE_PAGE) * Int(CP_HUGE_PAGE)
        if whole > 0 {
            cp_advise_huge(left.hugeEnd, UInt(whole))
            left.hugeEnd += whole
        }
        rest = left
        return piece.bindMemory(to: Float.self, capacity: size / 4)
    }
}
