import Checkpoints
import Foundation
import GAN
import JSON
import Synchronization
import TensorCore
import Testing

/// The generators beside these tests; the README there says where they come from.
enum GeneratorFixtures {
    /// The folder of a model, by its name.
    static func path(_ model: String) -> String { "\(root)/\(model)" }

    private static var root: String { Bundle.module.bundlePath + "/Fixtures" }

    /// Every model.
    static let models = ((try? FileSystem.list(root).names) ?? []).filter {
        FileSystem.exists(path($0) + "/ref/manifest.json")
    }

    /// The models that have a configuration.
    static let configured = models.filter { FileSystem.exists(path($0) + "/config.json") }

    /// A model's configuration; `nil` where it has none.
    static func config(_ model: String) throws -> Config? {
        configured.contains(model) ? try Config(path: path(model) + "/config.json") : nil
    }

    /// A model's configuration with some values replaced; `nil` takes a key away.
    static func config(_ model: String, _ changes: [String: JSONValue?]) throws -> Config {
        let config = try #require(try config(model))
        var object = config.object
        for (key, value) in changes { object[key] = value }
        return Config(file: config.file, object: object)
    }

    /// A model built from any tensors.
    static func build(
        _ model: String, config: Config? = nil, source: (any TensorSource)? = nil, runtime: Runtime,
        plansOnly: Bool = false
    ) throws -> ImageGenerator {
        try ImageGenerator(
            folder: path(model), config: config ?? Self.config(model),
            source: source ?? Checkpoint.open(folder: path(model)), runtime: runtime, plansOnly: plansOnly)
    }

    /// Latents and what the reference draws of them.
    struct Case {
        var name: String
        var latents: Tensor
        var options: GenerationOptions
        var image: Tensor
        /// `[N, H, W, 3]`.
        var pixels: [UInt8]

        /// The options for one of the images.
        func options(of image: Int) -> GenerationOptions {
            var part = options
            part.classes = options.classes.map { [$0[image]] }
            part.mixing = options.mixing.map {
                StyleMixing(latents: $0.latents.rows(image..<image + 1), from: $0.layer)
            }
            if case .random(let normals) = options.noise { part.noise = .random { normals(image, $1) } }
            return part
        }
    }

    /// The reference cases of a model.
    static func cases(_ model: String) throws -> [Case] {
        let folder = path(model) + "/ref"
        return try Config(path: folder + "/manifest.json").objects("cases", count: 1...100).map { entry in
            let (inputs, outputs) = (try entry.object("inputs"), try entry.object("outputs"))
            func array(_ section: Config, _ key: String) throws -> NPY? {
                try section.optionalString(key).map { try NPY(file: folder + "/" + $0, limit: 1 << 20) }
            }
            func tensor(_ section: Config, _ key: String) throws -> Tensor? {
                try array(section, key).map { Tensor($0.floats(), shape: Shape($0.shape)) }
            }
            var options = GenerationOptions()
            options.classes = try array(inputs, "class_labels")?.integers()?.map { Int($0) }
            let given = try entry.object("options")
            options.truncation = try given.optionalDouble("truncation", in: -10...10)
            options.truncationCutoff = try given.optionalInt("cutoff", in: 0...100)
            if let latents = try tensor(inputs, "mixing_z") {
                options.mixing = StyleMixing(latents: latents, from: try given.int("mixing_layer", in: 0...100))
            }
            switch try given.string("noise", default: "constant") {
            case "none": options.noise = .none
            case "random":
                options.noise = .random(NoisePlayer(try #require(try tensor(inputs, "noise"))).values)
            default: break
            }
            let pixels = try #require(try array(outputs, "pixels"))
            return Case(
                name: try entry.string("case"), latents: try #require(try tensor(inputs, "z")), options: options,
                image: try #require(try tensor(outputs, "image")), pixels: pixels.bytes)
        }
    }
}

/// Plays stored noise, `[N, values]`, image by image; begins again where an image is through.
final class NoisePlayer: Sendable {
    private let rows: [[Float]]
    private let places = Mutex<[Int: Int]>([:])

    init(_ noise: Tensor) { rows = (0..<noise.shape[0]).map { noise.rows($0..<$0 + 1).floats } }

    @Sendable func values(image: Int, count: Int) -> [Float] {
        let start = places.withLock { places in
            let start = places[image, default: 0]
            places[image] = start + count == rows[image].count ? 0 : start + count
            return start
        }
        return Array(rows[image][start..<start + count])
    }
}
