import Layers
import TensorCore

/// Relative positions from a wide grouped convolution along the frames: x + activation(conv(x)).
///
/// Baevski et al. 2020 (arXiv:2006.11477), section 2; Mohamed et al. 2019 (arXiv:1904.11660). A kernel with an even
/// number of taps gives one frame too many: the last is dropped, so that frame t sees t - k/2 ... t + k/2 - 1.
struct PositionalConvolution: Sendable {
    private let batchNorm: (scale: PackedVector, shift: PackedVector)?
    private let convolution: Convolution1D

    /// Reads the convolution; `w` is the place called `pos_conv_embed`.
    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        if c.hasPositionBatchNorm {
            let norm = try BatchNorm(c.width, w("batch_norm"))
            let memory = w.loader.memory
            batchNorm = (PackedVector(norm.scale, in: memory), PackedVector(norm.shift, in: memory))
        } else {
            batchNorm = nil
        }
        convolution = try Convolution1D(
            c.width, c.width, kernel: c.positionKernel, padding: Self.padding(kernel: c.positionKernel),
            groups: c.positionGroups, isWeightNormalized: !c.hasPositionBatchNorm, activation: c.featureActivation,
            w("conv"))
    }

    /// Zeros around the frames that give as many frames as there are.
    static func padding(kernel: Int) -> (before: Int, after: Int) {
        (kernel / 2, kernel % 2 == 0 ? kernel / 2 - 1 : kernel / 2)
    }

    /// Places `[B, T, width]`.
    func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        let input = batchNorm.map { ws.affine(x, scale: $0.scale, shift: $0.shift) } ?? x
        return ws.added(x, convolution(input, ws))
    }
}
