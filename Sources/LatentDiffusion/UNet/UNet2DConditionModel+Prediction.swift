import Diffusion
public import TensorCore

extension UNet2DConditionModel {
    /// Pixels of latent pictures that one pass takes together: more keep no thread busier, and their activations take
    /// memory.
    private static let pixelsAtATime = 8192

    /// Sides of the largest latent pictures, the most pictures of a batch, and the most tokens of a text.
    private static let limits = (side: 2048, batch: 4096, tokens: 8192)

    /// One call of the network, as diffusers' `UNet2DConditionModel.forward`.
    ///
    /// - Parameters:
    ///   - sample: `[B, channels, H, W]`. Any sides will do; those that are no multiples of the network's factor are
    ///     rounded up on the way down, as in the reference.
    ///   - timesteps: one for each picture, or one for all; between whole ones, too.
    ///   - encoderHiddenStates: the states of a text for each picture, `[B, T, width]`.
    /// - Returns: `[B, output channels, H, W]`; the same bits for a picture whatever the batch it is in.
    /// - Throws: ``LatentDiffusionError/input(expected:found:)``, and
    ///   ``LatentDiffusionError/notFinite(component:layer:)`` with the first layer whose output is no number.
    public func predict(
        _ sample: Tensor, timesteps: [Float], encoderHiddenStates: Tensor
    ) throws(LatentDiffusionError) -> Tensor {
        let batch = try check(sample)
        let texts = try project(encoderHiddenStates, count: batch)
        return try predict(sample, timesteps: timesteps, texts, of: Array(0..<batch))
    }

    /// One call of the network as ``predict(_:timesteps:encoderHiddenStates:)``, every operation of which is measured
    /// but for the texts' keys and values, which are computed before.
    ///
    /// - Parameters:
    ///   - sample: `[B, channels, H, W]`.
    ///   - timesteps: one for each picture, or one for all.
    ///   - encoderHiddenStates: `[B, T, width]`.
    /// - Returns: what the call cost; `allocations` is 0 where calls of the same shapes have run before.
    /// - Throws: ``LatentDiffusionError``.
    public func profile(
        _ sample: Tensor, timesteps: [Float], encoderHiddenStates: Tensor
    ) throws(LatentDiffusionError) -> Workspace.Account {
        let batch = try check(sample)
        let texts = try project(encoderHiddenStates, count: batch)
        return try pass(sample, timesteps: timesteps, texts, of: Array(0..<batch), profile: true).account
    }

    /// What the network makes of texts, for any number of calls.
    ///
    /// - Parameters:
    ///   - states: `[texts, T, width]`.
    ///   - count: the texts there must be; any number where left out.
    func project(_ states: Tensor, count: Int? = nil) throws(LatentDiffusionError) -> TextProjections {
        let width = configuration.textWidth
        let expected = "fp32 [\(count.map(String.init) ?? "texts"), 1 to \(Self.limits.tokens), \(width)]"
        guard states.dtype == .float32, states.shape.rank == 3, states.shape[2] == width,
            (1...Self.limits.tokens).contains(states.shape[1]), states.shape[0] == count ?? states.shape[0]
        else {
            throw .input(
                expected: "states of texts, \(expected)", found: "\(states.dtype.rawValue) \(states.shape)")
        }
        if let index = states.firstNonFinite {
            throw .input(expected: "states of texts of finite values", found: "\(states.floats[index]) at \(index)")
        }
        return runtime.withWorkspace { ws in
            let projections = network.project(states, ws)
            return TextProjections(
                layers: projections.layers.map { .init(key: $0.key.copied(), value: $0.value.copied()) },
                count: projections.count, tokens: projections.tokens)
        }
    }

    /// One call of the network with texts that were projected.
    ///
    /// - Parameters:
    ///   - sample: `[B, channels, H, W]`.
    ///   - timesteps: one for each picture, or one for all.
    ///   - texts: as ``project(_:count:)`` gives them.
    ///   - rows: the text of each picture.
    func predict(
        _ sample: Tensor, timesteps: [Float], _ texts: TextProjections, of rows: [Int]
    ) throws(LatentDiffusionError) -> Tensor {
        try pass(sample, timesteps: timesteps, texts, of: rows, profile: false).prediction
    }

    private func pass(
        _ sample: Tensor, timesteps: [Float], _ texts: TextProjections, of rows: [Int], profile: Bool
    ) throws(LatentDiffusionError) -> (prediction: Tensor, account: Workspace.Account) {
        let batch = try check(sample)
        precondition(rows.count == batch, "\(rows.count) texts for \(batch) pictures")
        let times = try checked(timesteps, batch: batch)
        let (height, width) = (sample.shape[2], sample.shape[3])
        let step = picturesAtATime(height: height, width: width)
        let size = configuration.outputChannels * height * width
        let result = runtime.withWorkspace(profile: profile) { ws in
            let prediction = Tensor(shape: Shape(batch, configuration.outputChannels, height, width)) { values in
                for first in stride(from: 0, to: batch, by: step) {
                    let range = first..<min(first + step, batch)
                    ws.channelsFirst(run(sample, times, texts, rows, range, ws)).withFloats { part in
                        _ = values[(first * size)...].update(fromContentsOf: part)
                    }
                }
            }
            return (prediction: prediction, account: ws.account)
        }
        if let index = result.prediction.firstNonFinite {
            let image = index / size
            let probe = LayerProbe()
            runtime.withWorkspace { ws in
                _ = run(sample, times, texts, rows, image..<image + 1, probe: probe, ws)
            }
            throw .notFinite(component: "the UNet", layer: probe.found ?? "conv_out")
        }
        return result
    }

    private func run(
        _ sample: Tensor, _ timesteps: [Float], _ texts: TextProjections, _ rows: [Int], _ range: Range<Int>,
        probe: LayerProbe? = nil, _ ws: Workspace
    ) -> Tensor {
        network(
            ws.channelsLast(sample.rows(range)), features: network.features(Array(timesteps[range])),
            TextsOfPass(texts, texts: Array(rows[range])), probe: probe, ws)
    }

    /// Counts what a call of the network would cost, without running it.
    ///
    /// - Parameters:
    ///   - batch: pictures; a guided one counts twice.
    ///   - height: of each, in latent pixels.
    ///   - width: of each, in latent pixels.
    ///   - tokens: of a text.
    /// - Throws: ``LatentDiffusionError/input(expected:found:)`` for sizes that the network cannot take.
    public func plan(
        batch: Int, height: Int, width: Int, tokens: Int
    ) throws(LatentDiffusionError) -> Workspace.Account {
        try check(batch: batch, height: height, width: width)
        guard (1...Self.limits.tokens).contains(tokens) else {
            throw .input(expected: "1 to \(Self.limits.tokens) tokens", found: "\(tokens)")
        }
        let step = picturesAtATime(height: height, width: width)
        return runtime.plan { ws in
            for first in stride(from: 0, to: batch, by: step) {
                let count = min(step, batch - first)
                let texts = network.project(Tensor(zeros: Shape(count, tokens, configuration.textWidth)), ws)
                let sample = Tensor(zeros: Shape(count, configuration.inputChannels, height, width))
                let prediction = network(
                    ws.channelsLast(sample), features: network.features([Float](repeating: 0, count: count)),
                    TextsOfPass(texts, texts: Array(0..<count)), ws)
                _ = ws.channelsFirst(prediction)
            }
        }
    }

    /// Pictures that one pass takes.
    ///
    /// - Parameters:
    ///   - height: of the pictures, in latent pixels.
    ///   - width: of the pictures, in latent pixels.
    public func picturesAtATime(height: Int, width: Int) -> Int {
        max(1, Self.pixelsAtATime / max(height.multipliedReportingOverflow(by: width).0, 1))
    }

    /// - Returns: the number of pictures.
    private func check(_ sample: Tensor) throws(LatentDiffusionError) -> Int {
        let channels = configuration.inputChannels
        guard sample.dtype == .float32, sample.shape.rank == 4, sample.shape[1] == channels else {
            throw .input(
                expected: "fp32 [batch, \(channels), height, width]", found: "\(sample.dtype.rawValue) \(sample.shape)")
        }
        try check(batch: sample.shape[0], height: sample.shape[2], width: sample.shape[3])
        if let index = sample.firstNonFinite {
            throw .input(expected: "a sample of finite values", found: "\(sample.floats[index]) at index \(index)")
        }
        return sample.shape[0]
    }

    func check(batch: Int, height: Int, width: Int) throws(LatentDiffusionError) {
        let smallest = configuration.smallestSide
        guard batch >= 0, batch <= Self.limits.batch else {
            throw .input(expected: "a batch of at most \(Self.limits.batch)", found: "\(batch)")
        }
        for side in [height, width] where side < smallest || side > Self.limits.side {
            throw .input(
                expected: "sides of \(smallest) to \(Self.limits.side) latent pixels", found: "\(height) x \(width)")
        }
    }

    /// One timestep for each picture.
    private func checked(_ timesteps: [Float], batch: Int) throws(LatentDiffusionError) -> [Float] {
        guard timesteps.count == batch || timesteps.count == 1 else {
            throw .input(expected: "\(batch) timesteps, or one for all", found: "\(timesteps.count)")
        }
        if let timestep = timesteps.first(where: { !$0.isFinite }) {
            throw .input(expected: "finite timesteps", found: "\(timestep)")
        }
        return timesteps.count == batch ? timesteps : [Float](repeating: timesteps[0], count: batch)
    }
}
