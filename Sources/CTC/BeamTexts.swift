/// The texts of a beam search: sequences of words, and beginnings of words, each there once.
struct BeamTexts {
    /// Words in a row: the words before, and one more.
    struct Text {
        var parent: Int32
        var word: Int32
        /// How many words there are.
        var depth: Int
        /// The sum of the language model's scores, and its state behind the last word.
        var score: Double
        var state: NGramModel.State
        /// How many of the words are preferred ones.
        var hotwords: Int
    }

    /// Letters in a row: the letters before, and one more.
    struct Part {
        var parent: Int32
        var scalar: Unicode.Scalar
        var count: Int
        /// What the beginning of a word is worth.
        var score: Double
        /// Whether a word of the language model, and whether a preferred word, starts so.
        var isKnown: Bool
        var isHot: Bool
    }

    /// The frames of the words of a hypothesis, from the last one on.
    struct Frames {
        var parent: Int32
        var start: Int32
        var end: Int32
    }

    private(set) var texts: [Text]
    private(set) var parts: [Part] = [
        Part(parent: -1, scalar: " ", count: 0, score: 0, isKnown: true, isHot: true)
    ]
    private(set) var frames: [Frames] = []
    private var textNumbers: [UInt64: Int32] = [:]
    private var partNumbers: [UInt64: Int32] = [:]

    /// No words; the number of this text is 0, and that of no letters is 0.
    init(state: NGramModel.State) {
        texts = [Text(parent: -1, word: 0, depth: 0, score: 0, state: state, hotwords: 0)]
    }

    private static func key(_ parent: Int32, _ next: UInt32) -> UInt64 {
        UInt64(UInt32(bitPattern: parent)) << 32 | UInt64(next)
    }

    /// Letters and one more.
    mutating func part(_ parent: Int32, _ scalar: Unicode.Scalar, _ decoder: BeamSearchDecoder) -> Int32 {
        let key = Self.key(parent, scalar.value)
        if let known = partNumbers[key] { return known }
        let before = parts[Int(parent)]
        parts.append(
            Part(parent: parent, scalar: scalar, count: before.count + 1, score: 0, isKnown: false, isHot: false))
        let number = Int32(parts.count - 1)
        partNumbers[key] = number
        judge(Int(number), after: before, decoder)
        return number
    }

    /// Finds what a beginning is worth. What no word starts with, no word starts with after one more letter.
    private mutating func judge(_ number: Int, after before: Part, _ decoder: BeamSearchDecoder) {
        let count = before.count + 1
        var letters: String?
        if before.isHot && !decoder.hotwords.isEmpty {
            let text = string(of: Int32(number))
            letters = text
            if let score = decoder.hotwords.partial(text, count: count) {
                parts[number].score = score
                parts[number].isHot = true
            }
        }
        guard let scorer = decoder.scorer else { return }
        // The small form of a capital sigma depends on whether a letter follows.
        if before.isKnown || before.scalar == "\u{3A3}" {
            parts[number].isKnown = scorer.isBeginning(letters ?? string(of: Int32(number)))
        }
        if !parts[number].isHot && !parts[number].isKnown { parts[number].score = scorer.unknownBeginning(count) }
    }

    /// Words and one more; without letters it is the words alone.
    mutating func text(_ parent: Int32, _ word: Int32, _ decoder: BeamSearchDecoder) -> Int32 {
        guard word != 0 else { return parent }
        let key = Self.key(parent, UInt32(bitPattern: word))
        if let known = textNumbers[key] { return known }
        let before = texts[Int(parent)]
        let letters = string(of: word)
        var text = Text(
            parent: parent, word: word, depth: before.depth + 1, score: before.score, state: before.state,
            hotwords: before.hotwords + (decoder.hotwords.contains(letters) ? 1 : 0))
        if let step = decoder.scorer?.score(letters, after: before.state, isLast: false) {
            text.score += step.score
            text.state = step.state
        }
        texts.append(text)
        let number = Int32(texts.count - 1)
        textNumbers[key] = number
        return number
    }

    /// One more word's frames.
    mutating func framed(_ parent: Int32, _ start: Int32, _ end: Int32) -> Int32 {
        frames.append(Frames(parent: parent, start: start, end: end))
        return Int32(frames.count - 1)
    }

    /// The letters of a beginning.
    func string(of part: Int32) -> String {
        var scalars: [Unicode.Scalar] = []
        var node = Int(part)
        while node > 0 {
            scalars.append(parts[node].scalar)
            node = Int(parts[node].parent)
        }
        return String(String.UnicodeScalarView(scalars.reversed()))
    }

    /// The words of a text after another one that it goes on from, as parts.
    func words(of text: Int32, after root: Int32) -> [Int32] {
        var words: [Int32] = []
        var node = text
        while node != root && node > 0 {
            words.append(texts[Int(node)].word)
            node = texts[Int(node)].parent
        }
        return words.reversed()
    }

    /// The last frames of a chain, in order.
    func spans(of chain: Int32, last count: Int) -> [Range<Int>] {
        var spans: [Range<Int>] = []
        var node = chain
        while node >= 0 && spans.count < count {
            let link = frames[Int(node)]
            spans.append(Int(link.start)..<Int(max(link.start, link.end)))
            node = link.parent
        }
        return spans.reversed()
    }

    /// How many nodes there are.
    var size: Int { texts.count + parts.count + frames.count }

    /// The last text that all of some texts go on from.
    func commonStart(of some: [Int32]) -> Int32 {
        guard var common = some.first else { return 0 }
        for var other in some.dropFirst() {
            while common != other {
                if texts[Int(common)].depth >= texts[Int(other)].depth {
                    common = texts[Int(common)].parent
                } else {
                    other = texts[Int(other)].parent
                }
            }
        }
        return common
    }

    /// The text some words before another one, or the first there is.
    func ancestor(of text: Int32, words: Int) -> Int32 {
        var node = text
        for _ in 0..<words where node > 0 { node = texts[Int(node)].parent }
        return node
    }

    /// Forgets what none of the hypotheses needs.
    ///
    /// - Parameters:
    ///   - root: a text that all hypotheses and `marks` go on from; it becomes the first there is.
    ///   - beams: the hypotheses; their numbers change.
    ///   - marks: further texts whose numbers change.
    mutating func compact(root: Int32, beams: inout [Beam], marks: inout [Int32]) {
        var newTexts = [Int32](repeating: -1, count: texts.count)
        var newParts = [Int32](repeating: -1, count: parts.count)
        var newFrames = [Int32](repeating: -1, count: frames.count)
        for text in beams.map(\.text) + marks {
            var node = text
            while node >= 0 && newTexts[Int(node)] < 0 {
                newTexts[Int(node)] = 0
                node = node == root ? -1 : texts[Int(node)].parent
            }
        }
        func markPart(_ part: Int32) {
            var node = part
            while node >= 0 && newParts[Int(node)] < 0 {
                newParts[Int(node)] = 0
                node = parts[Int(node)].parent
            }
        }
        markPart(0)
        for beam in beams { markPart(beam.part) }
        for (place, text) in texts.enumerated() where newTexts[place] == 0 { markPart(text.word) }
        for beam in beams {
            var node = beam.chain
            for _ in 0..<texts[Int(beam.text)].depth - texts[Int(root)].depth where node >= 0 {
                newFrames[Int(node)] = 0
                node = frames[Int(node)].parent
            }
        }
        // Parents stand before their children, in the old lists and in the new.
        var kept = BeamTexts(state: texts[Int(root)].state)
        kept.texts = []
        kept.parts = []
        for (place, part) in parts.enumerated() where newParts[place] == 0 {
            var part = part
            part.parent = part.parent < 0 ? -1 : newParts[Int(part.parent)]
            newParts[place] = Int32(kept.parts.count)
            if place > 0 { kept.partNumbers[Self.key(part.parent, part.scalar.value)] = newParts[place] }
            kept.parts.append(part)
        }
        for (place, text) in texts.enumerated() where newTexts[place] == 0 {
            var text = text
            newTexts[place] = Int32(kept.texts.count)
            text.word = newParts[Int(text.word)]
            text.parent = place == Int(root) ? -1 : newTexts[Int(text.parent)]
            if text.parent >= 0 {
                kept.textNumbers[Self.key(text.parent, UInt32(bitPattern: text.word))] = newTexts[place]
            }
            kept.texts.append(text)
        }
        for (place, link) in frames.enumerated() where newFrames[place] == 0 {
            var link = link
            link.parent = link.parent < 0 ? -1 : newFrames[Int(link.parent)]
            newFrames[place] = Int32(kept.frames.count)
            kept.frames.append(link)
        }
        for place in beams.indices {
            beams[place].text = newTexts[Int(beams[place].text)]
            beams[place].part = newParts[Int(beams[place].part)]
            if beams[place].chain >= 0 { beams[place].chain = newFrames[Int(beams[place].chain)] }
        }
        marks = marks.map { newTexts[Int($0)] }
        self = kept
    }
}
