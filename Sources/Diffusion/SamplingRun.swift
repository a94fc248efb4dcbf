import Randomness
import TensorCore

/// A sampling run under way.
struct SamplingRun {
    let shape: Shape
    /// The timestep of each call of the network.
    let timesteps: [Float]
    /// The calls that are made: all, or the last ones where pictures are changed.
    let indices: Range<Int>

    private let model: DiffusionModel
    private let request: SamplingRequest
    private var generators: [any NormalGenerator]
    /// A scheduler for each picture.
    private var schedulers: [any Scheduler]
    /// Each picture's values.
    private var values: [[Float]]

    /// Checks a request and draws the noise that it starts from.
    init(
        _ model: DiffusionModel, _ request: SamplingRequest, _ generators: [any NormalGenerator]
    ) throws(DiffusionError) {
        (self.model, self.request, self.generators) = (model, request, generators)
        guard model.configuration.inputChannels == model.configuration.outputChannels else {
            throw .input(
                expected: "a network whose predictions have the sample's \(model.configuration.inputChannels) channels",
                found: "one of \(model.configuration.outputChannels)")
        }
        guard let configuration = model.scheduler else {
            throw .input(expected: "a folder with a scheduler", found: "one of a network alone")
        }
        guard request.eta >= 0, request.eta <= 1 else {
            throw .input(expected: "eta in 0...1", found: "\(request.eta)")
        }
        let fresh: any Scheduler
        do throws(SchedulerError) {
            fresh = try configuration.makeScheduler(request.scheduler, steps: request.steps, eta: request.eta)
        } catch { throw .scheduler(error) }
        timesteps = fresh.timesteps
        schedulers = [any Scheduler](repeating: fresh, count: generators.count)
        shape = try Self.shape(model, request, count: generators.count)
        _ = try model.checked(request.classes, batch: generators.count)
        try Self.checkGuidance(model, request)
        let size = generators.isEmpty ? 0 : shape.elementCount / generators.count
        values = []
        var first = 0
        switch request.start {
        case .noise:
            for index in generators.indices {
                values.append(try Self.draw(&self.generators[index], size).map { $0 * fresh.initialNoiseScale })
            }
        case .latents(let latents):
            values = generators.indices.map { latents.rows($0..<$0 + 1).floats.map { $0 * fresh.initialNoiseScale } }
        case .pictures(let pictures, let strength):
            guard strength >= 0, strength <= 1 else {
                throw .input(expected: "a strength in 0...1", found: "\(strength)")
            }
            first = fresh.firstIndex(strength: strength)
            for index in generators.indices {
                let original = pictures.rows(index..<index + 1).floats
                guard first < timesteps.count else {
                    values.append(original)
                    continue
                }
                let noise = try Self.draw(&self.generators[index], size)
                values.append(fresh.addNoise(to: original, noise: noise, at: first))
            }
        }
        indices = min(first, timesteps.count)..<timesteps.count
    }

    /// The pictures as they are now.
    var sample: Tensor { Tensor(values.flatMap(\.self), shape: shape) }

    /// Calls the network and takes a step with every picture.
    ///
    /// - Returns: the estimates of the finished pictures, one after the other.
    mutating func step(_ index: Int) throws(DiffusionError) -> [Float] {
        var inputs = values
        for picture in inputs.indices { schedulers[picture].scaleInput(&inputs[picture], at: index) }
        let predictions = try predictions(inputs.flatMap(\.self), timestep: timesteps[index])
        var estimates: [Float] = []
        for picture in values.indices {
            let size = values[picture].count
            let prediction = Array(predictions[picture * size..<(picture + 1) * size])
            var generator = generators[picture]
            do throws(RandomnessError) {
                estimates += try schedulers[picture].step(
                    prediction: prediction, at: index, sample: &values[picture]
                ) { () throws(RandomnessError) -> [Float] in try generator.normals(size) }
            } catch { throw .randomness(error) }
            generators[picture] = generator
            guard values[picture].allSatisfy(\.isFinite) else { throw .notFinite(layer: "the scheduler") }
        }
        return estimates
    }

    private func predictions(_ inputs: [Float], timestep: Float) throws(DiffusionError) -> [Float] {
        guard request.guidance != 1, case .ids(let ids)? = request.classes, let none = model.nullClass else {
            return try model.predict(Tensor(inputs, shape: shape), timesteps: [timestep], classes: request.classes)
                .floats
        }
        let count = shape[0]
        let doubled = Tensor(inputs + inputs, shape: Shape(2 * count, shape[1], shape[2], shape[3]))
        let classes = [Int](repeating: none, count: count) + ids
        let both = try model.predict(doubled, timesteps: [timestep], classes: .ids(classes)).floats
        let half = both.count / 2
        return (0..<half).map { both[$0] + request.guidance * (both[half + $0] - both[$0]) }
    }

    private static func draw(_ generator: inout any NormalGenerator, _ count: Int) throws(DiffusionError) -> [Float] {
        do throws(RandomnessError) { return try generator.normals(count) } catch { throw .randomness(error) }
    }

    private static func checkGuidance(_ model: DiffusionModel, _ request: SamplingRequest) throws(DiffusionError) {
        guard request.guidance.isFinite, request.guidance >= 0 else {
            throw .input(expected: "guidance of 0 or more", found: "\(request.guidance)")
        }
        guard request.guidance != 1 else { return }
        guard case .ids? = request.classes, model.nullClass != nil else {
            throw .input(
                expected: "no guidance, for which the model needs a class that stands for none (null_class_id) and the "
                    + "request classes", found: "guidance of \(request.guidance)")
        }
    }

    /// The shape of all pictures, found to be one that the network takes.
    private static func shape(
        _ model: DiffusionModel, _ request: SamplingRequest, count: Int
    ) throws(DiffusionError) -> Shape {
        switch request.start {
        case .noise(let height, let width):
            let own = model.configuration.sampleSize
            guard let height = height ?? own?.height, let width = width ?? own?.width else {
                throw .input(
                    expected: "a height and a width, as the configuration has no sample_size", found: "none")
            }
            try model.check(batch: count, height: height, width: width)
            return Shape(count, model.configuration.inputChannels, height, width)
        case .latents(let given), .pictures(let given, _):
            try model.check(given)
            guard given.shape[0] == count else {
                throw .input(expected: "\(count) pictures, one for each generator", found: "\(given.shape[0])")
            }
            return given.shape
        }
    }
}
