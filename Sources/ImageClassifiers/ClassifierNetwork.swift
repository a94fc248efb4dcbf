public import JSON
public import Layers
public import TensorCore

/// What a classifier's network computes for a batch of images.
public struct ClassifierOutput: Sendable {
    /// One score for each class, before softmax: `[B, classes]`; `[B, 0]` where the checkpoint has no classifier.
    public var logits: Tensor
    /// What enters the last linear layer, timm's `forward_head(pre_logits=True)`: `[B, features]`.
    public var features: Tensor
    /// The last feature map, timm's `forward_features`: channels-last `[B, H, W, C]`, or tokens `[B, T, C]`.
    public var featureMap: Tensor

    /// An output of the given parts.
    public init(logits: Tensor, features: Tensor, featureMap: Tensor) {
        self.logits = logits
        self.features = features
        self.featureMap = featureMap
    }

    /// An output whose logits are what the last linear layer makes of the features; without a layer there are none.
    init(head: Linear?, features: Tensor, featureMap: Tensor, _ ws: Workspace) {
        let logits = head.map { $0(features, ws) } ?? Tensor(zeros: Shape(features.shape[0], 0))
        self.init(logits: logits, features: features, featureMap: featureMap)
    }
}

/// What a checkpoint's `config.json` says of a network.
public protocol ClassifierConfiguration: Sendable {
    /// Reads a configuration of one of the layouts the family knows.
    ///
    /// - Throws: `ConfigError` with the key, what was expected and what was found.
    init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError)
}

/// A network that classifies images.
public protocol ClassifierNetwork: Sendable {
    /// What the network is built from.
    associatedtype Configuration: ClassifierConfiguration
    /// Builds the network from a checkpoint.
    init(_ configuration: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError)
    /// Whether published checkpoints hold a tensor of this name that the classifier has no use for.
    static func ignores(_ name: String) -> Bool
    /// Channels of the input, usually 3.
    var channels: Int { get }
    /// Number of classes; 0 where the checkpoint has no classifier, only features.
    var classCount: Int { get }
    /// What an image's size must be, where images of the given size cannot be classified; else `nil`.
    func refusal(height: Int, width: Int) -> String?
    /// Classifies `[B, H, W, channels]`.
    func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput
    /// Classifies `[B, H, W, channels]` where nobody reads the feature map: what reaches nothing else may be left out
    /// of it and of the computation. Logits and features have the same bits.
    func withoutMap(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput
    /// Images of a size that one pass takes.
    func imagesAtATime(height: Int, width: Int) -> Int
}

extension ClassifierNetwork {
    /// Nothing but the counters of batch norms.
    public static func ignores(_ name: String) -> Bool { isBatchCounter(name) }

    /// The whole output.
    public func withoutMap(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput { self(pixels, ws) }

    /// As many as the caches hold the activations of.
    public func imagesAtATime(height: Int, width: Int) -> Int { imagesInCaches(height: height, width: width) }

    /// Large images one by one, whose activations then stay in the caches; small ones together, so that every layer has
    /// work for all threads.
    func imagesInCaches(height: Int, width: Int) -> Int { max(1, 65_536 / max(height * width, 1)) }

    /// The first layers of a network that takes more images at a time than the caches hold the activations of, for the
    /// sake of its last layers: these have small activations and many weights, which are then read once for all.
    ///
    /// - Parameters:
    ///   - pixels: `[B, H, W, channels]`.
    ///   - count: images at a time, or ``imagesInCaches(height:width:)`` where these are more.
    ///   - layers: `[b, H, W, channels]` to `[b, h, w, C]`.
    /// - Returns: `[B, h, w, C]`.
    func inCaches(
        _ pixels: Tensor, atLeast count: Int = 1, _ ws: Workspace, _ layers: (Tensor) -> Tensor
    ) -> Tensor {
        let held = imagesInCaches(height: pixels.shape[1], width: pixels.shape[2])
        return ws.inParts(pixels, of: max(count, held), layers)
    }
}
