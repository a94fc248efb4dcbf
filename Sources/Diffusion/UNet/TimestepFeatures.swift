import Glibc
import Layers
package import TensorCore

/// Numbers that stand for a timestep before the embedding's linear layers, each timestep by itself.
package enum TimestepFeatures: Sendable {
    /// Sines and cosines of the timestep at frequencies from 1 down to 1 / 10000 (Vaswani et al. 2017,
    /// arXiv:1706.03762, section 3.5).
    case positional(Positional)
    /// Sines and cosines of the logarithm of a noise level at random frequencies (Song et al. 2021, arXiv:2011.13456,
    /// appendix C.2); tensor: `weight` `[frequencies]`.
    case fourier([Float])
    /// Rows of a table, for whole timesteps; tensor: `weight` `[count, width]`.
    case learned(Tensor)

    /// How positions become angles.
    package struct Positional: Sendable, Equatable {
        /// Features of a timestep.
        package var width: Int
        /// Whether the cosines come first.
        package var cosinesFirst: Bool
        /// What is taken from the number of frequencies before exponents are divided by it.
        package var frequencyShift: Double

        /// Positions as angles.
        ///
        /// - Parameters:
        ///   - width: features of a timestep.
        ///   - cosinesFirst: whether the cosines come first.
        ///   - frequencyShift: what is taken from the number of frequencies.
        package init(width: Int, cosinesFirst: Bool, frequencyShift: Double) {
            (self.width, self.cosinesFirst, self.frequencyShift) = (width, cosinesFirst, frequencyShift)
        }
    }

    /// Features of a timestep.
    package var width: Int {
        switch self {
        case .positional(let positional): positional.width
        case .fourier(let weight): 2 * weight.count
        case .learned(let table): table.shape[1]
        }
    }

    /// What timesteps may be, where some are refused.
    package func refusal(of timestep: Float) -> String? {
        switch self {
        case .positional: timestep.isFinite ? nil : "finite timesteps"
        case .fourier: timestep.isFinite && timestep > 0 ? nil : "noise levels above 0 as timesteps"
        case .learned(let table):
            timestep == timestep.rounded() && timestep >= 0 && timestep < Float(table.shape[0])
                ? nil : "whole timesteps from 0 to \(table.shape[0] - 1)"
        }
    }

    /// The features of timesteps that are not refused.
    ///
    /// - Returns: `[timesteps, width]`.
    package func callAsFunction(_ timesteps: [Float]) -> Tensor {
        Tensor(shape: Shape(timesteps.count, width)) { values in
            for (row, timestep) in timesteps.enumerated() {
                write(timestep, into: UnsafeMutableBufferPointer(rebasing: values[row * width..<(row + 1) * width]))
            }
        }
    }

    /// The arithmetic is fp32 in the order of the reference, since angles of a thousand leave few digits.
    private func write(_ timestep: Float, into features: UnsafeMutableBufferPointer<Float>) {
        switch self {
        case .positional(let positional):
            let half = positional.width / 2
            let divisor = Float(Double(half) - positional.frequencyShift)
            let slope = -Float(log(10000.0))
            for index in 0..<half {
                let angle = timestep * expf(slope * Float(index) / divisor)
                let (sine, cosine) = (sinf(angle), cosf(angle))
                features[index] = positional.cosinesFirst ? cosine : sine
                features[half + index] = positional.cosinesFirst ? sine : cosine
            }
        case .fourier(let weight):
            // The nearest to pi, which Float.pi is not: that is rounded towards zero.
            let pi = Float(Double.pi)
            let level = logf(timestep)
            for (index, frequency) in weight.enumerated() {
                let angle = level * frequency * 2 * pi
                features[index] = sinf(angle)
                features[weight.count + index] = cosf(angle)
            }
        case .learned(let table):
            table.rows(Int(timestep)..<Int(timestep) + 1).withFloats { row in
                for (index, value) in row.enumerated() { features[index] = value }
            }
        }
    }
}
