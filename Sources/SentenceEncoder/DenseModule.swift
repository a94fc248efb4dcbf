import Checkpoints
import JSON
import Layers
import TensorCore

/// A linear layer over the sentence's vector: `2_Dense` of a sentence-transformers folder.
///
/// Tensors: `linear.weight` `[outputs, inputs]`, `linear.bias` `[outputs]`, and `residual.weight` where a residual
/// changes its width.
struct DenseModule: Sendable {
    /// Width of the result.
    let outputs: Int
    /// Elements of its parameters.
    let parameterCount: Int
    /// Bytes its packed weights take.
    let weightBytes: Int
    private let linear: Linear
    private let hasResidual: Bool
    private let residual: Linear?

    /// Python's names of the activations' classes.
    private static let activations: [String: Activation] = [
        "torch.nn.modules.activation.Tanh": .tanh, "torch.nn.modules.linear.Identity": .none,
        "torch.nn.modules.activation.ReLU": .relu, "torch.nn.modules.activation.GELU": .gelu,
        "torch.nn.modules.activation.SiLU": .silu, "torch.nn.modules.activation.Sigmoid": .sigmoid,
        "torch.nn.modules.activation.ReLU6": .relu6,
    ]

    /// Reads the layer from its folder.
    ///
    /// - Parameter inputs: the width of what comes before.
    init(folder: String, inputs: Int, runtime: Runtime, plansOnly: Bool) throws(SentenceEncoderError) {
        let config = try Config.read(FileSystem.join(folder, "config.json"))
        let checkpoint: Checkpoint
        do throws(CheckpointError) { checkpoint = try Checkpoint.open(folder: folder) } catch {
            throw .checkpoint(error)
        }
        let layer: (outputs: Int, bias: Bool, activation: Activation)
        do throws(ConfigError) {
            try config.expectOnly([
                "in_features", "out_features", "bias", "activation_function", "module_input_name",
                "module_output_name", "use_residual",
            ])
            try config.expectSentenceVector()
            _ = try config.int("in_features", in: inputs...inputs)
            layer = (
                try config.int("out_features", in: 1...65536), try config.bool("bias", default: true),
                try config.choice("activation_function", Self.activations, default: .tanh)
            )
            hasResidual = try config.bool("use_residual", default: false)
        } catch { throw .config(error) }
        outputs = layer.outputs
        let loader = WeightLoader(checkpoint, runtime: runtime, plansOnly: plansOnly)
        let w = Weights(loader)
        do throws(WeightError) {
            linear = try Linear(inputs, outputs, bias: layer.bias, activation: layer.activation, w("linear"))
            residual =
                hasResidual && inputs != outputs ? try Linear(inputs, outputs, bias: false, w("residual")) : nil
            try loader.finish()
        } catch { throw .weights(error) }
        parameterCount = loader.parameterCount
        weightBytes = loader.byteCount
    }

    /// Applies the layer to `[n, inputs]`.
    func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        let y = linear(x, ws)
        return hasResidual ? ws.added(y, residual.map { $0(x, ws) } ?? x) : y
    }
}
