import Arguments
import ModelZoo

/// `zoo embed`: pictures, texts and sounds as vectors.
enum EmbedCommand: Subcommand {
    static let text = Option.text(
        "--text", value: "STRING", help: "Embed this text; words that stand alone are then texts, too"
    ).repeatable()
    static let textFrom = Option.file(
        "--text-from", extensions: ["txt"], help: "Embed the lines of this file, which end at LF; - reads them")
    static let output = Option.file(
        "--output", "-o", extensions: ["npy", "jsonl"],
        help: "Write FILE.npy or FILE.jsonl; JSON lines on standard output if left out")
    static let normalize = Option.flag("--normalize", help: "Bring vectors to length 1, as dual encoders' are")
    static let noNormalize = Option.flag("--no-normalize", help: "Leave vectors as the model gives them")
    static let pool = Option.choice(
        "--pool", default: EmbeddingModel.Pool.model,
        help: "How a classifier's last feature map becomes one vector; 'model' pools as the network does")
    static let layer = Option.int(
        "--layer", value: "N", range: 0...1000,
        help: "Take the states after block N of an audio encoder, 0 before the first; the last state if left out")
    static let prompt = Option.text("--prompt", value: "NAME", help: "The prompt of a sentence encoder to use")
    static let shard = Option.text("--shard", value: "I/N", help: "Embed part I of N only, to be merged later")
    static let restart = Option.flag("--restart", help: "Throw away what an unfinished run has left")
    static let batch = Option.int(
        "--batch", "-b", value: "N", default: 16, range: 1...256,
        help: "Pictures to embed at once; results do not depend on it")
    static let null = Option.flag("--null", help: "Paths on standard input end in a zero byte")
    static let inputs = Argument(
        "INPUT", .file(extensions: InputList.pictures + InputList.sounds),
        help:
            "A picture (PNG, JPEG, WebP), a sound, a folder with everything below it, or - for paths on standard input"
    ).repeating(minimum: 0)

    static let command = Command(
        "embed", summary: "Turn pictures, texts and sounds into vectors",
        discussion: """
            A dual encoder embeds pictures and texts in one space, a sentence encoder texts, an image classifier \
            pictures (what enters its last layer). Vectors of dual encoders have length 1 unless --no-normalize is \
            given; sentence encoders' have where their modules say so. An audio encoder embeds sounds (WAV, FLAC, Ogg, \
            Opus, MP3, AIFF) as the mean of its hidden states over time. Where no model is named it is the first dual \
            encoder that 'zoo list' shows, for sounds the first audio encoder.
            FILE.jsonl has a line {"input","model","embedding":[...]} an input, or {"input","error"}. FILE.npy is an \
            fp32 array [vectors, width], and FILE.ids.jsonl beside it has a line {"input"} a row; an input that failed \
            has neither. What is being made is kept in FILE.npy.partial: where a run was stopped or killed, the same \
            command goes on from there, and ends with the same bytes.
            With --shard I/N each of N runs embeds a part of the inputs, neighbours together; 'zoo merge' makes of the \
            parts what one run would have made.
            """,
        arguments: [inputs],
        options: [
            SharedOptions.model, SharedOptions.ema, text, textFrom, output, normalize, noNormalize, pool, layer, prompt,
            SharedOptions.truncate, shard, restart, SharedOptions.threads, SharedOptions.dtype, SharedOptions.maxMemory,
            batch, null,
        ],
        exclusive: [[text, textFrom], [normalize, noNormalize]],
        examples: [
            Command.Example("zoo embed photos --output photos.npy", "A folder of pictures as an array"),
            Command.Example("zoo embed --text 'a red car' 'a dog'", "Two texts as JSON lines"),
            Command.Example(
                "zoo embed --model ./minilm --text-from lines.txt --output lines.jsonl",
                "A file's lines, by a "
                    + "sentence encoder"),
            Command.Example(
                "zoo embed -m ./wav2vec2-base --layer 8 recordings -o r.npy", "Sounds, by the states after block 8"),
            Command.Example("zoo embed photos --shard 1/2 -o part1.npy", "The first half, to be merged"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let request = try EmbedRequest(parsed, context)
        guard let files = request.files else { return try EmbedStream.run(request, context) }

        let inputs = EmbeddingInputs(try request.allInputs())
        guard !inputs.all.isEmpty else { throw request.nothingFound }
        let slice = inputs.all[request.shard.range(of: inputs.all.count)]
        let journal = try EmbeddingJournal(
            files.partial, manifest: try request.manifest(inputs, files), limit: slice.count,
            restarts: parsed[restart])
        let done = journal.tally.total
        if done > 0 { context.note("going on after \(done) of \(slice.count) inputs") }
        if done < slice.count {
            try embed(Array(slice.dropFirst(done)), request, journal, context)
        }
        if let code = Interruption.exitCode, journal.tally.total < slice.count {
            context.note(
                "stopped after \(journal.tally.total) of \(slice.count) inputs; the same command goes on from there")
            return code
        }
        let written = try files.write(journal, names: slice.map(\.name), model: request.entry.name)
        if parsed.isGiven(shard) {
            let part = EmbeddingPart(
                common: try request.common(inputs, files), shard: request.shard, rows: journal.rows,
                width: journal.width, vectors: written.vectors, ids: written.ids)
            try part.write(files)
        } else {
            removeFile(files.shard)
        }
        journal.remove()
        if journal.tally.failed > 0 {
            context.note("\(journal.tally.failed) of \(slice.count) inputs could not be embedded")
        }
        return journal.tally.exitCode
    }

    /// Embeds inputs into a journal, until the last or until the process is asked to end.
    private static func embed(
        _ inputs: [EmbeddingInput], _ request: EmbedRequest, _ journal: EmbeddingJournal, _ context: CommandContext
    ) throws {
        let run =
            switch request.content {
            case .pictures:
                try EmbeddingRun(
                    pictures: inputs.compactMap { if case .picture(let path) = $0 { path } else { nil } },
                    batch: request.batch)
            case .texts: EmbeddingRun(texts: inputs, batch: request.batch)
            case .sounds: EmbeddingRun(sounds: inputs)
            }
        try run.use(try request.load(context))
        let progress = context.progress("embed", total: inputs.count)
        defer { progress.finish() }
        while true {
            let outcomes = try run.next()
            if outcomes.isEmpty { break }
            try journal.append(outcomes.map(\.vector))
            for outcome in outcomes {
                guard case .failure(let failure) = outcome.vector else { continue }
                progress.message("\(Failure("\(outcome.name): \(failure.message)", failure.exitCode))")
            }
            progress.advance(by: outcomes.count)
        }
    }
}

/// `zoo embed` without a file: a line an input as it comes.
private enum EmbedStream {
    static func run(_ request: EmbedRequest, _ context: CommandContext) throws -> ExitCode {
        let run: EmbeddingRun
        var total: Int?
        switch (request.content, request.isSharded) {
        case (.pictures, false):
            run = try EmbeddingRun(pictures: request.paths, batch: request.batch)
            total = request.paths.knownCount
        case (.pictures, true):
            let all = Array(request.paths)
            let slice = Array(all[request.shard.range(of: all.count)])
            run = try EmbeddingRun(pictures: slice, batch: request.batch)
            total = slice.count
        case (.texts, _):
            let all = try request.allInputs()
            let slice = all[request.shard.range(of: all.count)]
            run = EmbeddingRun(texts: slice, batch: request.batch)
            total = slice.count
        case (.sounds, false):
            run = EmbeddingRun(sounds: request.paths.lazy.map { .sound($0) })
            total = request.paths.knownCount
        case (.sounds, true):
            let all = try request.allInputs()
            let slice = all[request.shard.range(of: all.count)]
            run = EmbeddingRun(sounds: slice)
            total = slice.count
        }
        try run.use(try request.load(context))
        let progress = context.progress("embed", total: total)
        var tally = FailureTally()
        while true {
            // Whoever reads along gets what there is before this waits for more.
            if !run.isReady { try context.output.flush() }
            let outcomes = try run.next()
            if outcomes.isEmpty { break }
            for outcome in outcomes {
                try context.write(EmbeddingFiles.line(outcome.name, model: request.entry.name, outcome.vector))
                if case .failure(let failure) = outcome.vector { tally.add(failure) } else { tally.add(nil) }
            }
            progress.advance(by: outcomes.count)
        }
        progress.finish()
        if tally.total == 0, !request.isSharded, Interruption.exitCode == nil { throw request.nothingFound }
        if tally.failed > 0, tally.total > 1 {
            context.note("\(tally.failed) of \(tally.total) inputs could not be embedded")
        }
        return tally.exitCode
    }
}
