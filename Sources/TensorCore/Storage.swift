import CPlatform
import Glibc

/// The bytes behind tensors.
///
/// Written only by whoever holds the sole reference (a fresh tensor, or a workspace handing out memory that no tensor
/// uses any more), read by everyone else: that is why sharing one between threads is safe.
final class Storage: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    let byteCount: Int
    private let isMapped: Bool

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
    private var chunks: [(base: UnsafeMutableRawPointer, size: Int)] = []
    private var used = 0
    /// Bytes handed out.
    public private(set) var byteCount = 0

    /// Memory that holds nothing yet.
    public init() {}

    deinit { for chunk in chunks { cp_unmap(chunk.base, UInt(chunk.size)) } }

    /// `count` floats, zeroed, aligned to 64 bytes, valid as long as this object lives.
    ///
    /// Address space is reserved a chunk at a time; only pages that are written take memory.
    func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
        let size = (max(count, 1) * 4 + 63) & ~63
        if chunks.isEmpty || used + size > (chunks.last?.size ?? 0) {
            let chunkSize = max(Self.chunkBytes, size)
            guard let base = cp_map(UInt(chunkSize)) else {
                fatalError("the system has no \(chunkSize) bytes of memory for weights")
            }
            chunks.append((base, chunkSize))
            used = 0
        }
        guard let chunk = chunks.last else { preconditionFailure("a chunk was just made") }
        defer { used += size }
        byteCount += size
        return (chunk.base + used).bindMemory(to: Float.self, capacity: size / 4)
    }
}
