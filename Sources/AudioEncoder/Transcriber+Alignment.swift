public import Audio
import CTC

/// When each word of a text that is known is said.
extension Transcriber {
    /// Seconds of sound that can be aligned depend on the vocabulary: log-probabilities of so many frames times tokens
    /// are kept, about 23 hours of a vocabulary of 32 letters.
    static let alignmentValues = 1 << 27
    /// Frames times states up to which a text is aligned in one piece: about 15 minutes of speech, 256 MB.
    static let alignmentCells = 1 << 30

    /// Finds when each word of a text is said, as torchaudio's `forced_align` does.
    ///
    /// The text has to be all that is said, in words as they are spoken; what voice activity would skip is heard here.
    /// A text and a sound of up to about 15 minutes are aligned in one piece. Longer ones are cut where three
    /// words that come once in the text are heard once, and the pieces are aligned.
    ///
    /// - Parameters:
    ///   - reader: at the encoder's sampling rate; it is read to its end.
    ///   - text: words between white space.
    /// - Returns: the words as they are in the text, with times and scores.
    /// - Throws: ``AudioEncoderError``; its ``AudioEncoderError/ctc(_:)`` where the vocabulary cannot spell the text,
    ///   where the sound is too short for it, and where a long text cannot be found in the sound.
    public func align(_ reader: AudioReader, text: String) throws(AudioEncoderError) -> Transcription {
        var gathering = try EmissionGathering(self, reader)
        while try gathering.next() {}
        return try gathering.align(text)
    }

    /// Finds when each word of a text is said in samples, see ``align(_:text:)``.
    ///
    /// - Parameters:
    ///   - samples: finite, at the encoder's sampling rate.
    ///   - text: words between white space.
    public func align(samples: [Float], text: String) throws(AudioEncoderError) -> Transcription {
        if let wrong = samples.firstIndex(where: { !$0.isFinite }) {
            throw .input(expected: "finite samples", found: "\(samples[wrong]) as sample \(wrong)")
        }
        var gathering = EmissionGathering(self)
        try gathering.add(samples)
        try gathering.finish()
        return try gathering.align(text)
    }

    /// Finds when each word of a text is said in a file, see ``align(_:text:)``.
    ///
    /// - Parameters:
    ///   - path: of a sound of any kind that `AudioReader` reads.
    ///   - channel: how many channels become one.
    ///   - text: words between white space.
    public func align(
        path: String, channel: ChannelChoice = .mean, text: String
    ) throws(AudioEncoderError) -> Transcription {
        try align(Self.open(path, channel, for: encoder), text: text)
    }
}

/// The frames of a whole sound, gathered chunk by chunk.
struct EmissionGathering {
    private let transcriber: Transcriber
    private let reader: AudioReader?
    private var chunks: ChunkedSamples
    private var emissions: Emissions?
    private var processed = 0

    /// - Parameter reader: where ``next()`` gets samples from, at the encoder's sampling rate.
    init(_ transcriber: Transcriber, _ reader: AudioReader) throws(AudioEncoderError) {
        try transcriber.requireRate(of: reader)
        self.transcriber = transcriber
        self.reader = reader
        chunks = ChunkedSamples(transcriber.rule)
    }

    /// Gathers what is added by hand.
    init(_ transcriber: Transcriber) {
        self.transcriber = transcriber
        reader = nil
        chunks = ChunkedSamples(transcriber.rule)
    }

    /// Reads on until a chunk is done, or to the end.
    ///
    /// - Returns: whether there is more to read.
    mutating func next() throws(AudioEncoderError) -> Bool {
        guard let reader else { return false }
        let before = processed
        while processed == before {
            let block = try reader.block()
            if block.isEmpty {
                try finish()
                return false
            }
            try add(block)
        }
        return true
    }

    mutating func add(_ samples: [Float]) throws(AudioEncoderError) {
        chunks.append(samples)
        try take()
    }

    mutating func finish() throws(AudioEncoderError) {
        chunks.finish()
        try take()
    }

    private mutating func take() throws(AudioEncoderError) {
        while let next = try chunks.nextEmissions(transcriber, processed: &processed) {
            var all = emissions ?? Emissions(count: next.count)
            emissions = nil  // one owner only, so that nothing is copied
            guard all.values.count + next.values.count <= Transcriber.alignmentValues else {
                throw .input(
                    expected: "at most \(Transcriber.alignmentValues / next.count) frames of sound to align",
                    found: "more; align it in parts")
            }
            do { try all.append(next) } catch { throw .ctc(error) }
            emissions = all
        }
    }

    /// The words of a text among what was gathered.
    func align(_ text: String) throws(AudioEncoderError) -> Transcription {
        let emissions = emissions ?? Emissions(count: transcriber.vocabulary.tokens.count)
        let transcript: Transcript
        do {
            transcript = try PiecewiseAligner(transcriber.vocabulary, cells: Transcriber.alignmentCells)
                .align(emissions, text: text)
        } catch { throw .ctc(error) }
        return Transcription(
            text: transcript.text, words: transcript.words.map { transcriber.timed($0) },
            characters: transcript.characters.map { transcriber.timed($0) },
            duration: Double(chunks.count) / Double(transcriber.encoder.samplingRate))
    }
}
