import Layers
import TensorCore

/// A network that makes an embedding of an image.
protocol ImageTower: Sendable {
    /// Channels of the input.
    var channels: Int { get }
    /// What an image's size must be, where images of the given size cannot be taken; else `nil`.
    func refusal(height: Int, width: Int) -> String?
    /// `[B, H, W, channels]` to `[B, d]`, before normalisation.
    func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> Tensor
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
