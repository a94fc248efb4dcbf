import Arguments
import Audio
import AudioEncoder
import CTC
import Checkpoints
import ModelZoo
import TensorCore

/// What a command line of `zoo transcribe` asks for.
struct TranscribeRequest {
    /// Where transcripts go.
    enum Destination: Equatable {
        case standardOutput
        case file(String)
        /// A file an input.
        case folder(String)
    }

    /// The model.
    let entry: Registry.Entry
    /// What is heard.
    let inputs: [SoundInput]
    /// Where transcripts go.
    let destination: Destination
    let format: TranscriptFormat
    let timestamps: TranscribeOptions.Timestamps?
    /// How subtitles are cut.
    private let limits: (lineLength: Int, maxDuration: Double)
    let channel: ChannelChoice
    /// What a file may be.
    let soundLimits: AudioLimits
    /// Whether words are printed as they are known.
    let streams: Bool
    /// Whether silence is left out.
    let skipsSilence: Bool
    /// The picture to draw.
    let plot: String?
    /// The text to align.
    let alignment: String?
    private let language: String?
    private let options: Transcriber.Options
    private let runtime: Runtime

    /// The model that is used where none is named.
    static let defaultModel = "wav2vec2-tiny"
    /// The largest text to align, in bytes.
    private static let textLimit = 1 << 24

    /// - Throws: ``UsageError`` for what cannot be together, ``RegistryError`` where there is no such model,
    ///   ``Failure`` or ``CTCError`` where a file that an option names cannot be used.
    init(_ parsed: ParsedArguments, _ context: CommandContext) throws {
        func usage(_ text: String) -> UsageError { UsageError(text, path: parsed.path) }
        let words = parsed[TranscribeCommand.inputs]
        inputs = try SoundInput.find(words, pcm: try Self.pcm(parsed), parsed, context)
        let isOne = words.count == 1 && !context.path(words[0]).isFolder
        let output = parsed[TranscribeOptions.output]
        destination =
            output.map { path in
                isOne && !path.hasSuffix("/") && !context.path(path).isFolder ? .file(path) : .folder(path)
            } ?? .standardOutput
        var named: TranscriptFormat?
        if case .file(let path) = destination { named = TranscriptFormat(file: path) }
        let format =
            parsed[SharedOptions.json] ? .json : parsed[TranscribeOptions.format] ?? named ?? TranscriptFormat.text
        self.format = format
        timestamps = parsed[TranscribeOptions.timestamps]
        limits = (parsed[TranscribeOptions.lineLength], parsed[TranscribeOptions.maxDuration])
        channel = ChannelChoice(parsed[SharedOptions.channel])
        soundLimits = AudioLimits(seconds: parsed[TranscribeOptions.maxHours] * 3600)
        streams = parsed[TranscribeOptions.stream]
        skipsSilence = parsed[TranscribeOptions.vad]
        plot = parsed[TranscribeOptions.plot]
        if !isOne {
            guard format.canFollow || output != nil else {
                throw usage("several transcripts in \(format.rawValue) need files: give a folder with --output")
            }
            for option in [TranscribeOptions.plot, TranscribeOptions.align] where parsed.isGiven(option) {
                throw usage("option '\(option.specification.name)' is for a single file as INPUT")
            }
        }
        if plot != nil, words == ["-"] {
            throw usage("option '--plot' needs a file, not standard input: the sound is read twice")
        }
        if plot == "-" { throw usage("option '--plot': a picture goes into a file") }

        entry = try ClassifyCommand.model(
            parsed[SharedOptions.model], context, default: TranscribeRequest.defaultModel)
        let family = AnyModel.Family(folder: entry.folder)
        guard family == .audioEncoder else {
            // What cannot be read at all says so first.
            if family == .imageClassifier {
                _ = try context.plan(entry, context.runtime(threads: 1))
            }
            throw usage(
                "\(printable(entry.name)) is \(family.noun) and hears nothing: name an audio encoder with --model")
        }
        language = parsed[SharedOptions.language]
        alignment = try parsed[TranscribeOptions.align].map { try Self.text(context.path($0)) }
        options = Transcriber.Options(
            decoding: try TranscribeOptions.decoding(parsed), chunking: try Self.chunking(parsed),
            voiceActivity: skipsSilence ? VoiceActivity() : nil)
        runtime = context.runtime(parsed, for: entry)
    }

    /// An empty subtitle file; `nil` where no subtitles are asked for.
    ///
    /// - Throws: ``CTCError`` where a limit is out of its range.
    func subtitles() throws(CTCError) -> SubtitleText? {
        guard let subtitles = format.subtitles else { return nil }
        return try SubtitleText(
            subtitles, timestamps, lineLength: limits.lineLength, maxDuration: limits.maxDuration)
    }

    /// Loads the model and its vocabulary.
    ///
    /// - Throws: ``AudioEncoderError``, and ``ModelError`` where it would take too much memory.
    func load(_ context: CommandContext) throws -> Transcriber {
        try context.admit(
            entry.folder, entry.weights, runtime, language: language, for: .sound(seconds: options.chunking.seconds))
        return try Transcriber(
            folder: entry.folder, runtime: runtime, weights: entry.weights, language: language, options: options)
    }

    private static func pcm(_ parsed: ParsedArguments) throws(UsageError) -> PCMFormat? {
        guard let text = parsed[TranscribeOptions.pcm] else { return nil }
        do throws(AudioError) { return try PCMFormat(parsing: text) } catch {
            throw UsageError("option '--pcm': \(error.description)", path: parsed.path)
        }
    }

    private static func chunking(_ parsed: ParsedArguments) throws(UsageError) -> Transcriber.Chunking {
        let (chunk, stride) = (parsed[TranscribeOptions.chunk], parsed[TranscribeOptions.stride])
        guard chunk != nil || stride != nil else { return .automatic }
        let seconds = chunk ?? 30
        guard seconds > 0 else {
            guard stride == nil else {
                throw UsageError("a sound that is heard whole (--chunk 0) has no --stride", path: parsed.path)
            }
            return .whole
        }
        let overlap = stride ?? seconds / 6
        guard 2 * overlap < seconds else {
            throw UsageError(
                "option '--stride': two overlaps of \(overlap) s leave nothing of a chunk of \(seconds) s; give less "
                    + "than half of --chunk", path: parsed.path)
        }
        return .chunks(seconds: seconds, left: overlap, right: overlap)
    }

    /// The text in a file.
    private static func text(_ path: InputPath) throws -> String {
        let bytes = try path.contents(limit: textLimit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure("\(path.shown): not UTF-8; save the file in UTF-8", .badData)
        }
        return text
    }
}
