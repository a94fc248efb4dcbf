import Layers
import TensorCore

/// The division of a block's result by a number, as in Song et al. 2021 (arXiv:2011.13456, appendix H.1).
struct OutputScale: Sendable {
    private let factors: PackedVector

    /// - Returns: `nil` where the number is 1.
    init?(_ divisor: Double, channels: Int, _ w: Weights) {
        guard divisor != 1 else { return nil }
        factors = PackedVector(.init(repeating: Float(1 / divisor), count: channels), in: w.loader.memory)
    }

    func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor { ws.affine(x, scale: factors, shift: nil) }
}
