import CKernels
import TestSupport

/// A convolution with gaps in its input and output, and its reference in double precision.
struct ConvolutionProblem: CustomStringConvertible {
    var args = ck_conv2d()
    var hasBias = true
    var hasScale = false
    var hasResidual = false
    var input: [Float]
    let weights: [Float]  // [out_c][in_c / groups][taps]
    let bias: [Float]
    let scale: [Float]
    var residual: [Float]

    /// Weights are scaled so that a sum is of size 1: a few rounding errors of its longest partial sum.
    static let tolerance = 6e-6

    /// A dense problem; `configure` may change anything but the channels and the kernel.
    init(
        batch: Int = 1, height: Int, width: Int, channels: Int, outputs: Int, kernel: (Int, Int), groups: Int = 1,
        seed: UInt64 = 1, configure: (inout ck_conv2d) -> Void = { _ in }
    ) {
        var a = ck_conv2d()
        (a.batch, a.in_h, a.in_w, a.in_c, a.out_c, a.groups) = (batch, height, width, channels, outputs, groups)
        (a.kernel_h, a.kernel_w) = kernel
        (a.stride_h, a.stride_w, a.dilation_h, a.dilation_w) = (1, 1, 1, 1)
        (a.pad_h, a.pad_w) = ((kernel.0 - 1) / 2, (kernel.1 - 1) / 2)
        configure(&a)
        if a.out_h == 0 { a.out_h = (a.in_h + 2 * a.pad_h - a.dilation_h * (a.kernel_h - 1) - 1) / a.stride_h + 1 }
        if a.out_w == 0 { a.out_w = (a.in_w + 2 * a.pad_w - a.dilation_w * (a.kernel_w - 1) - 1) / a.stride_w + 1 }
        if a.in_col == 0 { a.in_col = a.in_c }
        if a.in_row == 0 { a.in_row = a.in_w * a.in_col }
        if a.in_image == 0 { a.in_image = a.in_h * a.in_row }
        if a.out_col == 0 { a.out_col = a.out_c }
        if a.out_row == 0 { a.out_row = a.out_w * a.out_col }
        if a.out_image == 0 { a.out_image = a.out_h * a.out_row }
        args = a
        let terms = a.in_c / a.groups * a.kernel_h * a.kernel_w
        var generator = SeededGenerator(seed: seed)
        input = generator.floats(a.batch * a.in_image)
        weights = generator.floats(a.out_c * terms, scale: 3 / Float(max(1, terms)).squareRoot())
        bias = generator.floats(a.out_c)
        scale = generator.floats(a.out_c, scale: 2)
        residual = generator.floats(a.batch * a.out_image)
    }

    var terms: Int { args.in_c / args.groups * args.kernel_h * args.kernel_w }
    var outputFloats: Int { args.batch * args.out_image }

    var description: String {
        """
        \(args.batch) x \(args.in_h)x\(args.in_w)x\(args.in_c) -> \(args.out_h)x\(args.out_w)x\(args.out_c), kernel \
        \(args.kernel_h)x\(args.kernel_w), stride \(args.stride_h)x\(args.stride_w), pad \(args.pad_h)x\(args.pad_w), \
        dilation \(args.dilation_h)x\(args.dilation_w), \(args.groups) groups, input strides \(args.in_image) \
        \(args.in_row) \(args.in_col), output strides \(args.out_image) \(args.out_row) \(args.out_col)
        """
    }

    /// What no output pixel covers stays as it was: NaN.
    var expected: [Double] {
        let a = args
        let (channels, outputs, taps) = (a.in_c / a.groups, a.out_c / a.groups, a.kernel_h * a.kernel_w)
        var result = [Double](repeating: .nan, count: outputFloats)
        input.withUnsafeBufferPointer { input in
            weights.withUnsafeBufferPointer { weights in
                for b in 0..<a.batch {
                    for y in 0..<a.out_h {
                        for x in 0..<a.out_w {
                            for o in 0..<a.out_c {
                                var sum = 0.0
                                let group = o / outputs
                                for i in 0..<a.kernel_h {
                                    let row = y * a.stride_h + i * a.dilation_h - a.pad_h
                                    guard row >= 0, row < a.in_h else { continue }
                                    for j in 0..<a.kernel_w {
                                        let column = x * a.stride_w + j * a.dilation_w - a.pad_w
                                        guard column >= 0, column < a.in_w else { continue }
                                        let pixel =
                                            b * a.in_image + row * a.in_row + column * a.in_col + group * channels
                                        let weight = o * channels * taps + i * a.kernel_w + j
                                        for c in 0..<channels {
                                            sum += Double(input[pixel + c]) * Double(weights[weight + c * taps])
                                        }
                                    }
                                }
                                let at = b * a.out_image + y * a.out_row + x * a.out_col + o
                                if hasScale { sum *= Double(scale[o]) }
                                if hasBias { sum += Double(bias[o]) }
                                if hasResidual { sum += Double(residual[at]) }
                                result[at] = a.epilogue.activation(sum)
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    /// The direct or a Winograd kernel, and how its weights are held.
    enum Method {
        case direct, brainFloatDirect, winograd, brainFloatWinograd, line, brainFloatLine

        var op: ck_op {
            switch self {
            case .direct, .brainFloatDirect: .CK_OP_conv2d_run
            case .winograd, .brainFloatWinograd: .CK_OP_winograd_run
            case .line, .brainFloatLine: .CK_OP_winograd_line_run
            }
        }
        /// Transforms multiply inputs and products, and with them their rounding.
        var tolerance: Double { self == .winograd ? 3 * ConvolutionProblem.tolerance : ConvolutionProblem.tolerance }
        var form: ck_form {
            switch self {
            case .direct, .winograd, .line: .CK_FORM_F32
            case .brainFloatDirect, .brainFloatWinograd, .brainFloatLine: .CK_FORM_BF16
            }
        }
        func scratch(_ a: inout ck_conv2d) -> Int {
            switch self {
            case .direct, .brainFloatDirect: ck_conv2d_scratch(&a)
            case .winograd, .brainFloatWinograd: ck_winograd_scratch(&a)
            case .line, .brainFloatLine: ck_winograd_line_scratch(&a)
            }
        }
        func packedFloats(_ a: ck_conv2d) -> Int {
            switch self {
            case .direct, .brainFloatDirect, .winograd:
                a.groups * ck_packed_floats(a.out_c / a.groups, a.in_c / a.groups * a.kernel_h * a.kernel_w, form)
            case .brainFloatWinograd: ck_winograd_packed_floats(a.out_c, a.in_c)
            case .line, .brainFloatLine: ck_winograd_line_packed_floats(a.out_c, a.in_c, form)
            }
        }
        func pack(_ p: inout ck_pack) {
            switch self {
            case .direct, .brainFloatDirect, .winograd: ck_pack_weights(.CK_PORTABLE, &p)
            case .brainFloatWinograd: ck_winograd_pack(.CK_PORTABLE, &p)
            case .line, .brainFloatLine: ck_winograd_line_pack(.CK_PORTABLE, &p)
            }
        }
    }

    /// What is brain floats.
    struct Pairs: Hashable {
        var input = false
        var residual = false
        var output = false
    }

    /// Calls `body` with the scratch size and the maker of the arguments.
    func withArguments<Result>(
        _ method: Method, residualIsOutput: Bool = false, pairs: Pairs = Pairs(),
        _ body: (Int, (UnsafeMutablePointer<Float>) -> ck_conv2d) -> Result
    ) -> Result {
        let packed = packedWeights(method)
        let inputs = [
            GuardedFloats(pairs.input ? input.pairs : input, offset: 1), GuardedFloats(bias, offset: 2),
            GuardedFloats(scale, offset: 3), GuardedFloats(pairs.residual ? residual.pairs : residual, offset: 5),
        ]
        var a = args
        a.form = method.form
        if pairs.input {
            a.in_pairs = 1
            (a.in_image, a.in_row, a.in_col) = (a.in_image / 2, a.in_row / 2, a.in_col / 2)
        }
        (a.epilogue.residual_pairs, a.epilogue.out_pairs) = (pairs.residual ? 1 : 0, pairs.output ? 1 : 0)
        (a.input, a.weights) = (UnsafePointer(inputs[0].pointer), UnsafePointer(packed.pointer))
        a.epilogue.bias = hasBias ? UnsafePointer(inputs[1].pointer) : nil
        a.epilogue.scale = hasScale ? UnsafePointer(inputs[2].pointer) : nil
        a.epilogue.residual = hasResidual ? UnsafePointer(inputs[3].pointer) : nil
        let filled = a
        return withExtendedLifetime((packed, inputs)) {
            body(method.scratch(&a)) { output in
                var arguments = filled
                arguments.output = output
                if residualIsOutput { arguments.epilogue.residual = UnsafePointer(output) }
                return arguments
            }
        }
    }

    private func packedWeights(_ method: Method) -> GuardedFloats {
        let rows = args.out_c / args.groups
        let matrix = ck_packed_floats(rows, terms, method.form)
        let packed = GuardedFloats(method.packedFloats(args))
        weights.withUnsafeBufferPointer { weights in
            for group in 0..<args.groups {
                var p = ck_pack()
                (p.packed, p.n, p.k, p.rows) = (packed.pointer + group * matrix, rows, terms, rows)
                p.form = method.form
                (p.channels, p.taps) = (args.in_c / args.groups, args.kernel_h * args.kernel_w)
                p.source = weights.baseAddress.map { UnsafeRawPointer($0 + group * rows * terms) }
                method.pack(&p)
            }
        }
        return packed
    }

    func failures(
        _ method: Method = .direct, tolerance: Double? = nil, tiers: [ck_tier] = ck_tier.runnable
    ) -> [String] {
        withArguments(method) { scratch, arguments in
            kernelFailures(
                method.op, outputs: outputFloats, expected: expected, tolerance: tolerance ?? method.tolerance,
                scratchBytes: scratch, tiers: tiers, arguments: arguments)
        }
    }

    func output(_ tier: ck_tier, _ method: Method = .direct) -> [Float] {
        withArguments(method) { scratch, arguments in
            kernelOutput(method.op, tier, outputs: outputFloats, scratchBytes: scratch, arguments: arguments)
        }
    }

    /// Image `b` alone.
    func image(_ b: Int) -> ConvolutionProblem {
        var one = self
        one.args.batch = 1
        one.input = Array(input[b * args.in_image..<(b + 1) * args.in_image])
        return one
    }

    /// Checks that the residual may be the output.
    func residualInPlaceFailures(_ method: Method) -> [String] {
        var failures: [String] = []
        for tier in ck_tier.runnable {
            let apart = output(tier, method)
            withArguments(method, residualIsOutput: true) { scratch, arguments in
                for parts in [1, 3, 5] {
                    let output = GuardedFloats(residual, offset: 3)
                    runKernel(method.op, tier, arguments(output.pointer), parts: parts, scratchBytes: scratch)
                    if let difference = bitDifference(output.values, apart) {
                        failures.append("tier \(tier.rawValue), \(parts) parts: \(difference)")
                    }
                }
            }
        }
        return failures
    }
}
