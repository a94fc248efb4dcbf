import Diffusion
import Layers
import TensorCore

/// A transformer over the pixels of a picture, added to it: diffusers' `Transformer2DModel` of pictures (Rombach et al.
/// 2021, arXiv:2112.10752, appendix E.2.1).
///
/// Tensors: those of `norm`, `proj_in`, `transformer_blocks` and `proj_out`. Both projections are linear over the
/// channels of a pixel; checkpoints hold them as linear layers or as 1x1 convolutions.
struct Transformer2D: Sendable {
    /// What the layer is made of.
    struct Options: Sendable {
        /// Channels of the picture.
        var channels: Int
        /// Heads of attention, a divisor of the channels.
        var heads: Int
        /// Number of blocks.
        var layers: Int
        /// Width of the text's states.
        var textWidth: Int
        /// Groups of the norm.
        var groups: Int
        /// Whether attention is to the text only.
        var onlyCrossAttention: Bool
        /// Whether the projections are linear layers.
        var usesLinear: Bool
        /// The number of the first layer that attends to the text.
        var firstTextLayer: Int

        /// Layers that attend to the text.
        var textLayers: Int { layers * (onlyCrossAttention ? 2 : 1) }
    }

    /// Added to the norm's variance.
    private static let epsilon = 1e-6

    private let place: String
    private let norm: GroupNorm
    private let input, output: Linear
    private let blocks: [BasicTransformerBlock]

    init(_ options: Options, _ w: Weights) throws(WeightError) {
        place = w.path
        let channels = options.channels
        norm = try GroupNorm(groups: options.groups, channels, epsilon: Self.epsilon, w("norm"))
        input = try Linear(channels, channels, isConvolution: !options.usesLinear, w("proj_in"))
        blocks = try Array(0..<options.layers).layers(w("transformer_blocks")) { (index, w) throws(WeightError) in
            let step = options.textLayers / options.layers
            return try BasicTransformerBlock(options, number: options.firstTextLayer + index * step, w)
        }
        output = try Linear(channels, channels, isConvolution: !options.usesLinear, w("proj_out"))
    }

    /// What the blocks' layers make of texts, in the order of their numbers.
    ///
    /// - Parameters:
    ///   - texts: `[texts, T, textWidth]`.
    ///   - ws: where it is computed.
    func project(_ texts: Tensor, _ ws: Workspace) -> [TextProjections.Layer] {
        blocks.flatMap { $0.project(texts, ws) }
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`.
    ///   - texts: of the pictures.
    ///   - pass: where it is computed.
    /// - Returns: `[B, H, W, channels]`.
    func callAsFunction(_ x: Tensor, _ texts: TextsOfPass, _ pass: UNetPass) -> Tensor {
        let tokens = Shape(x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
        let normalized = pass.checked(norm(x, pass.ws), place, "norm")
        var hidden = pass.checked(input(normalized.reshaped(to: tokens), pass.ws), place, "proj_in")
        for block in blocks { hidden = block(hidden, texts, pass) }
        let sum = output(hidden, residual: x.reshaped(to: tokens), pass.ws)
        return pass.checked(sum, place, "proj_out").reshaped(to: x.shape)
    }
}
