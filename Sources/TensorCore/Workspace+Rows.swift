import CKernels

extension Workspace {
    /// Layer norm over the last dimension: activation((x - mean) / sqrt(variance + epsilon) * weight + bias),
    /// population variance.
    ///
    /// - Parameters:
    ///   - x: `[..., C]`.
    ///   - weight: C factors; `nil` counts as ones.
    ///   - bias: C values; `nil` counts as zeros.
    ///   - epsilon: added to the variance.
    ///   - activation: what is applied last.
    ///   - inPlace: whether the result takes x's memory, which nothing may read afterwards.
    public func layerNorm(
        _ x: Tensor, weight: PackedVector?, bias: PackedVector?, epsilon: Float, activation: Activation = .none,
        inPlace: Bool = false
    ) -> Tensor {
        rowNorm(
            "layer norm", x, weight: weight, bias: bias, epsilon: epsilon, isRMS: false, activation, inPlace: inPlace)
    }

    /// Root-mean-square norm over the last dimension: x / sqrt(mean(x^2) + epsilon) * weight.
    public func rmsNorm(_ x: Tensor, weight: PackedVector?, epsilon: Float) -> Tensor {
        rowNorm("RMS norm", x, weight: weight, bias: nil, epsilon: epsilon, isRMS: true, .none, inPlace: false)
    }

    private func rowNorm(
        _ name: StaticString, _ x: Tensor, weight: PackedVector?, bias: PackedVector?, epsilon: Float, isRMS: Bool,
        _ activation: Activation, inPlace: Bool
    ) -> Tensor {
        let width = x.shape[-1]
        precondition((weight?.count ?? width) == width && (bias?.count ?? width) == width, "\(name): \(x.shape)")
        let y = inPlace ? x : allocate(x.shape)
        let arguments = ck_layer_norm(
            rows: width == 0 ? 0 : x.count / width, c: width, in_ld: width, out_ld: width, input: x.floatPointer,
            gamma: weight?.pointer, beta: bias?.pointer, output: y.mutableFloatPointer, eps: epsilon,
            rms: isRMS ? 1 : 0, activation: activation.kernelActivation)
        perform(name, .CK_OP_layer_norm_run, arguments, work: 3 * Double(x.count))
        return y
    }

    /// Group norm of `[B, ..., C]`: statistics over all positions and the C / groups channels of a group.
    ///
    /// - Parameters:
    ///   - x: `[B, ..., C]`.
    ///   - groups: parts that the channels are cut into.
    ///   - weight: C factors; `nil` counts as ones.
    ///   - bias: C values; `nil` counts as zeros.
    ///   - epsilon: added to the variance.
    ///   - activation: what is applied last.
    ///   - inPlace: whether the result takes x's memory, which nothing may read afterwards.
    ///   - addend: `[B, C]`, added to all positions of an image before the norm; `nil` adds nothing.
    ///   - modulation: `[B, 2 C]`, for each image C scales and C shifts: y (1 + scale) + shift takes the place of the
    ///     norm's result y; `nil` changes nothing.
    ///   - moments: of the whole that x is a part of, from ``groupMoments(_:groups:adding:)``; those of x where left
    ///     out.
    public func groupNorm(
        _ x: Tensor, groups: Int, weight: PackedVector?, bias: PackedVector?, epsilon: Float,
        activation: Activation = .none, inPlace: Bool = false, adding addend: Tensor? = nil, modulation: Tensor? = nil,
        moments: GroupMoments? = nil
    ) -> Tensor {
        let (batch, channels) = (x.shape[0], x.shape[-1])
        precondition(groups > 0 && channels % groups == 0, "group norm: \(groups) groups of \(channels) channels")
        precondition(
            moments.map { $0.values.count == 2 * batch * groups } ?? true, "group norm: moments of other groups")
        precondition(
            (addend?.count ?? batch * channels) == batch * channels
                && (modulation?.count ?? 2 * batch * channels) == 2 * batch * channels,
            "group norm: addend \(addend?.shape ?? []), modulation \(modulation?.shape ?? []) for \(x.shape)")
        let y = inPlace ? x : allocate(x.shape)
        let pixels = batch * channels == 0 ? 0 : x.count / (batch * channels)
        var arguments = ck_group_norm()
        (arguments.batch, arguments.pixels, arguments.c, arguments.groups) = (batch, pixels, channels, groups)
        (arguments.input, arguments.output) = (x.floatPointer, y.mutableFloatPointer)
        arguments.gamma = weight.map { UnsafePointer($0.pointer) }
        arguments.beta = bias.map { UnsafePointer($0.pointer) }
        (arguments.addend, arguments.modulation) = (addend?.floatPointer, modulation?.floatPointer)
        arguments.eps = epsilon
        arguments.activation = activation.kernelActivation
        if let moments {
            moments.values.withUnsafeBufferPointer { values in
                arguments.given = values.baseAddress
                perform("group norm", .CK_OP_group_norm_run, arguments, work: 2 * Double(x.count))
            }
        } else {
            // An exponential of an element is worth as much as some six moves.
            let writing = activation == .none ? 2.0 : 8.0
            performGroupNorm(arguments, looking: 2 * Double(x.count), writing: writing * Double(x.count))
        }
        return y
    }

    /// Finds statistics and uses them: in one operation, or in two where most threads would wait for a few.
    private func performGroupNorm(_ whole: ck_group_norm, looking: Double, writing: Double) {
        var arguments = whole
        let parts = Self.parts(of: looking + writing, threads: threads)
        let count = ck_group_norm_split(&arguments, Int32(parts))
        guard count > 0 else {
            return perform("group norm", .CK_OP_group_norm_run, whole, work: looking + writing)
        }
        let sums = allocate([count])
        arguments.summed = sums.mutableFloatPointer
        perform("group norm", .CK_OP_group_norm_run, arguments, work: looking)
        (arguments.summed, arguments.sums) = (nil, sums.floatPointer)
        perform("group norm", .CK_OP_group_norm_run, arguments, work: writing + Double(count))
    }

    /// The statistics that a group norm of x would use, for pictures that are normalised part by part.
    ///
    /// - Parameters:
    ///   - x: `[B, ..., C]`.
    ///   - groups: parts that the channels are cut into.
    ///   - addend: `[B, C]`, added to all positions of an image before; `nil` adds nothing.
    public func groupMoments(_ x: Tensor, groups: Int, adding addend: Tensor? = nil) -> GroupMoments {
        let (batch, channels) = (x.shape[0], x.shape[-1])
        precondition(
            groups > 0 && channels % groups == 0 && (addend?.count ?? batch * channels) == batch * channels,
            "group norm: \(groups) groups of \(channels) channels, addend \(addend?.shape ?? [])")
        var arguments = ck_group_norm()
        (arguments.batch, arguments.c, arguments.groups) = (batch, channels, groups)
        arguments.pixels = batch * channels == 0 ? 0 : x.count / (batch * channels)
        (arguments.input, arguments.addend) = (x.floatPointer, addend?.floatPointer)
        var values = [Double](repeating: 0, count: 2 * batch * groups)
        values.withUnsafeMutableBufferPointer { values in
            arguments.measured = values.baseAddress
            performGroupNorm(arguments, looking: 2 * Double(x.count), writing: 0)
        }
        return GroupMoments(values: values, count: arguments.pixels)
    }

    /// activation(x * scale + shift), channel by channel of the last dimension: a batch norm that was not folded.
    ///
    /// - Parameters:
    ///   - x: `[..., C]`.
    ///   - scale: a factor for each channel; `nil` counts as ones.
    ///   - shift: a value for each channel; `nil` counts as zeros.
    ///   - activation: what is applied last.
    ///   - channels: how many of the C are read, from the first on; all where left out.
    /// - Returns: `[..., channels]`.
    public func affine(
        _ x: Tensor, scale: PackedVector?, shift: PackedVector?, activation: Activation = .none, channels: Int? = nil
    ) -> Tensor {
        let all = x.shape[-1]
        let width = channels ?? all
        precondition(
            width <= all && (scale?.count ?? width) == width && (shift?.count ?? width) == width, "affine: \(x.shape)")
        var dimensions = x.shape.dimensions
        dimensions[dimensions.count - 1] = width
        let y = allocate(Shape(dimensions))
        let arguments = ck_channel_affine(
            rows: all == 0 ? 0 : x.count / all, c: width, in_ld: all, input: x.floatPointer, scale: scale?.pointer,
            shift: shift?.pointer, output: y.mutableFloatPointer, activation: activation.kernelActivation)
        perform("affine", .CK_OP_channel_affine_run, arguments, work: Double(y.count))
        return y
    }

    /// The activation of every value.
    public func activated(_ x: Tensor, _ activation: Activation) -> Tensor {
        sum(x, nil, activation)
    }

    /// activation(a + b).
    ///
    /// - Precondition: both have the same shape.
    public func added(_ a: Tensor, _ b: Tensor, activation: Activation = .none) -> Tensor {
        precondition(a.shape == b.shape, "sum of \(a.shape) and \(b.shape)")
        return sum(a, b, activation)
    }

    private func sum(_ a: Tensor, _ b: Tensor?, _ activation: Activation) -> Tensor {
        let y = allocate(a.shape)
        let arguments = ck_add(
            n: a.count, a: a.floatPointer, b: b?.floatPointer, output: y.mutableFloatPointer,
            activation: activation.kernelActivation)
        perform("elementwise", .CK_OP_add_run, arguments, work: Double(a.count))
        return y
    }

    /// Every pixel's channels times the gate of its image: squeeze-and-excitation's last step.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - gate: `[B, 1, 1, C]` or `[B, C]`.
    ///   - shift: C values added to the products; `nil` adds nothing.
    ///   - inPlace: whether the result takes x's memory, which nothing may read afterwards.
    public func gated(
        _ x: Tensor, by gate: Tensor, shift: PackedVector? = nil, inPlace: Bool = false
    ) -> Tensor {
        let (batch, channels) = (x.shape[0], x.shape[-1])
        precondition(
            gate.count == batch * channels && (shift?.count ?? channels) == channels,
            "gate \(gate.shape) for \(x.shape)"
        )
        let y = inPlace ? x : allocate(x.shape)
        let arguments = ck_channel_gate(
            batch: batch, pixels: gate.count == 0 ? 0 : x.count / gate.count, c: channels, input: x.floatPointer,
            gate: gate.floatPointer, output: y.mutableFloatPointer, shift: shift?.pointer)
        perform("gate", .CK_OP_channel_gate_run, arguments, work: Double(x.count))
        return y
    }

    /// Softmax over the last dimension; a row of minus infinities gives zeros.
    public func softmax(_ x: Tensor) -> Tensor {
        let width = x.shape[-1]
        let y = allocate(x.shape)
        let arguments = ck_softmax(
            rows: width == 0 ? 0 : x.count / width, c: width, input: x.floatPointer, output: y.mutableFloatPointer)
        perform("softmax", .CK_OP_softmax_run, arguments, work: 8 * Double(x.count))
        return y
    }
}
