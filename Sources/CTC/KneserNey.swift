import Glibc

/// Interpolated modified Kneser-Ney probabilities of counted n-grams.
struct KneserNey {
    /// Logarithms to base 10, by order and place.
    private(set) var probabilities: [[Float]] = []
    /// Back-off weights, logarithms to base 10; 0 for what is no context.
    private(set) var backoffs: [[Float]] = []
    /// The orders whose discounts could not be told from the counts.
    private(set) var fallbacks: [Int] = []

    /// What is taken off counts of 1, 2, and 3 or more where the counts do not tell.
    private static let fallback = [0, 0.5, 1, 1.5]

    /// What the n-grams of one order have in common behind a context.
    private struct Sums {
        var total = 0.0
        var discount = 0.0
        /// The share of the order below.
        var share: Double { total > 0 ? discount / total : 1 }
    }

    init(_ counts: NGramEstimator) {
        // Every word but <s> has a share.
        var below = [1 / Double(counts.levels[0].table.count - 1)]
        for (place, level) in counts.levels.enumerated() {
            let adjusted = Self.adjusted(level, isHighest: place + 1 == counts.order)
            let discounts = discounts(adjusted, level, place, counts)
            var sums = [Sums](repeating: Sums(), count: place == 0 ? 1 : counts.levels[place - 1].table.count)
            for (entry, count) in adjusted.enumerated() {
                let context = place == 0 ? 0 : Int(level.table.keys[entry] >> 32)
                sums[context].total += Double(count)
                sums[context].discount += discounts[min(count, 3)]
            }
            var here: [Double] = []
            here.reserveCapacity(adjusted.count)
            for (entry, count) in adjusted.enumerated() {
                let own = sums[place == 0 ? 0 : Int(level.table.keys[entry] >> 32)]
                let lower = place == 0 ? below[0] : below[Int(level.suffix[entry])]
                here.append((Double(count) - discounts[min(count, 3)]) / own.total + own.share * lower)
            }
            // <s> is never said: it may be scored without changing a sentence's probability.
            if place == 0 { here[NGramEstimator.start] = 1 }
            probabilities.append(here.map { Float(min(0, log10($0))) })
            backoffs.append([Float](repeating: 0, count: here.count))
            if place > 0 {
                for (context, sum) in sums.enumerated() where sum.total > 0 {
                    backoffs[place - 1][context] = Float(log10(sum.share))
                }
            }
            below = here
        }
    }

    /// What an n-gram counts: below the highest order how many words it follows, unless it starts a sentence.
    private static func adjusted(_ level: NGramEstimator.Level, isHighest: Bool) -> [Int] {
        isHighest ? level.raw : level.raw.indices.map { level.startsSentence[$0] ? level.raw[$0] : level.left[$0] }
    }

    /// What is taken off counts of 0, 1, 2, and 3 or more.
    private mutating func discounts(
        _ adjusted: [Int], _ level: NGramEstimator.Level, _ place: Int, _ counts: NGramEstimator
    ) -> [Double] {
        var numbers = [Double](repeating: 0, count: 5)
        let odd = place + 1 < counts.order ? Self.suffix(of: counts.last, length: place + 1, counts) : nil
        for (entry, count) in adjusted.enumerated() {
            // lmplz counts the n-gram that ends its sorted list by how often it occurs; so do we, to give its numbers.
            let count = entry == odd ? level.raw[entry] : count
            if count < 5 { numbers[count] += 1 }
        }
        var discounts = [0.0]
        let share = numbers[1] / (numbers[1] + 2 * numbers[2])
        for count in 1...3 {
            let discount = Double(count) - Double(count + 1) * share * numbers[count + 1] / numbers[count]
            // Where nothing is taken off, nothing is left for other words: their logarithm would be -infinity.
            guard numbers[count] > 0, discount > 0, discount <= Double(count) else {
                fallbacks.append(place + 1)
                return Self.fallback
            }
            discounts.append(discount)
        }
        return discounts
    }

    /// The place of the last words of an n-gram; `nil` where they start before the sentence.
    private static func suffix(of words: [Int], length: Int, _ counts: NGramEstimator) -> Int? {
        var entry: Int?
        for (place, word) in words.suffix(length).enumerated() {
            let key = NGramTable.key(context: entry ?? 0, word: word)
            guard let found = counts.levels[place].table.find(key) else { return nil }
            entry = found
        }
        return entry
    }
}
