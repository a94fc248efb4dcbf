import Checkpoints
import Diffusion
import Foundation
import JSON
import TensorCore
import Testing

/// The models beside these tests; the README there says where they come from.
enum DiffusionFixtures {
    /// The folder of a model, by its name.
    static func path(_ model: String) -> String { "\(root)/\(model)" }

    private static var root: String { Bundle.module.bundlePath + "/Fixtures" }

    /// Every model.
    static let models = ((try? FileSystem.list(root).names) ?? []).filter {
        FileSystem.exists(path($0) + "/ref/manifest.json")
    }

    /// Where the network of a model is.
    static func network(_ model: String) -> String {
        FileSystem.exists(path(model) + "/model_index.json") ? path(model) + "/unet" : path(model)
    }

    /// The configuration of a model's network.
    static func config(_ model: String) throws -> Config { try Config(path: network(model) + "/config.json") }

    /// The configuration with some values replaced; `nil` takes a key away.
    static func config(_ model: String, _ changes: [String: JSONValue?]) throws -> Config {
        let config = try config(model)
        var object = config.object
        for (key, value) in changes { object[key] = value }
        return Config(file: config.file, object: object)
    }

    /// The weights of a model.
    static func checkpoint(_ model: String) throws -> Checkpoint { try Checkpoint.open(folder: network(model)) }

    /// A model built from any tensors and configuration.
    static func build(
        _ model: String, config: Config? = nil, source: (any TensorSource)? = nil,
        runtime: Runtime = Runtime(threads: 1), plansOnly: Bool = false
    ) throws -> DiffusionModel {
        try DiffusionModel(
            folder: path(model), config: config ?? Self.config(model), source: source ?? checkpoint(model),
            runtime: runtime, plansOnly: plansOnly)
    }

    /// An input and what the reference makes of it.
    struct Case {
        var name: String
        var sample: Tensor
        var timesteps: [Float]
        var classes: ClassLabels?
        var prediction: Tensor

        /// What the model gives.
        func run(_ model: DiffusionModel) throws -> Tensor {
            try model.predict(sample, timesteps: timesteps, classes: classes)
        }

        /// One picture of the batch.
        func picture(_ index: Int) -> Case {
            var part = self
            part.sample = sample.rows(index..<index + 1)
            part.timesteps = [timesteps[index]]
            part.classes =
                switch classes {
                case nil: nil
                case .ids(let ids): .ids([ids[index]])
                case .levels(let levels): .levels([levels[index]])
                case .embeddings(let embeddings): .embeddings(embeddings.rows(index..<index + 1))
                }
            part.prediction = prediction.rows(index..<index + 1)
            return part
        }
    }

    /// The reference cases of a model.
    static func cases(_ model: String) throws -> [Case] {
        let folder = path(model) + "/ref"
        let isLevels = try config(model).optionalString("class_embed_type") == "timestep"
        return try Config(path: folder + "/manifest.json").objects("cases", count: 1...100).map { entry in
            let (inputs, outputs) = (try entry.object("inputs"), try entry.object("outputs"))
            func array(_ section: Config, _ key: String) throws -> NPY {
                try NPY(file: folder + "/" + section.string(key), limit: 1 << 20)
            }
            let timesteps = try array(inputs, "timestep")
            var classes: ClassLabels?
            if inputs.has("class_labels") {
                let values = try array(inputs, "class_labels")
                if let integers = values.integers() {
                    classes = isLevels ? .levels(integers.map { Float($0) }) : .ids(integers.map { Int($0) })
                } else {
                    classes = .embeddings(Tensor(values.floats(), shape: Shape(values.shape)))
                }
            }
            return Case(
                name: try entry.string("case"), sample: try tensor(folder + "/" + inputs.string("sample")),
                timesteps: timesteps.integers()?.map { Float($0) } ?? timesteps.floats(), classes: classes,
                prediction: try tensor(folder + "/" + outputs.string("noise_pred")))
        }
    }

    /// An array file of fp32.
    static func tensor(_ path: String) throws -> Tensor {
        let array = try NPY(file: path, limit: 1 << 20)
        return Tensor(array.floats(), shape: Shape(array.shape))
    }
}
