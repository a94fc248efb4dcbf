/// The most likely token of every frame, neighbours of one spelling joined, blanks dropped.
///
/// The text is that of `Wav2Vec2CTCTokenizer.decode`, the places of characters and words are those of the automatic
/// speech recognition pipeline of transformers (`return_timestamps="char"`, `"word"`). As there, special tokens other
/// than padding are written, and `do_lower_case` changes the text, not the words.
public struct GreedyDecoder: Sendable {
    /// The vocabulary.
    public let vocabulary: CTCVocabulary

    /// A decoder for a vocabulary.
    public init(_ vocabulary: CTCVocabulary) { self.vocabulary = vocabulary }

    /// What was said in these frames. The log-probability is that of the best path.
    public func decode(_ emissions: Emissions) -> Transcript {
        var decoder = StreamingGreedyDecoder(vocabulary)
        _ = decoder.add(emissions)
        _ = decoder.finish()
        return decoder.transcript
    }

    /// What these tokens say, one a frame. Scores are 1.
    public func decode(ids: some Sequence<Int>) -> Transcript {
        var decoder = StreamingGreedyDecoder(vocabulary)
        _ = decoder.add(ids: ids)
        _ = decoder.finish()
        return decoder.transcript
    }
}
