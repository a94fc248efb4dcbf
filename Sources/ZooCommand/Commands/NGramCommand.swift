import Arguments
import AudioEncoder
import CTC
import JSON
import ModelZoo

/// `zoo ngram`: a language model of text.
enum NGramCommand: Subcommand {
    private static let output = Option.file(
        "--output", "-o", extensions: ["arpa"], help: "Write the language model here"
    ).required()
    private static let order = Option.int(
        "--order", "-n", value: "N", default: 3, range: 1...NGramModel.orderLimit,
        help: "How many words are looked at together")
    private static let model = Option.text(
        "--model", "-m", value: "MODEL", kind: SharedOptions.modelKind,
        help: "Write words as this model spells them; as they are if left out")
    private static let texts = Argument(
        "TEXT", .file(extensions: ["txt"]), help: "A text file, a sentence a line, or - for standard input"
    ).repeating()

    static let command = Command(
        "ngram", summary: "Make a language model of text, for transcription",
        discussion: """
            Counts which words follow each other and smooths the counts (interpolated modified Kneser-Ney); the \
            result, in ARPA format, is what 'zoo transcribe --lm' and other programs read. Each line that is not empty \
            is a sentence, words are what is between white space, and letters of another case make another word. A \
            language model helps only where it spells words as the transcribing model does: with --model letters are \
            brought into the case of its vocabulary and marks that it lacks are left out; sentences that it cannot \
            spell are left out and counted.
            """,
        arguments: [texts], options: [output, order, model, SharedOptions.language, SharedOptions.json],
        examples: [
            Command.Example("zoo ngram sentences.txt -o sentences.arpa -m wav2vec2-tiny", "For the model that ships"),
            Command.Example("zoo ngram --order 2 a.txt b.txt -o small.arpa", "Pairs of words, from two files"),
            Command.Example("zoo transcribe talk.wav --lm sentences.arpa", "What it is for"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let paths = parsed[texts].map(context.path)
        guard paths.count(where: { $0 == InputPath("-") }) <= 1 else {
            throw UsageError("'-' is given twice: there is one standard input", path: parsed.path)
        }
        let vocabulary = try vocabulary(parsed, context)
        var estimator = try NGramEstimator(order: parsed[order])
        var skipped = 0
        let progress = context.progress("ngram", total: nil)
        for path in paths {
            let reader = try LineReader(path)
            for line in reader {
                if let code = Interruption.exitCode {
                    progress.finish()
                    context.note("stopped; nothing was written")
                    return code
                }
                do {
                    let text = try line.text.get()
                    if text.allSatisfy(\.isWhitespace) { continue }
                    if let sentence = spelled(text, vocabulary) {
                        try estimator.add(sentence)
                    } else {
                        skipped += 1
                    }
                } catch { throw failure(error, at: reader.place(of: line)) }
                progress.advance()
            }
        }
        progress.finish()
        guard estimator.sentences > 0 else {
            throw Failure(
                skipped == 0
                    ? "there are no sentences in the text"
                    : "the model can spell none of \(skipped) sentences; is the text of its language?", .badData)
        }
        let path = parsed[output]
        let fallbacks = try estimator.write(to: path)
        if parsed[SharedOptions.json] {
            try context.write([
                "output": JSONValue(path), "order": JSONValue(estimator.order),
                "sentences": JSONValue(estimator.sentences), "words": JSONValue(estimator.wordCount),
                "skipped": JSONValue(skipped), "fallbacks": .array(fallbacks.map { JSONValue($0) }),
            ])
            return .success
        }
        try context.output.write(
            "\(printable(path)): order \(estimator.order), of \(estimator.sentences) sentences, "
                + "\(estimator.wordCount) words")
        if skipped > 0 { context.note("left out what the model cannot spell, \(skipped) of the sentences") }
        if !fallbacks.isEmpty {
            let orders = fallbacks.map(String.init).joined(separator: ", ")
            context.note("too little text to tell the discounts of order \(orders); customary ones were taken")
        }
        return .success
    }

    /// What spells the words; `nil` where they stay as they are.
    private static func vocabulary(_ parsed: ParsedArguments, _ context: CommandContext) throws -> CTCVocabulary? {
        guard let name = parsed[model] else {
            guard parsed[SharedOptions.language] == nil else {
                throw UsageError("option '--language' is about a model: give one with --model", path: parsed.path)
            }
            return nil
        }
        let entry = try context.find(name)
        let family = AnyModel.Family(folder: entry.folder)
        guard family == .audioEncoder else {
            throw UsageError(
                "\(printable(entry.name)) is \(family.noun) and spells nothing: name one that transcribes",
                path: parsed.path)
        }
        do throws(CTCError) {
            return try CTCVocabulary(folder: entry.folder, language: parsed[SharedOptions.language])
        } catch { throw AudioEncoderError.ctc(error) }
    }

    /// A sentence as the vocabulary spells it; `nil` where it cannot.
    private static func spelled(_ text: String, _ vocabulary: CTCVocabulary?) -> String? {
        guard let vocabulary else { return text }
        return (try? SpelledText(text, vocabulary: vocabulary))?.text
    }

    private static func failure(_ error: any Error, at place: String) -> any Error {
        switch error {
        case let error as Failure: Failure("\(place): \(error.message)", error.exitCode)
        case CTCError.format(_, _, let expected, let found):
            Failure("\(place): expected \(expected), found \(found)", .badData)
        default: error
        }
    }
}
