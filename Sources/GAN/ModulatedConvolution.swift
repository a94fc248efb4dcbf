import Layers
import TensorCore

/// A 3x3 convolution whose weights a style scales by input channel, and that scales them back so that outputs keep
/// their size; noise, biases and a leaky ReLU follow.
///
/// Karras et al. 2019, arXiv:1912.04958, section 2.2. Scaling the weights for each image is the same as scaling the
/// input's channels before and the output's after a convolution that all images share. Where the sides double, a
/// transposed convolution of stride 2 and a low-pass filter take the place of the convolution (appendix B).
struct ModulatedConvolution: Sendable {
    /// What is added to the pixels.
    enum Noise {
        case constant, none
        /// `[B, H * W]`.
        case given(Tensor)
    }

    private enum Kernel: Sendable {
        case plain(Convolution)
        case doubling(TransposedConvolution, filter: PackedVector)
    }

    /// The layer's place in the checkpoint.
    let name: String
    private let kernel: Kernel
    private let affine: Linear
    private let squares: Linear  // the sums of a weight's squares over its taps, [outputs, channels]
    private let shift: Tensor  // [1, outputs]
    private let noise: Tensor  // [1, H * W]
    private let strength: Float
    private let limit: Float

    /// Added to the squared length of an output's weights.
    private static let epsilon: Float = 1e-8
    /// The gain of a leaky ReLU, applied before it to what it is a function of.
    private static let gain = Float(2).squareRoot()

    /// Reads the layer.
    ///
    /// - Parameters:
    ///   - channels: of the input.
    ///   - outputs: channels of the result.
    ///   - block: the number of its block.
    ///   - isUpsampling: whether it doubles the sides: the first convolution of a block.
    ///   - c: the network's configuration.
    ///   - names: where the checkpoint keeps it.
    ///   - root: the checkpoint.
    init(
        _ channels: Int, _ outputs: Int, block: Int, isUpsampling: Bool, _ c: StyleGAN2Configuration,
        _ names: StyleGAN2Names, _ root: Weights
    ) throws(WeightError) {
        let w = root(names.convolution(block, isUpsampling ? 0 : 1))
        name = w.path
        let side = 4 << block
        let ones = [Int](repeating: 1, count: names.leadingOnes)
        let weight = try w.values(names.weight, shape: ones + [outputs, channels, 3, 3])
        if isUpsampling {
            var turned = [Float](repeating: 0, count: weight.count)
            for output in 0..<outputs {
                for channel in 0..<channels {
                    for tap in 0..<9 {
                        turned[(channel * outputs + output) * 9 + tap] = weight[(output * channels + channel) * 9 + tap]
                    }
                }
            }
            let filter = try w.values(names.filter, shape: [4, 4], isBuffer: true)
            kernel = .doubling(
                try TransposedConvolution(turned, of: names.weight, channels, outputs, kernel: 3, stride: 2, w),
                filter: PackedVector(
                    // A filter is turned round before it is laid over the pixels.
                    filter.reversed().flatMap { [Float](repeating: $0 * names.filterGain, count: outputs) },
                    in: w.loader.memory))
        } else {
            kernel = .plain(try Convolution(weight, of: names.weight, channels, outputs, kernel: 3, padding: 1, w))
            if names.layout == .nvidia { _ = try w.values(names.filter, shape: [4, 4], isBuffer: true) }
        }
        let sums = (0..<outputs * channels).map { pair in
            weight[pair * 9..<(pair + 1) * 9].reduce(0) { $0 + $1 * $1 }
        }
        squares = try Linear(
            sums, of: names.weight, inputs: channels, scale: nil,
            shift: [Float](repeating: Self.epsilon, count: outputs), w)
        // rosinality's weights are stored for a factor that only the epsilon tells from none.
        let factor = names.layout == .nvidia ? 1 : 1 / Float(channels * 9).squareRoot()
        affine = try Linear(
            c.styleSize, channels, gain: factor / Float(c.styleSize).squareRoot(), biasGain: factor, w(names.affine))
        shift = Tensor(try w.vector(names.bias, outputs).map { $0 * Self.gain }, shape: Shape(1, outputs))
        noise = Tensor(
            try root.values(
                names.noise(block, isUpsampling ? 0 : 1), shape: ones + ones + [side, side], isBuffer: true),
            shape: Shape(1, side * side))
        strength = try w.values(names.noiseStrength.name, shape: names.noiseStrength.shape)[0] * Self.gain
        limit = c.limit.map { Float($0) } ?? .infinity
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`.
    ///   - style: `[B, styleSize]`.
    ///   - added: what is added to the pixels.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H', W', outputs]`.
    func callAsFunction(_ x: Tensor, _ style: Tensor, _ added: Noise, _ ws: Workspace) -> Tensor {
        let factors = affine(style, ws)  // [B, channels]
        let lengths = squares(ws.mapped(factors) { $0 * $0 }, ws)  // [B, outputs]
        let scale = ws.mapped(lengths) { Self.gain / $0.squareRoot() }
        let input = ws.gated(x, by: factors)
        let y: Tensor
        switch kernel {
        case .plain(let convolution): y = convolution(input, ws)
        case .doubling(let convolution, let filter):
            y = ws.depthwiseConvolution(convolution(input, ws), filter, window: Window(4, padding: 1))
        }
        let picture: Tensor? =
            switch added {
            case .constant: noise
            case .none: nil
            case .given(let noise): noise
            }
        return ws.modulated(
            y, scale: scale, shift: shift, noise: picture, strength: strength, activation: .leakyReLU, limit: limit,
            inPlace: true)
    }
}

extension Workspace {
    /// A function of each of a few values, computed on the calling thread.
    fileprivate func mapped(_ x: Tensor, _ function: (Float) -> Float) -> Tensor {
        computed(x.shape) { y in
            x.withFloats { x in
                for index in x.indices { y[index] = function(x[index]) }
            }
        }
    }
}
