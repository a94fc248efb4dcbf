public import TensorCore

/// Layer norm over the last dimension, PyTorch's `torch.nn.LayerNorm`.
///
/// Tensors: `weight` and `bias`, each `[width]`.
public struct LayerNorm: Sendable {
    private let weight: PackedVector
    private let bias: PackedVector
    private let epsilon: Float
    private let activation: Activation

    /// Reads the layer.
    public init(
        _ width: Int, epsilon: Double, activation: Activation = .none, _ w: Weights
    ) throws(WeightError) {
        weight = PackedVector(try w.vector("weight", width), in: w.loader.memory)
        bias = PackedVector(try w.vector("bias", width), in: w.loader.memory)
        self.epsilon = Float(epsilon)
        self.activation = activation
    }

    /// Normalises each row of x, `[..., width]`.
    ///
    /// - Parameters:
    ///   - x: the rows.
    ///   - ws: where it is computed.
    ///   - inPlace: whether the result takes x's memory, which nothing may read afterwards.
    public func callAsFunction(_ x: Tensor, _ ws: Workspace, inPlace: Bool = false) -> Tensor {
        ws.layerNorm(
            x, weight: weight, bias: bias, epsilon: epsilon, activation: activation, inPlace: inPlace)
    }
}

/// Group norm of channels-last images, PyTorch's `torch.nn.GroupNorm`.
///
/// Tensors: `weight` and `bias`, each `[channels]`.
public struct GroupNorm: Sendable {
    private let groups: Int
    private let weight: PackedVector?
    private let bias: PackedVector?
    private let epsilon: Float
    private let activation: Activation

    /// Reads the layer.
    public init(
        groups: Int, _ channels: Int, epsilon: Double, activation: Activation = .none, _ w: Weights
    ) throws(WeightError) {
        self.groups = groups
        weight = PackedVector(try w.vector("weight", channels), in: w.loader.memory)
        bias = PackedVector(try w.vector("bias", channels), in: w.loader.memory)
        self.epsilon = Float(epsilon)
        self.activation = activation
    }

    /// A layer that has no parameters.
    ///
    /// - Parameters:
    ///   - groups: parts that the channels are cut into.
    ///   - epsilon: added to the variance.
    ///   - activation: what is applied last.
    public init(groups: Int, epsilon: Double, activation: Activation = .none) {
        self.groups = groups
        weight = nil
        bias = nil
        self.epsilon = Float(epsilon)
        self.activation = activation
    }

    /// Normalises x, `[B, ..., channels]`.
    ///
    /// - Parameters:
    ///   - x: the images or clips.
    ///   - addend: `[B, channels]`, added to all pixels of an image before; `nil` adds nothing.
    ///   - modulation: `[B, 2 channels]`: the channels' scales and then their shifts, y (1 + scale) + shift before the
    ///     activation; `nil` changes nothing.
    ///   - ws: where it is computed.
    ///   - inPlace: whether the result takes x's memory, which nothing may read afterwards.
    ///   - moments: of the whole that x is a part of; those of x where left out.
    public func callAsFunction(
        _ x: Tensor, adding addend: Tensor? = nil, modulatedBy modulation: Tensor? = nil, _ ws: Workspace,
        inPlace: Bool = false, moments: GroupMoments? = nil
    ) -> Tensor {
        ws.groupNorm(
            x, groups: groups, weight: weight, bias: bias, epsilon: epsilon, activation: activation, inPlace: inPlace,
            adding: addend, modulation: modulation, moments: moments)
    }

    /// What the layer would subtract from x and divide it by.
    ///
    /// - Parameters:
    ///   - x: the images, `[B, ..., channels]`.
    ///   - addend: `[B, channels]`, added to all pixels of an image before; `nil` adds nothing.
    ///   - ws: where it is computed.
    public func moments(of x: Tensor, adding addend: Tensor? = nil, _ ws: Workspace) -> GroupMoments {
        ws.groupMoments(x, groups: groups, adding: addend)
    }
}
