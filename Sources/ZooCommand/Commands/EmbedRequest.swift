import Arguments
import JSON
import ModelZoo
import TensorCore

/// What a command line of `zoo embed` asks for.
struct EmbedRequest {
    /// The model.
    let entry: Registry.Entry
    /// Pictures, texts or sounds.
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
    /// The files, where pictures or sounds are what is embedded.
    let paths: InputList

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
        let hasTexts = !texts.isEmpty || textFile != nil
        if !hasTexts, words.isEmpty { throw usage("missing argument INPUT, or --text, or --text-from") }
        if textFile != nil, !words.isEmpty {
            throw usage("texts come from '--text-from', so '\(printable(words[0]))' has no place")
        }
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
            truncates: parsed[SharedOptions.truncate], layer: parsed[EmbedCommand.layer])

        let places = words.map(context.path)
        let isSound = !hasTexts && places.allSatisfy { $0.hasExtension(in: InputList.sounds) }
        let named = try EmbeddingModel.find(
            parsed[SharedOptions.model], context, default: isSound ? .audioEncoder : .dualEncoder)
        entry = SharedOptions.weights(of: named, parsed, context)
        let family = AnyModel.Family(folder: entry.folder)
        content = hasTexts ? .texts : family == .audioEncoder ? .sounds : .pictures
        paths = InputList(
            places, list: PathList(isNullSeparated: parsed[EmbedCommand.null]),
            extensions: content == .sounds ? InputList.sounds : InputList.pictures)
        if let refusal = EmbeddingModel.refusal(family, content, options) {
            throw usage("\(printable(entry.name)) \(refusal)")
        }
        runtime = context.runtime(parsed, for: entry)
    }

    /// Every input, in order.
    ///
    /// - Throws: ``InputError`` where the file of texts cannot be opened.
    func allInputs() throws -> [EmbeddingInput] {
        switch content {
        case .pictures: return paths.map { .picture($0) }
        case .sounds: return paths.map { .sound($0) }
        case .texts: break
        }
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
        try EmbeddingModel(entry, content, options, batch: batch, context, runtime)
    }

    /// What all parts of an embedding have in common.
    func common(_ inputs: EmbeddingInputs, _ files: EmbeddingFiles) throws -> JSONObject {
        [
            "model": JSONValue(entry.name),
            "identity": JSONValue(try ModelIdentity.ofContent(entry.folder, entry.weights)),
            "options": JSONValue(options.summary), "arithmetic": JSONValue(runtime.arithmetic),
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
        let (noun, extensions) =
            content == .sounds ? ("sounds", InputList.sounds) : ("pictures", InputList.pictures)
        return Failure("no \(noun) in \(places) (looked for \(extensions.joined(separator: ", ")))", .inputNotFound)
    }
}

extension EmbeddingModel {
    /// The model of a name; where none is named, the registry's first of a family.
    static func find(
        _ name: String?, _ context: CommandContext, default family: AnyModel.Family = .dualEncoder
    ) throws -> Registry.Entry {
        if let name { return try context.find(name) }
        let registry = context.registry
        let entries = registry.entries()
        if let entry = entries.first(where: { AnyModel.Family(folder: $0.folder) == family }) { return entry }
        let known = entries.map(\.name).joined(separator: ", ")
        throw Failure(
            entries.isEmpty
                ? "no models were found in \(registry.roots.joined(separator: ", ")); name a folder with --model DIR"
                : "there is no \(family.noun.drop { $0 != " " }.dropFirst()) among the models; name a model with "
                    + "--model, known: \(known)", .unavailable)
    }
}

extension Runtime {
    /// Runtimes of one name here give the same bits: those of the vector tiers with fused multiply-adds do.
    var arithmetic: String {
        let name =
            switch tier {
            // In int8, too, attention's operands are rounded there.
            case .avx512BF16 where weights != .float32: tier.rawValue
            case .avx2, .avx2VNNI, .avx512, .avx512VNNI, .avx512BF16: "fused"
            case .neon, .portable: tier.rawValue
            }
        return weights == .float32 ? name : "\(name), \(weights.rawValue)"
    }
}
