import Glibc

/// What a language model says about words in a beam search.
struct WordScorer: Sendable {
    let model: NGramModel
    /// The language model's weight beside the network's.
    let weight: Double
    /// What every word adds.
    let bonus: Double
    /// What a word that the model lacks adds to its logarithm to base 10.
    let unknownOffset: Double
    let letterCase: LetterCase
    /// The known words, sorted by their bytes.
    private let sorted: [Int32]

    /// How a vocabulary's letters are written in the language model.
    enum LetterCase: Sendable, CaseIterable {
        case same, lower, upper

        func callAsFunction(_ text: String) -> String {
            switch self {
            case .same: text
            case .lower: text.lowercasedLikePython
            case .upper: text.uppercased()
            }
        }
    }

    /// The usual length of a word: letters beyond it make an unknown beginning worse.
    private static let usualLength = 6.0

    init(_ model: NGramModel, weight: Double, bonus: Double, unknownOffset: Double, letters: [String])
        throws(CTCError)
    {
        self.model = model
        self.weight = weight
        self.bonus = bonus
        self.unknownOffset = unknownOffset
        let specials = [model.start, model.end, model.unknown]
        let numbers = (0..<model.words.count).filter { !specials.contains($0) }
        sorted = numbers.sorted {
            model.words.bytes(of: $0).lexicographicallyPrecedes(model.words.bytes(of: $1))
        }.map { Int32($0) }
        // The way of writing letters that most of the words are spelled in.
        let sample = numbers.prefix(10_000).map { Set(model.words.word($0).unicodeScalars) }
        var best: (letterCase: LetterCase, count: Int) = (.same, 0)
        for letterCase in LetterCase.allCases {
            let known = Set(letters.flatMap { letterCase($0).unicodeScalars })
            let count = sample.count { $0.isSubset(of: known) }
            if count > best.count { best = (letterCase, count) }
        }
        guard best.count > 0 || numbers.isEmpty else {
            let found = numbers.prefix(3).map { CTCError.excerpt(model.words.word($0)) }.joined(separator: ", ")
            throw .option(
                name: "language model", expected: "words that are spelled in the vocabulary's letters", found: found)
        }
        letterCase = best.letterCase
    }

    /// A word's natural log-score after others, and the state behind it.
    func score(_ word: String, after state: NGramModel.State, isLast: Bool) -> (score: Double, state: NGramModel.State)
    {
        let number = model.number(of: letterCase(word))
        let isKnown = number != nil && number != model.start && number != model.end
        let step = model.score(number, after: state)
        var score = step.score
        if !isKnown { score += unknownOffset }
        if isLast { score += model.score(model.end, after: step.state).score }
        return (weight * score * M_LN10 + bonus, step.state)
    }

    /// What so many letters are worth that no known word starts with.
    func unknownBeginning(_ count: Int) -> Double { unknownOffset * max(1, Double(count) / Self.usualLength) }

    /// Whether a known word starts so.
    func isBeginning(_ letters: String) -> Bool {
        let bytes = Array(letterCase(letters).utf8)
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if model.words.bytes(of: Int(sorted[middle])).lexicographicallyPrecedes(bytes) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < sorted.count && model.words.bytes(of: Int(sorted[low])).starts(with: bytes)
    }
}
