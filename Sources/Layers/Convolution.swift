public import TensorCore

/// A 2-D convolution with what follows it: y = activation(norm(x * W + b) + residual), PyTorch's `torch.nn.Conv2d`.
///
/// Tensors: `weight` `[outputs, channels / groups, height, width]`, `bias` `[outputs]`.
public struct Convolution: Sendable {
    /// How an input is padded.
    public enum Padding: Sendable, Equatable {
        /// The same number of pixels on each side.
        case symmetric(Int)
        /// Some rows above and columns to the left, others below and to the right, whatever the input's size.
        case uneven(before: Int, after: Int)
        /// Pixels above and below, and pixels left and right.
        case sides(rows: Int, columns: Int)
        /// As many as TensorFlow's `SAME` would: ceil(size / stride) outputs, the odd pixel at the end.
        case same
        /// As many at the end as make up a whole number of steps.
        case trailing
    }

    enum Kernel: Sendable {
        case dense([PackedMatrix])
        case depthwise(PackedVector)
    }

    let kernel: Kernel
    let scale: PackedVector?
    let bias: PackedVector?
    let window: Window
    let padding: Padding
    let activation: Activation

    /// Reads a layer whose kernel is square.
    ///
    /// - Parameters:
    ///   - channels: of the input.
    ///   - outputs: channels of the result.
    ///   - size: height and width of the kernel.
    ///   - stride: rows and columns from one window to the next.
    ///   - padding: zeros around the input.
    ///   - dilation: rows and columns between neighbouring taps of the kernel.
    ///   - groups: equal to `channels` and `outputs` for a depthwise convolution.
    ///   - hasBias: whether there is a `bias`.
    ///   - norm: a batch norm of the result.
    ///   - activation: what is applied last.
    ///   - pixels: of the pictures that the layer is made for, where that is known: on the smallest ones narrower
    ///     weights gain more than Winograd's algorithm.
    ///   - w: the layer's place in the checkpoint.
    public init(
        _ channels: Int, _ outputs: Int, kernel size: Int, stride: Int = 1, padding: Padding = .symmetric(0),
        dilation: Int = 1, groups: Int = 1, bias hasBias: Bool = true, norm: BatchNorm? = nil,
        activation: Activation = .none, pixels: Int? = nil, _ w: Weights
    ) throws(WeightError) {
        try self.init(
            channels, outputs, kernel: (size, size), stride: stride, padding: padding, dilation: dilation,
            groups: groups, bias: hasBias, norm: norm, activation: activation, pixels: pixels, w)
    }

    /// Reads a layer.
    ///
    /// - Parameters:
    ///   - channels: of the input.
    ///   - outputs: channels of the result.
    ///   - size: the kernel's.
    ///   - stride: rows and columns from one window to the next.
    ///   - padding: zeros around the input.
    ///   - dilation: rows and columns between neighbouring taps of the kernel.
    ///   - groups: equal to `channels` and `outputs` for a depthwise convolution.
    ///   - hasBias: whether there is a `bias`.
    ///   - norm: a batch norm of the result.
    ///   - activation: what is applied last.
    ///   - pixels: of the pictures that the layer is made for, where that is known: on the smallest ones narrower
    ///     weights gain more than Winograd's algorithm.
    ///   - w: the layer's place in the checkpoint.
    public init(
        _ channels: Int, _ outputs: Int, kernel size: (height: Int, width: Int), stride: Int = 1,
        padding: Padding = .symmetric(0), dilation: Int = 1, groups: Int = 1, bias hasBias: Bool = true,
        norm: BatchNorm? = nil, activation: Activation = .none, pixels: Int? = nil, _ w: Weights
    ) throws(WeightError) {
        let memory = w.loader.memory
        var shift: [Float]? = norm?.shift
        if hasBias {
            let values = try w.vector("bias", outputs)
            shift = norm.map { norm in zip(scaled(values, by: norm.scale), norm.shift).map { $0 + $1 } } ?? values
        }
        bias = shift.map { PackedVector($0, in: memory) }
        scale = norm.map { PackedVector($0.scale, in: memory) }
        let (before, after): ((height: Int, width: Int), (height: Int, width: Int)) =
            switch padding {
            case .symmetric(let margin): ((margin, margin), (margin, margin))
            case .sides(let rows, let columns): ((rows, columns), (rows, columns))
            case .uneven(let before, let after): ((before, before), (after, after))
            case .same, .trailing: ((0, 0), (0, 0))
            }
        window = Window(
            kernel: size, stride: (stride, stride), paddingBefore: before, paddingAfter: after,
            dilation: (dilation, dilation))
        self.padding = padding
        self.activation = activation
        if groups > 1, groups == channels, outputs == channels {
            kernel = .depthwise(try w.depthwiseKernel(channels, size: [size.height, size.width]))
        } else {
            var form: PackedMatrix.Form?
            if size == (3, 3), stride == 1, dilation == 1, groups == 1 {
                form = Self.winogradForm(channels: channels, outputs: outputs, pixels: pixels, w.loader)
            }
            if form == nil,
                !Self.roundingPays(
                    taps: size.height * size.width, channels: channels / groups, outputs: outputs, w.loader)
            {
                form = .plain
            }
            kernel = .dense(
                try w.kernel(
                    outputs: outputs, channels: channels, size: [size.height, size.width], groups: groups,
                    form: form))
        }
    }

    /// Reads a convolution that cuts the input into patches: the stride is the kernel's size.
    ///
    /// - Parameters:
    ///   - channels: of the input.
    ///   - outputs: channels of the result.
    ///   - patch: height and width of a patch.
    ///   - hasBias: whether there is a `bias`.
    ///   - padding: what becomes of the pixels at the end that make up no whole patch; without padding they are
    ///     ignored.
    ///   - w: the layer's place in the checkpoint.
    public init(
        _ channels: Int, _ outputs: Int, patch: [Int], bias hasBias: Bool = true,
        padding: Padding = .symmetric(0), _ w: Weights
    ) throws(WeightError) {
        precondition(patch.count == 2, "a patch has a height and a width")
        kernel = .dense(try w.kernel(outputs: outputs, channels: channels, size: patch))
        scale = nil
        bias = hasBias ? PackedVector(try w.vector("bias", outputs), in: w.loader.memory) : nil
        window = Window(
            kernel: (patch[0], patch[1]), stride: (patch[0], patch[1]), paddingBefore: (0, 0), paddingAfter: (0, 0))
        self.padding = padding
        activation = .none
    }

    /// How a 3x3 kernel is held beside narrower weights where a convolution gains more from Winograd's algorithm than
    /// from them: transformed in bf16 where brain floats are multiplied, else in fp32. With few channels the transforms
    /// cost more than they save, in bf16, whose products are twice as fast, twice as much; many make kernels that would
    /// not stay small (transformed 16/9 as large); on the smallest pictures there is little to save. A matter of the
    /// layer alone: weights are held before a picture is seen.
    ///
    /// - Parameters:
    ///   - channels: of the input.
    ///   - outputs: channels of the result.
    ///   - pixels: of the pictures that the layer is made for; `nil` where that is not known.
    ///   - loader: knows the type of the weights, and the tier that computes.
    /// - Returns: the form; `nil` for the loader's.
    static func winogradForm(
        channels: Int, outputs: Int, pixels: Int? = nil, _ loader: WeightLoader
    ) -> PackedMatrix.Form? {
        let isMultiplied = loader.tier.multipliesBFloat16
        let fewest = loader.form == .bfloat16 && isMultiplied ? 64 : 32
        guard loader.form != .plain, min(channels, outputs) >= fewest, channels * outputs <= 256 * 256,
            pixels.map({ $0 > 8 * 8 }) ?? true
        else { return nil }
        return isMultiplied ? .winogradBFloat16 : .plain
    }

    /// Whether narrower weights gain: where products multiply brain floats, rounding the patches costs more than it
    /// saves in short sums, but for those of a first layer's 3x3 kernel over three colours, if its outputs are many.
    private static func roundingPays(taps: Int, channels: Int, outputs: Int, _ loader: WeightLoader) -> Bool {
        let terms = taps * channels
        return !(loader.form == .bfloat16 && loader.tier.multipliesBFloat16) || taps == 1 || terms >= 64
            || terms < 32 && outputs >= 32
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`.
    ///   - residual: shaped like the result, added before the activation.
    ///   - dtype: of the result: fp32; or bf16 where ``givesBrainFloats(_:)`` and what follows takes them.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H', W', outputs]`.
    public func callAsFunction(
        _ x: Tensor, residual: Tensor? = nil, as dtype: DType = .float32, _ ws: Workspace
    ) -> Tensor {
        let window = self.window(for: x)
        switch kernel {
        case .dense(let matrices):
            return ws.convolution(
                x, matrices, window: window, scale: scale, bias: bias, activation: activation, residual: residual,
                as: dtype)
        case .depthwise(let values):
            precondition(dtype == .float32, "a depthwise convolution as \(dtype)")
            let y = ws.depthwiseConvolution(
                x, values, window: window, scale: scale, bias: bias,
                activation: residual == nil ? activation : .none)
            guard let residual else { return y }
            return ws.added(y, residual, activation: activation)
        }
    }

    /// Whether the result, and the residual, may be brain floats: the layer multiplies such, so that a network of them
    /// moves half the bytes and rounds every value once.
    public func givesBrainFloats(_ ws: Workspace) -> Bool {
        guard case .dense(let matrices) = kernel else { return false }
        return ws.multipliesBrainFloats(matrices) && activation.isInRegisters
    }

    /// Whether the input may be brain floats, too.
    public func takesBrainFloats(_ ws: Workspace) -> Bool {
        guard case .dense(let matrices) = kernel else { return false }
        let channels = matrices[0].inputs / (window.kernel.height * window.kernel.width)
        return givesBrainFloats(ws) && channels % (isPointwise ? 2 : 32) == 0
    }

    /// Applies the layer and writes the result among the channels of a larger picture.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`.
    ///   - slot: `outputs` channels of `[B, H', W', ...]`.
    ///   - ws: where it is computed.
    /// - Precondition: the layer is no depthwise convolution.
    public func callAsFunction(_ x: Tensor, into slot: ChannelSlot, _ ws: Workspace) {
        guard case .dense(let matrices) = kernel else { preconditionFailure("a depthwise convolution into a slot") }
        ws.convolution(
            x, matrices, window: window(for: x), scale: scale, bias: bias, activation: activation, into: slot)
    }

    /// The window with the padding that an input gets.
    func window(for x: Tensor) -> Window { window(height: x.shape[1], width: x.shape[2]) }

    /// The window with the padding that an input of a size gets.
    func window(height: Int, width: Int) -> Window {
        if case .trailing = padding {
            let below = (window.stride.height - height % window.stride.height) % window.stride.height
            let right = (window.stride.width - width % window.stride.width) % window.stride.width
            return window.padded(before: (0, 0), after: (below, right))
        }
        guard case .same = padding else { return window }
        let rows = Self.samePadding(height, window.kernel.height, window.stride.height, window.dilation.height)
        let columns = Self.samePadding(width, window.kernel.width, window.stride.width, window.dilation.width)
        return window.padded(
            before: (rows / 2, columns / 2), after: (rows - rows / 2, columns - columns / 2))
    }

    /// Pixels that TensorFlow's `SAME` adds along one axis.
    static func samePadding(_ size: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
        let reach = dilation * (kernel - 1) + 1
        return max(0, ((size + stride - 1) / stride - 1) * stride + reach - size)
    }
}
