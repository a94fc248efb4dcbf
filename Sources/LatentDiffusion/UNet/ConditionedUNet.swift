import Diffusion
import JSON
import Layers
import TensorCore

/// diffusers' `UNet2DConditionModel`: the noise in a latent picture, or what else a scheduler asks for, from the
/// picture, its timestep and the states of a text. The network of Rombach et al. 2021 (arXiv:2112.10752), sections 3.2
/// and 3.3, as Stable Diffusion 1.x and 2.x configure it.
struct ConditionedUNet: Sendable {
    let configuration: UNet2DConditionConfiguration
    private let timestepFeatures: TimestepFeatures
    private let timeEmbedding: TimestepEmbedding
    private let centring: (scale: PackedVector, shift: PackedVector)?
    private let input, output: Convolution
    private let downs: [ConditionedDownBlock]
    private let middle: ConditionedMidBlock?
    private let ups: [ConditionedUpBlock]
    private let outputNorm: GroupNorm

    /// - Throws: ``LatentDiffusionError``: its cases `config` and `weights`.
    init(_ config: Config, _ w: Weights) throws(LatentDiffusionError) {
        let plan: UNet2DConditionPlan
        do throws(ConfigError) {
            configuration = try UNet2DConditionConfiguration(config)
            plan = try UNet2DConditionPlan(configuration, config)
        } catch { throw .config(error) }
        let c = configuration
        let first = c.levels[0].width
        timestepFeatures = .positional(
            .init(width: first, cosinesFirst: c.cosinesFirst, frequencyShift: c.frequencyShift))
        do throws(WeightError) {
            timeEmbedding = try TimestepEmbedding(
                first, c.embeddingWidth, activation: c.activation, w("time_embedding"))
            centring =
                c.centersInput
                ? (
                    PackedVector(.init(repeating: 2, count: c.inputChannels), in: w.loader.memory),
                    PackedVector(.init(repeating: -1, count: c.inputChannels), in: w.loader.memory)
                ) : nil
            input = try Convolution(c.inputChannels, first, kernel: 3, padding: .symmetric(1), w("conv_in"))
            downs = try plan.downs.layers(w("down_blocks")) { (down, w) throws(WeightError) in
                try ConditionedDownBlock(down, padding: c.downsamplePadding, w)
            }
            middle = if let middle = plan.middle { try ConditionedMidBlock(middle, w("mid_block")) } else { nil }
            ups = try plan.ups.layers(w("up_blocks")) { (up, w) throws(WeightError) in
                try ConditionedUpBlock(up, w)
            }
            outputNorm = try GroupNorm(
                groups: c.groups, first, epsilon: c.epsilon, activation: c.activation, w("conv_norm_out"))
            output = try Convolution(first, c.outputChannels, kernel: 3, padding: .symmetric(1), w("conv_out"))
        } catch { throw .weights(error) }
    }

    /// Features of timesteps, `[timesteps, features]`.
    func features(_ timesteps: [Float]) -> Tensor { timestepFeatures(timesteps) }

    /// What the layers make of texts.
    ///
    /// - Parameters:
    ///   - texts: `[texts, T, textWidth]`.
    ///   - ws: where it is computed.
    /// - Returns: tensors of the workspace.
    func project(_ texts: Tensor, _ ws: Workspace) -> TextProjections {
        let transformers =
            downs.flatMap(\.transformers) + [middle?.transformer].compactMap(\.self) + ups.flatMap(\.transformers)
        return TextProjections(
            layers: transformers.flatMap { $0.project(texts, ws) }, count: texts.shape[0], tokens: texts.shape[1])
    }

    /// Applies the network.
    ///
    /// - Parameters:
    ///   - sample: `[B, H, W, channels]`.
    ///   - features: of the timesteps, `[B, features]`.
    ///   - texts: of the pictures.
    ///   - probe: looks for values that are no numbers.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H, W, outputs]`.
    func callAsFunction(
        _ sample: Tensor, features: Tensor, _ texts: TextsOfPass, probe: LayerProbe? = nil, _ ws: Workspace
    ) -> Tensor {
        let embedding = timeEmbedding(features, ws)
        probe?.look(at: embedding, "time_embedding")
        let pass = UNetPass(
            ws: ws, embedding: embedding, activated: ws.activated(embedding, configuration.activation), probe: probe)
        let centred = centring.map { ws.affine(sample, scale: $0.scale, shift: $0.shift) } ?? sample
        var hidden = pass.checked(input(centred, ws), "conv_in")
        var states = [hidden]
        for down in downs { hidden = down(hidden, states: &states, texts, pass) }
        if let middle { hidden = middle(hidden, texts, pass) }
        for up in ups { hidden = up(hidden, states: &states, texts, pass) }
        hidden = pass.checked(outputNorm(hidden, ws), "conv_norm_out")
        return pass.checked(output(hidden, ws), "conv_out")
    }
}
