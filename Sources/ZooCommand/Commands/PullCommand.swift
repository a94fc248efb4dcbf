import Arguments
import Hub
import JSON
import ModelZoo

/// `zoo pull`: fetches a model from the hub.
enum PullCommand: Subcommand {
    private static let model = Argument(
        "MODEL", ValueKind.named(by: ["list", "--published", "--names"]),
        help: "org/name[@revision], or the short name of a published model ('zoo list --published')")
    private static let include = Option.text(
        "--include", value: "GLOB", help: "Fetch the files that fit; what Zoo reads of a model if left out"
    ).repeatable()
    private static let exclude = Option.text("--exclude", value: "GLOB", help: "Do not fetch the files that fit")
        .repeatable()
    private static let dryRun = Option.flag("--dry-run", help: "Say what would be fetched, and fetch nothing")

    static let command = Command(
        "pull", summary: "Fetch a model from the hub",
        discussion: """
            Files go to the Hugging Face cache, which the Python tools share. Each is hashed while it comes and seen \
            only when it is whole; what a killed pull leaves is taken up by the next. Nothing is fetched twice. The \
            folder is printed.
            """,
        arguments: [model], options: [include, exclude, dryRun, SharedOptions.json],
        examples: [
            Command.Example("zoo pull resnet50", "A well-known model by its short name"),
            Command.Example("zoo pull microsoft/resnet-50", "The files that zoo reads of a model"),
            Command.Example("zoo pull --dry-run org/name@v1.0", "See what it would take"),
            Command.Example("zoo pull --include '*.json' org/name", "Only some files"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let word = parsed[model]
        let name = word.hasPrefix("hf:") ? String(word.dropFirst(3)) : word
        let published = context.registry.published(word)
        let included = parsed[include].isEmpty ? published?.files ?? [] : parsed[include]
        let hub = try context.hub()
        let selection = FileSelection(included: included, excluded: parsed[exclude])
        let plan = try hub.plan(published?.reference ?? name, selection) { event in
            guard case .waits(let seconds, let reason) = event else { return }
            context.note("\(reason); trying again in \(Format.duration(seconds: seconds))")
        }
        if let published { try CommandContext.check(plan, against: published) }
        let isDry = parsed[dryRun]
        if !isDry { try context.fetch(plan, hub, published) }
        if parsed[SharedOptions.json] {
            try context.write(json(plan, isDry: isDry))
        } else if isDry {
            try writeTable(plan, context)
        } else {
            try context.output.write(plan.folder)
        }
        return .success
    }

    private static func writeTable(_ plan: PullPlan, _ context: CommandContext) throws {
        var table = Table(
            [Table.Column("File", isElastic: true), Table.Column("Size", .right), Table.Column("Cached")],
            usesUnicode: context.terminal.usesUnicode)
        for file in plan.files { table.add([file.name, Format.bytes(file.bytes), file.isCached ? "yes" : "no"]) }
        try context.write(table)
        try context.output.write(
            "\(Format.bytes(plan.bytesToFetch)) of \(Format.bytes(plan.bytes)) would be fetched, commit \(plan.commit)")
    }

    private static func json(_ plan: PullPlan, isDry: Bool) -> JSONValue {
        [
            "name": JSONValue(plan.name), "revision": JSONValue(plan.revision), "commit": JSONValue(plan.commit),
            "folder": JSONValue(plan.folder), "dry_run": JSONValue(isDry),
            // As it was before: what this run has fetched, or would fetch.
            "fetched_bytes": JSONValue(plan.bytesToFetch), "bytes": JSONValue(plan.bytes),
            "files": .array(
                plan.files.map { file in
                    [
                        "name": JSONValue(file.name), "bytes": JSONValue(file.bytes),
                        "hash": JSONValue(file.hash.description), "cached": JSONValue(file.isCached),
                    ]
                }),
        ]
    }
}
