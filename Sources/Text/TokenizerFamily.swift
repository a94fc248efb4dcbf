import Files
import JSON

/// The tokenizers that transformers builds from bare vocabularies, and whose rules it applies to `tokenizer.json` of
/// their models, too (transformers 5.23, `models/*/tokenization_*.py`).
enum TokenizerFamily: Sendable {
    case clip, gpt2, roberta, bert, mpnet

    /// The family of a folder: by `tokenizer_class`, else by `model_type` of `config.json`.
    init?(_ settings: TokenizerSettings) {
        if let name = settings.tokenizerClass {
            guard let family = Self.classes[name] else { return nil }
            self = family
        } else {
            guard let type = settings.modelType, let family = Self.modelTypes[type] else { return nil }
            self = family
        }
    }

    private static let classes: [String: TokenizerFamily] = [
        "CLIPTokenizer": .clip, "GPT2Tokenizer": .gpt2, "RobertaTokenizer": .roberta, "BertTokenizer": .bert,
        "DistilBertTokenizer": .bert, "ElectraTokenizer": .bert, "MPNetTokenizer": .mpnet,
    ]

    private static let modelTypes: [String: TokenizerFamily] = [
        "clip": .clip, "clip_text_model": .clip, "gpt2": .gpt2, "roberta": .roberta, "bert": .bert,
        "distilbert": .bert, "electra": .bert, "mpnet": .mpnet,
    ]

    /// Whether its vocabulary is `vocab.json` with `merges.txt`; otherwise it is `vocab.txt`.
    var hasMerges: Bool {
        switch self {
        case .clip, .gpt2, .roberta: true
        case .bert, .mpnet: false
        }
    }

    /// The class's defaults for the tokens that play a part.
    func defaultName(_ role: TokenizerSettings.Role) -> String? {
        switch (self, role) {
        case (.clip, .start): "<|startoftext|>"
        case (.clip, .end), (.clip, .unknown), (.clip, .padding): "<|endoftext|>"
        case (.gpt2, .start), (.gpt2, .end), (.gpt2, .unknown): "<|endoftext|>"
        case (.clip, _), (.gpt2, _): nil
        case (.roberta, .start), (.roberta, .classification), (.mpnet, .start), (.mpnet, .classification): "<s>"
        case (.roberta, .end), (.roberta, .separator), (.mpnet, .end), (.mpnet, .separator): "</s>"
        case (.roberta, .padding), (.mpnet, .padding): "<pad>"
        case (.roberta, .mask), (.mpnet, .mask): "<mask>"
        case (.roberta, .unknown): "<unk>"
        case (.mpnet, .unknown), (.bert, .unknown): "[UNK]"
        case (.bert, .separator): "[SEP]"
        case (.bert, .padding): "[PAD]"
        case (.bert, .classification): "[CLS]"
        case (.bert, .mask): "[MASK]"
        case (.bert, .start), (.bert, .end): nil
        }
    }

    /// How a token that plays a part is found in texts where no file says so.
    func defaultFlags(_ role: TokenizerSettings.Role?) -> AddedTokens.Token {
        // MPNet's mask takes the space before it along.
        AddedTokens.Token(content: "", id: -1, stripsLeft: self == .mpnet && role == .mask)
    }

    /// The family's steps before the model, as the class sets them up from the settings.
    func steps(_ settings: TokenizerSettings) throws(ConfigError)
        -> (normalizer: (any Normalizer)?, preTokenizer: any PreTokenizer)
    {
        switch self {
        case .clip:
            let normalizer = NormalizerSequence(steps: [
                NFCNormalizer(), ReplaceNormalizer(pattern: .spaces, content: [" "]), LowercaseNormalizer(),
            ])
            let byteLevel = ByteLevelPreTokenizer(addsPrefixSpace: false, usesPattern: true)
            return (normalizer, PreTokenizerSequence(steps: [CLIPPattern.withSpecials, byteLevel]))
        case .gpt2, .roberta:
            let addsPrefixSpace = try settings.config.bool("add_prefix_space", default: false)
            return (nil, ByteLevelPreTokenizer(addsPrefixSpace: addsPrefixSpace, usesPattern: true))
        case .bert, .mpnet:
            return (try bertNormalizer(settings.config), BERTPreTokenizer())
        }
    }

    /// BERT's clean-up as the settings ask for it.
    func bertNormalizer(_ config: Config) throws(ConfigError) -> BERTNormalizer {
        let lowercases = try config.bool("do_lower_case", default: true)
        return BERTNormalizer(
            cleansText: true, separatesChinese: try config.bool("tokenize_chinese_chars", default: true),
            stripsAccents: try config.optionalBool("strip_accents") ?? lowercases, lowercases: lowercases)
    }

    /// What the class puts around a text; `id` looks a token up that must be there.
    func template(
        _ settings: TokenizerSettings, id: (TokenizerSettings.Role) throws(TokenizerError) -> Int
    ) throws(TokenizerError) -> Template {
        switch self {
        case .clip: return Template(before: [try id(.start)], after: [try id(.end)])
        case .gpt2: return Template()
        case .bert: return Template(before: [try id(.classification)], after: [try id(.separator)])
        case .mpnet: return Template(before: [try id(.classification)], after: [try id(.separator)], trims: [false])
        case .roberta:
            let (before, after) = (try id(.classification), try id(.separator))
            do throws(ConfigError) {
                let addsPrefixSpace = try settings.config.bool("add_prefix_space", default: false)
                let trims = try settings.config.bool("trim_offsets", default: true)
                return Template(before: [before], after: [after], trims: trims ? [addsPrefixSpace] : [])
            } catch {
                throw .config(error)
            }
        }
    }
}
