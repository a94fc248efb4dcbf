import Checkpoints
import GAN
import JSON
import Layers
import TensorCore
import TestSupport
import Testing

/// Configurations that contradict the weights or themselves.
@Suite struct ConfigTests {
    private let runtime = Runtime(threads: 1)

    /// Keys whose values nothing in the weights could contradict.
    static let followed = [
        FollowedKey("eps", because: "it is added to variances"),
        FollowedKey("conv_clamp", because: "it cuts values off"),
        FollowedKey("id2label", because: "it names classes"),
    ]

    @Test(arguments: GeneratorFixtures.configured)
    func everyValue(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: GeneratorFixtures.path(model))
        let cases = try GeneratorFixtures.cases(model)
        let report = try configMutations(
            of: try #require(try GeneratorFixtures.config(model)), references: nil, followed: Self.followed,
            message: { ($0 as? GANError)?.description }
        ) { config in
            let generator = try GeneratorFixtures.build(model, config: config, source: checkpoint, runtime: runtime)
            let results = try cases.map { try generator.generate($0.latents, $0.options).floats }
            return MutationResult(all: results.flatMap(\.self), main: results.first ?? [])
        }
        #expect(report.failures.isEmpty, "\(report.failures.joined(separator: "\n"))")
        #expect(report.refused > 0)
    }

    private func refusal(_ model: String, _ changes: [String: JSONValue?]) throws -> String {
        let config = try GeneratorFixtures.config(model, changes)
        do {
            _ = try GeneratorFixtures.build(model, config: config, runtime: runtime, plansOnly: true)
            return "nothing"
        } catch GANError.config(let error) { return error.description } catch GANError.weights(let error) {
            return error.description
        }
    }

    @Test func dcgan() throws {
        #expect(try refusal("dcgan-8", ["model_type": "gan"]).contains("model_type: expected one of"))
        #expect(try refusal("dcgan-8", ["model_type": nil]).contains("model_type: expected one of"))
        #expect(try refusal("dcgan-8", ["nz": nil]).contains("nz: expected an integer"))
        for size: JSONValue in [4, 24, 8192, "8", nil] {
            #expect(try refusal("dcgan-8", ["image_size": size]).contains("image_size"), "\(size)")
        }
        #expect(try refusal("dcgan-8", ["image_size": 16]).contains("has shape"))
        #expect(try refusal("dcgan-8", ["embedding_dim": 3]).contains("num_classes: expected"))
        #expect(try refusal("dcgan-8", ["num_classes": 3]).contains("embedding_dim: expected"))
        #expect(
            try refusal("dcgan-8", ["num_classes": 3, "embedding_dim": 2]).contains("label_emb.weight is missing"))
        #expect(try refusal("dcgan-labels", ["id2label": ["0": "a"]]).contains("id2label: expected labels for 4"))
    }

    @Test func bigGAN() throws {
        #expect(try refusal("biggan", ["model_type": "biggan"]) == "nothing")
        for (key, value) in [
            ("layers", [] as JSONValue), ("layers", [[false, 16]]), ("layers", [[1, 16, 16]]),
            ("layers", [[false, 8, 8]]), ("layers", [[false, 16, 4]]), ("layers", [[true, 16, 8]]), ("n_stats", 1),
            ("class_embed_dim", 7), ("output_dim", 64), ("channel_width", 2), ("eps", "small"),
        ] {
            #expect(try refusal("biggan", [key: value]).contains(key), "\(key): \(value.serialized())")
        }
        // Absent keys have the reference's defaults, which these weights contradict.
        #expect(try refusal("biggan", ["layers": nil, "model_type": "biggan"]).contains("output_dim"))
        #expect(try refusal("biggan", ["num_classes": nil]).contains("embeddings.weight has shape"))
        #expect(try refusal("biggan", ["n_stats": nil]).contains("running_means has shape"))
        #expect(try refusal("biggan", ["attention_layer_position": 50]).contains("tensor"))
    }

    @Test func styleGAN2() throws {
        for key in ["z_dim", "w_dim", "num_layers", "img_resolution", "img_channels", "channel_base", "channel_max"] {
            #expect(try refusal("stylegan2", [key: nil]).contains("\(key): expected an integer"))
        }
        for size: JSONValue in [2, 24, 8192, 16.0] {
            #expect(try refusal("stylegan2", ["img_resolution": size]).contains("img_resolution"))
        }
        #expect(try refusal("stylegan2", ["channel_base": 15]).contains("channel_base: expected at least 16"))
        #expect(try refusal("stylegan2", ["conv_clamp": 0]).contains("conv_clamp"))
        #expect(try refusal("stylegan2", ["conv_clamp": 256]) == "nothing")
        #expect(try refusal("stylegan2", ["num_layers": 4]).contains("tensor mapping.fc3.weight is missing"))
        #expect(try refusal("stylegan2", ["c_dim": 2]).contains("tensor mapping.embed.weight is missing"))
        #expect(try refusal("stylegan2", ["img_resolution": 8]).contains("synthesis.b16"))
    }

    /// Sizes inferred from the tensors draw what the configuration does.
    @Test func inferredSizes() throws {
        for model in ["stylegan2", "stylegan2-rosinality"] {
            let checkpoint = try Checkpoint.open(folder: GeneratorFixtures.path(model))
            let generator = try ImageGenerator(folder: "model", config: nil, source: checkpoint, runtime: runtime)
            for reference in try GeneratorFixtures.cases(model) {
                let found = try generator.generate(reference.latents, reference.options)
                #expect(mismatch(found, reference.image) == nil, "\(model), \(reference.name)")
            }
        }
        let other = try Checkpoint.open(folder: GeneratorFixtures.path("dcgan-8"))
        #expect(throws: GANError.self) {
            try ImageGenerator(folder: "model", config: nil, source: other, runtime: runtime)
        }
    }
}
