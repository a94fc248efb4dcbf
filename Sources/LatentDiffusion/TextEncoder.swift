public import Checkpoints
import DualEncoder
public import JSON
public import TensorCore

/// The text encoder of a latent diffusion model as loaded from its own folder: transformers' `CLIPTextModel`.
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
public struct TextEncoder: Sendable {
    /// The folder it was loaded from.
    public let folder: String
    /// Elements of all parameters.
    public var parameterCount: Int { model.parameterCount }
    /// Bytes the packed weights take.
    public var weightBytes: Int { model.weightBytes }
    /// Tokens that a text has, start and end included.
    public var contextLength: Int { model.contextLength }
    /// Width of a token's state.
    public var width: Int { model.embeddingWidth }
    /// Where it computes.
    public var runtime: Runtime { model.runtime }

    private let model: DualEncoder

    /// Loads a text encoder's folder.
    ///
    /// - Parameters:
    ///   - folder: holds `config.json` and the weights, such as `text_encoder` of a pipeline.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - plansOnly: reads no weights, only names and shapes: for ``plan(texts:)``.
    /// - Throws: ``LatentDiffusionError``.
    public init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(), plansOnly: Bool = false
    ) throws(LatentDiffusionError) {
        try self.init(
            folder: folder, config: ComponentFolder.config(folder),
            source: ComponentFolder.checkpoint(folder, weights), runtime: runtime ?? Runtime(), plansOnly: plansOnly)
    }

    /// Builds a text encoder from a configuration and any source of tensors.
    ///
    /// - Parameters:
    ///   - folder: for messages.
    ///   - config: the text encoder's.
    ///   - source: the tensors.
    ///   - runtime: where to compute.
    ///   - plansOnly: reads no weights.
    /// - Throws: ``LatentDiffusionError``.
    public init(
        folder: String, config: Config, source: any TensorSource, runtime: Runtime, plansOnly: Bool = false
    ) throws(LatentDiffusionError) {
        self.folder = folder
        do throws(ConfigError) {
            let names = try config.optionalStrings("architectures", count: 1...1)
            guard names == ["CLIPTextModel"] else {
                throw config.failure("architectures", expected: "[\"CLIPTextModel\"]")
            }
            // A mask over padding would change every state behind the text.
            guard try !config.bool("use_attention_mask", default: false) else {
                throw config.failure("use_attention_mask", expected: "false, as Stable Diffusion 1.x and 2.x have it")
            }
        } catch { throw .config(error) }
        do throws(DualEncoderError) {
            model = try DualEncoder(
                folder: folder, config: config, source: source, runtime: runtime, towers: [.text], plansOnly: plansOnly)
        } catch { throw Self.unwrapped(error) }
    }

    /// The states of all tokens after the last norm, padding included: what the network attends to.
    ///
    /// - Parameters:
    ///   - inputIDs: 64-bit integers `[B, T]`, T at most ``contextLength``, each with the end token.
    ///   - clipSkip: blocks at the end that are left out, 0 to all, before the last norm; diffusers' pipelines do so
    ///     for the prompt, not for the negative one.
    /// - Returns: `[B, T, width]`.
    /// - Throws: ``LatentDiffusionError/textEncoder(_:)``.
    public func lastHiddenState(_ inputIDs: Tensor, clipSkip: Int = 0) throws(LatentDiffusionError) -> Tensor {
        do throws(DualEncoderError) {
            return try model.textStates(inputIDs, skippingLast: clipSkip).lastHiddenState
        } catch { throw Self.unwrapped(error) }
    }

    /// Counts what encoding texts of the context's length would cost, without running it.
    ///
    /// - Parameter texts: how many.
    /// - Throws: ``LatentDiffusionError/textEncoder(_:)``.
    public func plan(texts: Int) throws(LatentDiffusionError) -> Workspace.Account {
        do throws(DualEncoderError) { return try model.plan(.text, batch: texts) } catch {
            throw Self.unwrapped(error)
        }
    }

    private static func unwrapped(_ error: DualEncoderError) -> LatentDiffusionError {
        switch error {
        case .config(let error): .config(error)
        case .weights(let error): .weights(error)
        case .checkpoint(let error): .checkpoint(error)
        default: .textEncoder(error)
        }
    }
}
