import Arguments
import JSON
import ModelZoo
import TensorCore
import VectorIndex

/// `zoo search`: the pictures of an index that are most like words or a picture.
enum SearchCommand: Subcommand {
    private static let index = Option.file(
        "--index", "-i", extensions: ["index"], help: "The index, made by 'zoo index'"
    ).required()
    private static let image = Option.file(
        "--image", extensions: InputList.pictures, help: "Search for pictures like this one")
    private static let top = Option.int(
        "--top", "-k", value: "K", default: 10, range: 1...1000, help: "Pictures to show")
    private static let sheet = Option.file(
        "--sheet", extensions: ["png"], help: "Write the pictures found, with their scores, as one PNG")
    private static let words = Argument("TEXT", help: "What the pictures should show, in words").optional()

    static let command = Command(
        "search", summary: "Find pictures by words or by a picture",
        discussion: """
            Every picture of the index is compared with the query: the score is the cosine of the angle between their \
            vectors, at most 1. The model is the one that made the index. With --json each hit is a line \
            {"input","score","rank"}, best first. A contact sheet (--sheet) shows the pictures themselves, with rank, \
            score and name.
            """,
        arguments: [words],
        options: [
            index, image, top, sheet, SharedOptions.model, SharedOptions.truncate, SharedOptions.json,
            SharedOptions.threads, SharedOptions.dtype, SharedOptions.maxMemory,
        ],
        examples: [
            Command.Example("zoo search --index photos.index 'a red car at night'", "Find pictures by words"),
            Command.Example(
                "zoo search --index photos.index --image car.jpg --top 20 --sheet hits.png", "Find pictures like one"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        guard (parsed[words] == nil) != (parsed[image] == nil) else {
            throw UsageError(
                parsed[words] == nil ? "missing argument TEXT, or --image" : "give TEXT or '--image', not both",
                path: parsed.path)
        }
        if let path = parsed[sheet], !path.hasSuffix(".png") {
            throw UsageError("option '--sheet': '\(printable(path))' is no FILE.png", path: parsed.path)
        }
        let file = try IndexFile(parsed[index])
        let entry = try context.find(parsed[SharedOptions.model] ?? file.description.model)
        let runtime = context.runtime(parsed, for: entry)
        guard try ModelIdentity.ofContent(entry.folder, entry.weights, as: runtime.weights) == file.description.identity
        else {
            throw Failure(
                "\(file.path) was made with \(file.description.model), and \(entry.name) is "
                    + (IndexedFolder.lasting(entry) == file.description.model
                        ? "no longer the same, or read with another --dtype; bring the index up to date with "
                            + "'zoo index --rebuild'"
                        : "another model"),
                .badData)
        }
        let query = try query(parsed, entry, context, runtime)
        let vectors = try VectorIndex(file, runtime: runtime)
        let hits = try vectors.search(query, top: parsed[top]).map { hit in
            SearchHit(
                path: InputPath(file.description.folder).appending(file.entries[hit.entry].path), score: hit.score)
        }
        try write(hits, asJSON: parsed[SharedOptions.json], context)
        guard let path = parsed[sheet] else { return .success }
        try context.output.flush()
        return try ContactSheet.write(hits, to: path, context)
    }

    /// The query as a vector.
    private static func query(
        _ parsed: ParsedArguments, _ entry: Registry.Entry, _ context: CommandContext, _ runtime: Runtime
    ) throws -> [Float] {
        let content: EmbeddingModel.Content = parsed[words] == nil ? .pictures : .texts
        let options = EmbeddingModel.Options(normalizes: true, truncates: parsed[SharedOptions.truncate])
        if let refusal = EmbeddingModel.refusal(AnyModel.Family(folder: entry.folder), content, options) {
            throw UsageError("\(printable(entry.name)) \(refusal)", path: parsed.path)
        }
        let run: EmbeddingRun
        if let path = parsed[image] {
            run = try EmbeddingRun(pictures: [.success(context.path(path))], batch: 1)
        } else {
            run = EmbeddingRun(texts: parsed[words].map { [.text($0)] } ?? [], batch: 1)
        }
        try run.use(try EmbeddingModel(entry, content, options, batch: 1, context, runtime))
        guard let outcome = try run.next().first else {
            throw Failure("stopped before the search", Interruption.exitCode ?? .internalError)
        }
        return try outcome.vector.mapError { Failure("\(outcome.name): \($0.message)", $0.exitCode) }.get()
    }

    private static func write(_ hits: [SearchHit], asJSON: Bool, _ context: CommandContext) throws(OutputError) {
        if asJSON {
            for (index, hit) in hits.enumerated() {
                try context.write([
                    "input": JSONValue(hit.path.text), "score": JSONValue(hit.score), "rank": JSONValue(index + 1),
                ])
            }
            return
        }
        var table = Table(
            [Table.Column("Rank", .right), Table.Column("Score", .right), Table.Column("Input", isElastic: true)],
            usesUnicode: context.terminal.usesUnicode)
        for (index, hit) in hits.enumerated() {
            table.add(["\(index + 1)", Format.decimal(Double(hit.score), 3), hit.path.text])
        }
        try context.write(table)
    }
}

/// A picture that was found.
struct SearchHit {
    /// Where it lies.
    let path: InputPath
    /// How like the query it is, -1 to 1.
    let score: Float
}
