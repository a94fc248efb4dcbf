import JSON
import Layers
import TensorCore

/// diffusers' `UNet2DModel`: the noise in a picture, or what else a scheduler asks for, from the picture, its timestep
/// and its class. The network of Ho et al. 2020 (arXiv:2006.11239, appendix B) and its relatives.
struct UNet2DModel: Sendable {
    /// What stands for classes in a pass.
    enum Classes {
        case none
        case rows([Int])
        case features(Tensor)
        case embeddings(Tensor)
    }

    let configuration: UNet2DConfiguration
    let timestepFeatures: TimestepFeatures

    private let timeEmbedding: TimestepEmbedding
    private let classTable: Embedding?
    private let classEmbedding: TimestepEmbedding?
    private let centring: (scale: PackedVector, shift: PackedVector)?
    private let input, output: Convolution
    private let downs: [DownBlock2D]
    private let middle: MidBlock2D?
    private let ups: [UpBlock2D]
    private let outputNorm: GroupNorm

    /// - Throws: ``DiffusionError``: its cases `config` and `weights`.
    init(_ config: Config, _ w: Weights) throws(DiffusionError) {
        let plan: UNet2DPlan
        do throws(ConfigError) {
            configuration = try UNet2DConfiguration(config)
            plan = try UNet2DPlan(configuration, config)
        } catch { throw .config(error) }
        let c = configuration
        do throws(WeightError) {
            timestepFeatures = try Self.features(c, w("time_proj"))
            timeEmbedding = try TimestepEmbedding(timestepFeatures.width, c.embeddingWidth, w("time_embedding"))
            let place = w("class_embedding")
            switch c.classEmbedding {
            case .none, .identity: (classTable, classEmbedding) = (nil, nil)
            case .table(let count): (classTable, classEmbedding) = (try Embedding(count, c.embeddingWidth, place), nil)
            case .timestep:
                classTable = nil
                classEmbedding = try TimestepEmbedding(timestepFeatures.width, c.embeddingWidth, place)
            }
            let first = c.widths[0]
            centring =
                c.centersInput
                ? (
                    PackedVector(.init(repeating: 2, count: c.inputChannels), in: w.loader.memory),
                    PackedVector(.init(repeating: -1, count: c.inputChannels), in: w.loader.memory)
                ) : nil
            input = try Convolution(c.inputChannels, first, kernel: 3, padding: .symmetric(1), w("conv_in"))
            downs = try plan.downs.layers(w("down_blocks")) { (down, w) throws(WeightError) in
                try DownBlock2D(down, padding: c.downsamplePadding, w)
            }
            middle =
                if let middle = plan.middle {
                    try MidBlock2D(resnet: middle.resnet, attention: middle.attention, w("mid_block"))
                } else {
                    nil
                }
            ups = try plan.ups.layers(w("up_blocks")) { (up, w) throws(WeightError) in
                try UpBlock2D(up, epsilon: c.epsilon, w)
            }
            outputNorm = try GroupNorm(
                groups: plan.outputGroups, first, epsilon: c.epsilon, activation: .silu, w("conv_norm_out"))
            output = try Convolution(first, c.outputChannels, kernel: 3, padding: .symmetric(1), w("conv_out"))
        } catch { throw .weights(error) }
    }

    private static func features(_ c: UNet2DConfiguration, _ w: Weights) throws(WeightError) -> TimestepFeatures {
        switch c.timeEmbedding {
        case .positional(let cosinesFirst, let shift):
            .positional(.init(width: c.widths[0], cosinesFirst: cosinesFirst, frequencyShift: shift))
        case .fourier: .fourier(try w.vector("weight", c.widths[0]))
        case .learned(let count): .learned(try w.tensor("weight", shape: [count, c.widths[0]]))
        }
    }

    /// Applies the network.
    ///
    /// - Parameters:
    ///   - sample: `[B, H, W, channels]`, H and W multiples of what the configuration says.
    ///   - features: of the timesteps, `[B, features]`.
    ///   - classes: as the configuration has them.
    ///   - probe: looks for values that are no numbers.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H, W, outputs]`, not yet divided by a noise level.
    func callAsFunction(
        _ sample: Tensor, features: Tensor, classes: Classes, probe: LayerProbe? = nil, _ ws: Workspace
    ) -> Tensor {
        var embedding = timeEmbedding(features, ws)
        probe?.look(at: embedding, "time_embedding")
        if let added = self.embedding(of: classes, ws) {
            probe?.look(at: added, "class_embedding")
            embedding = ws.added(embedding, added)
        }
        let pass = UNetPass(
            ws: ws, embedding: embedding, activated: ws.activated(embedding, configuration.activation), probe: probe)
        var carried = sample
        if let centring { carried = ws.affine(sample, scale: centring.scale, shift: centring.shift) }
        var hidden = pass.checked(input(carried, ws), "conv_in")
        var states = [hidden]
        for down in downs { hidden = down(hidden, picture: &carried, states: &states, pass) }
        if let middle { hidden = middle(hidden, pass) }
        var picture: Tensor?
        for up in ups { hidden = up(hidden, picture: &picture, states: &states, pass) }
        hidden = pass.checked(outputNorm(hidden, ws), "conv_norm_out")
        return pass.checked(output(hidden, residual: picture, ws), "conv_out")
    }

    private func embedding(of classes: Classes, _ ws: Workspace) -> Tensor? {
        switch classes {
        case .none: nil
        case .rows(let rows):
            classTable?(rows, shape: Shape(rows.count, 1), ws)
                .reshaped(to: Shape(rows.count, configuration.embeddingWidth))
        case .features(let features): classEmbedding?(features, ws)
        case .embeddings(let embeddings): embeddings
        }
    }
}
