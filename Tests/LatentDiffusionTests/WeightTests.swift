import Checkpoints
import LatentDiffusion
import Layers
import TensorCore
import TestSupport
import Testing

/// Weights that do not fit the configuration: every tensor of every network, changed in every way.
@Suite struct WeightTests {
    private let runtime = Runtime(threads: 1)

    private static let components = LatentFixtures.networks + LatentFixtures.autoencoders

    private func failure(_ model: (String, String), _ source: any TensorSource) -> WeightError? {
        do {
            if ["vae", "vqvae"].contains(model.1) || model.0 == "vae-options" {
                _ = try LatentFixtures.autoencoder(model.0, model.1, source: source, runtime: runtime, plansOnly: true)
            } else {
                _ = try LatentFixtures.unet(model.0, model.1, source: source, runtime: runtime, plansOnly: true)
            }
            return nil
        } catch LatentDiffusionError.weights(let error) {
            return error
        } catch {
            Issue.record("\(model): \(error)")
            return nil
        }
    }

    private func mutations(_ model: (String, String)) throws -> WeightMutations {
        WeightMutations(try LatentFixtures.checkpoint(model.0, model.1)) { failure(model, $0) }
    }

    @Test(arguments: components)
    func missingReshapedRetyped(model: (String, String)) throws {
        // The first of the old names tells which names attention has.
        let failures = try mutations(model).failures(isMissed: { $0 == $1 || $0.hasSuffix("query.weight") })
        #expect(failures.isEmpty, "\(model): \(failures)")
    }

    @Test(arguments: components)
    func oneMore(model: (String, String)) throws {
        let names = ["extra", "down_blocks.0.resnets.9.norm1.weight", "", "conv_in.weights", "add_embedding.weight"]
        let failures = try mutations(model).failures(ofAdded: names)
        #expect(failures.isEmpty, "\(model): \(failures)")
    }

    /// The first layer that gives no number is named.
    @Test(arguments: [
        ("conv_in.bias", "conv_in"),
        ("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight", "transformer_blocks.0.attn1"),
        ("down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight", "transformer_blocks.0.attn2"),
        ("mid_block.attentions.0.transformer_blocks.0.ff.net.2.bias", "transformer_blocks.0.ff"),
        ("up_blocks.1.attentions.1.proj_out.weight", "up_blocks.1.attentions.1.proj_out"),
        ("time_embedding.linear_2.bias", "time_embedding"), ("conv_norm_out.bias", "conv_norm_out"),
    ])
    func weightsThatAreNoNumbers(tensor: String, layer: String) throws {
        let checkpoint = try LatentFixtures.checkpoint("sd1", "unet")
        var source = EditedSource(checkpoint)
        source.retype(tensor, to: .float32)
        source.fill(tensor, with: .nan)
        let network = try LatentFixtures.unet("sd1", "unet", source: source, runtime: runtime)
        let reference = try LatentFixtures.cases("sd1", with: "encoder_hidden_states")[0]
        let error = #expect(throws: LatentDiffusionError.self) { try reference.run(network) }
        guard case .notFinite("the UNet", let found) = error, found.hasSuffix(layer) else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: [
        ("decoder.mid_block.attentions.0.proj_attn.bias", "decoder.mid_block.attentions.0.to_out.0"),
        ("decoder.up_blocks.1.upsamplers.0.conv.weight", "decoder.up_blocks.1.upsamplers.0.conv"),
        ("post_quant_conv.bias", "post_quant_conv"),
    ])
    func decodersThatGiveNoNumber(tensor: String, layer: String) throws {
        let checkpoint = try LatentFixtures.checkpoint("sd1", "vae")
        var source = EditedSource(checkpoint)
        source.retype(tensor, to: .float32)
        source.fill(tensor, with: .nan)
        let vae = try LatentFixtures.autoencoder("sd1", "vae", source: source, runtime: runtime)
        for tiling in [nil, LatentTiling(size: 4)] {
            let error = #expect(throws: LatentDiffusionError.self) {
                try vae.decode(Tensor(zeros: [1, 4, 8, 8]), tiling: tiling)
            }
            guard case .notFinite("the autoencoder", layer) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
