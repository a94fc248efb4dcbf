import TensorCore

/// What a network is given for a few images; everything has been checked.
struct GeneratorInput {
    /// Noise between layers.
    enum Noise {
        case constant, none
        /// A picture for each layer, `[B, side * side]`.
        case given([Tensor])
    }

    /// `[B, latentSize]`.
    var latents: Tensor
    /// B classes; empty where the network has none.
    var classes: [Int]
    /// As the network's rule says.
    var truncation: Double?
    /// How many styles are truncated; all where `nil`.
    var cutoff: Int?
    /// `[B, latentSize]`, and the first style that they give.
    var mixing: (latents: Tensor, layer: Int)?
    var noise: Noise = .constant
}

/// A network that draws images.
protocol GeneratorNetwork: Sendable {
    /// Length of a latent vector.
    var latentSize: Int { get }
    /// Number of classes; 0 where there are none.
    var classCount: Int { get }
    /// Height and width of an image.
    var imageSize: Int { get }
    /// Channels of an image.
    var channels: Int { get }
    /// The truncation that it takes.
    var truncation: TruncationRule { get }
    /// Sides of the pictures of noise that it adds, layer by layer; empty where there are none.
    var noiseSides: [Int] { get }
    /// Why a truncation within the rule cannot be taken; else `nil`.
    func refusal(truncation: Double) -> String?
    /// Whether published checkpoints hold a tensor of this name that no image depends on.
    static func ignores(_ name: String) -> Bool
    /// Draws images, `[B, H, W, channels]`, and shows what each layer gives to `trace`.
    func callAsFunction(_ input: GeneratorInput, _ ws: Workspace, _ trace: LayerTrace) -> Tensor
}

extension GeneratorNetwork {
    var truncation: TruncationRule { .none }
    var noiseSides: [Int] { [] }
    func refusal(truncation: Double) -> String? { nil }
    static func ignores(_ name: String) -> Bool { false }
}

/// Looks for the first layer that gives a value that is not a number; switched on only after a pass has given one.
final class LayerTrace {
    private let isOn: Bool
    /// The first layer, and the image in its batch.
    private(set) var first: (layer: String, image: Int)?

    init(isOn: Bool) { self.isOn = isOn }

    /// Looks at what a layer gives, its images along the first dimension.
    ///
    /// - Parameters:
    ///   - layer: its name, as in the checkpoint.
    ///   - x: `[B, ...]`.
    /// - Returns: the same.
    func callAsFunction(_ layer: @autoclosure () -> String, _ x: Tensor) -> Tensor {
        guard isOn, first == nil, let index = x.firstNonFinite else { return x }
        first = (layer(), index / max(x.count / max(x.shape[0], 1), 1))
        return x
    }
}
