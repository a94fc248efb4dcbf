import Glibc

/// Words as frames come: the most likely token of every frame, neighbours of one spelling joined, blanks dropped.
///
/// What it knows of the past is the token that lasts and the word that has begun, so that frames may come in any parts:
/// nothing is dropped or doubled where two parts meet, and the result is ``GreedyDecoder``'s of the whole.
public struct StreamingGreedyDecoder: Sendable {
    /// The vocabulary.
    public let vocabulary: CTCVocabulary
    /// Whether ``transcript`` and ``take()`` have the words and characters; off, memory grows with the text alone.
    public let keepsSpans: Bool
    /// The frames that came.
    public private(set) var frames = 0
    private var run: Run?
    private var word: Word?
    private var finishedWords: [Span] = []
    private var text = ""
    /// The bytes of the text up to the end of the last whole word.
    private var wholeWords = 0
    private var characters: [Span] = []
    private var words: [Span] = []
    private var logProbability = 0.0
    /// Whether the text ends in a delimiter, and whether a word needs one before it because frames were left out.
    private var endsInSpace = true
    private var startsAnew = false

    /// The token that lasts.
    private struct Run {
        var display: CTCVocabulary.Display
        var start: Int
        var end: Int
        var probabilities: Double
    }

    /// The word that has begun.
    private struct Word {
        var text: String
        var start: Int
        var end: Int
        var probabilities: Double
        var frames: Int

        var span: Span {
            Span(text: text, start: start, end: end, score: Float(min(1, probabilities / Double(frames))))
        }
    }

    /// A decoder before the first frame.
    ///
    /// - Parameters:
    ///   - vocabulary: the tokens.
    ///   - keepsSpans: whether ``transcript`` is to have every character and word.
    public init(_ vocabulary: CTCVocabulary, keepsSpans: Bool = true) {
        self.vocabulary = vocabulary
        self.keepsSpans = keepsSpans
    }

    /// Takes frames, or a range of them that must lie within; of equal tokens the first is the most likely one.
    ///
    /// - Returns: the words that ended.
    public mutating func add(_ emissions: Emissions, frames range: Range<Int>? = nil) -> [Span] {
        let range = range ?? 0..<emissions.frames
        precondition(range.lowerBound >= 0 && range.upperBound <= emissions.frames, "frames out of range")
        let count = emissions.count
        emissions.values.withUnsafeBufferPointer { values in
            for frame in range {
                let start = frame * count
                var best = start
                for place in start..<start + count where values[place] > values[best] { best = place }
                logProbability += Double(values[best])
                add(best - start, probability: exp(Double(values[best])))
            }
        }
        return takeFinished()
    }

    /// Takes tokens chosen elsewhere, one a frame, with a score of 1 each.
    ///
    /// - Returns: the words that ended.
    public mutating func add(ids: some Sequence<Int>) -> [Span] {
        for id in ids { add(id, probability: 1) }
        return takeFinished()
    }

    /// Ends the last word, after the last frame.
    ///
    /// - Returns: the word that ended, if one did.
    public mutating func finish() -> [Span] {
        endRun()
        endWord()
        wholeWords = text.utf8.count
        return takeFinished()
    }

    /// Leaves frames out, such as a pause: times go on behind them, and what follows is another word.
    ///
    /// - Returns: the word that ended, if one did.
    public mutating func skip(frames count: Int) -> [Span] {
        endRun()
        endWord()
        wholeWords = text.utf8.count
        startsAnew = true
        frames += max(0, count)
        return takeFinished()
    }

    /// What was said up to here, since the last ``take()``. After ``finish()`` it is all of it; before, the token that
    /// lasts is not in it.
    public var transcript: Transcript {
        Transcript(
            text: vocabulary.finished(text), words: words, characters: characters, logProbability: logProbability)
    }

    /// Hands out what is new since the last time, and forgets it, so that memory does not grow: the whole words of the
    /// text as they follow each other, white space at the ends included, the words that ended, and the characters.
    ///
    /// All pieces joined are the text of the whole before white space at its ends is taken off; small letters and
    /// clean-up are applied to each piece.
    public mutating func take() -> Transcript {
        let bytes = Array(text.utf8)
        let piece = vocabulary.written(String(decoding: bytes[..<wholeWords], as: UTF8.self))
        let result = Transcript(text: piece, words: words, characters: characters, logProbability: logProbability)
        text = String(decoding: bytes[wholeWords...], as: UTF8.self)
        wholeWords = 0
        words = []
        characters = []
        return result
    }

    private mutating func add(_ id: Int, probability: Double) {
        let display = vocabulary.display(id)
        if run?.display.spelling == display.spelling {
            run?.end += 1
            run?.probabilities += probability
        } else {
            endRun()
            run = Run(display: display, start: frames, end: frames + 1, probabilities: probability)
        }
        frames += 1
    }

    private mutating func endRun() {
        guard let run else { return }
        self.run = nil
        guard !run.display.isBlank else { return }
        let count = run.end - run.start
        if startsAnew && !run.display.isSpace && !endsInSpace { text += vocabulary.delimiterText }
        startsAnew = false
        endsInSpace = run.display.isSpace
        if run.display.isSpace { wholeWords = text.utf8.count }
        text += run.display.text
        if keepsSpans {
            let score = Float(min(1, run.probabilities / Double(count)))
            characters.append(Span(text: run.display.text, start: run.start, end: run.end, score: score))
        }
        if run.display.isSpace {
            endWord()
        } else if word == nil {
            word = Word(
                text: run.display.text, start: run.start, end: run.end, probabilities: run.probabilities, frames: count)
        } else {
            word?.text += run.display.text
            word?.end = run.end
            word?.probabilities += run.probabilities
            word?.frames += count
        }
    }

    private mutating func endWord() {
        guard let span = word?.span else { return }
        word = nil
        finishedWords.append(span)
        if keepsSpans { words.append(span) }
    }

    private mutating func takeFinished() -> [Span] {
        defer { finishedWords = [] }
        return finishedWords
    }
}
