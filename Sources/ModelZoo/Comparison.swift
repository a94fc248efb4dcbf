public import TensorCore

/// How far an output is from the reference's.
public struct Comparison: Sendable, Equatable {
    /// The largest absolute difference.
    public var largestError: Float
    /// The position of the largest difference.
    public var index: Int
    /// The reference's largest absolute value.
    public var scale: Float
    /// Whether both have the same shape and kind of element.
    public var shapesAgree: Bool

    /// The largest error over the scale.
    public var relativeError: Float { scale > 0 ? largestError / scale : largestError }

    /// Whether the largest error is within `tolerance` of the scale; never for NaN or other shapes.
    public func passes(tolerance: Float) -> Bool { shapesAgree && relativeError <= tolerance }

    /// Compares an output with the reference's, element by element.
    public init(_ found: Tensor, reference: Tensor) {
        shapesAgree = found.shape == reference.shape && found.dtype == reference.dtype
        var largest: Float = 0
        var at = 0
        var scale: Float = 0
        if shapesAgree {
            let (a, b) = (Self.values(found), Self.values(reference))
            for index in a.indices {
                let difference = abs(a[index] - b[index])
                scale = max(scale, abs(b[index]))
                // A NaN on either side counts as the largest error there is.
                if difference > largest || difference.isNaN && !largest.isNaN {
                    largest = difference
                    at = index
                }
            }
        }
        largestError = shapesAgree ? largest : .infinity
        index = at
        self.scale = scale
    }

    private static func values(_ tensor: Tensor) -> [Float] {
        tensor.dtype == .int64 ? tensor.integers.map { Float($0) } : tensor.floats
    }
}
