import Arguments
import Audio
import AudioEncoder
import Checkpoints
import JSON
import ModelZoo

/// `zoo transcribe`: what is said in sounds, and when.
enum TranscribeCommand: Subcommand {
    static let inputs = Argument(
        "INPUT", .file(extensions: InputList.sounds),
        help: "A sound (WAV, FLAC, Ogg, Opus, MP3, AIFF), a folder with everything below it, or - for standard input"
    ).repeating()

    static let command = Command(
        "transcribe", summary: "Write down what is said in sounds",
        discussion: """
            Sounds may be of any length, rate and number of channels; memory does not grow with their length. Standard \
            input (-) is heard as it arrives: WAV, or raw samples with --pcm. One input that cannot be used is \
            reported, and the others go on.
            With --json each gives a line \
            {"input","model","duration","text","words":[{"word","start","end","score"}]}, times in seconds, or \
            {"input","error"}; --timestamps char adds "characters", --vad adds "skipped". With --stream text appears \
            word by word, and JSON has a line {"input","processed","words"} whenever words are known, before the whole.
            With --lm, --hotword or --beam the best spelling is searched for, 100 at a time unless --beam says more or \
            less. A language model must be of words that the model can spell ('zoo show' lists its letters); 'zoo \
            ngram' makes one of text. With --align the words of a text that is known are found in the sound: marks and \
            the case of letters do not matter, and subtitles have the text as it is written.
            Subtitles (srt, vtt, and tsv with times in milliseconds) are cut where a line, a cue or a pause gets long; \
            tsv with --timestamps has a line a word or character. Silence gives an empty text. How fast it went is \
            told on standard error: a real-time factor of 0.1 is ten times as fast as it plays.
            """,
        arguments: [inputs], options: TranscribeOptions.all, exclusive: TranscribeOptions.exclusive,
        examples: [
            Command.Example("zoo transcribe talk.flac", "The text"),
            Command.Example("zoo transcribe talk.mp3 --output talk.srt", "Subtitles"),
            Command.Example("zoo transcribe recordings --json", "Every sound of a folder, for programs"),
            Command.Example("zoo transcribe -m ./wav2vec2-base-960h --timestamps word talk.wav", "A line a word"),
            Command.Example("zoo transcribe talk.wav --align talk.txt --format vtt", "Subtitles of a text you have"),
            Command.Example(
                "zoo transcribe talk.wav --lm news.arpa --hotword 'ada lovelace'", "With knowledge of the language"),
            Command.Example("arecord -f S16_LE -r 16000 | zoo transcribe --stream -", "A microphone, live"),
            Command.Example("zoo transcribe talk.wav --plot talk.png", "A picture of the words in the sound"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let request = try TranscribeRequest(parsed, context)
        guard !request.inputs.isEmpty else {
            let places = parsed[inputs].map { printable($0) }.joined(separator: ", ")
            throw Failure(
                "no sounds in \(places) (looked for \(InputList.sounds.joined(separator: ", ")))", .inputNotFound)
        }
        let transcriber = try request.load(context)
        let alignment = try request.alignment.map { text throws(Failure) in
            try SpelledText(text, vocabulary: transcriber.vocabulary)
        }
        var writer = TranscriptWriter(request, context)
        let progress = SpeechProgress("transcribe", request, context)
        var tally = FailureTally()
        for input in request.inputs where Interruption.exitCode == nil {
            do {
                let run = TranscriptionRun(request, transcriber, input, context, progress)
                let file = try writer.file(of: input)
                let transcript = try alignment.map(run.align) ?? run.transcribe()
                // A stream has been written; its JSON ends with the whole.
                if !request.streams || request.format == .json {
                    try writer.write(transcript, of: input, to: file)
                }
                try context.output.flush()
                if let plot = request.plot { try run.draw(transcript, to: plot) }
                tally.add(nil)
            } catch let error as OutputError {
                throw error
            } catch {
                if case AudioEncoderError.cancelled = error { break }
                let failure = Failure(error).about(input.name)
                // What is wrong with the model is wrong for every input.
                if failure.exitCode == .unavailable || failure.exitCode == .usage { throw failure }
                tally.add(failure)
                if request.format == .json, request.destination == .standardOutput {
                    try context.write(["input": JSONValue(input.name), "error": JSONValue(oneLine(failure.message))])
                } else {
                    progress.message("\(failure)")
                }
            }
        }
        progress.finish()
        if tally.failed > 0, tally.total > 1 {
            context.note("\(tally.failed) of \(tally.total) inputs could not be transcribed")
        }
        return tally.exitCode
    }
}
