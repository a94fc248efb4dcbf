import Checkpoints
import Diffusion
import Layers
import TensorCore
import TestSupport
import Testing

/// Weights that do not fit the configuration: every tensor of every model, changed in every way.
@Suite struct WeightTests {
    private let runtime = Runtime(threads: 1)

    private func failure(_ model: String, _ source: any TensorSource) -> WeightError? {
        do {
            _ = try DiffusionFixtures.build(model, source: source, runtime: runtime, plansOnly: true)
            return nil
        } catch DiffusionError.weights(let error) {
            return error
        } catch {
            Issue.record("\(model): \(error)")
            return nil
        }
    }

    private func mutations(_ model: String) throws -> WeightMutations {
        WeightMutations(try DiffusionFixtures.checkpoint(model)) { failure(model, $0) }
    }

    @Test(arguments: DiffusionFixtures.models)
    func missingReshapedRetyped(model: String) throws {
        // The first of the old names tells which names attention has.
        let failures = try mutations(model).failures(isMissed: { $0 == $1 || $0.hasSuffix("query.weight") })
        #expect(failures.isEmpty, "\(model): \(failures)")
    }

    @Test(arguments: DiffusionFixtures.models)
    func oneMore(model: String) throws {
        let names = ["extra", "down_blocks.0.resnets.9.norm1.weight", "", "class_embedding.extra", "conv_in.weights"]
        let failures = try mutations(model).failures(ofAdded: names)
        #expect(failures.isEmpty, "\(model): \(failures)")
    }

    @Test(arguments: ["ddpm", "scale-shift"])
    func bothNamesOfAttention(model: String) throws {
        let checkpoint = try DiffusionFixtures.checkpoint(model)
        var source = EditedSource(checkpoint)
        for name in checkpoint.names where name.contains(".attentions.") {
            var parts = name.split(separator: ".").map(String.init)
            for (new, old) in [("to_q", "query"), ("to_k", "key"), ("to_v", "value")] {
                parts = parts.map { $0 == new ? old : $0 }
            }
            let renamed = parts.joined(separator: ".").split(separator: "to_out.0").joined(separator: "proj_attn")
            if renamed != name { source.rename(name, to: renamed) }
        }
        let reference = try DiffusionFixtures.cases(model)[0]
        let network = try DiffusionFixtures.build(model, source: source, runtime: runtime)
        let same = try DiffusionFixtures.build(model, runtime: runtime)
        #expect(bitDifference(try reference.run(network).floats, try reference.run(same).floats) == nil)
    }

    /// The first layer that gives no number is named.
    @Test(arguments: [
        ("ddpm", "down_blocks.0.resnets.0.conv2.bias", "down_blocks.0.resnets.0.conv2"),
        ("ddpm", "down_blocks.0.downsamplers.0.conv.weight", "down_blocks.0.downsamplers.0.conv"),
        ("ddpm", "mid_block.attentions.0.to_out.0.weight", "mid_block.attentions.0.to_out.0"),
        ("guided", "up_blocks.1.resnets.2.norm2.weight", "up_blocks.1.resnets.2.norm2"),
        ("guided", "class_embedding.weight", "class_embedding"),
        ("skip", "up_blocks.0.skip_conv.bias", "up_blocks.0.skip_conv"),
        ("karras", "up_blocks.1.resnets.0.norm2.linear.bias", "up_blocks.1.resnets.0.norm2"),
        ("learned", "conv_out.weight", "conv_out"), ("learned", "conv_norm_out.bias", "conv_norm_out"),
    ])
    func weightsThatAreNoNumbers(model: String, tensor: String, layer: String) throws {
        let checkpoint = try DiffusionFixtures.checkpoint(model)
        var source = EditedSource(checkpoint)
        source.retype(tensor, to: .float32)
        source.fill(tensor, with: .nan)
        let network = try DiffusionFixtures.build(model, source: source, runtime: runtime)
        let reference = try DiffusionFixtures.cases(model)[0]
        let error = #expect(throws: DiffusionError.self) { try reference.run(network) }
        guard case .notFinite(layer) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
