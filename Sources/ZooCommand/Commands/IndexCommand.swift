import Arguments
import Checkpoints
import Glibc
import JSON
import ModelZoo
import VectorIndex

/// `zoo index`: a folder of pictures made ready to be searched.
enum IndexCommand: Subcommand {
    private static let output = Option.file(
        "--output", "-o", extensions: ["index"], help: "The index to make or bring up to date"
    ).required()
    private static let rebuild = Option.flag(
        "--rebuild", help: "Embed every picture anew, whatever the index holds")
    private static let batch = Option.int(
        "--batch", "-b", value: "N", default: 16, range: 1...256,
        help: "Pictures to embed at once; results do not depend on it")
    private static let folder = Argument("FOLDER", .folder, help: "The folder, with everything below it")

    static let command = Command(
        "index", summary: "Make a folder of pictures ready to be searched",
        discussion: """
            Every picture (PNG, JPEG, WebP) becomes a vector in the index, which 'zoo search' then looks through. Where \
            the index is there already, only pictures that are new or changed since (by size and time) are embedded, \
            and those that are gone leave it. The old index stays until the new one is whole. A dual encoder finds \
            pictures by words and by pictures, an image classifier by pictures.
            With --json the outcome is one object {"index","model","entries","new","changed","removed","unchanged",\
            "failed"}, after a line {"input","error"} for each picture that could not be used.
            """,
        arguments: [folder],
        options: [
            output, SharedOptions.model, rebuild, SharedOptions.json, SharedOptions.threads, SharedOptions.dtype,
            SharedOptions.maxMemory,
            batch,
        ],
        examples: [
            Command.Example("zoo index photos --output photos.index", "Index a folder, or bring its index up to date"),
            Command.Example("zoo search --index photos.index 'a red car at night'", "Search it"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let place = context.path(parsed[folder])
        guard place.isFolder else {
            throw place.exists
                ? Failure("\(place.shown): not a folder", .badData)
                : Failure("\(place.shown): \(systemMessage(ENOENT))", .inputNotFound)
        }
        let path = parsed[output]
        // Whatever is wrong with an index that is made anew does not matter; its model stays the one to use.
        let found = parsed[rebuild] ? try? IndexFile(path) : try openIndex(path)
        let old = parsed[rebuild] ? nil : found
        let entry = try EmbeddingModel.find(
            parsed[SharedOptions.model] ?? found?.description.model, context)
        let options = EmbeddingModel.Options(normalizes: true)
        if let refusal = EmbeddingModel.refusal(AnyModel.Family(folder: entry.folder), .pictures, options) {
            throw UsageError("\(printable(entry.name)) \(refusal)", path: parsed.path)
        }
        let runtime = context.runtime(parsed, for: entry)
        let identity = try ModelIdentity.ofContent(entry.folder, entry.weights, as: runtime.weights)
        if let old, old.description.identity != identity {
            throw Failure(
                "\(path) was made with \(old.description.model == entry.name ? "another state or --dtype of " : "")"
                    + "\(old.description.model), whose vectors cannot be mixed with others; make it anew with --rebuild",
                .badData)
        }
        let files = try IndexedFolder(place)
        if let old, old.description.folder != files.folder {
            // Pictures of two folders can agree in name, size and time.
            throw Failure(
                "\(path) is the index of \(printable(String(decoding: old.description.folder, as: UTF8.self))); make it "
                    + "anew with --rebuild, or name another --output", .badData)
        }
        guard !files.entries.isEmpty || old != nil || !files.failures.isEmpty else {
            throw Failure(
                "no pictures in \(place.shown) (looked for \(InputList.pictures.joined(separator: ", ")))",
                .inputNotFound)
        }
        var update = IndexUpdate(files.entries, old: old)
        let progress = context.progress("index", total: update.work.count)
        var report = Report(context: context, printsJSON: parsed[SharedOptions.json], progress: progress)
        for failure in files.failures { try report.add(failure.path.text, Failure(failure.message, failure.exitCode)) }
        if !update.work.isEmpty {
            let run = try EmbeddingRun(
                pictures: update.work.map { .success(place.appending(files.entries[$0].path)) }, batch: parsed[batch])
            try run.use(try EmbeddingModel(entry, .pictures, options, batch: parsed[batch], context, runtime))
            while true {
                let outcomes = try run.next()
                if outcomes.isEmpty { break }
                for outcome in outcomes {
                    update.add(outcome.vector)
                    if case .failure(let failure) = outcome.vector { try report.add(outcome.name, failure) }
                }
                progress.advance(by: outcomes.count)
            }
        }
        progress.finish()
        if let code = Interruption.exitCode {
            context.note("stopped after \(update.done) of \(update.work.count) pictures; the index is as it was")
            return code
        }
        if update.changesAnything || old == nil {
            try update.write(
                to: path, model: IndexedFolder.lasting(entry), identity: identity, folder: files.folder)
        }
        try report.write(path, model: entry.name, update)
        return report.tally.exitCode
    }

    /// The index that is there; `nil` where there is none.
    private static func openIndex(_ path: String) throws(VectorIndexError) -> IndexFile? {
        do { return try IndexFile(path) } catch {
            if case .file(let error) = error, error.isNotFound { return nil }
            throw error
        }
    }

    /// What is told of the outcome.
    private struct Report {
        let context: CommandContext
        let printsJSON: Bool
        let progress: ProgressLine
        private(set) var tally = FailureTally()

        init(context: CommandContext, printsJSON: Bool, progress: ProgressLine) {
            (self.context, self.printsJSON, self.progress) = (context, printsJSON, progress)
        }

        mutating func add(_ input: String, _ failure: Failure) throws(OutputError) {
            tally.add(failure)
            if printsJSON {
                try context.write(["input": JSONValue(input), "error": JSONValue(oneLine(failure.message))])
            } else {
                progress.message("\(Failure("\(printable(input)): \(failure.message)", failure.exitCode))")
            }
        }

        func write(_ path: String, model: String, _ update: IndexUpdate) throws(OutputError) {
            let counts = update.counts
            if printsJSON {
                try context.write([
                    "index": JSONValue(path), "model": JSONValue(model), "entries": JSONValue(update.entryCount),
                    "new": JSONValue(counts.new), "changed": JSONValue(counts.changed),
                    "removed": JSONValue(counts.removed), "unchanged": JSONValue(counts.unchanged),
                    "failed": JSONValue(tally.failed),
                ])
                return
            }
            var parts = [
                "\(counts.new) new", "\(counts.changed) changed", "\(counts.removed) removed",
                "\(counts.unchanged) unchanged",
            ]
            if tally.failed > 0 { parts.append("\(tally.failed) could not be used") }
            let pictures = "\(update.entryCount) picture\(update.entryCount == 1 ? "" : "s")"
            try context.output.write("\(printable(path)): \(pictures) (\(parts.joined(separator: ", ")))")
        }
    }
}
