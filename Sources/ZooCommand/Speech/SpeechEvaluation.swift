import Arguments
import Audio
import AudioEncoder
import CTC
import JSON
import ModelZoo

/// `zoo eval` of a model that transcribes.
enum SpeechEvaluation {
    static func run(
        _ entry: Registry.Entry, _ folder: String, limit: Int?, _ parsed: ParsedArguments, _ context: CommandContext
    ) throws -> ExitCode {
        let set = try TranscribedFolder(context.path(folder), limit: limit)
        let options = Transcriber.Options(decoding: try TranscribeOptions.decoding(parsed))
        let (runtime, language) = (
            context.runtime(parsed, for: entry), parsed[SharedOptions.language]
        )
        try context.admit(
            entry.folder, entry.weights, runtime, language: language, for: .sound(seconds: options.chunking.seconds))
        let transcriber = try Transcriber(
            folder: entry.folder, runtime: runtime, weights: entry.weights, language: language, options: options)
        let progress = context.progress("eval", total: set.items.count)
        var score = SpeechScore()
        var tally = FailureTally()
        let start = monotonicSeconds()
        for item in set.items where Interruption.exitCode == nil {
            do {
                let reader = try item.input.open(rate: transcriber.encoder.samplingRate, channel: .mean)
                let found = try transcriber.transcribe(reader) { _ in Interruption.exitCode == nil }
                score.add(found.text, truth: item.text, seconds: found.duration)
                tally.add(nil)
            } catch AudioEncoderError.cancelled {
                break
            } catch {
                let failure = Failure(error).about(item.input.name)
                if failure.exitCode == .unavailable || failure.exitCode == .usage { throw failure }
                tally.add(failure)
                progress.message("\(failure)")
            }
            progress.advance()
        }
        let seconds = monotonicSeconds() - start
        progress.finish()
        if let code = Interruption.exitCode {
            context.note("stopped after \(tally.total) of \(set.items.count) sounds; nothing was measured")
            return code
        }
        guard score.sounds > 0 else {
            throw Failure("none of \(tally.total) sounds in \(printable(folder)) could be read", tally.exitCode)
        }
        let report = SpeechReport(
            model: entry.name, folder: folder, score: score, failed: tally.failed, seconds: seconds)
        if parsed[SharedOptions.json] {
            try context.write(report.json)
        } else {
            try report.write(to: context)
        }
        return tally.exitCode
    }
}

/// Counts of words and characters that were got wrong.
struct SpeechScore {
    /// A word and what was heard in its place; `nil` for nothing.
    struct Confusion: Hashable {
        let word: String?
        let heard: String?
    }

    /// Sounds in all.
    private(set) var sounds = 0
    /// Those without any error.
    private(set) var exact = 0
    /// Seconds of sound.
    private(set) var soundSeconds = 0.0
    private(set) var words = ErrorRate()
    private(set) var characters = ErrorRate()
    private var confusions: [Confusion: Int] = [:]

    /// Notes what was heard in a sound. Letters are compared in any case.
    mutating func add(_ found: String, truth: String, seconds: Double) {
        let (found, truth) = (found.lowercased(), truth.lowercased())
        let own = ErrorRate(words: truth, hypothesis: found)
        sounds += 1
        soundSeconds += seconds
        words += own
        characters += ErrorRate(characters: truth, hypothesis: found)
        if own.errors == 0 { exact += 1 }
        // A text too long to be laid beside another still counts; its confusions are not told.
        for edit in ErrorRate.alignment(words: truth, hypothesis: found) ?? []
        where edit.reference != edit.hypothesis {
            confusions[Confusion(word: edit.reference, heard: edit.hypothesis), default: 0] += 1
        }
    }

    /// The most frequent errors.
    func worst(_ count: Int) -> [(confusion: Confusion, count: Int)] {
        func order(_ confusion: Confusion) -> (String, String) { (confusion.word ?? "", confusion.heard ?? "") }
        return confusions.sorted { a, b in
            a.value != b.value ? a.value > b.value : order(a.key) < order(b.key)
        }.prefix(count).map { ($0.key, $0.value) }
    }
}

/// The outcome of an evaluation.
struct SpeechReport {
    let model: String
    let folder: String
    let score: SpeechScore
    /// Sounds that could not be used.
    let failed: Int
    let seconds: Double

    private static let confusions = 10
    private var realTimeFactor: Double { seconds / max(score.soundSeconds, 1e-9) }

    func write(to context: CommandContext) throws(OutputError) {
        func counts(_ rate: ErrorRate, _ what: String) -> String {
            "\(Format.decimal(rate.rate * 100, 2)) % of \(rate.count) \(what): \(rate.substitutions) replaced, "
                + "\(rate.deletions) left out, \(rate.insertions) put in"
        }
        var rows = [
            ("Model", model),
            (
                "Sounds",
                "\(score.sounds), \(Format.duration(seconds: score.soundSeconds)), \(score.exact) without an error"
            ),
        ]
        if failed > 0 { rows.append(("Unreadable", "\(failed)")) }
        rows += [
            ("Word errors", counts(score.words, "words")), ("Char errors", counts(score.characters, "characters")),
            (
                "Speed",
                "real-time factor \(Format.decimal(realTimeFactor, 3)), \(Format.duration(seconds: seconds)) in all"
            ),
        ]
        for (name, value) in rows {
            let margin = String(repeating: " ", count: 13 - name.count)
            try context.output.write(context.terminal.styled(name, .bold) + margin + printable(value))
        }
        let worst = score.worst(Self.confusions)
        guard !worst.isEmpty else { return }
        var table = Table(
            [
                Table.Column("Word", isElastic: true), Table.Column("Taken for", isElastic: true),
                Table.Column("Count", .right),
            ], usesUnicode: context.terminal.usesUnicode)
        for row in worst {
            table.add([row.confusion.word ?? "(nothing)", row.confusion.heard ?? "(nothing)", "\(row.count)"])
        }
        try context.output.write("")
        try context.write(table)
    }

    var json: JSONValue {
        var object: JSONObject = [
            "model": JSONValue(model), "folder": JSONValue(folder), "sounds": JSONValue(score.sounds),
            "failed": JSONValue(failed), "exact": JSONValue(score.exact),
        ]
        for (name, rate) in [("word", score.words), ("character", score.characters)] {
            object["\(name)_error_rate"] = JSONValue(rate.rate)
            object["\(name)s"] = [
                "count": JSONValue(rate.count), "substitutions": JSONValue(rate.substitutions),
                "deletions": JSONValue(rate.deletions), "insertions": JSONValue(rate.insertions),
            ]
        }
        object["seconds"] = JSONValue(seconds)
        object["sound_seconds"] = JSONValue(score.soundSeconds)
        object["real_time_factor"] = JSONValue(realTimeFactor)
        object["confusions"] = .array(
            score.worst(Self.confusions).map { row in
                [
                    "word": JSONValue(optional: row.confusion.word) { JSONValue($0) },
                    "heard": JSONValue(optional: row.confusion.heard) { JSONValue($0) },
                    "count": JSONValue(row.count),
                ]
            })
        return .object(object)
    }
}
