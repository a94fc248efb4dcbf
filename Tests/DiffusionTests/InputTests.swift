import Diffusion
import JSON
import TensorCore
import TestSupport
import Testing

/// Samples, timesteps and classes that the network cannot take.
@Suite struct InputTests {
    private func network(_ model: String) throws -> DiffusionModel {
        try DiffusionModel(folder: DiffusionFixtures.path(model), runtime: Runtime(threads: 1))
    }

    @Test func facts() throws {
        let guided = try network("guided")
        #expect(guided.pipeline == "DDIMPipeline" && guided.scheduler?.kind == .ddim)
        #expect(guided.labels == ["cat", "dog", "truck"] && guided.nullClass == 3)
        #expect(guided.configuration.sampleSize.map { [$0.height, $0.width] } == [8, 8])
        #expect(guided.configuration.classEmbedding == .table(count: 4))
        let plain = try network("ddpm")
        #expect(plain.labels.isEmpty && plain.nullClass == nil && plain.scheduler?.kind == .ddpm)
        let alone = try network("learned")
        #expect(alone.pipeline == nil && alone.scheduler == nil && alone.configuration.sampleSize == nil)
        #expect(alone.configuration.sizeMultiple == 4)
    }

    @Test(arguments: [
        [1, 3, 8], [1, 4, 8, 8], [1, 3, 7, 8], [1, 3, 8, 9], [1, 3, 0, 8], [1, 3, 8, 1 << 15], [1, 8, 8, 3],
    ])
    func shapes(_ shape: [Int]) throws {
        let network = try network("ddpm")
        #expect(throws: DiffusionError.self) { try network.predict(Tensor(zeros: Shape(shape)), timesteps: [1]) }
        #expect(throws: DiffusionError.self) {
            try network.predict(
                Tensor(integers: [Int64](repeating: 0, count: 192), shape: [1, 3, 8, 8]), timesteps: [1])
        }
        #expect(try network.predict(Tensor(zeros: [0, 3, 8, 8]), timesteps: []).shape == [0, 3, 8, 8])
    }

    @Test func values() throws {
        let network = try network("ddpm")
        for value in [Float.nan, .infinity] {
            let sample = Tensor([value] + [Float](repeating: 0, count: 191), shape: [1, 3, 8, 8])
            let error = #expect(throws: DiffusionError.self) { try network.predict(sample, timesteps: [1]) }
            #expect(error?.description.contains("finite") == true)
        }
    }

    @Test func timesteps() throws {
        func fails(_ model: String, _ timesteps: [Float]) throws -> Bool {
            let network = try network(model)
            do { _ = try network.predict(Tensor(zeros: [2, 3, 8, 8]), timesteps: timesteps) } catch {
                return true
            }
            return false
        }
        for bad in [[], [1, 2, 3], [.nan, 1], [1, .infinity]] as [[Float]] { #expect(try fails("ddpm", bad)) }
        for good in [[1], [-3, 2000.5]] as [[Float]] { #expect(try !fails("ddpm", good)) }
        for bad in [[0], [-1], [.nan]] as [[Float]] { #expect(try fails("skip", bad)) }
        for bad in [[10], [-1], [0.5], [.nan]] as [[Float]] { #expect(try fails("learned", bad)) }
        #expect(try !fails("learned", [9]))
    }

    @Test func classes() throws {
        func fails(_ model: String, _ classes: ClassLabels?) throws -> Bool {
            let network = try network(model)
            let sample = Tensor(zeros: Shape(2, network.configuration.inputChannels, 8, 8))
            do { _ = try network.predict(sample, timesteps: [1], classes: classes) } catch { return true }
            return false
        }
        #expect(try fails("ddpm", .ids([0, 0])))
        for bad in [nil, .ids([0]), .ids([0, 4]), .ids([-1, 0]), .levels([0, 1])] as [ClassLabels?] {
            #expect(try fails("guided", bad))
        }
        #expect(try !fails("guided", .ids([3, 0])))
        for bad in [nil, .levels([0]), .levels([.nan, 0]), .ids([0, 1])] as [ClassLabels?] {
            #expect(try fails("scale-shift", bad))
        }
        let wide = Tensor([Float](repeating: .nan, count: 40), shape: [2, 20])
        for bad in [nil, .embeddings(Tensor(zeros: [2, 19])), .embeddings(wide), .ids([0, 1])] as [ClassLabels?] {
            #expect(try fails("resnet", bad))
        }
    }

    @Test func picturesThatAreMirroredNeedTwoPixels() throws {
        let network = try network("karras")
        #expect(throws: DiffusionError.self) { try network.predict(Tensor(zeros: [1, 3, 2, 2]), timesteps: [1]) }
        #expect(try network.predict(Tensor(zeros: [1, 3, 4, 4]), timesteps: [1]).shape == [1, 3, 4, 4])
    }
}
