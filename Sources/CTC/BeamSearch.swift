import Glibc

/// A hypothesis of a beam search.
struct Beam {
    /// The words that ended, and the beginning of the next.
    var text: Int32
    var part: Int32
    /// The class of the last token, -1 before the first.
    var last: Int
    /// The frames of the words that ended, and of the beginning; -1 where there is none.
    var chain: Int32
    var start: Int32
    var end: Int32
    /// The network's log-probability.
    var score: Double
    /// With what the language model and preferred words add.
    var total: Double
}

/// One frame after another of a prefix beam search.
struct BeamSearch {
    private let decoder: BeamSearchDecoder
    var texts: BeamTexts
    /// The best first.
    var beams: [Beam]
    private var candidates: [Beam] = []
    private var places: [Key: Int] = [:]
    private var tokens: [(token: Int, score: Double)] = []

    /// What makes two hypotheses one.
    private struct Key: Hashable {
        var text: Int32
        var part: Int32
        var last: Int
    }

    /// No probability counts as smaller.
    private static let smallest = log(1e-15)

    init(_ decoder: BeamSearchDecoder) {
        self.decoder = decoder
        let model = decoder.scorer?.model
        let start = decoder.options.scoresBoundaries ? model?.startState : model?.emptyState
        texts = BeamTexts(state: start ?? NGramModel.State(contexts: []))
        beams = [Beam(text: 0, part: 0, last: -1, chain: -1, start: -1, end: -1, score: 0, total: 0)]
    }

    /// Goes on by a frame.
    mutating func step(_ row: UnsafeBufferPointer<Float>, frame: Int) {
        let options = decoder.options
        var best = 0
        for token in row.indices where row[token] > row[best] { best = token }
        tokens.removeAll(keepingCapacity: true)
        for token in row.indices {
            let score = min(0, max(Self.smallest, Double(row[token])))
            if token == best || score >= options.tokenMargin { tokens.append((token, score)) }
        }
        candidates.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        let now = Int32(truncatingIfNeeded: frame)
        for (token, score) in tokens {
            let display = decoder.vocabulary.display(token)
            for beam in beams {
                var next = beam
                next.last = display.spelling
                next.score += score
                if display.isBlank {
                    // Nothing new.
                } else if beam.last == display.spelling {
                    next.end = now + 1
                } else if display.isSpace {
                    if beam.part != 0 { next.chain = texts.framed(beam.chain, beam.start, beam.end) }
                    next.text = texts.text(beam.text, beam.part, decoder)
                    next.part = 0
                    (next.start, next.end) = (-1, -1)
                } else {
                    for scalar in decoder.piece(token) { next.part = texts.part(next.part, scalar, decoder) }
                    if beam.start < 0 { next.start = now }
                    next.end = now + 1
                }
                join(next)
            }
        }
        for place in candidates.indices {
            let text = Int(candidates[place].text)
            let hotwords = Double(texts.texts[text].hotwords) * decoder.hotwords.weight
            candidates[place].total =
                candidates[place].score + texts.texts[text].score + hotwords
                + texts.parts[Int(candidates[place].part)].score
        }
        keepBest()
        if options.prunesHistory { pruneHistory() }
    }

    /// Adds a candidate; of those that are one the last one's frames stay.
    private mutating func join(_ beam: Beam) {
        let key = Key(text: beam.text, part: beam.part, last: beam.last)
        guard let place = places[key] else {
            places[key] = candidates.count
            candidates.append(beam)
            return
        }
        let score = Self.sum(candidates[place].score, beam.score)
        candidates[place] = beam
        candidates[place].score = score
    }

    /// The logarithm of the sum of two probabilities.
    private static func sum(_ a: Double, _ b: Double) -> Double {
        a >= b ? a + log(1 + exp(b - a)) : b + log(1 + exp(a - b))
    }

    private mutating func keepBest() {
        let best = candidates.reduce(-Double.infinity) { max($0, $1.total) }
        let order = candidates.indices.filter { candidates[$0].total >= best + decoder.options.beamMargin }.sorted {
            candidates[$0].total != candidates[$1].total ? candidates[$0].total > candidates[$1].total : $0 < $1
        }
        beams.removeAll(keepingCapacity: true)
        for place in order.prefix(decoder.options.width) { beams.append(candidates[place]) }
    }

    /// Keeps the best of the hypotheses that have the same last words, as many as the language model sees.
    private mutating func pruneHistory() {
        let count = max(1, (decoder.scorer?.model.order ?? 1) - 1)
        var seen: Set<[Int]> = []
        beams = beams.filter { beam in
            var key = [Int(beam.part), beam.last]
            var node = beam.text
            while key.count < count + 2 && node > 0 {
                key.append(Int(texts.texts[Int(node)].word))
                node = texts.texts[Int(node)].parent
            }
            return seen.insert(key).inserted
        }
    }

    /// Ends the words that have begun, scores the ends, and keeps the best hypothesis.
    mutating func finish() -> Beam {
        candidates.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        var origins: [Beam] = []
        for beam in beams {
            var next = beam
            if beam.part != 0 { next.chain = texts.framed(beam.chain, beam.start, beam.end) }
            next.text = texts.text(beam.text, beam.part, decoder)
            (next.part, next.last, next.start, next.end) = (0, -1, -1, -1)
            let count = candidates.count
            join(next)
            if candidates.count > count {
                origins.append(beam)
            } else if let place = places[Key(text: next.text, part: 0, last: -1)] {
                origins[place] = beam
            }
        }
        for (place, origin) in origins.enumerated() {
            let text = texts.texts[Int(candidates[place].text)]
            var total = candidates[place].score + decoder.hotwords.weight * Double(text.hotwords)
            if let scorer = decoder.scorer {
                // A text that ended with a delimiter ends with an empty word here, which no language model knows.
                let before = texts.texts[Int(origin.text)]
                total +=
                    before.score
                    + scorer.score(
                        texts.string(of: origin.part), after: before.state, isLast: decoder.options.scoresBoundaries
                    ).score
            }
            candidates[place].total = total
        }
        keepBest()
        return beams[0]
    }
}
