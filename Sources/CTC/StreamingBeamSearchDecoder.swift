import Glibc

/// A beam search over frames as they come.
///
/// A word is given when every hypothesis that is left has it, so that memory is bounded by what is still open. The text
/// is ``BeamSearchDecoder``'s of the whole; a word's frames are those of the best hypothesis when it was given.
public struct StreamingBeamSearchDecoder: Sendable {
    /// The decoder.
    public let decoder: BeamSearchDecoder
    /// Whether ``transcript`` and ``take()`` have the words and characters; off, memory grows with the text alone.
    public let keepsSpans: Bool
    /// The frames that came, and those left out.
    public private(set) var frames = 0
    private var search: BeamSearch
    private let isLive: Bool
    /// The text whose words were given.
    private var given: Int32 = 0
    /// Rows of log-probabilities from frame `windowStart` on.
    private var window: [Float] = []
    private var windowStart = 0
    private var width = 1
    private var text = ""
    private var hasText = false
    private var words: [Span] = []
    private var characters: [Span] = []
    private var logProbability = 0.0

    /// The nodes beyond which what none needs is forgotten: twice those that were needed the last time, so that all
    /// the forgetting together takes time in proportion to the nodes made.
    private var sizeLimit = smallestLimit

    /// How many frames come between two looks at what is decided.
    private static let interval = 128
    private static let smallestLimit = 1 << 13
    /// The most frames times states for which a word's characters are looked for, 4 MiB: minutes of a single word.
    private static let cellLimit = 1 << 24

    /// A search before the first frame.
    public init(_ decoder: BeamSearchDecoder, keepsSpans: Bool = true) {
        self.init(decoder, keepsSpans: keepsSpans, isLive: true)
    }

    /// - Parameter isLive: whether words are given before the end.
    init(_ decoder: BeamSearchDecoder, keepsSpans: Bool = true, isLive: Bool) {
        self.decoder = decoder
        self.keepsSpans = keepsSpans
        self.isLive = isLive
        search = BeamSearch(decoder)
    }

    /// Takes frames, or a range of them that must lie within; all must have the same number of tokens.
    ///
    /// - Returns: the words that are decided.
    public mutating func add(_ emissions: Emissions, frames range: Range<Int>? = nil) -> [Span] {
        let range = range ?? 0..<emissions.frames
        precondition(range.lowerBound >= 0 && range.upperBound <= emissions.frames, "frames out of range")
        precondition(window.isEmpty || width == emissions.count, "another number of tokens")
        width = emissions.count
        var decided: [Span] = []
        emissions.values.withUnsafeBufferPointer { values in
            for frame in range {
                let row = UnsafeBufferPointer(rebasing: values[frame * width..<(frame + 1) * width])
                window.append(contentsOf: row)
                search.step(row, frame: frames)
                frames += 1
                if isLive && frames % Self.interval == 0 { decided += settle() }
                if search.texts.size > sizeLimit { forget() }
            }
        }
        return isLive ? decided + settle() : decided
    }

    /// Ends the text, and starts another: hypotheses and language model begin anew.
    ///
    /// - Returns: the words that were not given before.
    public mutating func finish() -> [Span] {
        let best = search.finish()
        logProbability += best.total
        let spans = give(to: best.text, chain: best.chain, depth: depth(best.text))
        search = BeamSearch(decoder)
        given = 0
        window = []
        windowStart = frames
        return spans
    }

    /// Leaves frames out, such as a pause, after ending the text before them.
    ///
    /// - Returns: the words that were not given before.
    public mutating func skip(frames count: Int) -> [Span] {
        let spans = finish()
        frames += max(0, count)
        windowStart = frames
        return spans
    }

    /// What is decided, since the last ``take()``.
    public var transcript: Transcript {
        Transcript(
            text: decoder.vocabulary.finished(text), words: words, characters: characters,
            logProbability: logProbability)
    }

    /// Hands out what was decided since the last time, and forgets it, so that memory does not grow. All texts joined
    /// are the text of the whole; small letters and clean-up are applied to each piece.
    public mutating func take() -> Transcript {
        let result = Transcript(
            text: decoder.vocabulary.written(text), words: words, characters: characters,
            logProbability: logProbability)
        text = ""
        words = []
        characters = []
        return result
    }

    /// What is kept: nodes of texts, letters and frames, and log-probabilities.
    var size: Int { nodes + window.count }
    var nodes: Int { search.texts.size }

    private func depth(_ text: Int32) -> Int { search.texts.texts[Int(text)].depth }

    /// Gives the words that all hypotheses have, and forgets frames that none needs.
    private mutating func settle() -> [Span] {
        guard let best = search.beams.first else { return [] }
        let common = search.texts.commonStart(of: search.beams.map(\.text))
        var spans: [Span] = []
        if depth(common) > depth(given) {
            spans = give(to: common, chain: best.chain, depth: depth(best.text))
        }
        if window.count > 1 << 15 { forget() }
        return spans
    }

    /// Forgets what no hypothesis needs. The words that were not given stay, and before them the history that still
    /// tells hypotheses apart.
    private mutating func forget() {
        let root = search.texts.ancestor(of: given, words: NGramModel.orderLimit)
        var marks = [given]
        search.texts.compact(root: root, beams: &search.beams, marks: &marks)
        given = marks[0]
        var first = frames
        for beam in search.beams {
            let open = search.texts.spans(of: beam.chain, last: depth(beam.text) - depth(given))
            first = min(first, open.first?.lowerBound ?? (beam.start >= 0 ? Int(beam.start) : frames))
        }
        if first > windowStart {
            window.removeFirst((first - windowStart) * width)
            windowStart = first
        }
        sizeLimit = max(Self.smallestLimit, 2 * search.texts.size)
    }

    /// The words after those given up to a text on the way to one of `depth` words with the frames `chain`.
    private mutating func give(to end: Int32, chain: Int32, depth: Int) -> [Span] {
        let new = search.texts.words(of: end, after: given)
        let places = search.texts.spans(of: chain, last: depth - self.depth(given))
        var spans: [Span] = []
        for (part, place) in zip(new, places) {
            let span = span(search.texts.string(of: part), place)
            if hasText { text += " " }
            hasText = true
            text += span.text
            spans.append(span)
        }
        if keepsSpans { words += spans }
        given = end
        return spans
    }

    /// A word with its score; its characters are noted.
    private mutating func span(_ word: String, _ place: Range<Int>) -> Span {
        var sum = 0.0
        let rows = place.clamped(to: windowStart..<frames)
        let spelled = decoder.speller.spell(word)
        let blank = decoder.vocabulary.blank
        if spelled.missing.isEmpty, !spelled.tokens.isEmpty, rows.count >= AlignmentPath.framesNeeded(spelled.tokens),
            rows.count * (2 * spelled.tokens.count + 1) <= Self.cellLimit,
            !spelled.tokens.contains(where: { $0 >= width }),
            let local = try? Emissions(
                logProbabilities: Array(
                    window[(rows.lowerBound - windowStart) * width..<(rows.upperBound - windowStart) * width]),
                frames: rows.count, count: width)
        {
            let path = AlignmentPath(local, labels: spelled.tokens, blank: blank)
            let letters = path.spans(local, spelled.tokens, decoder.vocabulary)
            var count = 0
            for letter in letters {
                sum += Double(letter.score) * Double(letter.end - letter.start)
                count += letter.end - letter.start
                guard keepsSpans else { continue }
                var moved = letter
                moved.start += rows.lowerBound
                moved.end += rows.lowerBound
                characters.append(moved)
            }
            let score = Float(min(1, sum / Double(max(1, count))))
            return Span(text: word, start: place.lowerBound, end: place.upperBound, score: score)
        }
        // What cannot be spelled, such as the unknown token, or is no word but a text without a space: the best token
        // that is no blank.
        for row in rows {
            let start = (row - windowStart) * width
            var best = -Float.infinity
            for token in 0..<width where token != blank { best = max(best, window[start + token]) }
            sum += exp(Double(best))
        }
        let score = Float(min(1, sum / Double(max(1, rows.count))))
        return Span(text: word, start: place.lowerBound, end: place.upperBound, score: score)
    }
}
