import Checkpoints
import JSON
public import TensorCore

/// What a checkpoint's `config.json` says of a text encoder.
public struct TextEncoderConfiguration: Sendable, Equatable {
    /// Number of tokens in the vocabulary.
    public var vocabularyCount: Int
    /// Width of a token.
    public var width: Int
    /// Number of blocks.
    public var depth: Int
    /// Attention heads in a block.
    public var heads: Int
    /// Width between a block's two linear layers.
    public var hiddenWidth: Int
    /// The activation between them.
    public var activation: Activation
    /// The epsilon of every layer norm.
    public var epsilon: Double
    /// Rows of the table of position embeddings.
    public var positionCount: Int
    /// Number of segments that a token may belong to; 0 where the network has none.
    public var typeCount: Int
    /// The id of the token that fills up batches, where positions are counted from it.
    public var paddingID: Int?

    /// The longest sequence the network can read, in tokens.
    public var contextLength: Int { positionCount - (paddingID.map { $0 + 1 } ?? 0) }

    /// How an architecture differs from BERT.
    enum Variant: Sendable {
        /// Positions from 0, segments.
        case bert
        /// Positions from the padding's id + 1, segments.
        case roberta
        /// Positions from 2 whatever the padding's id (`MPNetEmbeddings`), no segments, 32 buckets of distances.
        case mpnet
    }

    /// Reads a configuration of transformers; absent keys take the defaults of its `BertConfig`, `RobertaConfig`,
    /// `XLMRobertaConfig` and `MPNetConfig`, but sizes must be there.
    ///
    /// - Throws: ``ConfigError`` for a value that cannot be or an option that is not supported.
    init(_ config: Config, _ variant: Variant) throws(ConfigError) {
        // What later or other versions of these models can be told to do; none of it is done here.
        _ = try config.choice("position_embedding_type", ["absolute": ()], default: ())
        for key in ["is_decoder", "add_cross_attention"] where try config.bool(key, default: false) {
            throw config.failure(key, expected: "false, as of an encoder", found: "true")
        }
        if let pruned = try config.optionalObject("pruned_heads"), !pruned.keys.isEmpty {
            throw config.failure("pruned_heads", expected: "no pruned heads")
        }
        vocabularyCount = try config.int("vocab_size", in: 1...2_000_000)
        width = try config.int("hidden_size", in: 1...16384)
        depth = try config.int("num_hidden_layers", in: 1...1000)
        heads = try config.int("num_attention_heads", in: 1...1024)
        hiddenWidth = try config.int("intermediate_size", in: 1...131_072)
        activation = config.has("hidden_act") ? try config.activation("hidden_act") : .gelu
        epsilon = try config.double("layer_norm_eps", in: 0...1, default: 1e-12)
        positionCount = try config.int("max_position_embeddings", in: 1...1_000_000)
        switch variant {
        case .bert:
            typeCount = try config.int("type_vocab_size", in: 1...1000, default: 2)
        case .roberta:
            typeCount = try config.int("type_vocab_size", in: 1...1000, default: 2)
            paddingID = try config.int("pad_token_id", in: 0...vocabularyCount - 1, default: 1)
        case .mpnet:
            typeCount = 0
            paddingID = 1
            // transformers looks up 32 buckets whatever the configuration says.
            _ = try config.int("relative_attention_num_buckets", in: 32...32, default: 32)
        }
        guard width % heads == 0 else {
            throw config.failure("num_attention_heads", expected: "a divisor of the width \(width)", found: "\(heads)")
        }
        guard contextLength >= 1 else {
            throw config.failure(
                "max_position_embeddings", expected: "more than the places before the first token's",
                found: "\(positionCount)")
        }
    }
}
