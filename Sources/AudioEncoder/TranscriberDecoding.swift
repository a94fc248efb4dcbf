import CTC

/// Letters from frames that come in parts: what became final with each part.
struct SpeechDecoder: Sendable {
    /// One of the two.
    private var greedy: StreamingGreedyDecoder?
    private var beam: StreamingBeamSearchDecoder?

    /// - Throws: ``AudioEncoderError/ctc(_:)`` where an option of the search is out of its range.
    init(_ vocabulary: CTCVocabulary, _ decoding: Transcriber.Decoding) throws(AudioEncoderError) {
        switch decoding {
        case .greedy: greedy = StreamingGreedyDecoder(vocabulary)
        case .beam(let search):
            do { beam = StreamingBeamSearchDecoder(try search.decoder(vocabulary)) } catch { throw .ctc(error) }
        }
    }

    /// Takes the next frames.
    ///
    /// - Returns: what they made final; frames count from the first that came.
    mutating func process(_ emissions: Emissions) -> Transcript {
        _ = greedy?.add(emissions)
        _ = beam?.add(emissions)
        return take()
    }

    /// Ends the last word.
    mutating func finish() -> Transcript {
        _ = greedy?.finish()
        _ = beam?.finish()
        return take()
    }

    /// What is new; it is forgotten here, so that memory does not grow with the sound.
    private mutating func take() -> Transcript { greedy?.take() ?? beam?.take() ?? Transcript() }
}

extension Transcriber.BeamSearch {
    /// A decoder of these numbers.
    func decoder(_ vocabulary: CTCVocabulary) throws(CTCError) -> BeamSearchDecoder {
        var options = BeamSearchDecoder.Options()
        options.width = width
        options.weight = languageModelWeight
        options.wordBonus = wordBonus
        options.hotwordWeight = hotwordWeight
        return try BeamSearchDecoder(vocabulary, options: options, languageModel: languageModel, hotwords: hotwords)
    }
}
