/// How latent pictures are decoded in parts, so that memory does not grow with them.
///
/// A part sees nothing of the rest: norms and attention work on what is in it, so that the picture is another one than
/// that of a whole decode, a little. Where parts overlap, one fades into the other.
public struct LatentTiling: Sendable, Equatable {
    /// Side of a part, in latent pixels.
    public let size: Int
    /// Latent pixels that neighbours share, less than ``size``.
    public let overlap: Int

    /// Parts of the given size, which share a quarter of their sides as diffusers' do.
    ///
    /// - Parameter size: side of a part, in latent pixels, at least 4.
    /// - Precondition: the size is at least 4.
    public init(size: Int) { self.init(size: size, overlap: size / 4) }

    /// Parts of the given size.
    ///
    /// - Parameters:
    ///   - size: side of a part, in latent pixels.
    ///   - overlap: latent pixels that neighbours share.
    /// - Precondition: the size is at least 4, and the overlap 0 or more and less than it.
    public init(size: Int, overlap: Int) {
        precondition(size >= 4 && overlap >= 0 && overlap < size, "parts of \(size) that share \(overlap)")
        (self.size, self.overlap) = (size, overlap)
    }

    /// Where parts begin along a side, and where they end.
    ///
    /// - Parameter length: of the side, in latent pixels.
    func ranges(_ length: Int) -> [Range<Int>] {
        stride(from: 0, to: length, by: size - overlap).map { $0..<min($0 + size, length) }
    }
}
