import Checkpoints
import DualEncoder
import Foundation
import JSON
import TensorCore
import Testing

/// The models and tensor lists beside these tests; the README there says where they come from.
enum DualEncoderFixtures {
    /// The folder of a model, by its name.
    static func path(_ model: String) -> String { "\(root)/\(model)" }

    private static var root: String { Bundle.module.bundlePath + "/Fixtures" }

    private static func folders(_ condition: (String) -> Bool) -> [String] {
        ((try? FileSystem.list(root).names) ?? []).filter { condition(path($0)) }
    }

    /// Every model.
    static let models = folders { FileSystem.exists($0 + "/ref/manifest.json") }
    /// The models with an image tower, and what the reference's preprocessing makes of a picture.
    static let modelsWithPicture = folders { FileSystem.exists($0 + "/ref/pixel_values.npy") }
    /// The models with a tokenizer and zero-shot probabilities.
    static let modelsWithProbabilities = folders { FileSystem.exists($0 + "/ref/probabilities.npy") }
    /// The models with both towers.
    static let wholeModels = models.filter { model in
        !["-vision", "-text-projection", "clip-text", "siglip-text"].contains { model.contains($0) }
    }

    /// A model's configuration.
    static func config(_ model: String) throws -> Config {
        let name = model.hasPrefix("open_clip") ? "open_clip_config.json" : "config.json"
        let path = path(model) + "/" + name
        return try Config(file: path, bytes: FileSystem.read(path, limit: Config.byteLimit))
    }

    /// A model's weights.
    static func checkpoint(_ model: String) throws -> Checkpoint { try Checkpoint.open(folder: path(model)) }

    /// A model built from any tensors, with the other files of the folder.
    static func build(
        _ model: String, config: Config? = nil, source: any TensorSource, runtime: Runtime,
        towers: Set<DualEncoder.Tower> = [.image, .text], plansOnly: Bool = false
    ) throws -> DualEncoder {
        try DualEncoder(
            folder: path(model), config: config ?? Self.config(model), source: source, runtime: runtime,
            towers: towers, plansOnly: plansOnly)
    }

    /// Inputs and what the reference makes of them.
    struct Case {
        var name: String
        var pixels: Tensor?
        var ids: Tensor?
        var mask: Tensor?
        var outputs: [String: Tensor]
    }

    /// The manifest beside a model.
    static func manifest(_ model: String) throws -> Config {
        let bytes = try FileSystem.read(path(model) + "/ref/manifest.json", limit: Config.byteLimit)
        return try Config(file: "manifest.json", bytes: bytes)
    }

    /// The reference cases of a model.
    static func cases(_ model: String) throws -> [Case] {
        let folder = path(model) + "/ref"
        return try manifest(model).objects("cases", count: 1...100).map { entry in
            let (inputs, outputs) = (try entry.object("inputs"), try entry.object("outputs"))
            func input(_ name: String) throws -> Tensor? {
                try inputs.optionalString(name).map { try tensor(folder + "/" + $0) }
            }
            return Case(
                name: try entry.string("case"), pixels: try input("pixel_values"), ids: try input("input_ids"),
                mask: try input("attention_mask"),
                outputs: Dictionary(
                    uniqueKeysWithValues: try outputs.keys.map { ($0, try tensor(folder + "/" + outputs.string($0))) }))
        }
    }

    /// An array file.
    static func tensor(_ path: String) throws -> Tensor {
        let array = try NPY(file: path, limit: 1 << 20)
        if let integers = array.integers() { return Tensor(integers: integers, shape: Shape(array.shape)) }
        return Tensor(array.floats(), shape: Shape(array.shape))
    }
}

extension DualEncoder {
    /// What the model makes of a case, by the reference's names; all in one order.
    func outputs(_ reference: DualEncoderFixtures.Case) throws -> [(name: String, tensor: Tensor)] {
        var result: [(name: String, tensor: Tensor)] = []
        let images = try reference.pixels.map { try imageEmbeddings($0) }
        if let images { result.append(("image_embeds", images)) }
        if let ids = reference.ids {
            let texts = try textEmbeddings(ids, attentionMask: reference.mask)
            result.append(("text_embeds", texts))
            if let images { result.append(("logits_per_image", logitsPerImage(images, texts))) }
            result.append(("last_hidden_state", try textStates(ids, attentionMask: reference.mask).lastHiddenState))
        }
        return result
    }
}
