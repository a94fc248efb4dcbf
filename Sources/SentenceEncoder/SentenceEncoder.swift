public import Checkpoints
public import JSON
import Layers
public import TensorCore
import Text

/// A sentence encoder as loaded from a folder: tokenizer, transformer, pooling.
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
///
/// ```swift
/// let encoder = try SentenceEncoder(folder: "models/all-MiniLM-L6-v2")
/// let vectors = try encoder.embed(["A cat sits on the mat.", "Ein Hund schläft."])  // [2, 384]
/// ```
public struct SentenceEncoder: FolderRecognizing, Sendable {
    /// The folder it was loaded from.
    public let folder: String
    /// The family's name, such as `BERT`.
    public let architecture: String
    /// The transformer.
    public let network: any TextEncoder
    /// The longest input, in tokens, those around the text included.
    public let contextLength: Int
    /// Width of a sentence's vector; of a token's where the folder does not say how tokens become one.
    public let embeddingWidth: Int
    /// How vectors are meant to be compared, where the folder says.
    public var similarity: SimilarityFunction? { prompts.similarity }
    /// The names of the model's prompts.
    public var promptNames: [String] { prompts.texts.map(\.name) }
    /// The prompt that texts get where none is named; `nil` where they get none.
    public var standardPromptName: String? { prompts.standard }
    /// Elements of all parameters.
    public let parameterCount: Int
    /// Bytes the weights take in memory.
    public let weightBytes: Int
    /// Where it computes.
    public let runtime: Runtime

    let head: SentenceHead?
    let prompts: Prompts
    let text: TextSource

    /// Loads a folder of sentence-transformers, or one of transformers.
    ///
    /// The latter does not say how tokens become a sentence's vector: ``outputs(inputIDs:attentionMask:tokenTypeIDs:)``
    /// gives the tokens' vectors, ``embed(_:prompt:truncates:)`` is an error.
    ///
    /// - Parameters:
    ///   - folder: of sentence-transformers, or of transformers.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the transformer's weights are read; what its folder has as it was trained where left out.
    ///   - plansOnly: reads no weights, only names and shapes: for ``plan(batch:tokens:)``.
    /// - Throws: ``SentenceEncoderError``.
    public init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(), plansOnly: Bool = false
    ) throws(SentenceEncoderError) {
        let modules = SentenceModules.exist(in: folder) ? try SentenceModules(folder: folder) : nil
        let transformer = modules?.transformerFolder ?? folder
        let config = try Config.read(FileSystem.join(transformer, "config.json"))
        let checkpoint: Checkpoint
        do throws(CheckpointError) { checkpoint = try Checkpoint.open(folder: transformer, choice: weights) } catch {
            throw .checkpoint(error)
        }
        try self.init(
            folder: folder, config: config, source: checkpoint, modules: modules, runtime: runtime ?? Runtime(),
            plansOnly: plansOnly)
    }

    /// Builds an encoder from a configuration and any source of tensors; everything else is the folder's.
    ///
    /// - Throws: ``SentenceEncoderError``.
    public init(
        folder: String, config: Config, source: any TensorSource, runtime: Runtime, plansOnly: Bool = false
    ) throws(SentenceEncoderError) {
        let modules = SentenceModules.exist(in: folder) ? try SentenceModules(folder: folder) : nil
        try self.init(
            folder: folder, config: config, source: source, modules: modules, runtime: runtime, plansOnly: plansOnly)
    }

    private init(
        folder: String, config: Config, source: any TensorSource, modules: SentenceModules?, runtime: Runtime,
        plansOnly: Bool
    ) throws(SentenceEncoderError) {
        let architecture: TextEncoderArchitecture
        let configuration: TextEncoderConfiguration
        do throws(ConfigError) {
            architecture = try TextEncoderArchitecture.named(in: config)
            configuration = try TextEncoderConfiguration(config, architecture.variant)
        } catch { throw .config(error) }
        let loader = WeightLoader(LegacyNames.renamed(source), runtime: runtime, plansOnly: plansOnly)
        do throws(WeightError) {
            let root = Weights(loader)
            let prefixed = root(architecture.prefix)
            let hasPrefix = prefixed.has("embeddings.word_embeddings.weight")
            network = try architecture.network.init(configuration, hasPrefix ? prefixed : root)
            try loader.finish(ignoring: architecture.ignores)
        } catch { throw .weights(error) }
        let head = try modules.map { modules throws(SentenceEncoderError) in
            try SentenceHead(modules, width: configuration.width, runtime: runtime, plansOnly: plansOnly)
        }
        let transformer = modules?.transformerFolder ?? folder
        let settings = try TextSettings(folder: transformer, isModule: modules != nil)
        prompts = modules == nil ? Prompts() : try Prompts(folder: folder)
        text = TextSource(folder: transformer, lowercasing: settings.lowercasing)
        contextLength = min(settings.maximumTokens ?? .max, configuration.contextLength)
        embeddingWidth = head?.width ?? configuration.width
        parameterCount = loader.parameterCount + (head?.parameterCount ?? 0)
        weightBytes = loader.byteCount + (head?.weightBytes ?? 0)
        self.architecture = architecture.name
        self.head = head
        self.folder = folder
        self.runtime = runtime
    }

    /// Whether a folder is one of sentence-transformers, or one of transformers with a text encoder of this family.
    public static func recognises(_ files: ConfigurationFiles) -> Bool {
        if SentenceModules.exist(in: files.folder) { return true }
        guard let config = files.model else { return false }
        return (try? TextEncoderArchitecture.named(in: config)) != nil
    }
}
