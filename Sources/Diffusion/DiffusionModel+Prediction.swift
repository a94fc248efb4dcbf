public import TensorCore

extension DiffusionModel {
    /// Pixels of pictures that one pass takes together: more keep no thread busier, and their activations leave the
    /// caches.
    private static let pixelsAtATime = 16_384

    /// One call of the network, as diffusers' `UNet2DModel.forward`.
    ///
    /// - Parameters:
    ///   - sample: `[B, channels, H, W]`, sides multiples of ``UNet2DConfiguration/sizeMultiple``.
    ///   - timesteps: one for each picture, or one for all; between whole ones, too, except where the network has a
    ///     table.
    ///   - classes: one for each picture where the network takes classes, `nil` where it does not.
    /// - Returns: `[B, output channels, H, W]`; the same bits for a picture whatever the batch it is in.
    /// - Throws: ``DiffusionError/input(expected:found:)``, and ``DiffusionError/notFinite(layer:)`` with the first
    ///   layer whose output is no number.
    public func predict(
        _ sample: Tensor, timesteps: [Float], classes: ClassLabels? = nil
    ) throws(DiffusionError) -> Tensor {
        try pass(sample, timesteps: timesteps, classes: classes, profile: false).prediction
    }

    /// One call of the network as ``predict(_:timesteps:classes:)``, every operation of which is measured.
    ///
    /// - Parameters:
    ///   - sample: `[B, channels, H, W]`.
    ///   - timesteps: one for each picture, or one for all.
    ///   - classes: one for each picture where the network takes classes.
    /// - Returns: what the call cost.
    /// - Throws: ``DiffusionError``.
    public func profile(
        _ sample: Tensor, timesteps: [Float], classes: ClassLabels? = nil
    ) throws(DiffusionError) -> Workspace.Account {
        try pass(sample, timesteps: timesteps, classes: classes, profile: true).account
    }

    /// Counts what a call of the network would cost, without running it.
    ///
    /// - Parameters:
    ///   - batch: pictures.
    ///   - height: of each, in pixels.
    ///   - width: of each, in pixels.
    /// - Throws: ``DiffusionError/input(expected:found:)`` for sizes that the network cannot take.
    public func plan(batch: Int, height: Int, width: Int) throws(DiffusionError) -> Workspace.Account {
        try check(batch: batch, height: height, width: width)
        let (features, embedding) = (network.timestepFeatures.width, configuration.embeddingWidth)
        let step = picturesAtATime(height: height, width: width)
        return runtime.plan { ws in
            for first in stride(from: 0, to: batch, by: step) {
                let count = min(step, batch - first)
                let classes: UNet2DModel.Classes =
                    switch configuration.classEmbedding {
                    case .none: .none
                    case .table: .rows([Int](repeating: 0, count: count))
                    case .timestep: .features(Tensor(zeros: Shape(count, features)))
                    case .identity: .embeddings(Tensor(zeros: Shape(count, embedding)))
                    }
                let sample = Tensor(zeros: Shape(count, configuration.inputChannels, height, width))
                let prediction = network(
                    ws.channelsLast(sample), features: Tensor(zeros: Shape(count, features)), classes: classes, ws)
                _ = ws.channelsFirst(prediction)
            }
        }
    }

    /// Pictures that one pass of ``predict(_:timesteps:classes:)`` takes.
    ///
    /// - Parameters:
    ///   - height: of the pictures, in pixels.
    ///   - width: of the pictures, in pixels.
    public func picturesAtATime(height: Int, width: Int) -> Int {
        max(1, Self.pixelsAtATime / max(height.multipliedReportingOverflow(by: width).0, 1))
    }

    private func pass(
        _ sample: Tensor, timesteps: [Float], classes: ClassLabels?, profile: Bool
    ) throws(DiffusionError) -> (prediction: Tensor, account: Workspace.Account) {
        try check(sample)
        let (batch, height, width) = (sample.shape[0], sample.shape[2], sample.shape[3])
        let times = try checked(timesteps, batch: batch)
        let labels = try checked(classes, batch: batch)
        let (step, size) = (
            picturesAtATime(height: height, width: width), configuration.outputChannels * height * width
        )
        let result = runtime.withWorkspace(profile: profile) { ws in
            let prediction = Tensor(shape: Shape(batch, configuration.outputChannels, height, width)) { values in
                for first in stride(from: 0, to: batch, by: step) {
                    let range = first..<min(first + step, batch)
                    let part = ws.channelsFirst(run(sample, times, labels, range, ws))
                    part.withFloats { part in
                        for (index, value) in part.enumerated() { values[first * size + index] = value }
                    }
                    scale(
                        UnsafeMutableBufferPointer(rebasing: values[first * size..<range.upperBound * size]),
                        times[range])
                }
            }
            return (prediction: prediction, account: ws.account)
        }
        if let index = result.prediction.firstNonFinite {
            throw .notFinite(layer: firstBadLayer(sample, times, labels, image: index / size))
        }
        return result
    }

    /// The network's output for some pictures of a batch, `[pictures, H, W, outputs]`.
    private func run(
        _ sample: Tensor, _ timesteps: [Float], _ classes: ClassLabels?, _ range: Range<Int>, probe: LayerProbe? = nil,
        _ ws: Workspace
    ) -> Tensor {
        let labels: UNet2DModel.Classes =
            switch classes {
            case nil: .none
            case .ids(let ids): .rows(Array(ids[range]))
            case .levels(let levels): .features(network.timestepFeatures(Array(levels[range])))
            case .embeddings(let embeddings): .embeddings(embeddings.rows(range))
            }
        return network(
            ws.channelsLast(sample.rows(range)), features: network.timestepFeatures(Array(timesteps[range])),
            classes: labels, probe: probe, ws)
    }

    /// Predictions of networks that are told noise levels are divided by them.
    private func scale(_ values: UnsafeMutableBufferPointer<Float>, _ levels: ArraySlice<Float>) {
        guard configuration.timeEmbedding == .fourier, !levels.isEmpty else { return }
        let size = values.count / levels.count
        for (image, level) in levels.enumerated() {
            for index in image * size..<(image + 1) * size { values[index] /= level }
        }
    }

    /// Runs the network once more for a picture and looks at every layer.
    private func firstBadLayer(
        _ sample: Tensor, _ timesteps: [Float], _ classes: ClassLabels?, image: Int
    ) -> String {
        let probe = LayerProbe()
        runtime.withWorkspace { ws in
            _ = run(sample, timesteps, classes, image..<image + 1, probe: probe, ws)
        }
        return probe.found ?? "the division by the noise level"
    }
}
