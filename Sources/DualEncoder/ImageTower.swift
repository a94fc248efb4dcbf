import Layers
import TensorCore

/// A network that makes an embedding of an image.
protocol ImageTower: Sendable {
    /// Channels of the input.
    var channels: Int { get }
    /// What an image's size must be, where images of the given size cannot be taken; else `nil`.
    func refusal(height: Int, width: Int) -> String?
    /// Images of a size that one pass takes.
    func imagesAtATime(height: Int, width: Int) -> Int
    /// `[B, H, W, channels]` to `[B, d]`, before normalisation.
    func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> Tensor
}

extension ImageTower {
    /// Large images one by one, whose activations then stay in the caches; small ones together.
    func imagesAtATime(height: Int, width: Int) -> Int { max(1, 65_536 / max(height * width, 1)) }
}

extension ImageTowerConfiguration {
    /// Builds the tower.
    func build(_ layout: DualEncoderLayout, _ w: Weights) throws(WeightError) -> any ImageTower {
        switch self {
        case .transformer(let configuration):
            try VisionTransformer(configuration, VisionTransformerNames(layout, configuration, w))
        case .resNet(let configuration):
            try ModifiedResNet(configuration, w("visual"))
        }
    }
}
