import Checkpoints
import Foundation
import ModelZoo
import TensorCore
import TestSupport
import Testing

/// Models of every family behind one door.
@Suite struct AnyModelTests {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
    private static let resnet = "\(tests)/ImageClassifiersTests/Fixtures/transformers-resnet-basic"
    private static let minilm = "\(tests)/SentenceEncoderTests/Fixtures/minilm"
    /// A folder of transformers, which does not say how tokens become a sentence's vector.
    private static let bert = "\(tests)/SentenceEncoderTests/Fixtures/bert-pretraining"
    private static let clip = "\(tests)/DualEncoderTests/Fixtures/transformers-clip"
    private static func audio(_ name: String) -> String { "\(tests)/AudioEncoderTests/Fixtures/\(name)" }
    private let runtime = Runtime(threads: 2)

    @Test(arguments: [
        (resnet, AnyModel.Family.imageClassifier, "ResNet"), (minilm, .sentenceEncoder, "BERT"),
        (clip, .dualEncoder, "CLIP"), (audio("wav2vec2-base"), .audioEncoder, "wav2vec 2.0"),
    ])
    func theFolderDecides(folder: String, family: AnyModel.Family, architecture: String) throws {
        #expect(AnyModel.Family(folder: folder) == family)
        let model = try AnyModel(folder: folder, runtime: runtime, plansOnly: true)
        #expect(model.family == family && model.architecture == architecture && model.folder == folder)
        #expect(model.parameterCount > 1000 && model.weightBytes > 0)
        #expect(model.inputNames == family.inputNames)
        #expect(model.outputNames == (family == .audioEncoder ? ["logits"] : family.outputNames))
        #expect(try (model.preprocessing() == nil) == [.sentenceEncoder, .audioEncoder].contains(family))
        #expect(try (model.tokenizer() == nil) == [.imageClassifier, .audioEncoder].contains(family))
    }

    /// What no family knows is left to the classifiers, whose error lists what there is.
    @Test func anUnknownFolderSaysWhatIsKnown() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"architectures": ["NoSuchModel"]}"#, as: "config.json")
        try Data(contentsOf: URL(filePath: "\(Self.resnet)/model.safetensors"))
            .write(to: URL(filePath: folder.path("model.safetensors")))
        let error = #expect(throws: ModelError.self) { try AnyModel(folder: folder.path, runtime: runtime) }
        guard case .imageClassifier(.config) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains("ResNetForImageClassification") == true)
        #expect(error?.isAboutInput == false)
    }

    /// Outputs follow from the inputs that are given.
    @Test(arguments: [
        (AnyModel.Family.imageClassifier, ["pixel_values"], ["logits", "features", "feature_map"]),
        (.dualEncoder, ["pixel_values"], ["image_embeds"]), (.dualEncoder, ["input_ids"], ["text_embeds"]),
        (.dualEncoder, ["attention_mask", "input_ids"], ["text_embeds"]),
        (.dualEncoder, ["input_ids", "pixel_values"], ["image_embeds", "text_embeds", "logits_per_image"]),
        (.sentenceEncoder, ["input_ids"], ["last_hidden_state", "sentence_embedding"]),
        (.sentenceEncoder, ["input_ids", "token_type_ids"], ["last_hidden_state", "sentence_embedding"]),
        (.audioEncoder, ["input_values"], ["logits", "last_hidden_state"]),
        (.audioEncoder, ["attention_mask", "input_values"], ["logits", "last_hidden_state"]),
    ])
    func outputsFollowFromInputs(family: AnyModel.Family, inputs: [String], outputs: [String]) throws {
        #expect(try family.outputNames(given: inputs) == outputs)
    }

    @Test(arguments: [
        (AnyModel.Family.imageClassifier, []), (.imageClassifier, ["input_ids"]),
        (.imageClassifier, ["pixel_values", "x"]), (.dualEncoder, []), (.dualEncoder, ["attention_mask"]),
        (.dualEncoder, ["attention_mask", "pixel_values"]), (.dualEncoder, ["pixel_values", "token_type_ids"]),
        (.sentenceEncoder, ["attention_mask"]), (.sentenceEncoder, ["pixel_values"]),
        (.audioEncoder, ["attention_mask"]), (.audioEncoder, ["input_ids"]), (.audioEncoder, []),
    ])
    func uselessInputsAreErrors(family: AnyModel.Family, inputs: [String]) throws {
        let error = #expect(throws: ModelError.self) { try family.outputNames(given: inputs) }
        #expect(error?.isAboutInput == true)
        #expect(error?.description.contains(family.usage) == true)
    }

    @Test func towersFollowFromInputs() {
        #expect(AnyModel.Family.towers(for: ["pixel_values"]) == [.image])
        #expect(AnyModel.Family.towers(for: ["input_ids", "attention_mask"]) == [.text])
        #expect(AnyModel.Family.towers(for: ["input_ids", "pixel_values"]) == [.image, .text])
    }

    /// Every stored case of every family, and that measuring computes the same shapes.
    @Test(arguments: [resnet, minilm, bert, clip, audio("wav2vec2-base"), audio("classifier"), audio("wavlm")])
    func casesAreTheReferences(folder: String) throws {
        let references = try ReferenceCases(model: folder)
        let model = try AnyModel(folder: folder, runtime: runtime)
        for reference in references.cases {
            var inputs: [String: Tensor] = [:]
            for (name, file) in reference.inputs { inputs[name] = try references.tensor(file) }
            let names = reference.outputs.keys.sorted()
            let results = try model.run(inputs, outputs: names)
            #expect(results.keys.sorted() == names, "only what is asked for")
            for (name, file) in reference.outputs {
                let comparison = Comparison(try #require(results[name]), reference: try references.tensor(file))
                #expect(comparison.passes(tolerance: 1e-4), "\(reference.name) \(name): \(comparison)")
            }
            #expect(try model.profile(inputs).flops > 0)
            #expect(try model.profile(inputs).allocations == 0)
        }
        #expect(!references.cases.isEmpty)
    }

    /// What an audio encoder gives, and what it is for, follow from its head.
    @Test(arguments: [
        ("hubert", "automatic-speech-recognition", ["logits"], ["last_hidden_state", "greedy_ids", "hidden_states"]),
        ("classifier", "audio-classification", ["logits"], ["last_hidden_state", "hidden_states"]),
    ])
    func headsDecide(name: String, task: String, outputs: [String], extra: [String]) throws {
        let model = try AnyModel(folder: Self.audio(name), runtime: runtime)
        #expect(model.task == task && model.outputNames == outputs)
        #expect(model.extraOutputNames(given: ["input_values"]) == extra)
        #expect(model.extraOutputNames(given: []).isEmpty)
        let sound = Tensor(shape: Shape(1, 2000)) { values in
            for index in values.indices { values[index] = Float(index % 17) / 8 - 1 }
        }
        let found = try model.run(["input_values": sound], outputs: outputs + extra)
        #expect(found.keys.sorted() == (outputs + extra).sorted())
        let states = try #require(found["hidden_states"]?.shape)
        #expect(states.rank == 4 && states.dimensions.dropFirst() == found["last_hidden_state"]?.shape.dimensions[...])
        guard let ids = found["greedy_ids"], let logits = found["logits"] else {
            let error = #expect(throws: ModelError.self) {
                try model.run(["input_values": sound], outputs: ["greedy_ids"])
            }
            #expect(error?.description.contains("has no output greedy_ids, it gives logits") == true)
            #expect(error?.isAboutInput == false)
            return
        }
        let (values, width) = (logits.floats, logits.shape[2])
        for (frame, id) in ids.integers.enumerated() {
            let row = values[frame * width..<(frame + 1) * width]
            #expect(row.max() == row[row.startIndex + Int(id)])
        }
    }

    @Test func aFolderWithoutPoolingGivesNoSentences() throws {
        let model = try AnyModel(folder: Self.bert, runtime: runtime)
        #expect(model.outputNames == ["last_hidden_state"])
        let ids = Tensor(integers: [2, 5, 3], shape: Shape(1, 3))
        #expect(try model.outputNames(given: ["input_ids"]) == ["last_hidden_state"])
        let error = #expect(throws: ModelError.self) {
            try model.run(["input_ids": ids], outputs: ["sentence_embedding"])
        }
        #expect(error?.description.contains("modules.json") == true)
    }

    @Test func theEightyTemplates() {
        let templates = PromptTemplates.openAI80
        #expect(templates.count == 80 && Set(templates).count == 80)
        #expect(templates.allSatisfy { $0.split(separator: "{}", omittingEmptySubsequences: false).count == 2 })
        #expect(templates.first == "a bad photo of a {}." && templates.last == "a tattoo of the {}.")
        #expect(PromptTemplates.named("openai-80") == templates && PromptTemplates.named("openai") == nil)
    }
}
