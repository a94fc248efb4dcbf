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
    init(byteCount: Int) {
        let size = max(byteCount, 64)
        self.byteCount = size
        if size >= Self.mappedFrom, let mapped = cp_map(UInt(size)) {
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

/// Memory for a model's weights: handed out once, in huge pages, given back when the model goes.
///
/// Allocation happens on one thread while a model is built; the pieces are then filled by several threads, each its
/// own, and read-only from there on.
public final class WeightMemory: @unchecked Sendable {
    private static let chunkBytes = 64 << 20
    /// Where weights are planned only, the smallest piece of which no memory is reserved.
    private static let plannedFrom = 1 << 20
    /// Where they lie then: an address that nothing is read from.
    nonisolated(unsafe) private static let nowhere = UnsafeMutablePointer<Float>.allocate(capacity: 16)
    private let isPlanned: Bool
    private var chunks: [(base: UnsafeMutableRawPointer, size: Int)] = []
    private var used = 0
    /// Bytes handed out.
    public private(set) var byteCount = 0

    /// Memory that holds nothing yet.
    ///
    /// - Parameter isPlanned: whether it is only counted. Small pieces are then zeros as ever; large ones have no
    ///   memory and must be neither read nor written, so that a model larger than the machine can still be described.
    public init(isPlanned: Bool = false) { self.isPlanned = isPlanned }

    deinit { for chunk in chunks { cp_unmap(chunk.base, UInt(chunk.size)) } }

    /// Makes sure that the next `count` floats can be had.
    ///
    /// - Returns: whether the system gave the memory.
    public func reserve(_ count: Int) -> Bool {
        let (bytes, overflows) = max(count, 1).multipliedReportingOverflow(by: 4)
        guard !overflows, bytes <= .max - Self.chunkBytes else { return false }
        let size = (bytes + 63) & ~63
        if isPlanned, size >= Self.plannedFrom { return true }
        if let chunk = chunks.last, used + size <= chunk.size { return true }
        let chunkSize = max(isPlanned ? Self.plannedFrom : Self.chunkBytes, size)
        guard let base = cp_map(UInt(chunkSize)) else { return false }
        chunks.append((base, chunkSize))
        used = 0
        return true
    }

    /// Whether the system would give memory for `count` floats now.
    public static func isAvailable(_ count: Int) -> Bool {
        let (bytes, overflows) = max(count, 1).multipliedReportingOverflow(by: 4)
        guard !overflows, bytes <= .max - chunkBytes, let base = cp_map(UInt(bytes)) else { return false }
        cp_unmap(base, UInt(bytes))
        return true
    }

    /// `count` floats, zeroed, aligned to 64 bytes, valid as long as this object lives.
    ///
    /// Address space is reserved a chunk at a time; only pages that are written take memory.
    ///
    /// - Precondition: the system has the memory; ``reserve(_:)`` asks first where a file decides how much.
    func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
        let size = (max(count, 1) * 4 + 63) & ~63
        if isPlanned, size >= Self.plannedFrom {
            byteCount += size
            return Self.nowhere
        }
        guard reserve(count), let chunk = chunks.last else {
            preconditionFailure("the system has no memory for \(count) weights")
        }
        defer { used += size }
        byteCount += size
        return (chunk.base + used).bindMemory(to: Float.self, capacity: size / 4)
    }
}
