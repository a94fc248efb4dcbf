import Arguments
import AudioEncoder
import CTC
import Checkpoints
import JSON
import ModelZoo

/// Writes transcripts as they are asked for.
struct TranscriptWriter {
    private let request: TranscribeRequest
    private let context: CommandContext
    /// Files that were written, with the input each is of.
    private var files: [String: String] = [:]

    init(_ request: TranscribeRequest, _ context: CommandContext) {
        (self.request, self.context) = (request, context)
    }

    /// Where the transcript of an input goes; `nil` for standard output.
    ///
    /// - Throws: ``Failure`` where another input's is there, or the folder cannot be made.
    mutating func file(of input: SoundInput) throws(Failure) -> String? {
        switch request.destination {
        case .standardOutput: return nil
        case .file(let path): return path
        case .folder(let folder):
            try makeFolder(folder)
            var name = input.name == "-" ? "stdin" : FileSystem.lastComponent(input.name)
            if let dot = name.lastIndex(of: "."), dot != name.startIndex { name = String(name[..<dot]) }
            let path = FileSystem.join(folder, "\(name).\(request.format.fileExtension)")
            if let other = files.updateValue(input.name, forKey: path) {
                throw Failure(
                    "its transcript would replace \(printable(path)), which is that of \(printable(other)); give them "
                        + "folders of their own", .badData)
            }
            return path
        }
    }

    /// Writes a transcript to a file, or to standard output.
    func write(_ transcript: Transcription, of input: SoundInput, to file: String?) throws {
        guard let file else { return try print(transcript, of: input) }
        let text: String
        switch request.format {
        case .text: text = lines(transcript).map { $0 + "\n" }.joined()
        case .json: text = JSONValue.object(json(transcript, of: input)).serialized() + "\n"
        case .srt, .vtt, .tsv: text = try subtitles(transcript)
        }
        try FileSystem.write(Array(text.utf8), to: file)
    }

    private func print(_ transcript: Transcription, of input: SoundInput) throws {
        switch request.format {
        case .json: try context.write(.object(json(transcript, of: input)))
        case .text:
            let isOne = request.inputs.count == 1
            if request.timestamps != nil, !isOne {
                try context.output.write(context.terminal.styled(printable(input.name), .bold))
            }
            let prefix = isOne || request.timestamps != nil ? "" : "\(printable(input.name)): "
            for line in lines(transcript) { try context.output.write(prefix + printable(line, limit: .max)) }
        case .srt, .vtt, .tsv:
            context.output.append(try subtitles(transcript))
        }
    }

    /// The text in a line, or a line a word or character with its times.
    private func lines(_ transcript: Transcription) -> [String] {
        switch request.timestamps {
        case nil: [transcript.text]
        case .word: transcript.words.map(Self.line)
        case .char: transcript.characters.map(Self.line)
        }
    }

    /// A word or character with its times, such as `  0.52    0.80  hello`.
    static func line(_ span: TimedSpan) -> String {
        func seconds(_ value: Double) -> String {
            let text = Format.decimal(value, 2)
            return String(repeating: " ", count: max(0, 8 - text.count)) + text
        }
        return "\(seconds(span.start)) \(seconds(span.end))  \(span.text)"
    }

    private func json(_ transcript: Transcription, of input: SoundInput) -> JSONObject {
        var object: JSONObject = [
            "input": JSONValue(input.name), "model": JSONValue(request.entry.name),
            "duration": Self.seconds(transcript.duration), "text": JSONValue(transcript.text),
            "words": Self.list(transcript.words, "word"),
        ]
        if request.timestamps == .char { object["characters"] = Self.list(transcript.characters, "character") }
        if request.skipsSilence {
            object["skipped"] = .array(
                transcript.skipped.map { ["start": Self.seconds($0.start), "end": Self.seconds($0.end)] })
        }
        return object
    }

    /// Words or characters with their times for programs.
    static func list(_ spans: [TimedSpan], _ name: String) -> JSONValue {
        .array(
            spans.map { span in
                [
                    name: JSONValue(span.text), "start": seconds(span.start), "end": seconds(span.end),
                    "score": JSONValue(span.score),
                ]
            })
    }

    /// Seconds without digits that mean nothing.
    static func seconds(_ value: Double) -> JSONValue { JSONValue((value * 1e6).rounded() / 1e6) }

    /// The transcript as subtitles, or as a table of words or characters.
    private func subtitles(_ transcript: Transcription) throws(CTCError) -> String {
        guard var text = try request.subtitles() else { return "" }
        return text.add(words: transcript.words, characters: transcript.characters) + text.finish()
    }
}
