import Files

/// Counts the n-grams of a text and smooths them: interpolated modified Kneser-Ney (Chen and Goodman, "An Empirical
/// Study of Smoothing Techniques for Language Modeling", 1998, equations 23 to 29), as KenLM's `lmplz` does without
/// pruning.
///
/// A sentence stands between `<s>` and `</s>`. N-grams below the highest order count by how many words they follow,
/// unless they start a sentence. Unigrams are interpolated with the same share for every word, `<unk>` among them.
/// Memory grows with the number of different n-grams.
public struct NGramEstimator: Sendable {
    /// The longest n-gram, 1...6.
    public let order: Int
    /// The sentences that came.
    public private(set) var sentences = 0
    /// The words that came, ends of sentences not among them.
    public private(set) var wordCount = 0

    var words = WordTable()
    var levels: [Level] = []
    /// Of the n-grams of the highest order the last one, read backwards by the words' numbers; see ``KneserNey``.
    var last: [Int] = []

    /// The n-grams of one order.
    struct Level: Sendable {
        var table = NGramTable()
        /// How often each occurs.
        var raw: [Int] = []
        /// How many words each follows.
        var left: [Int] = []
        /// Its place without its first word, in the order below.
        var suffix: [Int32] = []
        var startsSentence: [Bool] = []
    }

    /// The most words.
    public static let wordLimit = 1 << 30
    /// The longest word, in bytes.
    public static let wordLengthLimit = 1024
    static let unknown = 0
    static let start = 1
    static let end = 2

    /// No text yet.
    ///
    /// - Throws: ``CTCError/option(name:expected:found:)`` where the order is not in 1...6.
    public init(order: Int) throws(CTCError) {
        guard (1...NGramModel.orderLimit).contains(order) else {
            throw .option(name: "order", expected: "1...\(NGramModel.orderLimit)", found: "\(order)")
        }
        self.order = order
        levels = [Level](repeating: Level(), count: order)
        for word in ["<unk>", "<s>", "</s>"] { _ = place(words.enter(word), after: nil, in: 0, suffix: nil) }
    }

    /// Counts a sentence: words between white space. One without words counts, too.
    ///
    /// - Throws: ``CTCError/format(file:line:expected:found:)`` where a word is `<s>`, `</s>` or `<unk>` or longer than
    ///   1024 bytes; ``CTCError/tooLarge(what:size:limit:advice:)`` beyond 2^30 words.
    public mutating func add(_ sentence: String) throws(CTCError) {
        try add(sentence.wordsLikePython, file: "text", line: sentences + 1)
    }

    private mutating func add(_ sentence: [String], file: String, line: Int) throws(CTCError) {
        for word in sentence {
            guard word.utf8.count <= Self.wordLengthLimit, !["<s>", "</s>", "<unk>"].contains(word) else {
                throw .format(
                    file: file, line: line,
                    expected: "words of at most \(Self.wordLengthLimit) bytes other than <s>, </s> and <unk>",
                    found: CTCError.excerpt(word))
            }
        }
        guard wordCount + sentence.count <= Self.wordLimit else {
            throw .tooLarge(
                what: "words", size: wordCount + sentence.count, limit: Self.wordLimit,
                advice: "count a part of the text")
        }
        sentences += 1
        wordCount += sentence.count
        // The places of the n-grams that end at the word before, by length.
        var before = [Self.start]
        var recent = [Int](repeating: Self.start, count: order)
        for word in sentence.map({ words.enter($0) }) + [Self.end] {
            var here: [Int] = []
            for length in 0..<min(order, before.count + 1) {
                here.append(
                    place(word, after: length == 0 ? nil : before[length - 1], in: length, suffix: here.last))
                levels[length].raw[here[length]] += 1
            }
            before = here
            recent.removeFirst()
            recent.append(word)
            if last.isEmpty || last.reversed().lexicographicallyPrecedes(recent.reversed()) { last = recent }
        }
    }

    /// The place of an n-gram, a new one where it was not seen before.
    private mutating func place(_ word: Int, after context: Int?, in level: Int, suffix: Int?) -> Int {
        let key = NGramTable.key(context: context ?? 0, word: word)
        if let place = levels[level].table.find(key) { return place }
        levels[level].raw.append(0)
        levels[level].left.append(0)
        levels[level].suffix.append(Int32(suffix ?? 0))
        let starts = context.map { levels[level - 1].startsSentence[$0] } ?? (word == Self.start)
        levels[level].startsSentence.append(starts)
        if let suffix { levels[level - 1].left[suffix] += 1 }
        return levels[level].table.append(key, probability: .nan, backoff: 0)
    }

    /// Estimates the model and writes it in the ARPA format, under its name only when it is whole.
    ///
    /// - Returns: the orders whose discounts could not be told from the counts, as is so of small texts: there 0.5, 1
    ///   and 1.5 were taken, as `lmplz --discount_fallback` does.
    /// - Throws: ``CTCError/file(_:)``, and ``CTCError/option(name:expected:found:)`` where no sentence came.
    @discardableResult
    public func write(to path: String) throws(CTCError) -> [Int] {
        guard sentences > 0 else { throw .option(name: "text", expected: "at least one sentence", found: "none") }
        let model = KneserNey(self)
        do throws(FileError) {
            var file = try AtomicFile(path)
            var text = "\\data\\\n"
            for (place, level) in levels.enumerated() { text += "ngram \(place + 1)=\(level.table.count)\n" }
            for place in levels.indices {
                text += "\n\\\(place + 1)-grams:\n"
                for entry in 0..<levels[place].table.count {
                    text += line(entry, place, model)
                    if text.utf8.count > 1 << 16 {
                        try file.append(Array(text.utf8))
                        text = ""
                    }
                }
            }
            try file.append(Array((text + "\n\\end\\\n").utf8))
            try file.commit()
        } catch {
            throw .file(error)
        }
        return model.fallbacks
    }

    private func line(_ entry: Int, _ level: Int, _ model: KneserNey) -> String {
        var spelled: [String] = []
        var (place, depth) = (entry, level)
        while true {
            let key = levels[depth].table.keys[place]
            spelled.append(words.word(Int(key & 0xFFFF_FFFF)))
            if depth == 0 { break }
            place = Int(key >> 32)
            depth -= 1
        }
        var line = "\(model.probabilities[level][entry])\t\(spelled.reversed().joined(separator: " "))"
        if level + 1 < order { line += "\t\(model.backoffs[level][entry])" }
        return line + "\n"
    }
}
