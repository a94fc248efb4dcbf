public import TensorCore

extension AudioEncoder {
    /// Computes the logits of clips.
    ///
    /// With a mask every clip gives the bits that it gives alone and without padding; the frames past its end mean
    /// nothing. Without one, padding is sound like any other.
    ///
    /// - Parameters:
    ///   - inputValues: `[B, T]`, as ``inputValues(_:)`` makes them, clips filled up with zeros.
    ///   - attentionMask: 64-bit integers `[B, T]`, 1 for samples and 0 for the padding after them; `nil` counts as
    ///     ones.
    /// - Returns: `[B, frames, vocabulary]` for CTC, `[B, labels]` for classification.
    /// - Throws: ``AudioEncoderError/noHead(folder:expected:)`` for a model without logits,
    ///   ``AudioEncoderError/input(expected:found:)`` for what the network cannot take, and
    ///   ``AudioEncoderError/notFinite(output:index:)``.
    public func logits(_ inputValues: Tensor, attentionMask: Tensor? = nil) throws(AudioEncoderError) -> Tensor {
        guard let logitLayers else { throw .noHead(folder: folder, expected: "CTC or classification") }
        let clips = try clips(inputValues, attentionMask)
        return try run(clips, .logits(logitLayers), "logits").result
    }

    /// Computes the hidden states of clips.
    ///
    /// - Parameters:
    ///   - inputValues: `[B, T]`, as of ``logits(_:attentionMask:)``.
    ///   - attentionMask: 64-bit integers `[B, T]`, as there.
    ///   - layer: 0 for what goes into the first block, n for what comes out of the n-th, transformers'
    ///     `hidden_states`; `nil` for `last_hidden_state`, which a norm may follow.
    /// - Returns: `[B, frames, width]`.
    /// - Throws: as ``logits(_:attentionMask:)``.
    public func hiddenStates(
        _ inputValues: Tensor, attentionMask: Tensor? = nil, layer: Int? = nil
    ) throws(AudioEncoderError) -> Tensor {
        if let layer, !(0...layerCount).contains(layer) {
            throw .input(expected: "a layer in 0 ... \(layerCount)", found: "\(layer)")
        }
        let clips = try clips(inputValues, attentionMask)
        return try run(clips, layer.map { .state($0) } ?? .last, layer == nil ? "last_hidden_state" : "hidden_states")
            .result
    }

    /// Computes as ``logits(_:attentionMask:)`` does, or as ``hiddenStates(_:attentionMask:layer:)`` where there are
    /// no logits, and measures every operation.
    ///
    /// - Returns: what the passes cost; `allocations` is 0 from the third call with a shape on.
    /// - Throws: as ``logits(_:attentionMask:)``.
    public func profile(
        _ inputValues: Tensor, attentionMask: Tensor? = nil
    ) throws(AudioEncoderError) -> Workspace.Account {
        let clips = try clips(inputValues, attentionMask)
        return try run(clips, standardOutput, "logits", profile: true).account
    }

    /// Counts what a pass over `batch` clips of `samples` samples would cost, without running it.
    ///
    /// - Throws: ``AudioEncoderError/input(expected:found:)`` for a shape the network cannot take.
    public func plan(batch: Int, samples: Int) throws(AudioEncoderError) -> Workspace.Account {
        guard batch >= 1, batch <= 1 << 20 else {
            throw .input(expected: "a batch of 1 to \(1 << 20)", found: "\(batch)")
        }
        try check(samples: samples)
        let input = Tensor(zeros: Shape([samples]))
        let output = standardOutput
        let step = max(1, Self.framesAtATime / configuration.features(samples: samples))
        return runtime.plan { ws in
            for first in stride(from: 0, to: batch, by: step) {
                let lengths = [Int](repeating: samples, count: min(step, batch - first))
                _ = pass(lengths, frames: nil, output, ws) { _ in input }
            }
        }
    }

    private var standardOutput: AudioOutput { logitLayers.map { .logits($0) } ?? .last }

    func check(samples: Int) throws(AudioEncoderError) {
        guard samples >= minimumSamples, samples <= maximumSamples else {
            throw .input(expected: "\(minimumSamples) to \(maximumSamples) samples", found: "\(samples)")
        }
    }

    /// Clips as they come in: `[B, T]`, and the samples of each that count.
    struct Clips {
        var values: Tensor
        var lengths: [Int]
    }

    private func clips(_ values: Tensor, _ mask: Tensor?) throws(AudioEncoderError) -> Clips {
        guard values.dtype == .float32, values.shape.rank == 2, values.shape[0] >= 1 else {
            throw .input(
                expected: "input_values of type fp32, [batch, samples]", found: "\(values.dtype) \(values.shape)")
        }
        let (count, samples) = (values.shape[0], values.shape[1])
        try check(samples: samples)
        if let index = values.firstNonFinite {
            throw .input(
                expected: "input_values that are numbers",
                found: "\(values.floats[index]) at sample \(index % samples) of clip \(index / samples)")
        }
        guard let mask else {
            return Clips(values: values, lengths: [Int](repeating: samples, count: count))
        }
        let lengths = try Self.lengths(mask, values.shape)
        for length in lengths { try check(samples: length) }
        return Clips(values: values, lengths: lengths)
    }

    /// The number of ones at the start of each row of a mask.
    private static func lengths(_ mask: Tensor, _ shape: Shape) throws(AudioEncoderError) -> [Int] {
        guard mask.dtype == .int64, mask.shape == shape else {
            throw .input(expected: "attention_mask of type int64, \(shape)", found: "\(mask.dtype) \(mask.shape)")
        }
        let (values, samples) = (mask.integers, shape[1])
        var lengths: [Int] = []
        for row in 0..<shape[0] {
            let length = values[row * samples..<(row + 1) * samples].prefix { $0 == 1 }.count
            guard values[(row * samples + length)..<(row + 1) * samples].allSatisfy({ $0 == 0 }) else {
                throw .input(
                    expected: "attention_mask of ones, then zeros, in each row", found: "another one in row \(row)")
            }
            lengths.append(length)
        }
        return lengths
    }
}
