import Diffusion
import Randomness
import TensorCore

/// What a sampling run starts from, with all noise that the reference draws before its first step, in its order.
struct LatentStart {
    /// What the steps of a picture need beside its latents.
    struct Painting {
        /// 1 where the picture is painted anew, for each latent pixel.
        var mask: [Float]
        /// For a network that is shown them: the mask, and the latents of the picture without the part; else `nil`.
        var shown: [Float]?
        /// For another network: the picture's latents and their noise, which take the place of what is not painted.
        var kept: (latents: [Float], noise: [Float])?
    }

    /// Latents of all pictures.
    let shape: Shape
    /// Each picture's values.
    private(set) var values: [[Float]] = []
    /// Of each picture that is painted in part; empty where none is.
    private(set) var paintings: [Painting] = []
    /// The first call of the network.
    private(set) var first = 0

    private let model: LatentDiffusionModel
    private let scheduler: any Scheduler

    init(
        _ model: LatentDiffusionModel, _ request: LatentSamplingRequest, _ scheduler: any Scheduler,
        _ generators: inout [any NormalGenerator]
    ) throws(LatentDiffusionError) {
        (self.model, self.scheduler) = (model, scheduler)
        let count = generators.count
        shape = try Self.shape(model, request, count: count)
        let size = count == 0 ? 0 : shape.elementCount / count
        switch request.start {
        case .noise:
            for index in 0..<count { values.append(scaled(try Self.draw(&generators[index], size))) }
        case .latents(let latents):
            values = (0..<count).map { scaled(latents.rows($0..<$0 + 1).floats) }
        case .pictures(let pictures, let strength):
            try start(pictures, strength, size, &generators)
        case .inpainting(let pictures, let mask, let strength):
            try start(pictures, mask, strength, size, &generators)
        }
    }

    private func scaled(_ noise: [Float]) -> [Float] { noise.map { $0 * scheduler.initialNoiseScale } }

    /// Pictures that are changed: latents are drawn of what the encoder says, then noise.
    private mutating func start(
        _ pictures: Tensor, _ strength: Double, _ size: Int, _ generators: inout [any NormalGenerator]
    ) throws(LatentDiffusionError) {
        first = try firstCall(strength)
        let posterior = try model.autoencoder.encode(pictures)
        for index in generators.indices {
            let latents = try draw(posterior, index, size, &generators)
            guard first < scheduler.timesteps.count else {
                values.append(latents)
                continue
            }
            let noise = try Self.draw(&generators[index], size)
            values.append(scheduler.addNoise(to: latents, noise: noise, at: first))
        }
    }

    /// Pictures that are painted in part.
    private mutating func start(
        _ pictures: Tensor, _ mask: Tensor, _ strength: Double, _ size: Int,
        _ generators: inout [any NormalGenerator]
    ) throws(LatentDiffusionError) {
        first = try firstCall(strength)
        guard first < scheduler.timesteps.count else {
            throw .input(expected: "a strength that leaves a step of \(scheduler.steps)", found: "\(strength)")
        }
        let masks = try Mask(mask, pictures, count: generators.count)
        let isShown = model.isForInpainting
        let needsPicture = !isShown || strength < 1
        let posterior = needsPicture ? try model.autoencoder.encode(pictures) : nil
        let hidden = isShown ? try model.autoencoder.encode(masks.hiding(pictures)) : nil
        for index in generators.indices {
            var latents: [Float] = []
            if let posterior { latents = try draw(posterior, index, size, &generators) }
            let noise = try Self.draw(&generators[index], size)
            values.append(
                strength < 1 ? scheduler.addNoise(to: latents, noise: noise, at: first) : scaled(noise))
            let small = masks.latent(index, factor: model.autoencoder.configuration.factor)
            var painting = Painting(mask: small)
            if let hidden {
                painting.shown = small + (try draw(hidden, index, size, &generators))
            } else {
                painting.kept = (latents, noise)
                // The reference encodes the masked picture for all networks; for this one it only draws.
                _ = try Self.draw(&generators[index], size)
            }
            paintings.append(painting)
        }
    }

    private func firstCall(_ strength: Double) throws(LatentDiffusionError) -> Int {
        guard strength >= 0, strength <= 1 else {
            throw .input(expected: "a strength in 0...1", found: "\(strength)")
        }
        return scheduler.firstIndex(strength: strength)
    }

    /// A picture's latents as the network has them.
    private func draw(
        _ posterior: LatentPosterior, _ index: Int, _ size: Int, _ generators: inout [any NormalGenerator]
    ) throws(LatentDiffusionError) -> [Float] {
        let row = posterior.mean.shape[0] == 1 ? 0 : index
        let factor = model.autoencoder.configuration.scalingFactor
        let noise = try Self.draw(&generators[index], size)
        return posterior.rows(row..<row + 1).sample(noise).floats.map { factor * $0 }
    }

    private static func draw(
        _ generator: inout any NormalGenerator, _ count: Int
    ) throws(LatentDiffusionError) -> [Float] {
        do throws(RandomnessError) { return try generator.normals(count) } catch { throw .randomness(error) }
    }

    /// The latents' shape, found to be one that all networks take.
    private static func shape(
        _ model: LatentDiffusionModel, _ request: LatentSamplingRequest, count: Int
    ) throws(LatentDiffusionError) -> Shape {
        let (unet, vae) = (model.unet.configuration, model.autoencoder.configuration)
        let (height, width): (Int, Int)
        switch request.start {
        case .latents(let latents):
            guard latents.dtype == .float32, latents.shape.rank == 4, latents.shape[0] == count,
                latents.shape[1] == vae.latentChannels
            else {
                throw .input(
                    expected: "latents fp32 [\(count), \(vae.latentChannels), height, width]",
                    found: "\(latents.dtype.rawValue) \(latents.shape)")
            }
            if latents.firstNonFinite != nil {
                throw .input(expected: "latents of finite values", found: "some that are not")
            }
            (height, width) = (latents.shape[2], latents.shape[3])
        case .noise(let givenHeight, let givenWidth):
            let own = unet.sampleSize.map { ($0.height * vae.factor, $0.width * vae.factor) }
            guard let tall = givenHeight ?? own?.0, let wide = givenWidth ?? own?.1 else {
                throw .input(expected: "a height and a width, as the UNet has no sample_size", found: "none")
            }
            (height, width) = try latentSize(tall, wide, vae.factor)
        case .pictures(let pictures, _), .inpainting(let pictures, _, _):
            guard pictures.dtype == .float32, pictures.shape.rank == 4, [1, count].contains(pictures.shape[0]),
                pictures.shape[1] == vae.inputChannels
            else {
                throw .input(
                    expected: "pictures fp32 [1 or \(count), \(vae.inputChannels), height, width]",
                    found: "\(pictures.dtype.rawValue) \(pictures.shape)")
            }
            (height, width) = try latentSize(pictures.shape[2], pictures.shape[3], vae.factor)
        }
        let isPainted = if case .inpainting = request.start { true } else { false }
        guard isPainted || !model.isForInpainting else {
            throw .input(
                expected: "a picture and a mask, for which this network is made (in_channels \(unet.inputChannels))",
                found: "neither")
        }
        try model.unet.check(batch: count, height: height, width: width)
        return Shape(count, vae.latentChannels, height, width)
    }

    /// The least that sides must be multiples of, as in the reference.
    private static let leastMultiple = 8

    /// The size of latent pictures.
    ///
    /// - Parameters:
    ///   - height: of pictures, in pixels.
    ///   - width: of pictures, in pixels.
    ///   - factor: pixels of a picture along a side for each latent pixel.
    static func latentSize(
        _ height: Int, _ width: Int, _ factor: Int
    ) throws(LatentDiffusionError) -> (Int, Int) {
        let multiple = max(leastMultiple, factor)
        guard height > 0, width > 0, height % multiple == 0, width % multiple == 0 else {
            throw .input(
                expected: "a height and a width that are multiples of \(multiple)", found: "\(height) x \(width)")
        }
        return (height / factor, width / factor)
    }
}
