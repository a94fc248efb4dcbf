/// A piece of text with its place in time.
public struct Span: Sendable, Equatable {
    /// The text.
    public var text: String
    /// The first frame.
    public var start: Int
    /// The frame after the last.
    public var end: Int
    /// A probability in 0...1, see ``Transcript``.
    public var score: Float

    /// A piece of text with its place in time.
    public init(text: String, start: Int, end: Int, score: Float) {
        self.text = text
        self.start = start
        self.end = end
        self.score = score
    }
}

/// What was said, and when.
///
/// A character's score is the mean, over its frames, of the probability that the network gives its token; a word's
/// score is the same mean over the frames of its characters. Frames that are blank between characters do not count.
public struct Transcript: Sendable, Equatable {
    /// The text, as the reference's tokenizer writes it.
    public var text: String
    /// The words, from the first frame of the first character to the last frame of the last one.
    public var words: [Span]
    /// The characters; between words the delimiter's text, where it was seen.
    public var characters: [Span]
    /// The natural logarithm of the way through the frames: of the single best path where one was followed, or the
    /// score by which a beam search chose, see the decoder.
    public var logProbability: Double

    /// What was said, and when.
    public init(text: String = "", words: [Span] = [], characters: [Span] = [], logProbability: Double = 0) {
        self.text = text
        self.words = words
        self.characters = characters
        self.logProbability = logProbability
    }
}
