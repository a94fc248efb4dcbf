/// How a byte becomes the number that a network is fed, in the arithmetic of the reference.
///
/// There are only 256 bytes a channel: the steps are carried out once for each and looked up, which is exact.
public struct PixelScaling: Sendable, Equatable {
    /// One operation on single-precision numbers.
    public enum Step: Sendable, Equatable {
        /// Times a number in double precision, then rounded: `rescale` of Hugging Face's NumPy processors.
        case multiply(Double)
        /// Divided by a number: torchvision's `ToTensor` divides by 255.
        case divide(Float)
        /// Minus one: EfficientNet's `rescale_offset`.
        case subtractOne
        /// Minus the channel's mean, then divided by its deviation.
        case normalize(mean: [Float], std: [Float])
    }

    /// The operations in order.
    public let steps: [Step]
    /// The number of byte `b` of channel `c` at `256 * c + b`; red, green, blue.
    let table: [Float]

    /// - Precondition: means and deviations have three values.
    public init(_ steps: [Step]) {
        self.steps = steps
        table = (0..<3 * 256).map { index in
            steps.reduce(Float(index % 256)) { $1.apply($0, channel: index / 256) }
        }
    }

    /// torchvision's `ToTensor` and `Normalize`.
    public static func torch(mean: [Float], std: [Float]) -> PixelScaling {
        PixelScaling([.divide(255), .normalize(mean: mean, std: std)])
    }
}

extension PixelScaling.Step: CustomStringConvertible {
    fileprivate func apply(_ value: Float, channel: Int) -> Float {
        switch self {
        case .multiply(let factor): Float(Double(value) * factor)
        case .divide(let divisor): value / divisor
        case .subtractOne: value - 1
        case .normalize(let mean, let std): (value - mean[channel]) / std[channel]
        }
    }

    /// The step in a few characters, such as `/255`.
    public var description: String {
        switch self {
        case .multiply(1 / 255): "/255"
        case .multiply(let factor): "x\(factor)"
        case .divide(255): "/255"
        case .divide(let divisor): "/\(divisor)"
        case .subtractOne: "-1"
        case .normalize(let mean, let std): "normalise (mean \(Self.list(mean)), std \(Self.list(std)))"
        }
    }

    private static func list(_ values: [Float]) -> String { values.map(\.description).joined(separator: " ") }
}
