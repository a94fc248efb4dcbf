import JSON
import LatentDiffusion
import TensorCore
import TestSupport
import Testing

/// Configurations of the networks: every value changed, defaults, and what is refused by name.
@Suite struct ConfigTests {
    private let runtime = Runtime(threads: 1)

    @Test(arguments: [("sd1", "unet"), ("sd2", "unet"), ("unet-options", "")])
    func everyValueOfNetworks(model: (String, String)) throws {
        let checkpoint = try LatentFixtures.checkpoint(model.0, model.1)
        let cases = try LatentFixtures.cases(model.0, with: "encoder_hidden_states")
        let report = try check(model) { config in
            let network = try LatentFixtures.unet(
                model.0, model.1, config: config, source: checkpoint, runtime: runtime)
            let results = try cases.map { try $0.run(network).floats }
            return MutationResult(all: results.flatMap(\.self), main: results[0])
        }
        #expect(!report.followed.isEmpty)
    }

    @Test(arguments: [("sd1", "vae"), ("vae-options", "")])
    func everyValueOfAutoencoders(model: (String, String)) throws {
        let checkpoint = try LatentFixtures.checkpoint(model.0, model.1)
        let z = try LatentFixtures.cases(model.0, with: "z")[0].tensor("inputs", "z")
        let picture = try LatentFixtures.cases(model.0, with: "picture")[0].tensor("inputs", "picture")
        _ = try check(model) { config in
            let vae = try LatentFixtures.autoencoder(
                model.0, model.1, config: config, source: checkpoint, runtime: runtime)
            let main = try vae.decode(z).floats + vae.encode(picture).mean.floats
            return MutationResult(all: main, main: main)
        }
    }

    private func check(
        _ model: (String, String), _ run: (Config) throws -> MutationResult
    ) throws -> ConfigMutationReport {
        let name = [model.0, model.1].filter { !$0.isEmpty }.joined(separator: "/")
        let references = try #require(
            try MutationReferences(file: LatentFixtures.path("mutations.json"), model: name))
        let report = try configMutations(
            of: LatentFixtures.config(model.0, model.1), references: references,
            message: { ($0 as? LatentDiffusionError)?.description }, run: run)
        #expect(report.failures.isEmpty, "\(report.failures.joined(separator: "\n"))")
        #expect(report.refused > 0 && report.unchanged > 0)
        return report
    }

    /// What Stable Diffusion XL and others have.
    @Test(arguments: [
        ("addition_embed_type", "\"text_time\""), ("encoder_hid_dim", "4096"), ("time_cond_proj_dim", "256"),
        ("class_embed_type", "\"projection\""), ("class_embed_type", "\"timestep\""), ("num_class_embeds", "1000"),
        ("dual_cross_attention", "true"), ("attention_type", "\"gated\""), ("time_embedding_type", "\"fourier\""),
        ("num_attention_heads", "8"), ("conv_in_kernel", "5"), ("conv_out_kernel", "1"),
        ("class_embeddings_concat", "true"), ("timestep_post_act", "\"silu\""), ("time_embedding_act_fn", "\"gelu\""),
        ("reverse_transformer_layers_per_block", "[[1,1],[1,1],[1,1]]"),
        ("mid_block_type", "\"UNetMidBlock2DSimpleCrossAttn\""),
        ("down_block_types", "[\"SimpleCrossAttnDownBlock2D\",\"DownBlock2D\",\"DownBlock2D\"]"),
        ("up_block_types", "[\"AttnUpBlock2D\",\"UpBlock2D\",\"UpBlock2D\"]"),
        ("transformer_layers_per_block", "[[1],[1],[1]]"), ("attention_head_dim", "3"), ("attention_head_dim", "null"),
        ("cross_attention_dim", "[16,16,12]"), ("norm_num_groups", "null"), ("act_fn", "\"mish\""),
        ("_class_name", "\"UNet2DModel\""), ("layers_per_block", "[1,1]"), ("only_cross_attention", "[true,false]"),
        ("freq_shift", "2"), ("resnet_time_scale_shift", "\"ada_group\""), ("norm_num_groups", "3"),
    ])
    func refusedByName(key: String, value: String) throws {
        let config = try LatentFixtures.config("sd1", "unet", [key: JSONValue.parse([UInt8](value.utf8))])
        let error = #expect(throws: LatentDiffusionError.self) {
            try LatentFixtures.unet("sd1", "unet", config: config, runtime: runtime, plansOnly: true)
        }
        guard case .config = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains(key) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        ("_class_name", "\"UNet2DConditionModel\""), ("shift_factor", "0.1"), ("latents_mean", "[0,0,0,0]"),
        ("down_block_types", "[\"AttnDownEncoderBlock2D\",\"DownEncoderBlock2D\",\"DownEncoderBlock2D\"]"),
        ("up_block_types", "[\"UpDecoderBlock2D\"]"), ("norm_num_groups", "3"), ("scaling_factor", "0"),
        ("act_fn", "\"mish\""), ("layers_per_block", "null"),
    ])
    func autoencodersRefusedByName(key: String, value: String) throws {
        let config = try LatentFixtures.config("sd1", "vae", [key: JSONValue.parse([UInt8](value.utf8))])
        let error = #expect(throws: LatentDiffusionError.self) {
            try LatentFixtures.autoencoder("sd1", "vae", config: config, runtime: runtime, plansOnly: true)
        }
        #expect(error?.description.contains(key) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        ("norm_type", "\"spatial\""), ("num_vq_embeddings", "0"), ("vq_embed_dim", "0"), ("shift_factor", "1"),
    ])
    func quantizersRefusedByName(key: String, value: String) throws {
        let config = try LatentFixtures.config("ldm", "vqvae", [key: JSONValue.parse([UInt8](value.utf8))])
        let error = #expect(throws: LatentDiffusionError.self) {
            try LatentFixtures.autoencoder("ldm", "vqvae", config: config, runtime: runtime, plansOnly: true)
        }
        #expect(error?.description.contains(key) == true, "\(String(describing: error))")
    }

    /// An absent key means the reference's default: nothing changes where that is what the file says.
    @Test func absentKeysAreDefaults() throws {
        let reference = try LatentFixtures.cases("sd1", with: "encoder_hidden_states")[0]
        let expected = try reference.run(LatentFixtures.unet("sd1", "unet", runtime: runtime)).floats
        for key in [
            "act_fn", "center_input_sample", "downsample_padding", "dropout", "flip_sin_to_cos", "freq_shift",
            "in_channels", "out_channels", "mid_block_type", "mid_block_scale_factor", "norm_eps",
            "only_cross_attention", "resnet_time_scale_shift", "time_embedding_type", "time_embedding_dim",
            "transformer_layers_per_block", "upcast_attention", "use_linear_projection", "sample_size",
        ] {
            let config = try LatentFixtures.config("sd1", "unet", [key: nil])
            let network = try LatentFixtures.unet("sd1", "unet", config: config, runtime: runtime)
            #expect(bitDifference(try reference.run(network).floats, expected) == nil, "\(key)")
        }
        for key in ["block_out_channels", "cross_attention_dim", "norm_num_groups", "attention_head_dim"] {
            let config = try LatentFixtures.config("sd1", "unet", [key: nil])
            #expect(throws: LatentDiffusionError.self, "\(key)") {
                let network = try LatentFixtures.unet("sd1", "unet", config: config, runtime: runtime)
                // Eight heads of eight channels: other results from the same weights, so that they are no default.
                #expect(bitDifference(try reference.run(network).floats, expected) == nil)
            }
        }
    }

    @Test func inputsThatDoNotFit() throws {
        let network = try LatentFixtures.unet("sd1", "unet", runtime: runtime)
        let (sample, states) = (Tensor(zeros: [1, 4, 8, 8]), Tensor(zeros: [1, 77, 16]))
        #expect(throws: Never.self) { try network.predict(sample, timesteps: [1], encoderHiddenStates: states) }
        for (sample, times, states) in [
            (Tensor(zeros: [1, 3, 8, 8]), [1], states), (Tensor(zeros: [4, 8, 8]), [1], states),
            (sample, [1, 2], states), (sample, [.nan], states), (sample, [1], Tensor(zeros: [2, 77, 16])),
            (sample, [1], Tensor(zeros: [1, 77, 12])), (sample, [1], Tensor(zeros: [1, 0, 16])),
            (sample, [1], Tensor(zeros: [77, 16])), (Tensor(zeros: [1, 4, 0, 8]), [1], states),
            (Tensor([.infinity], shape: [1, 1, 1, 1]), [1], states),
            (sample, [1], Tensor([Float](repeating: .nan, count: 16), shape: [1, 1, 16])),
        ] as [(Tensor, [Float], Tensor)] {
            let error = #expect(throws: LatentDiffusionError.self) {
                try network.predict(sample, timesteps: times, encoderHiddenStates: states)
            }
            guard case .input = error else {
                Issue.record("\(sample.shape), \(times), \(states.shape): \(String(describing: error))")
                continue
            }
        }
        let vae = try LatentFixtures.autoencoder("sd1", "vae", runtime: runtime)
        #expect(throws: LatentDiffusionError.self) { try vae.encode(Tensor(zeros: [1, 3, 30, 32])) }
        #expect(throws: LatentDiffusionError.self) { try vae.decode(Tensor(zeros: [1, 3, 8, 8])) }
        #expect(throws: LatentDiffusionError.self) { try vae.decode(Tensor(zeros: [1, 4, 0, 8])) }
    }
}
