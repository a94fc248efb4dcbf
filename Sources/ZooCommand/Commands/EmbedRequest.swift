import Arguments
import JSON
import ModelZoo
import TensorCore

/// What a command line of `zoo embed` asks for.
struct EmbedRequest {
    /// The model.
    let entry: Registry.Entry
    /// Pictures or texts.
    let content: EmbeddingModel.Content
    /// How they are embedded.
    let options: EmbeddingModel.Options
    /// Where vectors go; `nil` for standard output.
    let files: EmbeddingFiles?
    /// The part that is wanted.
    let shard: EmbeddingShard
    /// Whether a part was asked for.
    let isSharded: Bool
    /// Pictures at once.
    let batch: Int
    /// The pictures, where these are what is embedded.
    let pictures: InputList

    private let words: [String]
    private let texts: [String]
    private let textFile: InputPath?
    private let runtime: Runtime

    /// - Throws: ``UsageError`` for what cannot be together, ``RegistryError`` where there is no such model.
    init(_ parsed: ParsedArguments, _ context: CommandContext) throws {
        func usage(_ text: String) -> UsageError { UsageError(text, path: parsed.path) }
        words = parsed[EmbedCommand.inputs]
        texts = parsed[EmbedCommand.text] + (parsed[EmbedCommand.text].isEmpty ? [] : words)
        textFile = parsed[EmbedCommand.textFrom].map(context.path)
        content = texts.isEmpty && textFile == nil ? .pictures : .texts
        if content == .pictures, words.isEmpty { throw usage("missing argument INPUT, or --text, or --text-from") }
        if textFile != nil, !words.isEmpty {
            throw usage("texts come from '--text-from', so '\(printable(words[0]))' has no place")
        }
        pictures = InputList(words.map(context.path), list: PathList(isNullSeparated: parsed[EmbedCommand.null]))

        files = try parsed[EmbedCommand.output].map { path in
            guard let files = EmbeddingFiles(path) else {
                throw usage("option '--output': '\(printable(path))' is neither FILE.npy nor FILE.jsonl")
            }
            return files
        }
        if files == nil, parsed[EmbedCommand.restart] {
            throw usage("option '--restart' is for runs with '--output'")
        }
        isSharded = parsed.isGiven(EmbedCommand.shard)
        shard =
            try parsed[EmbedCommand.shard].map { text in
                guard let shard = EmbeddingShard(text) else {
                    throw usage(
                        "option '--shard': '\(printable(text))' is not I/N with I from 1 to N, at most "
                            + "\(EmbeddingShard.countLimit)")
                }
                return shard
            } ?? .whole
        batch = parsed[EmbedCommand.batch]
        let normalizes: Bool? = parsed[EmbedCommand.normalize] ? true : parsed[EmbedCommand.noNormalize] ? false : nil
        options = EmbeddingModel.Options(
            normalizes: normalizes, pool: parsed[EmbedCommand.pool], prompt: parsed[EmbedCommand.prompt],
            truncates: parsed[SharedOptions.truncate])

        entry = try EmbeddingModel.find(parsed[SharedOptions.model], context.registry)
        if let refusal = EmbeddingModel.refusal(AnyModel.Family(folder: entry.folder), content, options) {
            throw usage("\(printable(entry.name)) \(refusal)")
        }
        runtime = context.runtime(threads: parsed[SharedOptions.threads])
    }

    /// Every input, in order.
    ///
    /// - Throws: ``InputError`` where the file of texts cannot be opened.
    func allInputs() throws -> [EmbeddingInput] {
        guard content == .texts else { return pictures.map { .picture($0) } }
        guard let textFile else { return texts.map { .text($0) } }
        let lines = try LineReader(textFile)
        return lines.map { line in
            switch line.text {
            case .success(let text): .text(text)
            case .failure(let failure): .unreadable(place: lines.place(of: line), failure)
            }
        }
    }

    /// Loads the model.
    func load(_ context: CommandContext) throws -> EmbeddingModel {
        try EmbeddingModel(entry, content, options, context, runtime)
    }

    /// What all parts of an embedding have in common.
    func common(_ inputs: EmbeddingInputs, _ files: EmbeddingFiles) throws -> JSONObject {
        [
            "model": JSONValue(entry.name), "identity": JSONValue(try ModelIdentity.ofContent(entry.folder)),
            "options": JSONValue(options.summary), "arithmetic": JSONValue(runtime.tier.arithmetic),
            "inputs": JSONValue(inputs.all.count), "list": JSONValue(inputs.list),
            "output": JSONValue(files.format.rawValue),
        ]
    }

    /// What binds a journal to this very request.
    func manifest(_ inputs: EmbeddingInputs, _ files: EmbeddingFiles) throws -> JSONObject {
        var manifest: JSONObject = ["format": "zoo-embed-partial-1"]
        for member in try common(inputs, files).members { manifest[member.key] = member.value }
        manifest["files"] = JSONValue(inputs.files)
        manifest["shard"] = JSONValue("\(shard.index)/\(shard.count)")
        return manifest
    }

    /// The error for no inputs at all.
    var nothingFound: Failure {
        if let textFile { return Failure("\(textFile.shown): no lines", .badData) }
        let places = words.map { $0 == "-" ? "standard input" : printable($0) }.joined(separator: ", ")
        return Failure(
            "no pictures in \(places) (looked for \(InputList.pictures.joined(separator: ", ")))", .inputNotFound)
    }
}

extension EmbeddingModel {
    /// The model of a name; where none is named, the registry's first dual encoder.
    static func find(_ name: String?, _ registry: Registry) throws -> Registry.Entry {
        if let name { return try registry.find(name) }
        let entries = registry.entries()
        if let entry = entries.first(where: { AnyModel.Family(folder: $0.folder) == .dualEncoder }) { return entry }
        let known = entries.map(\.name).joined(separator: ", ")
        throw Failure(
            entries.isEmpty
                ? "no models were found in \(registry.roots.joined(separator: ", ")); name a folder with --model DIR"
                : "there is no dual encoder among the models; name a model with --model, known: \(known)", .unavailable)
    }
}

extension Tier {
    /// Tiers of one name here give the same bits: the vector tiers with fused multiply-adds do.
    var arithmetic: String {
        switch self {
        case .avx2, .avx512: "fused"
        case .neon, .portable: rawValue
        }
    }
}
