public import Audio
public import CTC
public import Checkpoints
public import TensorCore

/// Speech to text: a network with a CTC head, its vocabulary, and the way from a sound of any length to timed words.
///
/// ```swift
/// let transcriber = try Transcriber(folder: "wav2vec2-base-960h")
/// let talk = try transcriber.transcribe(path: "talk.flac")
/// print(talk.text)
/// for word in talk.words { print(word.start, word.end, word.text, word.score) }
/// ```
///
/// Text, words and times are those that the automatic speech recognition pipeline of transformers gives for the same
/// samples and the same chunks. Memory does not grow with the sound but for the words that are returned; they can be
/// had as they become final, too. A sound that is shorter than what the network needs for one frame, and silence, give
/// empty text: of a chunk whose samples are all within ``silence`` of their mean no letter is read, whatever the
/// network might make of it.
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
public struct Transcriber: Sendable {
    /// The network.
    public let encoder: AudioEncoder
    /// What its outputs mean.
    public let vocabulary: CTCVocabulary
    /// How a sound becomes text.
    public let options: Options

    /// Seconds of sound that go through the network at once at most: what a network of the base size holds of them
    /// takes about 4 GB.
    public static let longestPass = 300.0
    /// How far from their mean the samples of silence are at most: three steps of 16-bit sound, 80 dB below full scale.
    public static let silence: Float = 1e-4

    /// How the sound is cut.
    let rule: StrideRule
    /// Logits of a frame.
    private let outputs: Int
    /// Whether what is longer than a chunk is refused.
    var isWhole: Bool { options.chunking == .whole }

    /// Loads a folder with a CTC head.
    ///
    /// - Parameters:
    ///   - folder: in the layout of transformers.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - language: the adapter and the vocabulary of a multilingual folder; `nil` takes the folder's own choice.
    ///   - options: how a sound becomes text.
    /// - Throws: ``AudioEncoderError``.
    public init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(), language: String? = nil,
        options: Options = Options()
    ) throws(AudioEncoderError) {
        try self.init(
            AudioEncoder(folder: folder, runtime: runtime, weights: weights, language: language), options: options)
    }

    /// Transcribes with a network that is loaded; its folder has the vocabulary.
    ///
    /// - Throws: ``AudioEncoderError``: it has no CTC head, the vocabulary is missing or broken or not that of the
    ///   network, an option is out of its range.
    public init(_ encoder: AudioEncoder, options: Options = Options()) throws(AudioEncoderError) {
        let vocabulary: CTCVocabulary
        guard case .ctc(let outputs) = encoder.head else { throw .noHead(folder: encoder.folder, expected: "CTC") }
        do {
            vocabulary = try CTCVocabulary(folder: encoder.folder, language: encoder.language)
        } catch { throw .ctc(error) }
        // Outputs beyond the tokens are read as unknown, as the reference does; a token beyond the outputs could never
        // be said. Special tokens are added to vocabularies behind the network's back, and may lie there.
        for (token, text) in vocabulary.tokens.enumerated().dropFirst(outputs)
        where token == vocabulary.blank || !vocabulary.specials.contains(token) {
            throw .input(
                expected: "a vocabulary for \(outputs) outputs, as the network in \(encoder.folder) has",
                found: "one with token \(token), \"\(text)\"")
        }
        self.outputs = outputs
        self.encoder = encoder
        self.vocabulary = vocabulary
        self.options = options
        rule = try Self.rule(options.chunking, rate: encoder.samplingRate, ratio: encoder.samplesPerFrame)
        if let activity = options.voiceActivity {
            _ = try VoiceActivityDetector(activity, rate: encoder.samplingRate)
        }
        _ = try SpeechDecoder(vocabulary, options.decoding)
    }

    private static func rule(_ chunking: Chunking, rate: Int, ratio: Int) throws(AudioEncoderError) -> StrideRule {
        let (seconds, left, right): (Double, Double, Double) =
            switch chunking {
            case .automatic: (30, 5, 5)
            case .whole: (longestPass, 0, 0)
            case .chunks(let seconds, let left, let right): (seconds, left, right)
            }
        guard seconds <= longestPass else {
            throw .input(expected: "chunks of at most \(longestPass) s", found: "chunks of \(seconds) s")
        }
        do {
            return try StrideRule(
                chunkSeconds: seconds, leftSeconds: left, rightSeconds: right, rate: rate, ratio: ratio)
        } catch { throw .ctc(error) }
    }

    /// Begins to listen to a sound that comes in blocks, such as that of a microphone.
    public func stream() throws(AudioEncoderError) -> TranscriptionStream { try TranscriptionStream(self) }

    /// Transcribes what a reader gives.
    ///
    /// - Parameters:
    ///   - reader: at the encoder's sampling rate; it is read to its end.
    ///   - each: is given what became final after each chunk, and may be given empty pieces; where it says `false`, the
    ///     work ends with ``AudioEncoderError/cancelled``.
    /// - Returns: all of it.
    /// - Throws: ``AudioEncoderError``; its ``AudioEncoderError/audio(_:)`` where the sound is broken.
    public func transcribe(
        _ reader: AudioReader, each: (TranscriptionPiece) -> Bool = { _ in true }
    ) throws(AudioEncoderError) -> Transcription {
        try requireRate(of: reader)
        var reading = TranscriptionReading(reader, try stream())
        var result = Transcription()
        var isAtEnd = false
        while !isAtEnd {
            let news = try reading.next()
            isAtEnd = news.isAtEnd
            result.add(news.piece)
            if !each(news.piece) { throw .cancelled }
        }
        return result
    }

    /// Transcribes samples.
    ///
    /// - Parameter samples: finite, at the encoder's sampling rate.
    /// - Throws: ``AudioEncoderError``.
    public func transcribe(samples: [Float]) throws(AudioEncoderError) -> Transcription {
        var stream = try stream()
        var result = Transcription()
        result.add(try stream.append(samples))
        result.add(try stream.finish())
        return result
    }

    /// Transcribes a file.
    ///
    /// - Parameters:
    ///   - path: of a sound of any kind that `AudioReader` reads.
    ///   - channel: how many channels become one.
    ///   - each: as in ``transcribe(_:each:)``.
    /// - Throws: ``AudioEncoderError``.
    public func transcribe(
        path: String, channel: ChannelChoice = .mean, each: (TranscriptionPiece) -> Bool = { _ in true }
    ) throws(AudioEncoderError) -> Transcription {
        try transcribe(Self.open(path, channel, for: encoder), each: each)
    }

    /// A reader at the rate of a network.
    static func open(
        _ path: String, _ channel: ChannelChoice, for encoder: AudioEncoder
    ) throws(AudioEncoderError) -> AudioReader {
        do {
            return try AudioReader(path: path, rate: encoder.samplingRate, channel: channel)
        } catch { throw .audio(error) }
    }

    func requireRate(of reader: AudioReader) throws(AudioEncoderError) {
        guard reader.rate == encoder.samplingRate else {
            throw .input(
                expected: "sound at \(encoder.samplingRate) samples a second", found: "sound at \(reader.rate)")
        }
    }

    /// Frames in seconds, as the reference computes them.
    ///
    /// - Parameter start: the sample that the first frame begins at.
    func timed(_ span: Span, from start: Int = 0) -> TimedSpan {
        let (ratio, rate) = (encoder.samplesPerFrame, Double(encoder.samplingRate))
        return TimedSpan(
            text: span.text, start: Double(start + span.start * ratio) / rate,
            end: Double(start + span.end * ratio) / rate, score: span.score)
    }

    /// The log-probabilities of what is said in one chunk.
    ///
    /// - Parameter samples: finite, at the encoder's sampling rate.
    /// - Returns: a row a frame: none where the chunk is shorter than the network needs, blank throughout where it is
    ///   silent.
    func emissions(_ samples: [Float]) throws(AudioEncoderError) -> Emissions {
        let frames = encoder.frames(samples: samples.count)
        guard frames > 0 else { return Emissions(count: outputs) }
        do {
            if Self.isSilent(samples) {
                // What is not blank is as good as impossible; minus infinity would leave a search without a way.
                var values = [Float](repeating: -100, count: frames * outputs)
                for frame in 0..<frames { values[frame * outputs + vocabulary.blank] = 0 }
                return try Emissions(logProbabilities: values, frames: frames, count: outputs)
            }
        } catch { throw .ctc(error) }
        let logits = try encoder.logits(encoder.inputValues(samples))
        do {
            return try Emissions.logSoftmax(logits: logits.floats, frames: frames, count: outputs)
        } catch { throw .ctc(error) }
    }

    private static func isSilent(_ samples: [Float]) -> Bool {
        guard let lowest = samples.min(), let highest = samples.max() else { return true }
        // Far from silence at a glance, as nearly always.
        if highest - lowest > 2 * silence { return false }
        let mean = Float(samples.reduce(0.0) { $0 + Double($1) } / Double(samples.count))
        return max(highest - mean, mean - lowest) <= silence
    }
}
