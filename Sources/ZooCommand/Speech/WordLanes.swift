import ModelZoo

/// Where the words of a strip of a ``SpeechPlot`` go: each label below the middle of its word, in the first lane where
/// it does not run into its neighbour.
struct WordLanes {
    /// The side of a letter's dots in pixels.
    static let dot = 2
    /// The most lanes; a label that finds room in none of them is left out.
    static let limit = 4
    private static let gap = 10

    /// A word that is said within the strip. One that began in the strip before has no label.
    struct Word: Equatable {
        /// Its number in the sound, from 0.
        let number: Int
        /// Its columns in the strip, at least one.
        let columns: Range<Int>
        let score: Float
        let label: Label?
    }

    /// What stands below a word.
    struct Label: Equatable {
        let text: String
        let columns: Range<Int>
        let lane: Int
    }

    /// The words of the strip, in order.
    let words: [Word]
    /// Lanes in use.
    let count: Int

    /// - Parameters:
    ///   - words: those of the whole sound, in order.
    ///   - seconds: what the strip shows.
    ///   - width: the strip's columns.
    init(_ words: [TimedSpan], in seconds: Range<Double>, width: Int) {
        let length = seconds.upperBound - seconds.lowerBound
        func column(_ time: Double) -> Int {
            min(width, max(0, Int(((time - seconds.lowerBound) / length * Double(width)).rounded())))
        }
        var ends: [Int] = []
        var found: [Word] = []
        for (number, word) in words.enumerated() where word.start < seconds.upperBound {
            guard word.end > seconds.lowerBound || word.start >= seconds.lowerBound else { continue }
            let start = min(column(word.start), width - 1)
            let span = start..<max(start + 1, column(word.end))
            guard word.start >= seconds.lowerBound else {
                found.append(Word(number: number, columns: span, score: word.score, label: nil))
                continue
            }
            let size = Canvas.width(of: word.text, dot: Self.dot)
            let left = max(0, min(width - size, (span.lowerBound + span.upperBound - size) / 2))
            var lane = ends.firstIndex { $0 + Self.gap <= left }
            if lane == nil, ends.count < Self.limit {
                lane = ends.count
                ends.append(0)
            }
            if let lane { ends[lane] = left + size }
            found.append(
                Word(
                    number: number, columns: span, score: word.score,
                    label: lane.map { Label(text: word.text, columns: left..<left + size, lane: $0) }))
        }
        self.words = found
        count = ends.count
    }
}
