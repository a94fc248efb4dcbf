import JSON
import Layers
import TensorCore

/// Strided convolutions with gates behind the blocks, which thin out frames (`add_adapter`).
///
/// Gated linear units: Dauphin et al. 2016 (arXiv:1612.08083). Names: transformers' `Wav2Vec2Adapter`.
struct ConvolutionAdapter: Sendable {
    /// What a configuration says of it.
    struct Configuration: Sendable, Equatable {
        /// Width of the blocks' frames.
        var inputs: Int
        /// Width of the frames that come out.
        var outputs: Int
        /// Number of convolutions.
        var depth: Int
        /// Taps of each.
        var kernel: Int
        /// Frames from one window to the next.
        var stride: Int

        /// Reads it; `nil` where the model has none.
        init?(_ config: Config, inputs: Int) throws(ConfigError) {
            guard try config.bool("add_adapter", default: false) else { return nil }
            self.inputs = inputs
            outputs = try config.int("output_hidden_size", in: 1...16384, default: inputs)
            depth = try config.int("num_adapter_layers", in: 0...10, default: 3)
            kernel = try config.int("adapter_kernel_size", in: 1...64, default: 3)
            stride = try config.int("adapter_stride", in: 1...8, default: 2)
        }

        /// Frames that go in from one that comes out to the next.
        var samplesPerFrame: Int { (0..<depth).reduce(1) { product, _ in product * stride } }

        /// Frames that it takes to make one.
        var minimumFrames: Int { (0..<depth).reduce(1) { count, _ in max(1, (count - 1) * stride + kernel - 2) } }

        /// Frames that come out of so many: each convolution pads by one on both sides.
        func frames(_ frames: Int) -> Int {
            (0..<depth).reduce(frames) { count, _ in
                count == 0 || count + 2 < kernel ? 0 : (count + 2 - kernel) / stride + 1
            }
        }
    }

    private let projection: (linear: Linear, norm: LayerNorm)?  // proj, proj_layer_norm
    private let layers: [Convolution1D]  // layers.N.conv

    /// Reads the adapter; `w` is the place called `adapter`.
    init(_ c: Configuration, _ w: Weights) throws(WeightError) {
        if c.outputs != c.inputs {
            projection = (
                try Linear(c.inputs, c.outputs, w("proj")),
                try LayerNorm(c.outputs, epsilon: 1e-5, w("proj_layer_norm"))
            )
        } else {
            projection = nil
        }
        var layers: [Convolution1D] = []
        for index in 0..<c.depth {
            layers.append(
                try Convolution1D(
                    c.outputs, 2 * c.outputs, kernel: c.kernel, stride: c.stride, padding: (1, 1),
                    w("layers")(index)("conv")))
        }
        self.layers = layers
    }

    /// Thins out `[B, T, inputs]`: `[B, T', outputs]`.
    func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        var x = projection.map { $0.norm($0.linear(x, ws), ws) } ?? x
        for layer in layers { x = ws.gatedHalves(layer(x, ws)) }  // [B, T', 2 outputs] in between
        return x
    }
}
