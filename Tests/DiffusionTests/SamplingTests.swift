import Checkpoints
import Diffusion
import JSON
import Randomness
import TensorCore
import TestSupport
import Testing

/// Whole loops against those of diffusers, and what a request may ask for.
@Suite struct SamplingTests {
    private static let runtime = Runtime(threads: 2)

    private func model(_ name: String) throws -> DiffusionModel {
        try DiffusionModel(folder: DiffusionFixtures.path(name), runtime: Self.runtime)
    }

    private func generators(_ seeds: [Int]) throws -> [any NormalGenerator] {
        try seeds.map { try TorchGenerator(seed: $0) }
    }

    /// The request of a stored loop.
    private func request(_ entry: Config, _ folder: String) throws -> SamplingRequest {
        var request = SamplingRequest(steps: try entry.int("steps", in: 1...1000))
        request.scheduler = try entry.optionalString("scheduler").map { try SchedulerKind(named: $0) }
        if entry.has("classes") { request.classes = .ids(try entry.ints("classes", count: 1...8, in: 0...8)) }
        request.guidance = Float(try entry.double("guidance", in: 0...10, default: 1))
        if let original = try entry.optionalString("original") {
            request.start = .pictures(
                try DiffusionFixtures.tensor("\(folder)/\(original)"),
                strength: try entry.double("strength", in: 0...1))
        }
        return request
    }

    @Test(arguments: [("ddpm", 0), ("ddpm", 1), ("guided", 0), ("guided", 1)])
    func loops(name: String, index: Int) throws {
        let folder = DiffusionFixtures.path(name) + "/ref"
        let entry = try Config(path: folder + "/loops.json").objects("loops", count: 2...2)[index]
        let seeds = try entry.ints("seeds", count: 1...8, in: 0...100)
        let (network, request) = (try model(name), try request(entry, folder))
        let found = try network.sample(request, noise: generators(seeds))
        let expected = try DiffusionFixtures.tensor(folder + "/" + entry.string("sample"))
        #expect(mismatch(found, expected) == nil)
        let pixels = try NPY(file: folder + "/" + entry.string("pixels"), limit: 1 << 20)
        let stored = pixels.floats().map { Int($0) }
        let bytes = DiffusionModel.pixels(found).flatMap { $0.map { Int($0) } }
        #expect(bytes.count == stored.count)
        let apart = zip(bytes, stored).map { abs($0 - $1) }
        #expect(apart.allSatisfy { $0 <= 1 } && apart.count { $0 > 0 } * 1000 <= apart.count)
        // Each picture is what it is alone.
        for (picture, seed) in seeds.enumerated() {
            var single = request
            if case .ids(let ids)? = request.classes { single.classes = .ids([ids[picture]]) }
            let alone = try network.sample(single, noise: generators([seed]))
            #expect(bitDifference(alone.floats, found.rows(picture..<picture + 1).floats) == nil, "\(picture)")
        }
    }

    /// Every scheduler samples something finite, and one picture has the same bits alone.
    @Test(arguments: SchedulerKind.allCases.filter { $0 != .flowMatchEuler })
    func schedulers(kind: SchedulerKind) throws {
        let network = try model("guided")
        var request = SamplingRequest(steps: 7)
        (request.scheduler, request.classes, request.guidance) = (kind, .ids([0, 2]), 3)
        var seen: [SamplingProgress] = []
        let both = try network.sample(request, noise: generators([1, 2])) { progress in
            seen.append(progress)
            return true
        }
        #expect(both.shape == [2, 3, 8, 8] && both.firstNonFinite == nil)
        #expect(seen.map(\.index) == Array(0..<seen.count) && seen.allSatisfy { $0.total == seen.count })
        #expect(seen.count >= 7 && seen.allSatisfy { $0.estimate.shape == both.shape })
        #expect(seen.last?.sample.floats == both.floats)
        request.classes = .ids([2])
        let alone = try network.sample(request, noise: generators([2]))
        #expect(bitDifference(alone.floats, both.rows(1..<2).floats) == nil)
    }

    @Test func stopping() throws {
        let network = try model("ddpm")
        var calls = 0
        let error = #expect(throws: DiffusionError.self) {
            try network.sample(SamplingRequest(steps: 9), noise: generators([1])) { _ in
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

    /// A picture that is sampled on the thread of the caller.
    private func sampled(_ name: String, _ request: SamplingRequest, seed: Int) throws -> Tensor {
        try model(name).sample(request, noise: generators([seed]))
    }

    @Test func tasks() async throws {
        let loaded = try await DiffusionModel.load(folder: DiffusionFixtures.path("ddpm"), runtime: Self.runtime)
        let request = SamplingRequest(steps: 3)
        let expected = try sampled("ddpm", request, seed: 4)
        let found = try await loaded.sample(request, noise: generators([4]))
        #expect(bitDifference(found.floats, expected.floats) == nil)
        let noise = try generators([4])
        let task = Task { try await loaded.sample(SamplingRequest(steps: 900), noise: noise) }
        task.cancel()
        let error = await #expect(throws: DiffusionError.self) { try await task.value }
        guard case .cancelled = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func givenNoiseIsTheNoiseThatIsDrawn() throws {
        let network = try model("ddpm")
        var request = SamplingRequest(steps: 4)
        request.scheduler = .ddim
        let drawn = try network.sample(request, noise: generators([11]))
        var generator = try TorchGenerator(seed: 11)
        request.start = .latents(Tensor(try generator.randn(192), shape: [1, 3, 8, 8]))
        #expect(bitDifference(try network.sample(request, noise: generators([0])).floats, drawn.floats) == nil)
    }

    @Test func strengths() throws {
        let network = try model("ddpm")
        var random = SeededGenerator(seed: 5)
        let picture = Tensor(random.floats(192), shape: [1, 3, 8, 8])
        var request = SamplingRequest(steps: 10)
        request.start = .pictures(picture, strength: 0)
        #expect(try network.sample(request, noise: generators([1])).floats == picture.floats)
        for bad in [-0.1, 1.1, .nan] {
            request.start = .pictures(picture, strength: bad)
            #expect(throws: DiffusionError.self) { try network.sample(request, noise: generators([1])) }
        }
        var calls = 0
        request.start = .pictures(picture, strength: 0.35)
        _ = try network.sample(request, noise: generators([1])) { _ in
            calls += 1
            return true
        }
        #expect(calls == 3)
    }

    private func fails(_ name: String, pictures: Int = 1, _ change: (inout SamplingRequest) -> Void) throws -> Bool {
        var request = SamplingRequest(steps: 2)
        if name == "guided" { request.classes = .ids([Int](repeating: 0, count: pictures)) }
        change(&request)
        do { _ = try model(name).sample(request, noise: generators(Array(0..<pictures))) } catch is DiffusionError {
            return true
        }
        return false
    }

    @Test func requestsThatCannotBe() throws {
        #expect(try !fails("ddpm") { _ in })
        #expect(try !fails("guided", pictures: 0) { _ in })
        #expect(try !fails("guided") { $0.guidance = 0 })
        for steps in [0, -1, 1001] { #expect(try fails("ddpm") { $0.steps = steps }) }
        #expect(try fails("ddpm") { $0.classes = .ids([0]) })
        #expect(try fails("ddpm") { $0.guidance = 2 })
        #expect(try fails("ddpm") { $0.scheduler = .flowMatchEuler })
        #expect(try fails("ddpm") { $0.eta = 2 })
        #expect(try fails("ddpm") { $0.eta = .nan })
        #expect(try fails("ddpm") { $0.start = .noise(height: 9, width: 8) })
        #expect(try fails("ddpm") { $0.start = .latents(Tensor(zeros: [1, 3, 8, 6, 1])) })
        #expect(try fails("ddpm", pictures: 2) { $0.start = .latents(Tensor(zeros: [1, 3, 8, 8])) })
        #expect(try fails("guided") { $0.classes = nil })
        #expect(try fails("guided") { $0.classes = .ids([4]) })
        for guidance in [-1, .nan, .infinity] as [Float] { #expect(try fails("guided") { $0.guidance = guidance }) }
        // Networks alone have no scheduler, some no size, some other channels than they predict.
        for name in ["skip", "learned", "resnet"] { #expect(try fails(name) { _ in }) }
    }

    @Test func bytesOfPixels() {
        let values: [Float] = [-2, -1, 0, 1, 2, 1 / 255, 0.5, -0.996_078_43]
        let bytes = DiffusionModel.pixels(Tensor(values, shape: [1, 2, 2, 2]))
        // 127.5 and 128 of the half to even; the channels of a pixel side by side.
        #expect(bytes == [[0, 255, 0, 128, 128, 191, 255, 0]])
    }
}
