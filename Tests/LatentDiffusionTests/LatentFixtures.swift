import Checkpoints
import Foundation
import JSON
import LatentDiffusion
import TensorCore

/// The models beside these tests; the README there says where they come from.
enum LatentFixtures {
    /// The folders of pipelines.
    static let pipelines = ["sd1", "sd2", "inpaint"]

    /// Networks, as folder and component.
    static let networks = [("sd1", "unet"), ("sd2", "unet"), ("inpaint", "unet"), ("unet-options", "")]

    /// Autoencoders, as folder and component.
    static let autoencoders = [
        ("sd1", "vae"), ("sd2", "vae"), ("inpaint", "vae"), ("vae-options", ""), ("ldm", "vqvae"),
    ]

    /// The folder of a model, or of one of its components.
    static func path(_ model: String, _ component: String = "") -> String {
        let folder = Bundle.module.bundlePath + "/Fixtures/\(model)"
        return component.isEmpty ? folder : "\(folder)/\(component)"
    }

    /// The configuration of a component with some values replaced; `nil` takes a key away.
    static func config(
        _ model: String, _ component: String, _ changes: [String: JSONValue?] = [:]
    ) throws -> Config {
        let config = try Config(path: path(model, component) + "/config.json")
        var object = config.object
        for (key, value) in changes { object[key] = value }
        return Config(file: config.file, object: object)
    }

    /// The weights of a component.
    static func checkpoint(_ model: String, _ component: String) throws -> Checkpoint {
        try Checkpoint.open(folder: path(model, component))
    }

    /// A network built from any tensors and configuration.
    static func unet(
        _ model: String, _ component: String, config: Config? = nil, source: (any TensorSource)? = nil,
        runtime: Runtime = Runtime(threads: 1), plansOnly: Bool = false
    ) throws -> UNet2DConditionModel {
        try UNet2DConditionModel(
            folder: path(model, component), config: config ?? Self.config(model, component),
            source: source ?? checkpoint(model, component), runtime: runtime, plansOnly: plansOnly)
    }

    /// An autoencoder built from any tensors and configuration.
    static func autoencoder(
        _ model: String, _ component: String, config: Config? = nil, source: (any TensorSource)? = nil,
        runtime: Runtime = Runtime(threads: 1), plansOnly: Bool = false
    ) throws -> Autoencoder {
        try Autoencoder(
            folder: path(model, component), config: config ?? Self.config(model, component),
            source: source ?? checkpoint(model, component), runtime: runtime, plansOnly: plansOnly)
    }

    /// A stored call of a component.
    struct Case {
        var name: String
        var entry: Config
        var folder: String

        func tensor(_ section: String, _ key: String) throws -> Tensor {
            let array = try NPY(file: folder + "/" + entry.object(section).string(key), limit: 1 << 20)
            if let integers = array.integers() { return Tensor(integers: integers, shape: Shape(array.shape)) }
            return Tensor(array.floats(), shape: Shape(array.shape))
        }

        func has(_ section: String, _ key: String) throws -> Bool { try entry.object(section).has(key) }

        /// What a network gives for some of the batch; all where left out.
        func run(_ network: UNet2DConditionModel, _ range: Range<Int>? = nil) throws -> Tensor {
            let (sample, states) = (try tensor("inputs", "sample"), try tensor("inputs", "encoder_hidden_states"))
            let times = try tensor("inputs", "timestep").floats
            let range = range ?? 0..<sample.shape[0]
            return try network.predict(
                sample.rows(range), timesteps: Array(times[range]), encoderHiddenStates: states.rows(range))
        }
    }

    /// The stored calls of a model whose inputs have a name.
    static func cases(_ model: String, with input: String) throws -> [Case] {
        let folder = path(model) + "/ref"
        return try Config(path: folder + "/manifest.json").objects("cases", count: 1...100).compactMap { entry in
            let found = Case(name: try entry.string("case"), entry: entry, folder: folder)
            return try found.has("inputs", input) ? found : nil
        }
    }

    /// An array file of fp32.
    static func tensor(_ path: String) throws -> Tensor {
        let array = try NPY(file: path, limit: 1 << 20)
        return Tensor(array.floats(), shape: Shape(array.shape))
    }
}
