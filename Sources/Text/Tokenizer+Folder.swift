import Files
import JSON

extension Tokenizer {
    /// The library whose rules a folder's tokenizer follows, where its files serve two.
    public enum Rules: Sendable {
        /// open_clip's where the folder has `open_clip_config.json` and no `config.json`, or no vocabulary but
        /// `bpe_simple_vocab_16e6.txt.gz`; otherwise transformers'.
        case automatic
        /// transformers': the tokenizer's class and `tokenizer.json`.
        case transformers
        /// open_clip's, and those of OpenAI's CLIP.
        ///
        /// A text is first repaired as ftfy does it: HTML entities; UTF-8 that was read in another encoding, by ftfy's
        /// clues and over its ten encodings; control characters of Latin-1 taken for Windows-1252's; ligatures, widths
        /// and curly quotes made ordinary; line breaks; terminal escapes and control characters removed; NFC. Then HTML
        /// entities are unescaped twice, white space becomes single spaces, and letters lower case. What is not done:
        /// more than 32 rounds of these repairs. A text that would need that is tokenized as it is then.
        ///
        /// Padding is 0 for CLIP's own vocabulary.
        case openCLIP
    }

    /// The files that are looked for, in this order.
    static let files = [
        "tokenizer.json", "vocab.json and merges.txt", "vocab.txt", "spiece.model", OpenAIVocabulary.fileName,
    ]

    static func pipeline(folder: String, rules: Rules) throws(TokenizerError) -> Pipeline {
        func has(_ name: String) -> Bool { FileSystem.exists(FileSystem.join(folder, name)) }
        let hasVocabulary = has("tokenizer.json") || has("vocab.json") || has("vocab.txt") || has("spiece.model")
        let isOpenCLIP: Bool
        switch rules {
        case .openCLIP: isOpenCLIP = true
        case .transformers: isOpenCLIP = false
        case .automatic:
            isOpenCLIP =
                (has(OpenCLIPTokenizer.configName) && !has("config.json"))
                || (!hasVocabulary && has(OpenAIVocabulary.fileName))
        }
        if isOpenCLIP { return try OpenCLIPTokenizer.pipeline(folder: folder) }
        return try pipeline(settings: TokenizerSettings(folder: folder))
    }

    /// transformers' rules. The side on which texts are filled up is the settings', else that of `tokenizer.json`, else
    /// the class's.
    static func pipeline(settings: TokenizerSettings) throws(TokenizerError) -> Pipeline {
        var pipeline = try steps(settings: settings)
        pipeline.roles.padsLeft = settings.padsLeft ?? pipeline.roles.padsLeft ?? settings.classPadsLeft
        return pipeline
    }

    private static func steps(settings: TokenizerSettings) throws(TokenizerError) -> Pipeline {
        let folder = settings.folder
        func has(_ name: String) -> Bool { FileSystem.exists(FileSystem.join(folder, name)) }
        let builder = PipelineBuilder(settings)
        if SentencePieceFolder.Class(settings) == .siglip,
            let pipeline = try SentencePieceComponents.pipeline(folder: folder, settings: settings)
        {
            return pipeline
        }
        if has("tokenizer.json") {
            return try builder.pipeline(try TokenizerFile(path: FileSystem.join(folder, "tokenizer.json")))
        }
        if has("vocab.json"), has("merges.txt") {
            let tables = try VocabularyFiles.bytePairs(folder: folder)
            let family = try family(builder, tables, hasMerges: true)
            return try PipelineBuilder(settings, family: family).pipeline(family, tables)
        }
        if has("vocab.txt") {
            let tables = try VocabularyFiles.lines(folder: folder)
            return try builder.pipeline(try family(builder, tables, hasMerges: false), tables)
        }
        if let pipeline = try SentencePieceComponents.pipeline(folder: folder, settings: settings) { return pipeline }
        throw .noTokenizer(folder: folder, expected: files)
    }

    /// The family of a bare vocabulary, which alone does not say how texts are cut.
    private static func family(
        _ builder: PipelineBuilder, _ tables: ModelTables, hasMerges: Bool
    ) throws(TokenizerError) -> TokenizerFamily {
        if let family = builder.family, family.hasMerges == hasMerges { return family }
        let settings = builder.settings
        if builder.family == nil, settings.tokenizerClass == nil, settings.modelType == nil {
            // Without a word about the class, only CLIP's vocabulary is unmistakable: no other ends words so.
            let suffix = OpenAIVocabulary.suffix
            if hasMerges, tables.merges.contains(where: { $0.right.hasSuffix(suffix) }) { return .clip }
        }
        throw .config(
            settings.config.failure(
                "tokenizer_class",
                expected: hasMerges
                    ? "CLIPTokenizer, GPT2Tokenizer or RobertaTokenizer for \(tables.file)"
                    : "BertTokenizer, DistilBertTokenizer, ElectraTokenizer or MPNetTokenizer for \(tables.file)"))
    }
}
