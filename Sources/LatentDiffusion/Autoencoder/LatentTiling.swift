/// How latent pictures are decoded in parts, so that memory does not grow with them.
///
/// A part is decoded with as much around it as its convolutions see, which is thrown away, and normalised with
/// statistics that all parts share: neighbours fit together without a seam.
public struct LatentTiling: Sendable, Equatable {
    /// Side of what a part gives, in latent pixels.
    public let size: Int

    /// Parts of the given size.
    ///
    /// - Parameter size: side of what a part gives, in latent pixels, an even number of at least 2.
    /// - Precondition: the size is even and at least 2.
    public init(size: Int) {
        // Even, so that Winograd's tiles of the parts are those of the whole.
        precondition(size >= 2 && size.isMultiple(of: 2), "parts of \(size)")
        self.size = size
    }

    /// A part along a side.
    struct Part {
        /// What the part gives.
        var kept: Range<Int>
        /// What it is made of.
        var seen: Range<Int>
    }

    /// The parts along a side.
    ///
    /// - Parameters:
    ///   - length: of the side, in latent pixels.
    ///   - margin: latent pixels on either side that a part sees beside what it gives.
    func parts(_ length: Int, margin: Int) -> [Part] {
        stride(from: 0, to: length, by: size).map { first in
            let last = min(length, first + size)
            return Part(kept: first..<last, seen: max(0, first - margin)..<min(length, last + margin))
        }
    }
}
