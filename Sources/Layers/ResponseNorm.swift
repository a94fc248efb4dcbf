public import TensorCore

/// Global response norm: channels compete by their lengths over the whole picture (Woo et al. 2023, arXiv:2301.00808,
/// section 3.3).
///
/// Tensors: `weight` and `bias`, `[width]` or, as transformers has them, `[1, 1, 1, width]`.
public struct ResponseNorm: Sendable {
    private let weight: PackedVector
    private let bias: PackedVector
    private let epsilon: Float

    /// Reads the layer.
    ///
    /// - Parameters:
    ///   - width: channels.
    ///   - epsilon: added to the mean length.
    ///   - isPicture: whether the tensors have a picture's four dimensions.
    ///   - w: the layer's place in the checkpoint.
    /// - Throws: ``WeightError`` where a tensor is missing or has another shape.
    public init(_ width: Int, epsilon: Double, isPicture: Bool, _ w: Weights) throws(WeightError) {
        let shape = isPicture ? [1, 1, 1, width] : [width]
        weight = PackedVector(try w.tensor("weight", shape: shape).floats, in: w.loader.memory)
        bias = PackedVector(try w.tensor("bias", shape: shape).floats, in: w.loader.memory)
        self.epsilon = Float(epsilon)
    }

    /// Normalises x, `[B, ..., width]`.
    ///
    /// - Parameters:
    ///   - x: the pictures.
    ///   - ws: where it is computed.
    ///   - inPlace: whether the result takes x's memory, which nothing may read afterwards.
    public func callAsFunction(_ x: Tensor, _ ws: Workspace, inPlace: Bool = false) -> Tensor {
        ws.responseNorm(x, weight: weight, bias: bias, epsilon: epsilon, inPlace: inPlace)
    }
}
