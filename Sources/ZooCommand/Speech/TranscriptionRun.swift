import Arguments
import Audio
import AudioEncoder
import CTC
import Checkpoints
import JSON
import Media
import ModelZoo

/// One input on its way to a transcript.
final class TranscriptionRun {
    private let request: TranscribeRequest
    private let transcriber: Transcriber
    private let input: SoundInput
    private let context: CommandContext
    private let progress: SpeechProgress
    /// Seconds that were dealt with.
    private var processed = 0.0
    /// Whether a part of the text is on standard output.
    private var hasPrinted = false
    /// The subtitles that are printed as they come.
    private var subtitles: SubtitleText?
    /// What went wrong while something was printed.
    private var outputFailure: (any Error)?

    init(
        _ request: TranscribeRequest, _ transcriber: Transcriber, _ input: SoundInput, _ context: CommandContext,
        _ progress: SpeechProgress
    ) {
        (self.request, self.transcriber, self.input) = (request, transcriber, input)
        (self.context, self.progress) = (context, progress)
    }

    private var rate: Int { transcriber.encoder.samplingRate }

    /// Transcribes the sound.
    ///
    /// - Throws: ``AudioEncoderError/cancelled`` where the process was asked to end.
    func transcribe() throws -> Transcription {
        let reader = try open()
        if request.streams { subtitles = try request.subtitles() }
        do {
            let transcript = try progress.timed {
                try transcriber.transcribe(reader) { piece in
                    do { try take(piece) } catch { outputFailure = error }
                    return outputFailure == nil && Interruption.exitCode == nil
                }
            }
            try finish(transcript)
            return transcript
        } catch {
            // What was printed of a sound that broke off ends its line.
            if hasPrinted, outputFailure == nil { try context.output.write("") }
            throw outputFailure ?? error
        }
    }

    /// Finds the words of a text in the sound.
    func align(_ text: SpelledText) throws -> Transcription {
        let reader = try open()
        let transcript = text.restored(try progress.timed { try transcriber.align(reader, text: text.text) })
        try finish(transcript)
        return transcript
    }

    /// Draws the sound and what was said.
    func draw(_ transcript: Transcription, to path: String) throws {
        let clip = try input.clip(rate: rate, channel: request.channel)
        let length = Format.decimal(transcript.duration, 1)
        let plot = try SpeechPlot(
            clip, words: transcript.words, title: FileSystem.lastComponent(input.name),
            subtitle: "\(request.entry.name), \(length) s, \(transcript.words.count) words")
        try FileSystem.write(try plot.draw().image.pngFile(), to: path)
    }

    private func open() throws -> AudioReader {
        let reader = try input.open(rate: rate, channel: request.channel, limits: request.soundLimits)
        if request.plot != nil, let seconds = reader.duration { try SpeechPlot.check(seconds: seconds) }
        return reader
    }

    /// What became known.
    private func take(_ piece: TranscriptionPiece) throws {
        progress.advance(by: piece.processed - processed)
        processed = piece.processed
        guard request.streams, !piece.words.isEmpty else { return }
        if let text = subtitles?.add(words: piece.words, characters: piece.characters) {
            context.output.append(text)
            try context.output.flush()
        } else if request.format == .json {
            try context.write([
                "input": JSONValue(input.name), "processed": TranscriptWriter.seconds(processed),
                "words": TranscriptWriter.list(piece.words, "word"),
            ])
            try context.output.flush()
        } else {
            try print(piece)
        }
    }

    /// Prints words as they come: one behind the other, or a line each with its times.
    private func print(_ piece: TranscriptionPiece) throws(OutputError) {
        if let timestamps = request.timestamps {
            for span in timestamps == .word ? piece.words : piece.characters {
                try context.output.write(printable(TranscriptWriter.line(span), limit: .max))
            }
        } else {
            let start = hasPrinted ? " " : request.inputs.count > 1 ? "\(printable(input.name)): " : ""
            let text = piece.words.map(\.text).joined(separator: " ")
            context.output.append(start + printable(text, limit: .max))
            hasPrinted = true
        }
        try context.output.flush()
    }

    /// Tells what is known at the end.
    private func finish(_ transcript: Transcription) throws(OutputError) {
        progress.advance(by: transcript.duration - processed)
        processed = transcript.duration
        if let text = subtitles?.finish() {
            context.output.append(text)
        } else if request.streams, request.format == .text, request.timestamps == nil {
            try context.output.write("")
        }
        guard request.skipsSilence, !transcript.skipped.isEmpty, !context.isQuiet else { return }
        let seconds = transcript.skipped.reduce(0) { $0 + $1.end - $1.start }
        let places = transcript.skipped.prefix(Self.shownPlaces)
            .map { "\(Format.decimal($0.start, 1))-\(Format.decimal($0.end, 1))" }.joined(separator: ", ")
        let rest = transcript.skipped.count - Self.shownPlaces
        progress.message(
            "zoo: \(printable(input.name)): skipped \(Format.duration(seconds: seconds)) of silence: \(places)"
                + (rest > 0 ? " and \(rest) more" : "") + " s")
    }

    /// Stretches of silence that are named.
    private static let shownPlaces = 10
}
