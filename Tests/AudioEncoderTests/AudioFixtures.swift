import AudioEncoder
import Checkpoints
import Foundation
import JSON
import TensorCore
import Testing

/// The models beside these tests; the README there says where they come from.
enum AudioFixtures {
    /// The folder of a model, by its name.
    static func path(_ model: String) -> String { "\(root)/\(model)" }

    private static var root: String { Bundle.module.bundlePath + "/Fixtures" }

    /// Every model.
    static let models = ((try? FileSystem.list(root).names) ?? []).filter {
        FileSystem.exists(path($0) + "/config.json") && FileSystem.exists(path($0) + "/ref/manifest.json")
    }

    /// The models whose reference gives a clip in a batch what it gives the clip alone.
    static let masked = models.filter { FileSystem.exists(path($0) + "/ref/masked.in.attention_mask.npy") }

    /// A model's configuration.
    static func config(_ model: String) throws -> Config { try Config(path: path(model) + "/config.json") }

    /// A model's configuration with some values replaced; `nil` takes a key away.
    static func config(_ model: String, _ changes: [String: JSONValue?]) throws -> Config {
        let config = try config(model)
        var object = config.object
        for (key, value) in changes { object[key] = value }
        return Config(file: config.file, object: object)
    }

    /// A model built from any tensors, with the other files of the folder.
    static func build(
        _ model: String, config: Config? = nil, source: (any TensorSource)? = nil, runtime: Runtime,
        language: String? = nil, plansOnly: Bool = false
    ) throws -> AudioEncoder {
        try AudioEncoder(
            folder: path(model), config: config ?? Self.config(model),
            source: source ?? Checkpoint.open(folder: path(model)), runtime: runtime, language: language,
            plansOnly: plansOnly)
    }

    /// An input and what the reference makes of it.
    struct Case {
        var name: String
        var values: Tensor
        var mask: Tensor?
        var logits, last, states: Tensor?

        /// The samples of each clip that are no padding.
        var lengths: [Int] {
            let (count, samples) = (values.shape[0], values.shape[1])
            guard let ones = mask?.integers else { return [Int](repeating: samples, count: count) }
            return (0..<count).map { row in ones[row * samples..<(row + 1) * samples].count { $0 == 1 } }
        }

        /// What the model gives: logits where it has a head, else the last hidden state.
        func run(_ encoder: AudioEncoder) throws -> Tensor {
            encoder.head == .none
                ? try encoder.hiddenStates(values, attentionMask: mask)
                : try encoder.logits(values, attentionMask: mask)
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
                name: try entry.string("case"), values: try #require(try tensor(inputs, "input_values")),
                mask: try tensor(inputs, "attention_mask"), logits: try tensor(outputs, "logits"),
                last: try tensor(outputs, "last_hidden_state"), states: try tensor(outputs, "hidden_states"))
        }
    }

    /// The case of a name.
    static func reference(_ model: String, _ name: String) throws -> Case {
        try #require(try cases(model).first { $0.name == name })
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
