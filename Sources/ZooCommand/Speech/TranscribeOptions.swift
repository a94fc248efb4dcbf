import Arguments
import Audio
import AudioEncoder
import CTC

/// The options of `zoo transcribe`.
enum TranscribeOptions {
    /// What a result's times are of.
    enum Timestamps: String, CaseIterable, Sendable { case word, char }

    static let beam = Option.int(
        "--beam", value: "N", range: 1...10_000,
        help: "Search for the best spelling among N at a time; the best letter of each frame if left out")
    static let languageModel = Option.file(
        "--lm", extensions: ["arpa"], help: "A language model in ARPA format, such as 'zoo ngram' makes")
    static let languageModelWeight = Option.double(
        "--lm-weight", value: "W", default: 0.5, range: 0...100, help: "How much the language model has to say")
    static let wordBonus = Option.double(
        "--word-bonus", value: "B", default: 1.5, range: -100...100,
        help: "What each word gains, so that a language model does not prefer few words")
    static let hotword = Option.text(
        "--hotword", value: "WORD", help: "A word, or words, that may be expected, such as a name"
    ).repeatable()
    static let hotwordWeight = Option.double(
        "--hotword-weight", value: "W", default: 10, range: 0...1000, help: "What a hot word gains")
    static let align = Option.file(
        "--align", extensions: ["txt"],
        help: "Find when each word of this text is said, instead of transcribing")
    static let format = Option<TranscriptFormat?>.choice(
        "--format", "-f", help: "How to write it; as the name of --output ends, or text, if left out")
    static let lineLength = Option.int(
        "--line-length", value: "N", default: 42, range: 10...1000, help: "Letters of a line of subtitles at most")
    static let maxDuration = Option.double(
        "--max-duration", value: "S", default: 7, range: 0.5...600, help: "Seconds of a subtitle at most")
    static let chunk = Option.double(
        "--chunk", value: "S", range: 0...Transcriber.longestPass,
        help: "Hear S seconds at a time, 30 where a sound is longer if left out; 0 hears it whole")
    static let stride = Option.double(
        "--stride", value: "S", range: 0...Transcriber.longestPass / 2,
        help: "Let chunks overlap by S seconds on either side, a sixth of a chunk if left out")
    static let stream = Option.flag("--stream", help: "Print words as soon as they are known")
    static let vad = Option.flag("--vad", help: "Leave out what is silent, and tell what was left out")
    static let pcm = Option.text(
        "--pcm", value: "FORMAT",
        help: "Standard input is raw samples, ENCODING:RATE[:CHANNELS] such as s16le:16000")
    static let maxHours = Option.double(
        "--max-hours", value: "H", default: AudioLimits.standard.seconds / 3600, range: 0.001...10_000,
        help: "Refuse files that last longer")
    static let timestamps = Option<Timestamps?>.choice(
        "--timestamps", help: "Show when each word or character is said")
    static let plot = Option.file(
        "--plot", extensions: ["png"], help: "Draw waveform, spectrogram and words as a picture")
    static let output = Option.file(
        "--output", "-o",
        extensions: TranscriptFormat.allCases.map(\.fileExtension),
        help: "Write this file, or in this folder a file an input; standard output if left out")

    /// How the best spelling is searched for.
    static let search: [any OptionDeclaration] = [
        beam, languageModel, languageModelWeight, wordBonus, hotword, hotwordWeight,
    ]

    /// In the order of the help.
    static let all: [any OptionDeclaration] =
        [
            SharedOptions.model, SharedOptions.language, format, SharedOptions.json, output, timestamps, stream,
            lineLength, maxDuration, align,
        ] + search + [
            chunk, stride, vad, SharedOptions.channel, pcm, maxHours, plot, SharedOptions.threads, SharedOptions.dtype,
            SharedOptions.maxMemory,
        ]

    /// Of each group one at most.
    static let exclusive: [[any OptionDeclaration]] = [
        [format, SharedOptions.json], [align, beam], [align, languageModel], [align, hotword], [align, stream],
        [align, chunk], [align, stride], [align, vad], [stream, output],
    ]

    /// The search that the command line asks for; greedy where it asks for none.
    ///
    /// - Throws: ``UsageError`` for options that mean nothing without others, ``CTCError`` where the language model
    ///   cannot be used.
    static func decoding(_ parsed: ParsedArguments) throws -> Transcriber.Decoding {
        let hotwords = parsed[hotword]
        let model = parsed[languageModel]
        for option in [languageModelWeight, wordBonus] {
            guard model == nil, parsed.isGiven(option) else { continue }
            throw UsageError(
                "option '\(option.specification.name)' is about a language model: give one with --lm FILE",
                path: parsed.path)
        }
        if hotwords.isEmpty, parsed.isGiven(hotwordWeight) {
            throw UsageError(
                "option '--hotword-weight' is about hot words: give some with --hotword", path: parsed.path)
        }
        guard parsed.isGiven(beam) || model != nil || !hotwords.isEmpty else { return .greedy }
        var search = Transcriber.BeamSearch()
        if let width = parsed[beam] { search.width = width }
        search.languageModel = try model.map { path throws(CTCError) in try NGramModel(path: path) }
        search.languageModelWeight = parsed[languageModelWeight]
        search.wordBonus = parsed[wordBonus]
        search.hotwords = hotwords
        search.hotwordWeight = parsed[hotwordWeight]
        return .beam(search)
    }
}
