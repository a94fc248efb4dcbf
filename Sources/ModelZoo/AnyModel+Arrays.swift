import Checkpoints
public import DualEncoder
import ImageClassifiers
import SentenceEncoder
public import TensorCore

/// Arrays through a model, named as in the forward function of the reference.
extension AnyModel {
    /// The arrays that ``run(_:outputs:)`` takes. An image classifier needs its one; a dual encoder takes
    /// `pixel_values`, `input_ids` or both, and `attention_mask` with the ids; a sentence encoder needs `input_ids` and
    /// takes `attention_mask` (all ones where left out) and `token_type_ids` (zeros).
    public var inputNames: [String] { family.inputNames }

    /// The arrays that ``run(_:outputs:)`` gives where it is given everything.
    public var outputNames: [String] { family.outputNames.filter(gives) }

    /// The arrays that ``run(_:outputs:)`` can give for the named inputs.
    ///
    /// - Throws: ``ModelError/inputs(expected:found:)`` where the model has no use for one of them, or needs more.
    public func outputNames(given inputs: some Collection<String>) throws(ModelError) -> [String] {
        let possible = try family.outputNames(given: inputs)
        let own = possible.filter(gives)
        // Where nothing is left, running says what the model lacks.
        return own.isEmpty ? possible : own
    }

    /// Whether this model of its family has an output: a checkpoint may be one tower of a dual encoder, and folders of
    /// transformers do not say how tokens become a sentence's vector.
    private func gives(_ output: String) -> Bool {
        switch (self, output) {
        case (.dualEncoder(let model), "image_embeds"): model.imageSize != nil
        case (.dualEncoder(let model), "text_embeds"): model.contextLength > 0
        case (.dualEncoder(let model), "logits_per_image"): model.imageSize != nil && model.contextLength > 0
        case (.sentenceEncoder(let model), "sentence_embedding"):
            FileSystem.isRegularFile(FileSystem.join(model.folder, "modules.json"))
        default: true
        }
    }

    /// Runs the model on arrays.
    ///
    /// - Parameters:
    ///   - inputs: arrays of ``inputNames``, in PyTorch's shapes; ids and masks are 64-bit integers.
    ///   - outputs: what to compute, of those that ``outputNames(given:)`` and ``Family/extraOutputNames(given:)``
    ///     list; logits alone take the least.
    /// - Throws: ``ModelError`` where an input is missing or misshapen.
    public func run(_ inputs: [String: Tensor], outputs: [String]) throws(ModelError) -> [String: Tensor] {
        let possible = try family.outputNames(given: inputs.keys) + family.extraOutputNames(given: inputs.keys)
        if let output = outputs.first(where: { !possible.contains($0) }) {
            throw .inputs(expected: "what \(output) is made of", found: family.listed(inputs.keys))
        }
        switch self {
        case .imageClassifier(let model): return try Self.run(model, inputs, outputs)
        case .dualEncoder(let model): return try Self.run(model, inputs, outputs)
        case .sentenceEncoder(let model): return try Self.run(model, inputs, outputs)
        }
    }

    private static func run(
        _ model: ImageClassifier, _ inputs: [String: Tensor], _ outputs: [String]
    ) throws(ModelError) -> [String: Tensor] {
        guard let pixels = inputs["pixel_values"] else { return [:] }
        do throws(ImageClassifierError) {
            if outputs == ["logits"] { return ["logits": try model.logits(pixels)] }
            let result = try model.outputs(pixels)
            let all = ["logits": result.logits, "features": result.features, "feature_map": result.featureMap]
            return all.filter { outputs.contains($0.key) }
        } catch { throw .imageClassifier(error) }
    }

    private static func run(
        _ model: DualEncoder, _ inputs: [String: Tensor], _ outputs: [String]
    ) throws(ModelError) -> [String: Tensor] {
        do throws(DualEncoderError) {
            var results: [String: Tensor] = [:]
            let wantsLogits = outputs.contains("logits_per_image")
            if let pixels = inputs["pixel_values"], wantsLogits || outputs.contains("image_embeds") {
                results["image_embeds"] = try model.imageEmbeddings(pixels)
            }
            if let ids = inputs["input_ids"], wantsLogits || outputs.contains("text_embeds") {
                results["text_embeds"] = try model.textEmbeddings(ids, attentionMask: inputs["attention_mask"])
            }
            if let ids = inputs["input_ids"], outputs.contains("last_hidden_state") {
                let states = try model.textStates(ids, attentionMask: inputs["attention_mask"])
                results["last_hidden_state"] = states.lastHiddenState
            }
            if wantsLogits, let images = results["image_embeds"], let texts = results["text_embeds"] {
                results["logits_per_image"] = model.logitsPerImage(images, texts)
            }
            return results.filter { outputs.contains($0.key) }
        } catch { throw .dualEncoder(error) }
    }

    private static func run(
        _ model: SentenceEncoder, _ inputs: [String: Tensor], _ outputs: [String]
    ) throws(ModelError) -> [String: Tensor] {
        guard let ids = inputs["input_ids"] else { return [:] }
        do throws(SentenceEncoderError) {
            let result = try model.outputs(
                inputIDs: ids, attentionMask: inputs["attention_mask"], tokenTypeIDs: inputs["token_type_ids"])
            var results = ["last_hidden_state": result.lastHiddenState]
            if outputs.contains("sentence_embedding") {
                guard let embedding = result.sentenceEmbedding else { throw .noPooling(folder: model.folder) }
                results["sentence_embedding"] = embedding
            }
            return results.filter { outputs.contains($0.key) }
        } catch { throw .sentenceEncoder(error) }
    }
}

extension AnyModel.Family {
    /// The arrays that a model of this family takes, see ``AnyModel/inputNames``.
    public var inputNames: [String] {
        switch self {
        case .imageClassifier: ["pixel_values"]
        case .dualEncoder: ["pixel_values", "input_ids", "attention_mask"]
        case .sentenceEncoder: ["input_ids", "attention_mask", "token_type_ids"]
        }
    }

    /// The arrays that it gives where it is given everything.
    public var outputNames: [String] {
        switch self {
        case .imageClassifier: ["logits", "features", "feature_map"]
        case .dualEncoder: ["image_embeds", "text_embeds", "logits_per_image"]
        case .sentenceEncoder: ["last_hidden_state", "sentence_embedding"]
        }
    }

    /// The arrays that it can give for the named inputs.
    ///
    /// - Throws: ``ModelError/inputs(expected:found:)`` where it has no use for one of them, or needs more.
    public func outputNames(given inputs: some Collection<String>) throws(ModelError) -> [String] {
        func failure() -> ModelError { .inputs(expected: usage, found: listed(inputs)) }
        guard inputs.allSatisfy(inputNames.contains) else { throw failure() }
        let (hasPixels, hasText) = (inputs.contains("pixel_values"), inputs.contains("input_ids"))
        switch self {
        case .imageClassifier:
            guard hasPixels else { throw failure() }
            return outputNames
        case .dualEncoder:
            guard hasPixels || hasText, hasText || !inputs.contains("attention_mask") else { throw failure() }
            return outputNames.filter { name in
                switch name {
                case "image_embeds": hasPixels
                case "text_embeds": hasText
                default: hasPixels && hasText
                }
            }
        case .sentenceEncoder:
            guard hasText else { throw failure() }
            return outputNames
        }
    }

    /// Arrays beyond ``outputNames(given:)`` that it gives for the named inputs where they are asked for: of a dual
    /// encoder the states of a text's tokens, which condition image generators.
    public func extraOutputNames(given inputs: some Collection<String>) -> [String] {
        self == .dualEncoder && inputs.contains("input_ids") ? ["last_hidden_state"] : []
    }

    /// The towers of a dual encoder that the named inputs need.
    public static func towers(for inputs: some Collection<String>) -> Set<DualEncoder.Tower> {
        var towers: Set<DualEncoder.Tower> = []
        if inputs.contains("pixel_values") { towers.insert(.image) }
        if inputs.contains("input_ids") { towers.insert(.text) }
        return towers
    }

    /// The inputs in a sentence.
    public var usage: String {
        switch self {
        case .imageClassifier: "pixel_values"
        case .dualEncoder: "pixel_values, input_ids [, attention_mask], or both"
        case .sentenceEncoder: "input_ids [, attention_mask, token_type_ids]"
        }
    }

    fileprivate func listed(_ names: some Collection<String>) -> String {
        names.isEmpty ? "nothing" : names.sorted().joined(separator: ", ")
    }
}
