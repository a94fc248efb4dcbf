import Checkpoints
import Foundation
import JSON
import SentenceEncoder
import TensorCore
import Testing

/// The models and tensor lists beside these tests; the README there says where they come from.
enum SentenceFixtures {
    /// The folder of a model, by its name.
    static func path(_ model: String) -> String { "\(root)/\(model)" }

    private static var root: String { Bundle.module.bundlePath + "/Fixtures" }

    /// Every model.
    static let models = ((try? FileSystem.list(root).names) ?? []).filter {
        FileSystem.exists(path($0) + "/config.json")
    }

    /// The models that say how tokens become a sentence's vector.
    static let encoders = models.filter { FileSystem.exists(path($0) + "/modules.json") }

    /// The encoders with a tokenizer and texts.
    static let encodersOfTexts = encoders.filter { FileSystem.exists(path($0) + "/ref/texts.json") }

    /// A model's configuration.
    static func config(_ model: String) throws -> Config { try Config(path: path(model) + "/config.json") }

    /// A model built from any tensors, with the modules of the folder.
    static func build(
        _ model: String, config: Config? = nil, source: any TensorSource, runtime: Runtime, plansOnly: Bool = false
    ) throws -> SentenceEncoder {
        try SentenceEncoder(
            folder: path(model), config: config ?? Self.config(model), source: source, runtime: runtime,
            plansOnly: plansOnly)
    }

    /// An input and what the reference makes of it.
    struct Case {
        var name: String
        var ids, mask, types: Tensor?
        var hidden: Tensor
        var embedding: Tensor?

        /// The tokens of each row that are no padding.
        var rows: [[Int]] {
            guard let ids else { return [] }
            let tokens = ids.shape[1]
            let (numbers, ones) = (ids.integers, mask?.integers)
            return (0..<ids.shape[0]).map { row in
                (row * tokens..<(row + 1) * tokens).filter { ones?[$0] != 0 }.map { Int(numbers[$0]) }
            }
        }

        func run(_ encoder: SentenceEncoder) throws -> SentenceOutput {
            try encoder.outputs(inputIDs: #require(ids), attentionMask: mask, tokenTypeIDs: types)
        }
    }

    /// The reference cases of a model.
    static func cases(_ model: String) throws -> [Case] {
        let folder = path(model) + "/ref"
        return try Config(path: folder + "/manifest.json").objects("cases", count: 1...100).map { entry in
            let (inputs, outputs) = (try entry.object("inputs"), try entry.object("outputs"))
            func tensor(_ section: Config, _ key: String) throws -> Tensor? {
                try section.optionalString(key).map { try Self.tensor(folder + "/" + $0) }
            }
            return Case(
                name: try entry.string("case"), ids: try tensor(inputs, "input_ids"),
                mask: try tensor(inputs, "attention_mask"), types: try tensor(inputs, "token_type_ids"),
                hidden: try #require(try tensor(outputs, "last_hidden_state")),
                embedding: try tensor(outputs, "sentence_embedding"))
        }
    }

    /// Texts and what the reference makes of them.
    struct Run {
        var prompt: String?
        var texts: [String]
        var ids: [[Int]]
        var embedding: Tensor
    }

    /// The texts of a model.
    static func runs(_ model: String) throws -> [Run] {
        let folder = path(model) + "/ref"
        return try Config(path: folder + "/texts.json").objects("runs", count: 1...100).map { entry in
            let texts = try entry.strings("texts", count: 1...100)
            let ids = (entry.object["ids"]?.arrayValue ?? []).map { ($0.arrayValue ?? []).compactMap(\.intValue) }
            return Run(
                prompt: try entry.optionalString("prompt"), texts: texts, ids: ids,
                embedding: try tensor(folder + "/" + entry.string("embedding")))
        }
    }

    /// An array file: fp32, or 64-bit integers.
    static func tensor(_ path: String) throws -> Tensor {
        let array = try NPY(file: path, limit: 1 << 20)
        let shape = Shape(array.shape)
        guard array.element == .int64, let values = array.integers() else {
            return Tensor(array.floats(), shape: shape)
        }
        return Tensor(integers: values, shape: shape)
    }
}
