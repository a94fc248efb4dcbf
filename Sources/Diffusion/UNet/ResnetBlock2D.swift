package import Layers
package import TensorCore

/// Two convolutions, each after a group norm and an activation, beside a shortcut; the embedding of time and class
/// joins before the second norm. The block of Ho et al. 2020 (arXiv:2006.11239, appendix B); with scale and shift that
/// of Dhariwal and Nichol 2021 (arXiv:2105.05233, section 3).
///
/// Tensors: those of `norm1`, `conv1`, `time_emb_proj`, `norm2`, `conv2` and, where there is one, `conv_shortcut`; with
/// ``Conditioning/adaptive`` `norm1.linear` and `norm2.linear` in place of norms and projection.
package struct ResnetBlock2D: Sendable {
    /// How the embedding takes part.
    package enum Conditioning: Sendable, Equatable {
        /// Not at all.
        case none
        /// Its projection is added before the second norm.
        case shift
        /// Its projection is scale and shift of the second norm's result.
        case scaleShift
        /// Projections of it are scale and shift of both norms, which have no parameters of their own.
        case adaptive
    }

    /// What a block is made of.
    package struct Options: Sendable {
        /// Channels of the input and of the result.
        package var inputs, outputs: Int
        /// Width of the embedding.
        package var embedding: Int
        /// Groups of the first and of the second norm.
        package var groups: (first: Int, second: Int)
        /// Added to the norms' variances.
        package var epsilon: Double
        /// Between norms and convolutions.
        package var activation: Activation
        package var conditioning = Conditioning.shift
        /// What the sum of both branches is divided by.
        package var outputScale = 1.0
        /// How both branches change in size, if they do.
        package var resizing: Resizing?
        /// Whether there is a convolution in the shortcut where channels stay the same.
        package var alwaysHasShortcut = false
        /// Whether the shortcut's convolution has biases.
        package var shortcutBias = true
        /// Pixels of the pictures that the block is made for, where that is known.
        package var pixels: Int?

        /// A block without the options that have defaults.
        ///
        /// - Parameters:
        ///   - inputs: channels of the input.
        ///   - outputs: channels of the result.
        ///   - embedding: width of the embedding.
        ///   - groups: of the first and of the second norm.
        ///   - epsilon: added to the norms' variances.
        ///   - activation: between norms and convolutions.
        ///   - conditioning: how the embedding takes part.
        package init(
            inputs: Int, outputs: Int, embedding: Int, groups: (first: Int, second: Int), epsilon: Double,
            activation: Activation, conditioning: Conditioning = .shift
        ) {
            (self.inputs, self.outputs, self.embedding, self.groups) = (inputs, outputs, embedding, groups)
            (self.epsilon, self.activation, self.conditioning) = (epsilon, activation, conditioning)
        }
    }

    private enum Projection: Sendable {
        case none
        case shift(Linear)
        case scaleShift(Linear)
        case adaptive(Linear, Linear)
    }

    private let place: String
    private let norm1, norm2: GroupNorm
    private let conv1, conv2: Convolution
    private let projection: Projection
    private let shortcut: Convolution?
    private let resizing: Resizing?
    private let outputScale: OutputScale?

    /// Reads the block.
    ///
    /// - Parameters:
    ///   - options: what it is made of.
    ///   - w: the block's place in the checkpoint.
    package init(_ options: Options, _ w: Weights) throws(WeightError) {
        place = w.path
        let (inputs, outputs) = (options.inputs, options.outputs)
        if options.conditioning == .adaptive {
            norm1 = GroupNorm(groups: options.groups.first, epsilon: options.epsilon, activation: options.activation)
            norm2 = GroupNorm(groups: options.groups.second, epsilon: options.epsilon, activation: options.activation)
        } else {
            norm1 = try GroupNorm(
                groups: options.groups.first, inputs, epsilon: options.epsilon, activation: options.activation,
                w("norm1"))
            norm2 = try GroupNorm(
                groups: options.groups.second, outputs, epsilon: options.epsilon, activation: options.activation,
                w("norm2"))
        }
        conv1 = try Convolution(
            inputs, outputs, kernel: 3, padding: .symmetric(1), pixels: options.pixels, w("conv1"))
        switch options.conditioning {
        case .none: projection = .none
        case .shift: projection = .shift(try Linear(options.embedding, outputs, w("time_emb_proj")))
        case .scaleShift: projection = .scaleShift(try Linear(options.embedding, 2 * outputs, w("time_emb_proj")))
        case .adaptive:
            projection = .adaptive(
                try Linear(options.embedding, 2 * inputs, w("norm1.linear")),
                try Linear(options.embedding, 2 * outputs, w("norm2.linear")))
        }
        conv2 = try Convolution(
            outputs, outputs, kernel: 3, padding: .symmetric(1), pixels: options.pixels, w("conv2"))
        shortcut =
            options.alwaysHasShortcut || inputs != outputs
            ? try Convolution(inputs, outputs, kernel: 1, bias: options.shortcutBias, w("conv_shortcut")) : nil
        resizing = options.resizing
        outputScale = OutputScale(options.outputScale, channels: outputs, w)
    }

    /// Applies the block.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, inputs]`.
    ///   - pass: with the embedding of each image.
    /// - Returns: `[B, H', W', outputs]`.
    package func callAsFunction(_ x: Tensor, _ pass: UNetPass) -> Tensor {
        let ws = pass.ws
        var (input, hidden) = (x, x)
        if case .adaptive(let first, _) = projection {
            hidden = norm1(x, modulatedBy: first(pass.embedding, ws), ws)
        } else {
            hidden = pass.normalized(x, norm1)
        }
        hidden = pass.checked(hidden, place, "norm1")
        if let resizing {
            hidden = resizing(hidden, ws)
            input = resizing(x, ws)
        }
        hidden = pass.checked(conv1(hidden, ws), place, "conv1")
        switch projection {
        case .none: hidden = pass.normalized(hidden, norm2, inPlace: true)
        case .shift(let linear):
            let shift = pass.checked(linear(pass.activated, ws), place, "time_emb_proj")
            hidden = norm2(hidden, adding: shift, ws, inPlace: true)
        case .scaleShift(let linear):
            let modulation = pass.checked(linear(pass.activated, ws), place, "time_emb_proj")
            hidden = norm2(hidden, modulatedBy: modulation, ws, inPlace: true)
        case .adaptive(_, let second):
            hidden = norm2(hidden, modulatedBy: second(pass.embedding, ws), ws, inPlace: true)
        }
        hidden = pass.checked(hidden, place, "norm2")
        if let shortcut { input = pass.checked(shortcut(input, ws), place, "conv_shortcut") }
        let sum = pass.checked(conv2(hidden, residual: input, ws), place, "conv2")
        return outputScale?(sum, ws) ?? sum
    }
}
