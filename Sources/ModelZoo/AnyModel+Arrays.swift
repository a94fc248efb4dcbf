import AudioEncoder
import Checkpoints
import Diffusion
public import DualEncoder
import GAN
import ImageClassifiers
import LatentDiffusion
import SentenceEncoder
public import TensorCore

/// Arrays through a model, named as in the forward function of the reference.
extension AnyModel {
    /// The arrays that ``run(_:outputs:)`` takes. An image classifier needs its one; a dual encoder takes
    /// `pixel_values`, `input_ids` or both, and `attention_mask` with the ids; a sentence encoder needs `input_ids` and
    /// takes `attention_mask` (all ones where left out) and `token_type_ids` (zeros); an audio encoder needs
    /// `input_values` and takes `attention_mask` (all ones); a GAN needs `z`, and `class_labels` and `truncation` as
    /// it was trained; a diffusion model needs `sample` and `timestep`, and `class_labels` where it has classes; a
    /// latent diffusion model takes `input_ids`, or `sample`, `timestep` and `encoder_hidden_states`, or `z`.
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
        case (.imageClassifier(let model), "logits"): model.hasClasses
        case (.dualEncoder(let model), "image_embeds"): model.imageSize != nil
        case (.dualEncoder(let model), "text_embeds"): model.contextLength > 0
        case (.dualEncoder(let model), "logits_per_image"): model.imageSize != nil && model.contextLength > 0
        case (.sentenceEncoder(let model), "sentence_embedding"):
            FileSystem.isRegularFile(FileSystem.join(model.folder, "modules.json"))
        case (.latentDiffusion(let model), "last_hidden_state"): model.pipeline != nil
        case (.latentDiffusion(let model), "noise_pred"): model.unet != nil
        case (.latentDiffusion(let model), "image"): model.autoencoder != nil
        case (.audioEncoder(let model), "logits"): model.head != .none
        case (.audioEncoder(let model), "last_hidden_state"): model.head == .none
        default: true
        }
    }

    /// Arrays beyond ``outputNames(given:)`` that ``run(_:outputs:)`` gives for the named inputs where they are asked
    /// for: of a dual encoder the states of a text's tokens, which condition image generators; of an audio encoder with
    /// a head the last layer's states, where the head is for CTC `greedy_ids`, each frame's best token, and of any
    /// `hidden_states`, what goes into the first block and what comes out of each, `[blocks + 1, B, frames, width]`.
    public func extraOutputNames(given inputs: some Collection<String>) -> [String] {
        guard case .audioEncoder(let model) = self, inputs.contains("input_values") else {
            return family.extraOutputNames(given: inputs)
        }
        return switch model.head {
        case .ctc: ["last_hidden_state", "greedy_ids", "hidden_states"]
        case .classification: ["last_hidden_state", "hidden_states"]
        case .none: ["hidden_states"]
        }
    }

    /// Runs the model on arrays.
    ///
    /// - Parameters:
    ///   - inputs: arrays of ``inputNames``, in PyTorch's shapes; ids and masks are 64-bit integers.
    ///   - outputs: what to compute, of those that ``outputNames(given:)`` and ``extraOutputNames(given:)`` list;
    ///     logits alone take the least.
    /// - Throws: ``ModelError`` where an input is missing or misshapen, or this model lacks an output.
    public func run(_ inputs: [String: Tensor], outputs: [String]) throws(ModelError) -> [String: Tensor] {
        let possible = try family.outputNames(given: inputs.keys) + family.extraOutputNames(given: inputs.keys)
        if let output = outputs.first(where: { !possible.contains($0) }) {
            throw .inputs(expected: "what \(output) is made of", found: family.listed(inputs.keys))
        }
        switch self {
        case .imageClassifier(let model): return try Self.run(model, inputs, outputs)
        case .dualEncoder(let model): return try Self.run(model, inputs, outputs)
        case .sentenceEncoder(let model): return try Self.run(model, inputs, outputs)
        case .audioEncoder(let model):
            let own = outputNames + extraOutputNames(given: inputs.keys)
            if let output = outputs.first(where: { !own.contains($0) }) {
                throw .noOutput(name: output, folder: folder, gives: own)
            }
            return try Self.run(model, inputs, outputs)
        case .gan(let model):
            guard let z = inputs["z"] else { return [:] }
            do throws(GANError) { return ["image": try model.generate(z, try model.options(inputs))] } catch {
                throw .gan(error)
            }
        case .diffusion(let model):
            guard let sample = inputs["sample"] else { return [:] }
            do throws(DiffusionError) {
                let prediction = try model.predict(
                    sample, timesteps: try model.timesteps(inputs), classes: try model.classes(inputs))
                return ["noise_pred": prediction]
            } catch { throw .diffusion(error) }
        case .latentDiffusion(let model):
            do throws(LatentDiffusionError) { return try model.run(inputs, outputs) } catch {
                throw .latentDiffusion(error)
            }
        }
    }

    private static func run(
        _ model: ImageClassifier, _ inputs: [String: Tensor], _ outputs: [String]
    ) throws(ModelError) -> [String: Tensor] {
        guard let pixels = inputs["pixel_values"] else { return [:] }
        do throws(ImageClassifierError) {
            if outputs == ["logits"] { return ["logits": try model.logits(pixels)] }
            guard model.hasClasses || !outputs.contains("logits") else { throw .noClasses(folder: model.folder) }
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

    private static func run(
        _ model: AudioEncoder, _ inputs: [String: Tensor], _ outputs: [String]
    ) throws(ModelError) -> [String: Tensor] {
        guard let sound = inputs["input_values"] else { return [:] }
        let mask = inputs["attention_mask"]
        do throws(AudioEncoderError) {
            var results: [String: Tensor] = [:]
            if outputs.contains("last_hidden_state") {
                results["last_hidden_state"] = try model.hiddenStates(sound, attentionMask: mask)
            }
            if outputs.contains("hidden_states") {
                var states: [Tensor] = []
                for layer in 0...model.layerCount {
                    states.append(try model.hiddenStates(sound, attentionMask: mask, layer: layer))
                }
                let shape = Shape([states.count] + (states.first?.shape.dimensions ?? []))
                results["hidden_states"] = Tensor(states.flatMap(\.floats), shape: shape)
            }
            if outputs.contains("logits") || outputs.contains("greedy_ids") {
                let logits = try model.logits(sound, attentionMask: mask)
                results["logits"] = logits
                if outputs.contains("greedy_ids") { results["greedy_ids"] = logits.largestAlongLastAxis() }
            }
            return results.filter { outputs.contains($0.key) }
        } catch { throw .audioEncoder(error) }
    }
}

extension Tensor {
    /// The index of the largest value of each row, as 64-bit integers; of equal ones the first.
    fileprivate func largestAlongLastAxis() -> Tensor {
        let width = max(1, shape.dimensions.last ?? 1)
        let indices: [Int64] = withFloats { values in
            stride(from: 0, to: values.count, by: width).map { start in
                var best = start
                for place in start..<min(start + width, values.count) where values[place] > values[best] {
                    best = place
                }
                return Int64(best - start)
            }
        }
        return Tensor(integers: indices, shape: Shape(Array(shape.dimensions.dropLast())))
    }
}

extension AnyModel.Family {
    /// The arrays that a model of this family takes, see ``AnyModel/inputNames``.
    public var inputNames: [String] {
        switch self {
        case .imageClassifier: ["pixel_values"]
        case .dualEncoder: ["pixel_values", "input_ids", "attention_mask"]
        case .sentenceEncoder: ["input_ids", "attention_mask", "token_type_ids"]
        case .audioEncoder: ["input_values", "attention_mask"]
        case .gan: ["z", "class_labels", "truncation"]
        case .diffusion: ["sample", "timestep", "class_labels"]
        case .latentDiffusion: ["input_ids", "sample", "timestep", "encoder_hidden_states", "z"]
        }
    }

    /// The arrays that it gives where it is given everything; of an audio encoder one of them, by its head.
    public var outputNames: [String] {
        switch self {
        case .imageClassifier: ["logits", "features", "feature_map"]
        case .dualEncoder: ["image_embeds", "text_embeds", "logits_per_image"]
        case .sentenceEncoder: ["last_hidden_state", "sentence_embedding"]
        case .audioEncoder: ["logits", "last_hidden_state"]
        case .gan: ["image"]
        case .diffusion: ["noise_pred"]
        case .latentDiffusion: ["last_hidden_state", "noise_pred", "image"]
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
        case .audioEncoder:
            guard inputs.contains("input_values") else { throw failure() }
            return outputNames
        case .gan:
            guard inputs.contains("z") else { throw failure() }
            return outputNames
        case .diffusion:
            guard inputs.contains("sample"), inputs.contains("timestep") else { throw failure() }
            return outputNames
        case .latentDiffusion:
            let ofNetwork = ["sample", "timestep", "encoder_hidden_states"].filter(inputs.contains)
            guard ofNetwork.isEmpty || ofNetwork.count == 3, !inputs.isEmpty else { throw failure() }
            return outputNames.filter { name in
                switch name {
                case "last_hidden_state": hasText
                case "noise_pred": !ofNetwork.isEmpty
                default: inputs.contains("z")
                }
            }
        }
    }

    /// Arrays beyond ``outputNames(given:)`` that models of this family can give for the named inputs where they are
    /// asked for, see ``AnyModel/extraOutputNames(given:)``.
    public func extraOutputNames(given inputs: some Collection<String>) -> [String] {
        switch self {
        case .imageClassifier, .sentenceEncoder, .gan, .diffusion, .latentDiffusion: []
        case .dualEncoder: inputs.contains("input_ids") ? ["last_hidden_state"] : []
        case .audioEncoder: inputs.contains("input_values") ? ["greedy_ids", "hidden_states"] : []
        }
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
        case .audioEncoder: "input_values [, attention_mask]"
        case .gan: "z [, class_labels, truncation]"
        case .diffusion: "sample, timestep [, class_labels]"
        case .latentDiffusion: "input_ids; or sample, timestep, encoder_hidden_states; or z"
        }
    }

    fileprivate func listed(_ names: some Collection<String>) -> String {
        names.isEmpty ? "nothing" : names.sorted().joined(separator: ", ")
    }
}
