import Arguments
import Checkpoints
import JSON
import ModelZoo
import Text

/// `zoo tokenize`: what a model is fed for texts.
enum TokenizeCommand: Subcommand {
    private static let text = Option.text("--text", value: "STRING", help: "Tokenize this text").repeatable()
    private static let file = Option.file(
        "--text-from", extensions: ["txt"], help: "Tokenize each line of this file, or of standard input for -")
    private static let words = Argument("STRING", help: "More texts").repeating(minimum: 0)

    static let command = Command(
        "tokenize", summary: "Show the tokens that a model is fed for texts",
        discussion: """
            Each text as it is read, with the special tokens and in full: nothing is cut and nothing padded. Offsets \
            count Unicode scalars of the text, the end not included; a token that stands for nothing in it has [0, 0]. \
            With --json each text gives a line {"text","ids","tokens","offsets"}. Lines of a file end at a line feed \
            and nowhere else; one that is not UTF-8 is reported (with --json as {"input","error"} in its place), and \
            the others go on.
            """,
        arguments: [SharedOptions.modelArgument, words], options: [text, file, SharedOptions.json],
        examples: [
            Command.Example("zoo tokenize clip-tiny --text 'a photo of a cat'", "Tokens, ids and places in a table"),
            Command.Example("zoo tokenize ./all-MiniLM-L6-v2 --text-from lines.txt --json", "For programs"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let texts = parsed[text] + parsed[words]
        let path = parsed[file]
        guard !texts.isEmpty || path != nil else {
            throw UsageError("no text: give --text STRING or --text-from FILE", path: parsed.path)
        }
        let reader = try path.map { path throws(InputError) in try LineReader(context.path(path)) }
        let tokenizer = try tokenizer(parsed[SharedOptions.modelArgument], context)
        let printsJSON = parsed[SharedOptions.json]
        for text in texts { try write(text, tokenizer, printsJSON, context) }
        guard var reader else { return .success }
        var tally = FailureTally()
        while let line = reader.next() {
            switch line.text {
            case .success(let text):
                tally.add(nil)
                try write(text, tokenizer, printsJSON, context)
            case .failure(let failure):
                tally.add(failure)
                let place = reader.place(of: line)
                if printsJSON {
                    try context.write(["input": JSONValue(place), "error": JSONValue(failure.message)])
                } else {
                    context.report("\(place): \(failure.message)")
                }
            }
            // Whoever reads along gets what there is before this waits for more.
            if !reader.hasLine { try context.output.flush() }
        }
        return tally.exitCode
    }

    /// The tokenizer of a model, or of a folder with nothing else in it.
    private static func tokenizer(_ name: String, _ context: CommandContext) throws -> Tokenizer {
        let entry: Registry.Entry
        do { entry = try context.find(name) } catch {
            guard case .notAModel(let path)? = error as? RegistryError, FileSystem.isDirectory(path),
                let tokenizer = try? Tokenizer(folder: path)
            else { throw error }
            return tokenizer
        }
        let tokenizer: Tokenizer?
        do throws(ModelError) {
            let model = try context.plan(entry, context.runtime(threads: 1))
            tokenizer = try model.tokenizer()
        } catch {
            switch error {
            // Texts are read without the weights, too.
            case .dualEncoder(.checkpoint(.noWeights)), .sentenceEncoder(.checkpoint(.noWeights)):
                return try Tokenizer(folder: entry.folder)
            default: throw error
            }
        }
        guard let tokenizer else {
            let noun = AnyModel.Family(folder: entry.folder).noun
            throw Failure("\(printable(entry.name)) is \(noun) and reads no text", .unavailable)
        }
        return tokenizer
    }

    private static func write(
        _ text: String, _ tokenizer: Tokenizer, _ printsJSON: Bool, _ context: CommandContext
    ) throws(OutputError) {
        let encoding = tokenizer.encode(text)
        if printsJSON {
            return try context.write([
                "text": JSONValue(text), "ids": .array(encoding.ids.map { JSONValue($0) }),
                "tokens": .array(encoding.tokens.map { JSONValue($0) }),
                "offsets": .array(
                    encoding.offsets.map { [JSONValue($0.lowerBound), JSONValue($0.upperBound)] }),
            ])
        }
        let count = encoding.ids.count
        try context.output.write(
            context.terminal.styled(printable(text), .bold) + "  (\(count) token\(count == 1 ? "" : "s"))")
        var table = Table(
            [
                Table.Column("Id", .right), Table.Column("Token", isElastic: true), Table.Column("Start", .right),
                Table.Column("End", .right),
            ], usesUnicode: context.terminal.usesUnicode)
        for index in encoding.ids.indices {
            let range = encoding.offsets[index]
            table.add(["\(encoding.ids[index])", encoding.tokens[index], "\(range.lowerBound)", "\(range.upperBound)"])
        }
        try context.write(table)
        try context.output.write("")
    }
}
