/// Words that a beam search prefers, and how much: a whole word by the full weight, its first letters by their share.
struct Hotwords: Sendable {
    private var words: Set<[UInt8]> = []
    /// For the first letters of a word, how many letters the shortest word has that starts so.
    private var lengths: [[UInt8]: Int] = [:]
    let weight: Double

    /// - Parameter words: words, or phrases whose words count each for itself.
    init(_ words: [String], weight: Double) {
        self.weight = weight
        let units = words.flatMap(\.wordsLikePython)
        for unit in units.sorted(by: { $0.unicodeScalars.count < $1.unicodeScalars.count }) {
            self.words.insert(Array(unit.utf8))
            var prefix = ""
            for scalar in unit.unicodeScalars {
                prefix.unicodeScalars.append(scalar)
                lengths[Array(prefix.utf8), default: unit.unicodeScalars.count] += 0
            }
        }
    }

    var isEmpty: Bool { words.isEmpty }

    func contains(_ word: String) -> Bool { words.contains(Array(word.utf8)) }

    /// What the first letters of a word are worth; `nil` where no word starts so.
    func partial(_ letters: String, count: Int) -> Double? {
        guard !words.isEmpty, let length = lengths[Array(letters.utf8)] else { return nil }
        return weight * Double(count) / Double(length)
    }
}
