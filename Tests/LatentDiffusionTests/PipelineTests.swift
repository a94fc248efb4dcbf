import Checkpoints
import Diffusion
import JSON
import LatentDiffusion
import Randomness
import TensorCore
import TestSupport
import Testing

/// Whole loops against those of diffusers' pipelines, from prompts to pixels.
@Suite struct PipelineTests {
    private static let runtime = Runtime(threads: 2)

    private static let loops = [
        ("sd1", "pndm4"), ("sd1", "ddim4"), ("sd1", "plain"), ("sd1", "image"), ("sd1", "blend"), ("sd1", "blend-part"),
        ("sd2", "ddim4"), ("inpaint", "nine"), ("inpaint", "nine-part"),
    ]

    private func model(_ name: String) throws -> LatentDiffusionModel {
        try LatentDiffusionModel(folder: LatentFixtures.path(name), runtime: Self.runtime)
    }

    private func generators(_ seeds: [Int]) throws -> [any NormalGenerator] {
        try seeds.map { try TorchGenerator(seed: $0) }
    }

    private func loop(_ model: String, _ name: String) throws -> (entry: Config, folder: String) {
        let folder = LatentFixtures.path(model) + "/ref"
        let entries = try Config(path: folder + "/loops.json").objects("loops", count: 1...9)
        return (try #require(try entries.first { try $0.string("name") == name }), folder)
    }

    /// The request of a stored loop.
    private func request(
        _ entry: Config, _ folder: String, _ model: LatentDiffusionModel
    ) throws -> LatentSamplingRequest {
        let texts = try model.encode(prompts: [entry.string("prompt"), entry.string("negative", default: "")])
        var request = LatentSamplingRequest(
            steps: try entry.int("steps", in: 1...1000), encoderHiddenStates: texts.rows(0..<1),
            negativeHiddenStates: texts.rows(1..<2))
        request.scheduler = try entry.optionalString("scheduler").map { try SchedulerKind(named: $0) }
        request.guidance = Float(try entry.double("guidance", in: 0...10))
        request.guidanceRescale = Float(try entry.double("guidance_rescale", in: 0...1, default: 0))
        let strength = try entry.double("strength", in: 0...1, default: 1)
        if let picture = try entry.optionalString("picture") {
            let picture = try LatentFixtures.tensor("\(folder)/\(picture)")
            if let mask = try entry.optionalString("mask") {
                let mask = try LatentFixtures.tensor("\(folder)/\(mask)")
                request.start = .inpainting(picture, mask: mask, strength: strength)
            } else {
                request.start = .pictures(picture, strength: strength)
            }
        } else {
            request.start = .noise(
                height: try entry.optionalInt("height", in: 8...64), width: try entry.optionalInt("width", in: 8...64))
        }
        return request
    }

    @Test(arguments: loops)
    func parity(model name: String, loop: String) throws {
        let (entry, folder) = try self.loop(name, loop)
        let model = try model(name)
        let request = try request(entry, folder, model)
        let seeds = try entry.ints("seeds", count: 1...8, in: 0...100)
        let latents = try model.sampleLatents(request, noise: generators(seeds))
        let expected = try LatentFixtures.tensor(folder + "/" + entry.string("latents"))
        #expect(mismatch(latents, expected) == nil)
        let pixels = try NPY(file: folder + "/" + entry.string("pixels"), limit: 1 << 20)
        let stored = pixels.floats().map { Int($0) }
        let bytes = DiffusionModel.pixels(try model.pictures(of: latents)).flatMap { $0.map { Int($0) } }
        #expect(bytes.count == stored.count)
        let apart = zip(bytes, stored).map { abs($0 - $1) }
        // Rounding to bytes turns the least difference into a level, now and then.
        #expect(apart.allSatisfy { $0 <= 1 } && apart.count { $0 > 0 } * 200 <= apart.count)
        // Pixels say something: they are not all black and white.
        #expect(stored.count { $0 > 0 && $0 < 255 } * 2 > stored.count)
        // Each picture is what it is alone.
        guard seeds.count > 1 else { return }
        for (picture, seed) in seeds.enumerated() {
            let alone = try model.sampleLatents(request, noise: generators([seed]))
            #expect(bitDifference(alone.floats, latents.rows(picture..<picture + 1).floats) == nil, "\(picture)")
        }
    }

    @Test(arguments: LatentFixtures.pipelines)
    func tokens(name: String) throws {
        let model = try model(name)
        let reference = try #require(try LatentFixtures.cases(name, with: "input_ids").first)
        let ids = try model.inputIDs(["a photo of a red car at night", ""])
        #expect(ids.integers == (try reference.tensor("inputs", "input_ids").integers))
        #expect(throws: LatentDiffusionError.self) { try model.inputIDs([String(repeating: "dog ", count: 90)]) }
        #expect(throws: Never.self) {
            try model.inputIDs([String(repeating: "dog ", count: 90)], truncates: true)
        }
    }

    /// Every scheduler samples something finite, and one picture has the same bits alone; texts may differ by picture.
    @Test(arguments: SchedulerKind.allCases.filter { $0 != .flowMatchEuler })
    func schedulers(kind: SchedulerKind) throws {
        let model = try model("sd1")
        let texts = try model.encode(prompts: ["a photo of a dog", "two cats"])
        let empty = try model.encode(prompts: [""])
        var request = LatentSamplingRequest(steps: 5, encoderHiddenStates: texts, negativeHiddenStates: empty)
        (request.scheduler, request.guidance) = (kind, 3)
        var seen: [SamplingProgress] = []
        let both = try model.sampleLatents(request, noise: generators([1, 2])) { progress in
            seen.append(progress)
            return true
        }
        #expect(both.shape == [2, 4, 8, 8] && both.firstNonFinite == nil)
        #expect(seen.map(\.index) == Array(0..<seen.count) && seen.allSatisfy { $0.total == seen.count })
        #expect(seen.allSatisfy { $0.estimate.shape == both.shape } && seen.last?.sample.floats == both.floats)
        request.encoderHiddenStates = texts.rows(1..<2)
        let alone = try model.sampleLatents(request, noise: generators([2]))
        #expect(bitDifference(alone.floats, both.rows(1..<2).floats) == nil)
    }

    @Test func stopping() throws {
        let model = try model("sd1")
        let text = try model.encode(prompts: ["a dog"])
        var request = LatentSamplingRequest(steps: 9, encoderHiddenStates: text)
        request.guidance = 1
        var calls = 0
        let error = #expect(throws: LatentDiffusionError.self) {
            try model.sample(request, noise: generators([1])) { _ in
                calls += 1
                return calls < 3
            }
        }
        #expect(calls == 3)
        guard case .stopped = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// What a call on the thread of the caller gives.
    private func sampled(_ model: LatentDiffusionModel, _ request: LatentSamplingRequest) throws -> Tensor {
        try model.sample(request, noise: generators([4]))
    }

    @Test func tasks() async throws {
        let model = try await LatentDiffusionModel.load(folder: LatentFixtures.path("sd1"), runtime: Self.runtime)
        var request = LatentSamplingRequest(
            steps: 3, encoderHiddenStates: try model.encode(prompts: ["a dog"]),
            negativeHiddenStates: try model.encode(prompts: [""]))
        let expected = try sampled(model, request)
        let found = try await model.sample(request, noise: generators([4]))
        #expect(bitDifference(found.floats, expected.floats) == nil)
        (request.steps, request.guidance) = (900, 1)
        let (long, noise) = (request, try generators([4]))
        let task = Task { try await model.sample(long, noise: noise) }
        task.cancel()
        let error = await #expect(throws: LatentDiffusionError.self) { try await task.value }
        guard case .cancelled = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func givenNoiseIsTheNoiseThatIsDrawn() throws {
        let model = try model("sd1")
        var request = LatentSamplingRequest(steps: 3, encoderHiddenStates: try model.encode(prompts: ["a dog"]))
        request.guidance = 1
        let drawn = try model.sampleLatents(request, noise: generators([11]))
        var generator = try TorchGenerator(seed: 11)
        request.start = .latents(Tensor(try generator.randn(256), shape: [1, 4, 8, 8]))
        #expect(bitDifference(try model.sampleLatents(request, noise: generators([0])).floats, drawn.floats) == nil)
    }

    /// One picture and a mask for each of two: each is what it is alone.
    @Test(arguments: ["sd1", "inpaint"])
    func masksByPicture(name: String) throws {
        let model = try model(name)
        let picture = try LatentFixtures.tensor(LatentFixtures.path(name) + "/ref/loop.picture.npy")
        let (height, width) = (picture.shape[2], picture.shape[3])
        var request = LatentSamplingRequest(steps: 2, encoderHiddenStates: try model.encode(prompts: ["a dog"]))
        (request.guidance, request.scheduler) = (1, .ddim)
        let masks = Tensor(shape: Shape(2, 1, height, width)) { values in
            for place in 0..<height * width / 2 { values[place] = 1 }
            for place in height * width * 3 / 2..<2 * height * width { values[place] = 1 }
        }
        request.start = .inpainting(picture, mask: masks, strength: 1)
        let both = try model.sampleLatents(request, noise: generators([3, 4]))
        for (index, seed) in [3, 4].enumerated() {
            request.start = .inpainting(picture, mask: masks.rows(index..<index + 1), strength: 1)
            let alone = try model.sampleLatents(request, noise: generators([seed]))
            #expect(bitDifference(alone.floats, both.rows(index..<index + 1).floats) == nil)
        }
    }

    /// With a strength of 0 a picture stays as the autoencoder has it; outside of a mask it does so at any strength.
    @Test func whatIsKept() throws {
        let model = try model("sd1")
        let picture = try LatentFixtures.tensor(LatentFixtures.path("sd1") + "/ref/loop.picture.npy")
        var request = LatentSamplingRequest(steps: 6, encoderHiddenStates: try model.encode(prompts: ["a dog"]))
        (request.guidance, request.scheduler) = (1, .ddim)
        request.start = .pictures(picture, strength: 0)
        let still = try model.sampleLatents(request, noise: generators([3]))
        let nothing = Tensor(zeros: [1, 1, 32, 32])
        request.start = .inpainting(picture, mask: nothing, strength: 1)
        let kept = try model.sampleLatents(request, noise: generators([3]))
        #expect(still.floats == kept.floats)
        request.start = .inpainting(picture, mask: nothing, strength: 0)
        #expect(throws: LatentDiffusionError.self) { try model.sampleLatents(request, noise: generators([3])) }
    }
}
