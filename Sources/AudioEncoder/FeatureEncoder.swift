import Layers
import TensorCore

/// Samples to features: strided convolutions with a norm and an activation, then a projection to the blocks' width.
///
/// Baevski et al. 2020 (arXiv:2006.11477), section 2 and 4.2. Names: transformers' `feature_extractor` and
/// `feature_projection`. The norms between the convolutions have PyTorch's epsilon, whatever the configuration says.
struct FeatureEncoder: Sendable {
    private struct Layer: Sendable {
        let convolution: Convolution1D  // conv
        let groupNorm: GroupNorm?  // layer_norm
        let layerNorm: LayerNorm?  // layer_norm
    }

    private let layers: [Layer]  // feature_extractor.conv_layers
    private let norm: LayerNorm?  // feature_projection.layer_norm
    private let projection: Linear  // feature_projection.projection

    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        var layers: [Layer] = []
        var channels = 1
        for (index, feature) in c.features.enumerated() {
            layers.append(
                try Self.layer(
                    c, feature, channels: channels, isFirst: index == 0, w("feature_extractor.conv_layers")(index)))
            channels = feature.channels
        }
        self.layers = layers
        let place = w("feature_projection")
        norm = c.normalizesProjection ? try LayerNorm(channels, epsilon: c.epsilon, place("layer_norm")) : nil
        projection = try Linear(channels, c.width, place("projection"))
    }

    private static func layer(
        _ c: AudioEncoderConfiguration, _ feature: AudioEncoderConfiguration.FeatureLayer, channels: Int,
        isFirst: Bool, _ w: Weights
    ) throws(WeightError) -> Layer {
        let hasGroupNorm = c.featureNorm == .group && isFirst
        let hasLayerNorm = c.featureNorm == .layer
        let convolution = try Convolution1D(
            channels, feature.channels, kernel: feature.kernel, stride: feature.stride, bias: c.featureBias,
            activation: hasGroupNorm || hasLayerNorm ? .none : c.featureActivation, w("conv"))
        let place = w("layer_norm")
        return Layer(
            convolution: convolution,
            groupNorm: hasGroupNorm
                ? try GroupNorm(
                    groups: feature.channels, feature.channels, epsilon: 1e-5, activation: c.featureActivation, place)
                : nil,
            layerNorm: hasLayerNorm
                ? try LayerNorm(feature.channels, epsilon: 1e-5, activation: c.featureActivation, place) : nil)
    }

    /// The features of one clip: `[1, samples, 1]` to `[1, frames, width]`.
    ///
    /// Clips are taken one by one: the first layer's frames are the largest activations of the network by far, and a
    /// group norm looks at all of a clip and nothing else.
    func callAsFunction(_ samples: Tensor, _ ws: Workspace) -> Tensor {
        var x = samples
        for layer in layers {
            x = layer.convolution(x, ws)
            if let groupNorm = layer.groupNorm { x = groupNorm(x, ws, inPlace: true) }
            if let layerNorm = layer.layerNorm { x = layerNorm(x, ws, inPlace: true) }
        }
        return projection(norm.map { $0(x, ws) } ?? x, ws)
    }
}
