import Arguments

/// A command with every kind of declaration.
enum Sample {
    enum Tier: String, CaseIterable, Sendable { case portable, avx2, avx512 }

    static let quiet = Option.flag("--quiet", "-q", help: "Say nothing but errors")
    static let model = Option.text(
        "--model", "-m", kind: .named(by: ["list", "--names"]), default: "tiny", help: "The model's name or folder")
    static let top = Option.int("--top", "-k", value: "K", default: 5, range: 1...1000, help: "Labels to show")
    static let threads = Option.int("--threads", value: "N", range: 1...(.max), help: "Threads to use")
    static let mean = Option.double("--mean", default: 0.5, range: 0...1, help: "Mean of a channel")
    static let tier = Option<Tier?>.choice("--tier", help: "Instruction set to use")
    static let order = Option.choice("--order", value: "O", default: Tier.avx2, help: "An order")
    static let json = Option.flag("--json", "-j", help: "Print one JSON object a line")
    static let table = Option.flag("--table", help: "Print a table")
    static let pair = Option.text("--input", "-i", value: "NAME=FILE", help: "An input array").repeatable()
    static let output = Option.folder("--output-dir", help: "Where the results go").required()
    static let list = Option.file("--list", extensions: ["txt"], help: "A file of paths")
    static let secret = Option.flag("--secret", help: "Not for everyone").hidden()
    static let inputs = Argument("INPUT", .file(extensions: ["png", "jpg"]), help: "A picture, a folder or -")
        .repeating()
    static let modelArgument = Argument("MODEL", .named(by: ["list", "--names"]), help: "The model")
    static let rest = Argument("EXTRA", help: "Anything else").repeating(minimum: 0)
    static let note = Argument("NOTE", help: "A note").optional()
    static let shell = Argument<Shell>.choice("SHELL", help: "The shell")

    static let classify = Command(
        "classify", summary: "Name what pictures show",
        discussion: """
            Every picture gets the labels that the model finds most likely, best first. Pictures are read in the \
            background while others are being worked on.
            A folder is read with everything below it.
            """,
        arguments: [inputs], options: [model, top, mean, threads, tier, order, json, table, list, secret],
        exclusive: [[json, table]], environment: [Command.Entry("NO_COLOR", "No colour where it is not empty")],
        examples: [Command.Example("zoo classify -k 3 samples/", "Three labels for each picture of a folder")],
        exitCodes: [Command.Entry("0", "Everything went well"), Command.Entry("2", "Wrong usage")])
    static let run = Command(
        "run", summary: "Run arrays through a model", arguments: [modelArgument, note], options: [pair, output])
    static let list2 = Command("list", summary: "List the models: [all] of 'em", arguments: [rest])
    static let completions = Command("completions", summary: "Print completions", arguments: [shell])

    static let zoo = Command(
        "zoo", summary: "Models at work", options: [quiet], subcommands: [classify, run, list2, completions])

    /// The accepted command line.
    static func parse(_ words: String...) throws -> ParsedArguments {
        guard case .run(let parsed) = try zoo.parse(words) else { throw NotRun() }
        return parsed
    }

    struct NotRun: Error {}
}
