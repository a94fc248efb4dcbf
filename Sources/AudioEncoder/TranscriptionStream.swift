import Audio
import CTC
import TensorCore

/// Text of a sound that comes in blocks: a microphone, a pipe, a file of hours.
///
/// ```swift
/// var stream = try transcriber.stream()
/// while let block = microphone.read() { print(try stream.append(block).text, terminator: "") }
/// print(try stream.finish().text)
/// ```
///
/// What becomes final does not depend on how the sound is cut into blocks, only when. It holds one chunk of samples;
/// with voice activity also the few seconds that it takes to tell silence from speech. Words come with the chunk after
/// them: for words within a few seconds, choose chunks of a few seconds.
public struct TranscriptionStream: Sendable {
    private let transcriber: Transcriber
    private var detector: VoiceActivityDetector?
    /// Samples that the detector has not decided on; the first is number `heldStart` of the sound.
    private var held: [Float] = []
    private var heldStart = 0
    /// What is being said since the last skipped stretch.
    private var passage: Passage?
    private var spacing = TextSpacing()
    private var samples = 0
    private var isFinished = false
    private let rate: Double

    /// A stream of the transcriber's options.
    init(_ transcriber: Transcriber) throws(AudioEncoderError) {
        self.transcriber = transcriber
        rate = Double(transcriber.encoder.samplingRate)
        if let activity = transcriber.options.voiceActivity {
            detector = try VoiceActivityDetector(activity, rate: transcriber.encoder.samplingRate)
        }
    }

    /// Listens to the next samples.
    ///
    /// - Parameter block: of any number, at the encoder's sampling rate.
    /// - Returns: what became final; most often nothing.
    /// - Throws: ``AudioEncoderError``; its ``AudioEncoderError/input(expected:found:)`` for samples that are not
    ///   finite and for a finished stream.
    public mutating func append(_ block: [Float]) throws(AudioEncoderError) -> TranscriptionPiece {
        guard !isFinished else { throw .input(expected: "no samples behind the end", found: "\(block.count)") }
        if let wrong = block.firstIndex(where: { !$0.isFinite }) {
            throw .input(expected: "finite samples", found: "\(block[wrong]) as sample \(samples + wrong)")
        }
        samples += block.count
        var piece = TranscriptionPiece()
        if let stretches = detector?.append(block) {
            held += block
            try take(stretches, into: &piece)
        } else {
            try speak(block, from: 0, into: &piece)
        }
        piece.processed = Double(processed) / rate
        return piece
    }

    /// Ends the sound.
    ///
    /// - Returns: the rest.
    /// - Throws: ``AudioEncoderError``.
    public mutating func finish() throws(AudioEncoderError) -> TranscriptionPiece {
        var piece = TranscriptionPiece()
        if !isFinished {
            isFinished = true
            if let stretches = detector?.finish() { try take(stretches, into: &piece) }
            try endPassage(into: &piece)
        }
        piece.processed = Double(samples) / rate
        return piece
    }

    /// Samples from the beginning that nothing will be said of any more.
    private var processed: Int { passage.map { $0.start + $0.processed } ?? heldStart }

    /// Deals with what the detector has decided on.
    private mutating func take(
        _ stretches: [VoiceActivityDetector.Stretch], into piece: inout TranscriptionPiece
    ) throws(AudioEncoderError) {
        for stretch in stretches {
            let count = stretch.samples.count
            if stretch.isSpeech {
                try speak(Array(held[..<count]), from: stretch.samples.lowerBound, into: &piece)
            } else {
                try endPassage(into: &piece)
                piece.skipped.append(
                    SkippedStretch(
                        start: Double(stretch.samples.lowerBound) / rate,
                        end: Double(stretch.samples.upperBound) / rate))
            }
            held.removeFirst(count)
            heldStart += count
        }
    }

    private mutating func speak(
        _ block: [Float], from start: Int, into piece: inout TranscriptionPiece
    ) throws(AudioEncoderError) {
        // Taken out, so that its buffers have one owner only and are not copied.
        var current: Passage
        if let passage { current = passage } else { current = try Passage(transcriber, start: start) }
        passage = nil
        current.append(block)
        while let transcript = try current.next(transcriber) { add(transcript, from: current.start, to: &piece) }
        passage = current
    }

    private mutating func endPassage(into piece: inout TranscriptionPiece) throws(AudioEncoderError) {
        guard var current = passage else { return }
        passage = nil
        current.finish()
        while let transcript = try current.next(transcriber) { add(transcript, from: current.start, to: &piece) }
        add(current.rest(), from: current.start, to: &piece)
        spacing.separate()
    }

    /// Frames of a passage become seconds of the sound.
    private mutating func add(_ transcript: Transcript, from start: Int, to piece: inout TranscriptionPiece) {
        piece.text += spacing.next(transcript.text)
        piece.words += transcript.words.map { transcriber.timed($0, from: start) }
        piece.characters += transcript.characters.map { transcriber.timed($0, from: start) }
    }
}

/// Speech that nothing was skipped in: its chunks, and the letters that go on across them.
struct Passage: Sendable {
    /// Its first sample.
    let start: Int
    /// Its samples that nothing will be said of any more.
    private(set) var processed = 0
    private var chunks: ChunkedSamples
    private var decoder: SpeechDecoder

    init(_ transcriber: Transcriber, start: Int) throws(AudioEncoderError) {
        self.start = start
        chunks = ChunkedSamples(transcriber.rule)
        decoder = try SpeechDecoder(transcriber.vocabulary, transcriber.options.decoding)
    }

    mutating func append(_ block: [Float]) { chunks.append(block) }

    mutating func finish() { chunks.finish() }

    /// What became final with the next chunk; `nil` where there is none yet.
    mutating func next(_ transcriber: Transcriber) throws(AudioEncoderError) -> Transcript? {
        guard let emissions = try chunks.nextEmissions(transcriber, processed: &processed) else { return nil }
        return decoder.process(emissions)
    }

    /// What is left after the last chunk.
    mutating func rest() -> Transcript { decoder.finish() }
}

extension ChunkedSamples {
    /// The frames of the next chunk that count; `nil` where there is no chunk yet.
    ///
    /// - Parameter processed: is set to the samples before the next chunk's frames that count.
    mutating func nextEmissions(
        _ transcriber: Transcriber, processed: inout Int
    ) throws(AudioEncoderError) -> Emissions? {
        guard let (chunk, samples) = next() else { return nil }
        // The words of the chunk before outlive it.
        releaseFreedMemory()
        guard !transcriber.isWhole || chunk.start == 0 && chunk.isLast else {
            throw .input(
                expected: "at most \(Transcriber.longestPass) s of sound in one pass; transcribe it in chunks",
                found: "longer")
        }
        let emissions = try transcriber.emissions(samples)
        processed = chunk.start + chunk.count - chunk.right
        return emissions[rule.keptFrames(of: chunk, frames: emissions.frames)]
    }
}

/// White space between what becomes final at different times: none at the beginning, none at the end.
private struct TextSpacing: Sendable {
    /// What goes before the next text.
    private var pending = ""
    private var isEmpty = true
    /// Whether white space that comes now is that before the first word of a passage.
    private var isBeginning = true

    /// What the text grows by.
    mutating func next(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let last = scalars.lastIndex(where: { !$0.properties.isWhitespace }) else {
            if !isBeginning { pending += text }
            return ""
        }
        let end = scalars.index(after: last)
        var body = scalars[..<end]
        if isBeginning { body = body.drop { $0.properties.isWhitespace } }
        defer {
            pending = String(scalars[end...])
            isEmpty = false
            isBeginning = false
        }
        return pending + String(body)
    }

    /// Has what follows stand apart from what was before.
    mutating func separate() {
        pending = isEmpty ? "" : " "
        isBeginning = true
    }
}
