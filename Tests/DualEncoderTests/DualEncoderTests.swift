import Checkpoints
import Dispatch
import DualEncoder
import Foundation
import JSON
import Layers
import Media
import Synchronization
import TensorCore
import TestSupport
import Testing

/// Towers, batches, inputs, folders.
@Suite struct DualEncoderTests {
    private func encoder(_ model: String, threads: Int = 2, tier: Tier? = nil) throws -> DualEncoder {
        try DualEncoder(folder: DualEncoderFixtures.path(model), runtime: Runtime(threads: threads, tier: tier))
    }

    @Test(arguments: DualEncoderFixtures.models)
    func aBatchIsItsParts(model: String) throws {
        let encoder = try encoder(model)
        for reference in try DualEncoderFixtures.cases(model) {
            if let pixels = reference.pixels {
                let together = try encoder.imageEmbeddings(pixels).floats
                let single = try (0..<pixels.shape[0]).flatMap {
                    try encoder.imageEmbeddings(pixels.rows($0..<$0 + 1)).floats
                }
                #expect(bitDifference(together, single) == nil)
            }
            if let ids = reference.ids {
                let together = try encoder.textEmbeddings(ids, attentionMask: reference.mask).floats
                let single = try (0..<ids.shape[0]).flatMap { row in
                    try encoder.textEmbeddings(
                        ids.rows(row..<row + 1), attentionMask: reference.mask?.rows(row..<row + 1)
                    ).floats
                }
                #expect(bitDifference(together, single) == nil)
                let many = (0..<200).flatMap { _ in ids.integers }
                let masks = reference.mask.map { mask in (0..<200).flatMap { _ in mask.integers } }
                let shape = Shape(200 * ids.shape[0], ids.shape[1])
                let repeated = try encoder.textEmbeddings(
                    Tensor(integers: many, shape: shape),
                    attentionMask: masks.map { Tensor(integers: $0, shape: shape) })
                #expect(bitDifference(Array(repeated.floats.suffix(together.count)), together) == nil)
            }
        }
    }

    /// NU03
    @Test(.enabled(if: Tier.bitEqual.count == 2), arguments: DualEncoderFixtures.models)
    func tiersGiveTheSameBits(model: String) throws {
        let results = try Tier.bitEqual.map { tier in
            let encoder = try encoder(model, tier: tier)
            return try DualEncoderFixtures.cases(model).flatMap { try encoder.outputs($0).flatMap(\.tensor.floats) }
        }
        #expect(bitDifference(results[0], results[1]) == nil)
    }

    @Test(arguments: DualEncoderFixtures.models.filter { $0.contains("clip") && !$0.contains("vision") })
    func whatFollowsTheEndDoesNotMatter(model: String) throws {
        guard model != "open_clip-custom-text" else { return }
        let encoder = try encoder(model)
        let reference = try #require(try DualEncoderFixtures.cases(model).first { $0.ids != nil })
        let ids = try #require(reference.ids)
        let expected = try encoder.textEmbeddings(ids)
        let states = try encoder.textStates(ids)
        #expect(states.lastHiddenState.shape.dimensions[..<2] == ids.shape.dimensions[...])
        #expect(states.pooled.shape[0] == ids.shape[0])
        // Other numbers behind the end, all smaller than its own, and masks that hide them.
        let end = ids.integers.max() ?? 0
        var changed = ids.integers
        var mask = [Int64](repeating: 1, count: changed.count)
        for row in 0..<ids.shape[0] {
            let range = row * ids.shape[1]..<(row + 1) * ids.shape[1]
            guard let place = ids.integers[range].firstIndex(of: end) else { continue }
            for index in place + 1..<range.upperBound {
                changed[index] = (changed[index] + 7) % (end - 1)
                mask[index] = 0
            }
        }
        let other = try encoder.textEmbeddings(
            Tensor(integers: changed, shape: ids.shape), attentionMask: Tensor(integers: mask, shape: ids.shape))
        #expect(bitDifference(other.floats, expected.floats) == nil)
        // The pooled state is the last hidden state at the end.
        let width = states.pooled.shape[1]
        let place = try #require(ids.integers.prefix(ids.shape[1]).firstIndex(of: end))
        let row = Array(states.lastHiddenState.floats[place * width..<(place + 1) * width])
        #expect(bitDifference(row, Array(states.pooled.floats.prefix(width))) == nil)
        // Nor does it that texts are cut there: without a projection, both must be the same bits.
        if model == "transformers-clip-text" { #expect(bitDifference(states.pooled.floats, expected.floats) == nil) }
    }

    @Test func cuttingATextChangesNoBit() throws {
        let encoder = try encoder("transformers-clip-text")
        var generator = SeededGenerator(seed: 1)
        for place in 0..<12 {
            var ids = (0..<12).map { _ in Int64.random(in: 3..<48, using: &generator) }
            ids[place] = 50
            let whole = Tensor(integers: ids, shape: [1, 12])
            let cut = Tensor(integers: Array(ids[...place]), shape: [1, place + 1])
            let expected = try encoder.textStates(whole).pooled.floats
            #expect(bitDifference(try encoder.textEmbeddings(whole).floats, expected) == nil)
            #expect(bitDifference(try encoder.textStates(cut).pooled.floats, expected) == nil)
        }
    }

    @Test(arguments: DualEncoderFixtures.wholeModels)
    func towersByThemselves(model: String) throws {
        let whole = try encoder(model)
        #expect(whole.towers == [.image, .text])
        let reference = try #require(try DualEncoderFixtures.cases(model).first)
        let (pixels, ids) = (try #require(reference.pixels), try #require(reference.ids))
        let folder = DualEncoderFixtures.path(model)
        let image = try DualEncoder(folder: folder, towers: [.image])
        let text = try DualEncoder(folder: folder, towers: [.text])
        #expect(image.towers == [.image] && text.towers == [.text])
        #expect(image.parameterCount == whole.parameterCount && text.parameterCount == whole.parameterCount)
        #expect(image.weightBytes < whole.weightBytes && text.weightBytes < whole.weightBytes)
        let images = try image.imageEmbeddings(pixels)
        let texts = try text.textEmbeddings(ids, attentionMask: reference.mask)
        #expect(bitDifference(images.floats, try whole.imageEmbeddings(pixels).floats) == nil)
        #expect(image.logitScale == whole.logitScale && text.logitBias == whole.logitBias)
        let logits = text.logitsPerImage(images, texts)
        if let expected = reference.outputs["logits_per_image"] { #expect(mismatch(logits, expected) == nil) }
        for (error, tower) in [
            (#expect(throws: DualEncoderError.self) { try image.textEmbeddings(ids) }, "text"),
            (#expect(throws: DualEncoderError.self) { try text.imageEmbeddings(pixels) }, "image"),
        ] {
            guard case .towerNotLoaded(folder, tower) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test func towersThatAreNotThere() throws {
        let text = try encoder("transformers-clip-text-projection")
        let image = try encoder("transformers-siglip-vision")
        #expect(text.towers == [.text] && text.imageSize == nil && text.contextLength == 12)
        #expect(image.towers == [.image] && image.contextLength == 0)
        for call in [
            { _ = try text.imageEmbeddings(Tensor(zeros: [1, 3, 24, 24])) }, { _ = try text.preprocessing() },
            { _ = try image.textEmbeddings(Tensor(integers: [1], shape: [1, 1])) }, { _ = try image.tokenizer() },
            { _ = try image.embed(texts: ["a"]) },
        ] as [() throws -> Void] {
            let error = #expect(throws: DualEncoderError.self, performing: call)
            guard case .noTower = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test(arguments: [[], [12], [1, 13], [1, 0], [1, 1, 4]])
    func shapesOfIDs(shape: [Int]) throws {
        let encoder = try encoder("transformers-clip")
        let ids = Tensor(integers: .init(repeating: 573, count: shape.reduce(1, *)), shape: Shape(shape))
        try expectInputError { _ = try encoder.textEmbeddings(ids) }
    }

    private func expectInputError(_ body: () throws -> Void) throws {
        let error = #expect(throws: DualEncoderError.self, performing: body)
        guard case .input = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func valuesOfIDs() throws {
        let encoder = try encoder("transformers-clip-gelu")
        for ids in [[1, 2, 60], [1, 2, -1], [1, 2, Int64.max], [1, 2, 3]] {
            try expectInputError { _ = try encoder.textEmbeddings(Tensor(integers: ids, shape: [1, 3])) }
        }
        try expectInputError { _ = try encoder.textEmbeddings(Tensor(zeros: [1, 3])) }
        let ids = Tensor(integers: [1, 2, 50], shape: [1, 3])
        for mask in [[0, 1, 1], [1, 2, 1], [-1, 1, 1]] as [[Int64]] {
            try expectInputError {
                _ = try encoder.textEmbeddings(ids, attentionMask: Tensor(integers: mask, shape: [1, 3]))
            }
        }
        try expectInputError {
            _ = try encoder.textEmbeddings(ids, attentionMask: Tensor(integers: [1, 1], shape: [1, 2]))
        }
        #expect(try encoder.textEmbeddings(Tensor(integers: [], shape: [0, 3])).shape == [0, 12])
        let siglip = try self.encoder("transformers-siglip-text")
        try expectInputError {
            _ = try siglip.textEmbeddings(ids, attentionMask: Tensor(integers: [0, 0, 0], shape: [1, 3]))
        }
    }

    @Test(arguments: [
        [], [24], [3, 24, 24], [1, 1, 24, 24], [1, 4, 24, 24], [1, 24, 24, 3], [1, 3, 0, 24], [1, 3, 2, 24],
    ])
    func shapesOfImages(shape: [Int]) throws {
        for model in ["transformers-clip", "transformers-siglip", "open_clip-vit-gelu", "open_clip-resnet"] {
            let encoder = try encoder(model)
            try expectInputError { _ = try encoder.imageEmbeddings(Tensor(zeros: Shape(shape))) }
        }
    }

    @Test func imagesOfOtherSizes() throws {
        let resNet = try encoder("open_clip-resnet")
        try expectInputError { _ = try resNet.imageEmbeddings(Tensor(zeros: [1, 3, 96, 96])) }
        for model in ["transformers-clip", "open_clip-vit-gelu", "transformers-siglip"] {
            let encoder = try encoder(model)
            let ones = Tensor([Float](repeating: 1, count: 3 * 33 * 70), shape: [1, 3, 33, 70])
            #expect(try encoder.imageEmbeddings(ones).firstNonFinite == nil)
        }
        #expect(try resNet.imageEmbeddings(Tensor(zeros: [0, 3, 64, 64])).shape == [0, 20])
    }

    @Test func preprocessingOfAnotherSize() throws {
        let folder = try TemporaryFolder()
        let source = DualEncoderFixtures.path("transformers-clip")
        for name in ["config.json", "model.safetensors"] {
            try folder.write(FileSystem.read("\(source)/\(name)", limit: 1 << 20), as: name)
        }
        let bare = try DualEncoder(folder: folder.path)
        let missing = #expect(throws: DualEncoderError.self) { try bare.preprocessing() }
        guard case .noPreprocessing(folder.path, "preprocessor_config.json") = missing else {
            Issue.record("\(String(describing: missing))")
            return
        }
        let rule = #"{"image_processor_type":"CLIPImageProcessor","crop_size":32,"size":32}"#
        try folder.write(rule, as: "preprocessor_config.json")
        let error = #expect(throws: DualEncoderError.self) { try DualEncoder(folder: folder.path).preprocessing() }
        guard case .config(.value(_, "crop_size", _, _)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        // Newer files keep the same inside of the whole processor's; that comes first.
        let inner = #"{"image_processor":{"image_processor_type":"CLIPImageProcessor","crop_size":24,"size":24}}"#
        try folder.write(inner, as: "processor_config.json")
        #expect(try DualEncoder(folder: folder.path).preprocessing().outputHeight == 24)
    }

    @Test func brokenWeights() throws {
        for (tensor, output) in [
            ("visual_projection.weight", "image_embeds"), ("text_model.final_layer_norm.bias", "text_embeds"),
        ] {
            var source = EditedSource(try DualEncoderFixtures.checkpoint("transformers-clip-gelu"))
            source.fill(tensor, with: .nan)
            let encoder = try DualEncoderFixtures.build(
                "transformers-clip-gelu", source: source, runtime: Runtime(threads: 1))
            let error = #expect(throws: DualEncoderError.self) {
                _ = try encoder.imageEmbeddings(Tensor(zeros: [1, 3, 24, 24]))
                _ = try encoder.textEmbeddings(Tensor(integers: [1, 50], shape: [1, 2]))
            }
            guard case .notFinite(output, 0) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        for value in [Float.nan, .infinity] {
            var source = EditedSource(try DualEncoderFixtures.checkpoint("transformers-clip-gelu"))
            source.fill("logit_scale", with: value)
            #expect(throws: DualEncoderError.self) {
                try DualEncoderFixtures.build("transformers-clip-gelu", source: source, runtime: Runtime(threads: 1))
            }
        }
    }

    @Test(arguments: DualEncoderFixtures.wholeModels)
    func costs(model: String) throws {
        let encoder = try encoder(model)
        let plans = try DualEncoder(folder: DualEncoderFixtures.path(model), plansOnly: true)
        let reference = try #require(try DualEncoderFixtures.cases(model).first)
        let (pixels, ids) = (try #require(reference.pixels), try #require(reference.ids))
        for _ in 0..<3 { _ = try encoder.profile(pixelValues: pixels) }
        let images = try encoder.profile(pixelValues: pixels)
        #expect(images.allocations == 0)
        let imagePlan = try plans.plan(.image, batch: pixels.shape[0])
        #expect(images.flops == imagePlan.flops)
        for _ in 0..<3 { _ = try encoder.profile(inputIDs: ids) }
        let texts = try encoder.profile(inputIDs: ids)
        #expect(texts.allocations == 0)
        // Texts are cut behind their end where that changes nothing.
        let textPlan = try plans.plan(.text, batch: ids.shape[0])
        #expect(texts.flops > 0 && texts.flops <= textPlan.flops)
        #expect(throws: DualEncoderError.self) { try plans.plan(.text, batch: 0) }
    }

    /// NU09
    @Test func embeddingsOfLengthZero() throws {
        let encoder = try encoder("transformers-clip-gelu")
        let zeros = Tensor(zeros: [2, 12])
        #expect(encoder.logitsPerImage(zeros, zeros).floats == [0, 0, 0, 0])
        let tiny = Tensor([Float](repeating: .leastNonzeroMagnitude, count: 12), shape: [1, 12])
        let logits = encoder.logitsPerImage(tiny, tiny).floats
        #expect(abs(logits[0] - encoder.logitScale) < 1e-3 * encoder.logitScale)
    }

    @Test func usedFromSeveralThreadsAtOnce() throws {
        let encoder = try encoder("transformers-clip")
        let reference = try #require(try DualEncoderFixtures.cases("transformers-clip").first)
        let expected = try encoder.outputs(reference).flatMap(\.tensor.floats)
        let differences = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 32) { _ in
            do {
                let found = try encoder.outputs(reference).flatMap(\.tensor.floats)
                if let difference = bitDifference(found, expected) { differences.withLock { $0.append(difference) } }
            } catch {
                differences.withLock { $0.append("\(error)") }
            }
        }
        #expect(differences.withLock { $0 } == [])
    }
}
