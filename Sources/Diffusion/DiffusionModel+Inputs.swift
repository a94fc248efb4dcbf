import TensorCore

extension DiffusionModel {
    /// Sides of the largest pictures, and the most pictures of a batch.
    private static let limits = (side: 2048, batch: 4096)

    func check(_ sample: Tensor) throws(DiffusionError) {
        let channels = configuration.inputChannels
        guard sample.dtype == .float32, sample.shape.rank == 4, sample.shape[1] == channels else {
            throw .input(
                expected: "fp32 [batch, \(channels), height, width]", found: "\(sample.dtype.rawValue) \(sample.shape)")
        }
        try check(batch: sample.shape[0], height: sample.shape[2], width: sample.shape[3])
        if let index = sample.firstNonFinite {
            throw .input(expected: "a sample of finite values", found: "\(sample.floats[index]) at index \(index)")
        }
    }

    func check(batch: Int, height: Int, width: Int) throws(DiffusionError) {
        let multiple = configuration.sizeMultiple
        let smallest = configuration.smallestSide
        guard batch >= 0, batch <= Self.limits.batch else {
            throw .input(expected: "a batch of at most \(Self.limits.batch)", found: "\(batch)")
        }
        for side in [height, width] where side < smallest || side > Self.limits.side || side % multiple != 0 {
            throw .input(
                expected: "sides that are multiples of \(multiple) from \(smallest) to \(Self.limits.side)",
                found: "\(height) x \(width)")
        }
    }

    /// One timestep for each picture.
    func checked(_ timesteps: [Float], batch: Int) throws(DiffusionError) -> [Float] {
        guard timesteps.count == batch || timesteps.count == 1 else {
            throw .input(expected: "\(batch) timesteps, or one for all", found: "\(timesteps.count)")
        }
        for timestep in timesteps {
            if let refusal = network.timestepFeatures.refusal(of: timestep) {
                throw .input(expected: refusal, found: "\(timestep)")
            }
        }
        return timesteps.count == batch ? timesteps : [Float](repeating: timesteps[0], count: batch)
    }

    /// The classes, found to be what the network takes.
    func checked(_ classes: ClassLabels?, batch: Int) throws(DiffusionError) -> ClassLabels? {
        switch (configuration.classEmbedding, classes) {
        case (.none, nil): return nil
        case (.none, _): throw .input(expected: "no classes, of which this network knows none", found: "classes")
        case (_, nil): throw .input(expected: "a class for each picture", found: "no classes")
        case (.table(let count), .ids(let ids)?):
            guard ids.count == batch else { throw .input(expected: "\(batch) classes", found: "\(ids.count)") }
            if let id = ids.first(where: { $0 < 0 || $0 >= count }) {
                throw .input(expected: "classes from 0 to \(count - 1)", found: "\(id)")
            }
        case (.timestep, .levels(let levels)?):
            guard levels.count == batch else { throw .input(expected: "\(batch) classes", found: "\(levels.count)") }
            for level in levels {
                if let refusal = network.timestepFeatures.refusal(of: level) {
                    throw .input(expected: "classes that are \(refusal)", found: "\(level)")
                }
            }
        case (.identity, .embeddings(let embeddings)?):
            let expected = Shape(batch, configuration.embeddingWidth)
            guard embeddings.dtype == .float32, embeddings.shape == expected else {
                throw .input(
                    expected: "embeddings of classes, fp32 \(expected)",
                    found: "\(embeddings.dtype.rawValue) \(embeddings.shape)")
            }
            if embeddings.firstNonFinite != nil {
                throw .input(expected: "embeddings of finite values", found: "some that are not")
            }
        case (.table, _): throw .input(expected: "numbers of classes", found: "classes of another kind")
        case (.timestep, _): throw .input(expected: "classes as timesteps", found: "classes of another kind")
        case (.identity, _): throw .input(expected: "embeddings of classes", found: "classes of another kind")
        }
        return classes
    }
}
