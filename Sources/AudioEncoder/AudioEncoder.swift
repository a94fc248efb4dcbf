public import Checkpoints
public import JSON
import Layers
public import TensorCore

/// An audio encoder as loaded from a folder: wav2vec 2.0 and its kin, with a head for CTC, for classification, or none.
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
///
/// ```swift
/// let encoder = try AudioEncoder(folder: "models/wav2vec2-base-960h")
/// let logits = try encoder.logits(encoder.inputValues(samples))  // [1, frames, vocabulary]
/// ```
public struct AudioEncoder: FolderRecognizing, Sendable {
    /// What makes logits of hidden states.
    public enum Head: Sendable, Equatable {
        /// One row of logits a frame, one logit for each token.
        case ctc(vocabulary: Int)
        /// One row of logits a clip.
        case classification(labels: [String])
        /// There are no logits.
        case none
    }

    /// The folder it was loaded from.
    public let folder: String
    /// The family's name, such as `wav2vec 2.0`.
    public let architecture: String
    /// Where it computes.
    public let runtime: Runtime
    /// Elements of all parameters.
    public let parameterCount: Int
    /// Bytes the weights take in memory.
    public let weightBytes: Int
    /// Width of a frame between the blocks.
    public let hiddenWidth: Int
    /// Number of blocks.
    public let layerCount: Int
    /// What makes logits of hidden states.
    public let head: Head
    /// The languages that the folder has adapters for, sorted; empty where the model has none.
    public let languages: [String]
    /// The language whose adapter was asked for.
    public let language: String?

    let configuration: AudioEncoderConfiguration
    let features: FeatureEncoder
    let network: any SpeechTransformer
    let adapter: ConvolutionAdapter?
    let logitLayers: AudioHead?
    private let preparation: Result<FeatureExtractor, AudioEncoderError>

    /// Loads a folder of transformers.
    ///
    /// - Parameters:
    ///   - folder: holds the configuration, the weights, and what says how sound is prepared.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - language: the language of MMS's models, such as `eng`: its adapter and head replace those of the
    ///     checkpoint.
    ///   - plansOnly: reads no weights, only names and shapes.
    /// - Throws: ``AudioEncoderError``.
    public init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(), language: String? = nil,
        plansOnly: Bool = false
    ) throws(AudioEncoderError) {
        let config = try Self.readConfig(FileSystem.join(folder, "config.json"))
        let checkpoint: Checkpoint
        do throws(CheckpointError) { checkpoint = try Checkpoint.open(folder: folder, choice: weights) } catch {
            throw .checkpoint(error)
        }
        try self.init(
            folder: folder, config: config, source: checkpoint, runtime: runtime ?? Runtime(), language: language,
            plansOnly: plansOnly)
    }

    /// Builds an audio encoder from a configuration and any source of tensors; everything else is the folder's.
    ///
    /// - Throws: ``AudioEncoderError``.
    public init(
        folder: String, config: Config, source: any TensorSource, runtime: Runtime, language: String? = nil,
        plansOnly: Bool = false
    ) throws(AudioEncoderError) {
        self.folder = folder
        self.runtime = runtime
        self.language = language
        let architecture: AudioEncoderArchitecture
        var kind: AudioHead.Kind
        do throws(ConfigError) {
            architecture = try AudioEncoderArchitecture.named(in: config)
            configuration = try AudioEncoderConfiguration(config, architecture.variant)
            kind = try architecture.head(config, configuration)
        } catch { throw .config(error) }
        var source = source
        let hasAdapters = configuration.attentionAdapterWidth != nil
        languages = hasAdapters ? LanguageAdapter.languages(in: folder) : []
        if let language {
            guard hasAdapters, case .ctc = kind else {
                throw .noLanguage(folder: folder, language: language, known: [])
            }
            let adapter = try LanguageAdapter.open(language, in: folder)
            source = LanguageAdapter(adapter, over: source)
            // Each language has letters of its own: the file, not the configuration, says how many.
            if let rows = adapter.info("lm_head.weight")?.shape.first, (1...1_000_000).contains(rows) {
                kind = .ctc(vocabulary: rows)
            }
        }
        let loader = WeightLoader(source, runtime: runtime, plansOnly: plansOnly)
        do throws(WeightError) {
            let root = Weights(loader)
            let prefixed = root(architecture.prefix)
            let w = prefixed.has("feature_projection.projection.weight") ? prefixed : root
            features = try FeatureEncoder(configuration, w)
            network = try architecture.network.init(configuration, w)
            if let settings = configuration.convolutionAdapter {
                adapter = try ConvolutionAdapter(settings, w("adapter"))
            } else {
                adapter = nil
            }
            logitLayers = try AudioHead(kind, configuration, root)
            try loader.finish(ignoring: architecture.ignores)
        } catch { throw .weights(error) }
        let longest = configuration.maximumSamples(headWidth: logitLayers?.frameWidth ?? 0)
        guard configuration.minimumSamples <= longest else {
            throw .config(
                config.failure(
                    "conv_stride", expected: "kernels and strides for which \(longest) samples make a frame",
                    found: "\(configuration.minimumSamples)"))
        }
        head =
            switch kind {
            case .none: .none
            case .ctc(let vocabulary): .ctc(vocabulary: vocabulary)
            case .classification(let labels, _, _, _): .classification(labels: labels)
            }
        self.architecture = architecture.name
        parameterCount = loader.parameterCount
        weightBytes = loader.byteCount
        hiddenWidth = configuration.width
        layerCount = configuration.depth
        do throws(AudioEncoderError) { preparation = .success(try FeatureExtractor(folder: folder)) } catch {
            preparation = .failure(error)
        }
    }

    /// Whether a folder's configuration is that of an audio encoder of this family, supported or not. No weights are
    /// looked at; a folder that cannot be read is none.
    public static func recognises(_ files: ConfigurationFiles) -> Bool {
        guard let config = files.model else { return false }
        return (try? AudioEncoderArchitecture.named(in: config)) != nil
    }

    /// Reads a configuration file.
    static func readConfig(_ path: String) throws(AudioEncoderError) -> Config {
        do throws(CheckpointError) { return try Config(path: path) } catch {
            if case .config(let error) = error { throw .config(error) }
            throw .checkpoint(error)
        }
    }

    /// Samples a second that the model wants; 16,000, the reference's own default, where the folder does not say.
    public var samplingRate: Int { (try? preparation.get())?.samplingRate ?? FeatureExtractor.standardRate }

    /// How samples become what the network is fed.
    func featureExtractor() throws(AudioEncoderError) -> FeatureExtractor { try preparation.get() }
}
