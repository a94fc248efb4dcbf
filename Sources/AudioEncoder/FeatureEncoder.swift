import Layers
import TensorCore

/// Samples to features: strided convolutions with a norm and an activation, then a projection to the blocks' width.
///
/// Baevski et al. 2020 (arXiv:2006.11477), section 2 and 4.2. Names: transformers' `feature_extractor` and
/// `feature_projection`. The norms between the convolutions have PyTorch's epsilon, whatever the configuration says.
struct FeatureEncoder: Sendable {
    private struct Layer: Sendable {
        let convolution: Convolution1D  // conv
        let norm: LayerNorm?  // layer_norm
    }

    private let first: NormalizedSignalConvolution?  // feature_extractor.conv_layers.0, where it has a group norm
    private let layers: [Layer]  // feature_extractor.conv_layers, the others
    private let step: Int  // samples from one frame to the next
    private let reach: Int  // samples that a frame is made of
    private let norm: LayerNorm?  // feature_projection.layer_norm
    private let projection: Linear  // feature_projection.projection

    /// Frames whose features are computed together: enough work for many threads, and little memory.
    private static let framesAtATime = 64

    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        let place = w("feature_extractor.conv_layers")
        var features = c.features[...]
        if c.featureNorm == .group, let feature = features.popFirst() {
            // A group for each channel.
            first = try NormalizedSignalConvolution(
                feature.channels, kernel: feature.kernel, stride: feature.stride, bias: c.featureBias, epsilon: 1e-5,
                activation: c.featureActivation, place(0)("conv"), norm: place(0)("layer_norm"))
        } else {
            first = nil
        }
        var layers: [Layer] = []
        for index in features.indices {
            let channels = index == 0 ? 1 : c.features[index - 1].channels
            layers.append(try Self.layer(c, features[index], channels: channels, place(index)))
        }
        self.layers = layers
        step = c.features.reduce(1) { $0 * $1.stride }
        reach = c.features.reversed().reduce(1) { ($0 - 1) * $1.stride + $1.kernel }
        let channels = c.features.last?.channels ?? 1
        let last = w("feature_projection")
        norm = c.normalizesProjection ? try LayerNorm(channels, epsilon: c.epsilon, last("layer_norm")) : nil
        projection = try Linear(channels, c.width, last("projection"))
    }

    private static func layer(
        _ c: AudioEncoderConfiguration, _ feature: AudioEncoderConfiguration.FeatureLayer, channels: Int, _ w: Weights
    ) throws(WeightError) -> Layer {
        let hasNorm = c.featureNorm == .layer
        return Layer(
            convolution: try Convolution1D(
                channels, feature.channels, kernel: feature.kernel, stride: feature.stride, bias: c.featureBias,
                activation: hasNorm ? .none : c.featureActivation, w("conv")),
            norm: hasNorm
                ? try LayerNorm(feature.channels, epsilon: 1e-5, activation: c.featureActivation, w("layer_norm"))
                : nil)
    }

    /// The features of one clip: `[1, samples, 1]` to `[1, frames, width]`.
    ///
    /// Clips are taken one by one, since a group norm looks at all of a clip and nothing else, and a second or so at a
    /// time: of the first layer a frame takes 64, the largest activations of the network by far.
    func callAsFunction(_ samples: Tensor, _ ws: Workspace) -> Tensor {
        let signal = samples.reshaped(to: Shape(samples.count, 1))
        let normalization = first?.normalization(of: signal, ws)
        let features = ws.inParts((samples.count - reach) / step + 1, of: Self.framesAtATime) { frames in
            let part = signal.rows(frames.lowerBound * step..<(frames.upperBound - 1) * step + reach)
            var x = part.reshaped(to: Shape(1, part.count, 1))
            if let first, let normalization { x = first(x, normalization, ws) }
            for layer in layers {
                x = layer.convolution(x, ws)
                if let norm = layer.norm { x = norm(x, ws, inPlace: true) }
            }
            return x.reshaped(to: Shape(x.shape[1], x.shape[2]))
        }
        let x = features.reshaped(to: Shape(1, features.shape[0], features.shape[1]))
        return projection(norm.map { $0(x, ws) } ?? x, ws)
    }
}
