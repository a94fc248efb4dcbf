import Layers
import TensorCore

/// Where a truncation lies in a table of statistics.
///
/// Between two rows the reference weighs them the other way round: a truncation a little above row i takes most of row
/// i + 1 (pytorch_pretrained_biggan/model.py, `BigGANBatchNorm.forward`). The pictures are what it draws.
struct StatisticsPlace: Sendable, Equatable {
    /// The row, and how far the truncation lies towards the next one.
    let row: Int
    let fraction: Double
    /// The last row that is needed.
    var lastRow: Int { fraction == 0 ? row : row + 1 }

    /// The place of a truncation in 0 ... 1 among `count` rows.
    init(_ truncation: Double, of count: Int) {
        let position = truncation / (1 / Double(count - 1))
        row = Int(position)
        fraction = position - position.rounded(.down)
    }

    /// The value of a channel.
    func value(_ table: UnsafeBufferPointer<Float>, _ channel: Int, of width: Int) -> Double {
        let first = Double(table[row * width + channel])
        guard fraction != 0 else { return first }
        return first * fraction + Double(table[(row + 1) * width + channel]) * (1 - fraction)
    }
}

/// A batch norm with statistics for every truncation, whose scale and offset the latent vector and the class tell.
///
/// Tensors: `running_means` and `running_vars` `[statistics, channels]`; `scale` and `offset`, spectrally normalised
/// layers without biases, or `weight` and `bias`.
struct BigGANNorm: Sendable {
    private enum Parameters: Sendable {
        case conditional(scale: Linear, offset: Linear)
        case fixed(weight: Tensor, bias: Tensor)  // [1, channels]
    }

    private let channels: Int
    private let epsilon: Double
    private let means: Tensor  // [statistics, channels]
    private let variances: Tensor
    private let parameters: Parameters

    /// Reads the norm.
    ///
    /// - Parameters:
    ///   - channels: of the pictures.
    ///   - condition: length of the vector that tells scale and offset; `nil` where the checkpoint holds them.
    ///   - c: the network's configuration.
    ///   - w: the norm's place in the checkpoint.
    init(_ channels: Int, condition: Int?, _ c: BigGANConfiguration, _ w: Weights) throws(WeightError) {
        self.channels = channels
        epsilon = c.epsilon
        let shape = [c.statisticsCount, channels]
        means = Tensor(try w.values("running_means", shape: shape, isBuffer: true), shape: Shape(shape))
        variances = Tensor(try w.values("running_vars", shape: shape, isBuffer: true), shape: Shape(shape))
        if let condition {
            parameters = .conditional(
                scale: try Linear(spectral: condition, channels, bias: false, w("scale")),
                offset: try Linear(spectral: condition, channels, bias: false, w("offset")))
        } else {
            parameters = .fixed(
                weight: Tensor(try w.vector("weight", channels), shape: Shape(1, channels)),
                bias: Tensor(try w.vector("bias", channels), shape: Shape(1, channels)))
        }
    }

    /// Normalises pictures, and applies ReLU.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`.
    ///   - condition: `[B, condition]`.
    ///   - place: whose statistics are meant.
    ///   - ws: where it is computed.
    /// - Returns: the same shape.
    func callAsFunction(_ x: Tensor, _ condition: Tensor, _ place: StatisticsPlace, _ ws: Workspace) -> Tensor {
        let (gain, offset): (Tensor, Tensor)  // [B or 1, channels]
        let base: Float
        switch parameters {
        case .conditional(let scale, let shift): (gain, offset, base) = (scale(condition, ws), shift(condition, ws), 1)
        case .fixed(let weight, let bias): (gain, offset, base) = (weight, bias, 0)
        }
        let batch = x.shape[0]
        let isShared = gain.shape[0] == 1
        let scales = ws.computed(Shape(batch, channels)) { target in
            gain.withFloats { gain in
                variances.withFloats { variances in
                    for channel in 0..<channels {
                        let deviation = (place.value(variances, channel, of: channels) + epsilon).squareRoot()
                        for image in 0..<batch {
                            let factor = base + gain[(isShared ? 0 : image * channels) + channel]
                            target[image * channels + channel] = Float(Double(factor) / deviation)
                        }
                    }
                }
            }
        }
        let shifts = ws.computed(Shape(batch, channels)) { target in
            offset.withFloats { offset in
                means.withFloats { means in
                    scales.withFloats { scales in
                        for channel in 0..<channels {
                            let mean = place.value(means, channel, of: channels)
                            for image in 0..<batch {
                                let index = image * channels + channel
                                let added = Double(offset[(isShared ? 0 : image * channels) + channel])
                                target[index] = Float(added - mean * Double(scales[index]))
                            }
                        }
                    }
                }
            }
        }
        return ws.modulated(x, scale: scales, shift: shifts, activation: .relu)
    }
}
