import Checkpoints
import DualEncoder
import JSON
import Media
import TensorCore
import TestSupport
import Testing
import Text

/// Texts, labels and probabilities against the references' own classification.
@Suite struct ZeroShotTests {
    /// What a manifest says of a model's classification.
    struct Reference {
        var folder: String
        var image: Image
        var labels: [String]
        var templates: [String]
        var prompts: [String]
        var inputIDs: Tensor
        var probabilities: [Float]

        init(_ model: String) throws {
            folder = DualEncoderFixtures.path(model)
            let entry = try DualEncoderFixtures.manifest(model).object("zero_shot")
            image = try ImageDecoder.decode(path: folder + "/ref/" + entry.string("image"))
            labels = try entry.strings("labels", count: 1...100)
            templates = try entry.strings("templates", count: 1...100)
            prompts = try entry.strings("prompts", count: 1...100)
            inputIDs = try DualEncoderFixtures.tensor(folder + "/ref/" + entry.string("input_ids"))
            probabilities = try DualEncoderFixtures.tensor(folder + "/ref/" + entry.string("probabilities")).floats
        }
    }

    private static let models = DualEncoderFixtures.modelsWithProbabilities

    private func encoder(_ model: String, threads: Int = 2) throws -> DualEncoder {
        try DualEncoder(folder: DualEncoderFixtures.path(model), runtime: Runtime(threads: threads))
    }

    @Test(arguments: models)
    func tokenIDs(model: String) throws {
        let reference = try Reference(model)
        let found = try encoder(model).inputIDs(reference.prompts)
        #expect(found.inputIDs.shape == reference.inputIDs.shape)
        #expect(found.inputIDs.integers == reference.inputIDs.integers)
        #expect(found.attentionMask.shape == reference.inputIDs.shape)
    }

    /// SigLIP's texts have a fixed length, so they can be filled up on either side; CLIP's would change with the batch.
    @Test func textsFilledUpAtTheirStart() throws {
        func moved(_ model: String) throws -> (folder: TemporaryFolder, encoder: DualEncoder) {
            let folder = try TemporaryFolder()
            let source = DualEncoderFixtures.path(model)
            for name in try FileSystem.list(source).names where FileSystem.isRegularFile("\(source)/\(name)") {
                try folder.write(FileSystem.read("\(source)/\(name)", limit: 1 << 24), as: name)
            }
            let path = "\(source)/tokenizer_config.json"
            var object = try Config(file: path, bytes: FileSystem.read(path, limit: 1 << 20)).object
            object.append(key: "padding_side", value: .string("left"))
            try folder.write(JSONValue.object(object).serialized(), as: "tokenizer_config.json")
            return (folder, try DualEncoder(folder: folder.path, runtime: Runtime(threads: 1)))
        }
        let siglip = try moved("transformers-siglip")
        let left = try siglip.encoder.inputIDs(["a cat"])
        let right = try encoder("transformers-siglip").inputIDs(["a cat"])
        let count = Int(right.attentionMask.integers.reduce(0, +))
        #expect(Array(left.inputIDs.integers.suffix(count)) == Array(right.inputIDs.integers.prefix(count)))
        #expect(left.attentionMask.integers == right.attentionMask.integers.reversed())
        let clip = try moved("transformers-clip")
        let error = #expect(throws: DualEncoderError.self) { try clip.encoder.inputIDs(["a cat", "two cats"]) }
        #expect(error?.description.contains("padding_side") == true)
    }

    @Test(arguments: models)
    func probabilities(model: String) throws {
        let reference = try Reference(model)
        let encoder = try encoder(model)
        let rows = try encoder.classify(
            [reference.image, reference.image], labels: reference.labels, templates: reference.templates)
        #expect(rows.count == 2 && rows[0] == rows[1])
        #expect(rows[0].map(\.index).sorted() == Array(reference.labels.indices))
        for prediction in rows[0] {
            #expect(prediction.label == reference.labels[prediction.index])
            let expected = reference.probabilities[prediction.index]
            #expect(abs(prediction.score - expected) <= 1e-4, "\(prediction), expected \(expected)")
        }
        #expect(rows[0].map(\.score) == rows[0].map(\.score).sorted(by: >))
        let total = rows[0].map(\.score).reduce(0, +)
        if !encoder.hasSigmoid { #expect(abs(total - 1) < 1e-5) }
    }

    @Test(arguments: models)
    func labelsDoNotChangeEachOther(model: String) throws {
        let reference = try Reference(model)
        let encoder = try encoder(model)
        let matrix = try encoder.classMatrix(labels: reference.labels, templates: reference.templates)
        for (index, label) in reference.labels.enumerated() {
            let alone = try encoder.classMatrix(labels: [label], templates: reference.templates)
            #expect(bitDifference(alone.floats, matrix.rows(index..<index + 1).floats) == nil)
            let one = try encoder.classify([reference.image], labels: [label])[0]
            #expect(one.count == 1)
            if !encoder.hasSigmoid { #expect(one[0].score == 1) }
        }
        // Rows have length 1.
        for row in 0..<matrix.shape[0] {
            let length = matrix.rows(row..<row + 1).floats.reduce(0) { $0 + $1 * $1 }
            #expect(abs(length - 1) < 1e-5)
        }
        let twice = try encoder.classify([reference.image], labels: ["cat", "cat"])[0]
        #expect(twice.map(\.index) == [0, 1])
        #expect(twice[0].score == twice[1].score)
    }

    @Test(arguments: models)
    func textsAreTheSameInAnyCompany(model: String) throws {
        let reference = try Reference(model)
        let together = try encoder(model).embed(texts: reference.prompts)
        for threads in [1, 3] {
            let encoder = try encoder(model, threads: threads)
            for (index, prompt) in reference.prompts.enumerated() {
                let alone = try encoder.embed(texts: [prompt])
                #expect(bitDifference(alone.floats, together.rows(index..<index + 1).floats) == nil)
            }
            let reversed = try encoder.embed(texts: reference.prompts.reversed())
            #expect(bitDifference(reversed.rows(0..<1).floats, together.rows(7..<8).floats) == nil)
        }
    }

    @Test func manyLabels() throws {
        let encoder = try encoder("transformers-clip")
        let labels = (0..<1500).map { "cat \($0)" }
        let matrix = try encoder.classMatrix(labels: labels, templates: ["a {}", "{}."])
        #expect(matrix.shape == [1500, encoder.embeddingWidth])
        for index in [0, 511, 512, 1499] {
            let alone = try encoder.classMatrix(labels: [labels[index]], templates: ["a {}", "{}."])
            #expect(bitDifference(alone.floats, matrix.rows(index..<index + 1).floats) == nil)
        }
        let rows = encoder.predictions(Tensor(zeros: [1, encoder.embeddingWidth]), labels: labels, classMatrix: matrix)
        #expect(rows[0].map(\.index) == Array(labels.indices))
    }

    @Test func textsThatAreTooLong() throws {
        let encoder = try encoder("transformers-clip")
        let long = String(repeating: "cat ", count: 40)
        let error = #expect(throws: DualEncoderError.self) { try encoder.embed(texts: ["a cat", long]) }
        guard case .tokenizer(.tooLong(_, encoder.contextLength, _)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(throws: DualEncoderError.self) { try encoder.classMatrix(labels: [long], templates: ["{}"]) }
        let cut = try encoder.embed(texts: [long], truncates: true)
        #expect(cut.firstNonFinite == nil)
        #expect(try encoder.inputIDs([long], truncates: true).inputIDs.shape == [1, encoder.contextLength])
    }

    @Test func labelsAndTemplates() throws {
        let encoder = try encoder("transformers-clip")
        for (labels, templates) in [
            ([], ["{}"]), (["cat"], []), (["cat"], ["a photo"]), (["cat"], ["{"]), (["cat"], [""]),
        ] {
            let error = #expect(throws: DualEncoderError.self) {
                try encoder.classMatrix(labels: labels, templates: templates)
            }
            guard case .input = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        // A label may hold the mark, braces and marks of its own, and may be empty.
        let odd = try encoder.classMatrix(labels: ["{}", "{cat}", "", "cat"], templates: ["a {} {}"])
        let plain = try encoder.embed(texts: ["a {} {}", "a {cat} {cat}", "a  ", "a cat cat"])
        #expect(mismatch(odd, plain) == nil)
        #expect(try encoder.classify([], labels: ["cat"]).isEmpty)
        #expect(try encoder.embed(texts: []).shape == [0, encoder.embeddingWidth])
        #expect(try encoder.embed(images: []).shape == [0, encoder.embeddingWidth])
    }
}
