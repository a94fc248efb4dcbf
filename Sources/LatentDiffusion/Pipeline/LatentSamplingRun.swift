import Diffusion
import JSON
import Randomness
import TensorCore

/// A sampling run under way.
struct LatentSamplingRun {
    /// Latents of all pictures.
    let shape: Shape
    /// The timestep of each call of the network.
    let timesteps: [Float]
    /// The calls that are made: all, or the last ones where pictures are changed.
    let indices: Range<Int>

    private let model: LatentDiffusionModel
    private let request: LatentSamplingRequest
    private let texts: TextProjections
    /// The text of each picture that the network sees; of a guided run the negative ones come first.
    private let rows: [Int]
    private let paintings: [LatentStart.Painting]
    private var generators: [any NormalGenerator]
    /// A scheduler for each picture.
    private var schedulers: [any Scheduler]
    /// Each picture's values.
    private var values: [[Float]]

    /// Checks a request and draws the noise that it starts from.
    init(
        _ model: LatentDiffusionModel, _ request: LatentSamplingRequest, _ generators: [any NormalGenerator]
    ) throws(LatentDiffusionError) {
        (self.model, self.request, self.generators) = (model, request, generators)
        try Self.check(request)
        let fresh: any Scheduler
        do throws(SchedulerError) {
            fresh = try Self.configuration(model, request)
                .makeScheduler(request.scheduler, steps: request.steps, eta: request.eta)
        } catch { throw .scheduler(error) }
        timesteps = fresh.timesteps
        schedulers = [any Scheduler](repeating: fresh, count: generators.count)
        (texts, rows) = try Self.texts(model, request, count: generators.count)
        let start = try LatentStart(model, request, fresh, &self.generators)
        (shape, values, paintings) = (start.shape, start.values, start.paintings)
        indices = min(start.first, timesteps.count)..<timesteps.count
    }

    /// The latents as they are now.
    var sample: Tensor { Tensor(values.flatMap(\.self), shape: shape) }

    /// Calls the network and takes a step with every picture.
    ///
    /// - Returns: the estimates of the finished latents, one after the other.
    mutating func step(_ index: Int) throws(LatentDiffusionError) -> [Float] {
        var inputs = values
        for picture in inputs.indices {
            schedulers[picture].scaleInput(&inputs[picture], at: index)
            if let shown = paintings.isEmpty ? nil : paintings[picture].shown { inputs[picture] += shown }
        }
        let predictions = try predictions(inputs, timestep: timesteps[index])
        var estimates: [Float] = []
        for picture in values.indices {
            let size = values[picture].count
            var generator = generators[picture]
            do throws(RandomnessError) {
                estimates += try schedulers[picture].step(
                    prediction: predictions[picture], at: index, sample: &values[picture]
                ) { () throws(RandomnessError) -> [Float] in try generator.normals(size) }
            } catch { throw .randomness(error) }
            generators[picture] = generator
            if !paintings.isEmpty { keep(paintings[picture], picture, after: index) }
            guard values[picture].allSatisfy(\.isFinite) else {
                throw .notFinite(component: "the sampling", layer: "the scheduler")
            }
        }
        return estimates
    }

    /// Puts the picture back where it is not painted, with the noise of the next step.
    private mutating func keep(_ painting: LatentStart.Painting, _ picture: Int, after index: Int) {
        guard let kept = painting.kept else { return }
        let next = index + 1
        let original =
            next < timesteps.count
            ? schedulers[picture].addNoise(to: kept.latents, noise: kept.noise, at: next) : kept.latents
        let area = painting.mask.count
        for place in values[picture].indices {
            let mask = painting.mask[place % area]
            values[picture][place] = (1 - mask) * original[place] + mask * values[picture][place]
        }
    }

    /// Each picture's prediction, guided where it is asked for.
    private func predictions(_ inputs: [[Float]], timestep: Float) throws(LatentDiffusionError) -> [[Float]] {
        let (count, channels) = (inputs.count, model.unet.configuration.inputChannels)
        let flat = inputs.flatMap(\.self)
        let sample = Tensor(
            request.isGuided ? flat + flat : flat,
            shape: Shape(request.isGuided ? 2 * count : count, channels, shape[2], shape[3]))
        let found = try model.unet.predict(sample, timesteps: [timestep], texts, of: rows)
        let parts = (0..<sample.shape[0]).map { found.rows($0..<$0 + 1).floats }
        guard request.isGuided else { return parts }
        return (0..<count).map { guided(parts[$0], parts[count + $0]) }
    }

    private func guided(_ without: [Float], _ given: [Float]) -> [Float] {
        let guidance = request.guidance
        let sum = without.indices.map { without[$0] + guidance * (given[$0] - without[$0]) }
        let rescale = request.guidanceRescale
        guard rescale > 0 else { return sum }
        let ratio = Float(Self.deviation(given) / Self.deviation(sum))
        return sum.map { rescale * ($0 * ratio) + (1 - rescale) * $0 }
    }

    /// The standard deviation of a sample, `torch.std`.
    private static func deviation(_ values: [Float]) -> Double {
        let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
        let sum = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        return (sum / Double(values.count - 1)).squareRoot()
    }

    /// The folder's scheduler with what diffusers' pipelines of Stable Diffusion set in older configurations, whatever
    /// they say: timesteps begin at 1, and latents are not clipped, which is for pixels; where a part is painted anew,
    /// PNDM skips its Runge-Kutta steps instead.
    private static func configuration(
        _ model: LatentDiffusionModel, _ request: LatentSamplingRequest
    ) throws(SchedulerError) -> SchedulerConfiguration {
        let shifted = try model.scheduler.setting("steps_offset", to: 1)
        if case .inpainting = request.start { return try shifted.setting("skip_prk_steps", to: true) }
        return try shifted.setting("clip_sample", to: false)
    }

    private static func check(_ request: LatentSamplingRequest) throws(LatentDiffusionError) {
        guard request.guidance.isFinite, request.guidance >= 0 else {
            throw .input(expected: "guidance of 0 or more", found: "\(request.guidance)")
        }
        guard request.guidanceRescale >= 0, request.guidanceRescale <= 1 else {
            throw .input(expected: "a rescale of guidance in 0...1", found: "\(request.guidanceRescale)")
        }
        guard request.eta >= 0, request.eta <= 1 else {
            throw .input(expected: "eta in 0...1", found: "\(request.eta)")
        }
    }

    /// What the network makes of all texts, and which of them each picture sees.
    private static func texts(
        _ model: LatentDiffusionModel, _ request: LatentSamplingRequest, count: Int
    ) throws(LatentDiffusionError) -> (TextProjections, [Int]) {
        var parts = [request.encoderHiddenStates]
        if request.isGuided {
            guard let negative = request.negativeHiddenStates else {
                throw .input(
                    expected: "states of a negative text, or of the empty one, for guidance of \(request.guidance)",
                    found: "none")
            }
            parts.insert(negative, at: 0)
        }
        var (values, rows): ([Float], [Int]) = ([], [])
        var texts = 0
        for part in parts {
            guard part.dtype == .float32, part.shape.rank == 3, [1, count].contains(part.shape[0]),
                part.shape[1] == parts[0].shape[1], part.shape[2] == parts[0].shape[2]
            else {
                throw .input(
                    expected: "states of texts, fp32 [1 or \(count), T, width], of as many tokens for all",
                    found: parts.map { "\($0.dtype.rawValue) \($0.shape)" }.joined(separator: " and "))
            }
            values += part.floats
            rows += (0..<count).map { texts + (part.shape[0] == 1 ? 0 : $0) }
            texts += part.shape[0]
        }
        let all = Tensor(values, shape: Shape(texts, parts[0].shape[1], parts[0].shape[2]))
        return (try model.unet.project(all), rows)
    }
}
