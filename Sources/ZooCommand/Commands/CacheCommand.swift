import Arguments
import Checkpoints
import Hub
import JSON

/// `zoo cache`: what the Hugging Face cache holds.
enum CacheCommand: Subcommand {
    private static let models = Argument(
        "MODEL", help: "org/name, with @revision to remove one commit; all models if left out"
    ).repeating(minimum: 0)
    private static let removable = Argument("MODEL", help: "org/name, or org/name@revision for one commit of it")
        .repeating(minimum: 0)
    private static let discards = Option.flag(
        "--remove-damaged", help: "Take damaged files away, so that they are fetched again")
    private static let incomplete = Option.flag(
        "--incomplete", help: "Take away what interrupted pulls have left, of the models named or of all")

    static let command = Command(
        "cache", summary: "Look after the models that were fetched",
        examples: [
            Command.Example("zoo cache list", "What is there, and how large it is"),
            Command.Example("zoo cache verify", "Make sure that nothing is damaged"),
        ],
        subcommands: [
            Command(
                "list", summary: "Show the models of the Hugging Face cache", options: [SharedOptions.json],
                examples: [Command.Example("zoo cache list", "Sizes, revisions, and what is incomplete")]),
            Command(
                "verify", summary: "Hash all files anew", arguments: [models], options: [discards, SharedOptions.json],
                examples: [Command.Example("zoo cache verify", "Make sure that nothing is damaged")]),
            Command(
                "remove", summary: "Take models away", arguments: [removable],
                options: [incomplete, SharedOptions.json],
                examples: [
                    Command.Example("zoo cache remove org/name", "Ask, then remove a model"),
                    Command.Example("zoo --yes cache remove --incomplete", "Remove what nobody completes any more"),
                ]),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let cache = try HFCache(environment: context.environment)
        let inventory = try cache.inventory()
        switch parsed.path.last {
        case "verify": return try verify(cache, try named(parsed[models], inventory, cache), parsed, context)
        case "remove": return try remove(cache, inventory, parsed, context)
        default: return try list(cache, inventory, parsed, context)
        }
    }

    /// The models of these names, or all.
    private static func named(_ names: [String], _ inventory: [CachedModel], _ cache: HFCache) throws -> [CachedModel] {
        guard !names.isEmpty else { return inventory }
        return try names.map { name in
            guard let model = inventory.first(where: { $0.name == name.drop(prefix: "hf:") }) else {
                throw Failure("\(printable(name)) is not in \(cache.folder)", .inputNotFound)
            }
            return model
        }
    }

    private static func list(
        _ cache: HFCache, _ inventory: [CachedModel], _ parsed: ParsedArguments, _ context: CommandContext
    ) throws -> ExitCode {
        if parsed[SharedOptions.json] {
            for model in inventory { try context.write(json(model)) }
            return .success
        }
        guard !inventory.isEmpty else {
            context.note("there are no models in \(cache.folder)")
            return .success
        }
        var table = Table(
            [
                Table.Column("Model"), Table.Column("Size", .right), Table.Column("Files", .right),
                Table.Column("Revision"), Table.Column("Commit"), Table.Column("State", isElastic: true),
            ], usesUnicode: context.terminal.usesUnicode)
        for model in inventory {
            for (index, snapshot) in model.snapshots.enumerated() {
                let absent = snapshot.missing + snapshot.unfetched
                let names = model.revisions.filter { $0.commit == snapshot.commit }.map(\.name)
                table.add([
                    index == 0 ? model.name : "", index == 0 ? Format.bytes(model.bytes) : "",
                    "\(snapshot.files.count)", names.isEmpty ? "-" : names.joined(separator: ", "),
                    String(snapshot.commit.prefix(8)),
                    absent.isEmpty ? "complete" : "without \(absent.joined(separator: ", "))",
                ])
            }
            let left = model.partials
            guard model.snapshots.isEmpty || !left.isEmpty else { continue }
            let bytes = left.reduce(0) { $0 + $1.bytes }
            let state = left.contains { !$0.isAbandoned } ? "being fetched" : "interrupted"
            table.add([
                model.snapshots.isEmpty ? model.name : "", model.snapshots.isEmpty ? Format.bytes(model.bytes) : "",
                "\(left.count)", "-", "-",
                left.isEmpty ? "nothing is there" : "\(state), \(Format.bytes(bytes)) so far",
            ])
        }
        try context.write(table)
        let total = inventory.reduce(0) { $0 + $1.bytes }
        try context.output.write("\(Format.bytes(total)) in \(cache.folder)")
        return .success
    }

    private static func json(_ model: CachedModel) -> JSONValue {
        [
            "name": JSONValue(model.name), "folder": JSONValue(model.folder), "bytes": JSONValue(model.bytes),
            "revisions": .array(
                model.revisions.map { ["name": JSONValue($0.name), "commit": JSONValue($0.commit)] }),
            "snapshots": .array(
                model.snapshots.map { snapshot in
                    [
                        "commit": JSONValue(snapshot.commit), "bytes": JSONValue(snapshot.bytes),
                        "files": .array(snapshot.files.map { JSONValue($0) }),
                        "missing": .array(snapshot.missing.map { JSONValue($0) }),
                        "unfetched": .array(snapshot.unfetched.map { JSONValue($0) }),
                    ]
                }),
            "incomplete": .array(
                model.partials.map {
                    [
                        "path": JSONValue($0.path), "bytes": JSONValue($0.bytes),
                        "abandoned": JSONValue($0.isAbandoned),
                    ]
                }),
        ]
    }

    private static func verify(
        _ cache: HFCache, _ chosen: [CachedModel], _ parsed: ParsedArguments, _ context: CommandContext
    ) throws -> ExitCode {
        var isSound = true
        let progress = ProgressLine(
            "verify", total: chosen.reduce(0) { $0 + $1.bytes }, terminal: context.messageTerminal,
            isQuiet: context.isQuiet, countsBytes: true)
        defer { progress.finish() }
        for model in chosen where Interruption.exitCode == nil {
            let findings = cache.verify(
                model, proceeds: { Interruption.exitCode == nil }, advanced: { progress.advance(by: $0) })
            guard Interruption.exitCode == nil else { break }
            progress.finish()
            isSound = isSound && findings.isEmpty
            if parsed[SharedOptions.json] {
                try context.write([
                    "name": JSONValue(model.name), "sound": JSONValue(findings.isEmpty),
                    "findings": .array(findings.map { JSONValue($0.description) }),
                ])
            } else {
                try context.output.write("\(printable(model.name)): \(findings.isEmpty ? "sound" : "not sound")")
                for finding in findings { try context.output.write("  \(printable(finding.description, limit: 2000))") }
            }
            if parsed[discards] { for finding in findings { try cache.discard(finding) } }
        }
        return isSound ? .success : .badData
    }

    private static func remove(
        _ cache: HFCache, _ inventory: [CachedModel], _ parsed: ParsedArguments, _ context: CommandContext
    ) throws -> ExitCode {
        let words = parsed[removable]
        if parsed[incomplete] {
            for model in try named(words, inventory, cache) {
                let bytes = try cache.prune(model)
                if bytes > 0 { context.note("\(model.name): \(Format.bytes(bytes)) of incomplete files removed") }
            }
            return .success
        }
        guard !words.isEmpty else { throw UsageError("missing argument MODEL", path: parsed.path) }
        var chosen: [(model: CachedModel, commit: String?)] = []
        for word in words {
            let halves = word.split(separator: "@", maxSplits: 1).map(String.init)
            let model = try named([halves.first ?? ""], inventory, cache)[0]
            guard !model.partials.contains(where: { !$0.isAbandoned }) else {
                throw Failure("\(model.name) is being fetched by another process", .unavailable)
            }
            var commit: String?
            if halves.count == 2 {
                let matches = model.snapshots.map(\.commit).filter { found in
                    found.hasPrefix(halves[1]) && halves[1].utf8.count >= 4
                        || model.revisions.contains { $0.name == halves[1] && $0.commit == found }
                }
                guard matches.count == 1 else {
                    throw Failure(
                        "\(printable(word)): \(matches.isEmpty ? "no" : "more than one") such revision", .inputNotFound)
                }
                commit = matches[0]
            }
            chosen.append((model, commit))
        }
        let names = chosen.map { model, commit in commit.map { "\(model.name)@\($0.prefix(8))" } ?? model.name }
        guard try context.confirms("Remove \(names.joined(separator: ", "))?") else { return .success }
        for (model, commit) in chosen { try cache.remove(model, commit: commit) }
        if parsed[SharedOptions.json] {
            try context.write(["removed": .array(names.map { JSONValue($0) })])
        }
        return .success
    }
}

extension String {
    fileprivate func drop(prefix: String) -> String { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self }
}
