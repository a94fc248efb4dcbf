import CTC

/// Forced alignment of long texts: a sound and its text are cut where both say the same, and the pieces are aligned.
///
/// Where three words come once in the text and are heard once, at places in the same order, text and sound belong
/// together (the anchors of Moreno, Joerg, Van Thong and Glickman, "A recursive algorithm for the forced alignment of
/// very long audio segments", 1998). Both are cut behind the first of the three words.
struct PiecewiseAligner {
    private let vocabulary: CTCVocabulary
    private let aligner: ForcedAligner
    private let cells: Int

    /// A place where text and sound can be cut: between two words, and between the frames that they were heard in.
    struct Cut: Equatable {
        /// The word that the piece behind begins with.
        var word: Int
        /// The frame that the piece before ends at.
        var end: Int
        /// The frame that the piece behind begins at.
        var start: Int
    }

    /// - Parameter cells: frames times states that a piece has at most.
    init(_ vocabulary: CTCVocabulary, cells: Int) {
        self.vocabulary = vocabulary
        self.cells = min(cells, ForcedAligner.cellLimit)
        aligner = ForcedAligner(vocabulary)
    }

    func align(_ emissions: Emissions, text: String) throws(CTCError) -> Transcript {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        let end = Cut(word: words.count, end: emissions.frames, start: emissions.frames)
        let start = Cut(word: 0, end: 0, start: 0)
        // Letters before each word, one between words counted with the word before.
        var letters = [0]
        for word in words { letters.append(letters[letters.count - 1] + word.unicodeScalars.count + 1) }
        func fits(_ first: Cut, _ last: Cut) -> Bool {
            let states = 2 * (letters[last.word] - letters[first.word]) + 1
            let (size, overflow) = (last.end - first.start).multipliedReportingOverflow(by: states)
            return !overflow && size <= cells
        }
        if fits(start, end) { return try aligner.align(emissions, text: text) }

        var result = Transcript(text: words.joined(separator: " "))
        var done = start
        let heard = GreedyDecoder(vocabulary).decode(emissions).words
        let cuts = Self.cuts(words: words, heard: heard) + [end]
        for (index, cut) in cuts.enumerated() {
            // As far as a piece may go.
            if index + 1 < cuts.count, fits(done, cuts[index + 1]) { continue }
            guard fits(done, cut) else {
                throw .tooLarge(
                    what: "the alignment's table of frames \(done.start) to \(cut.end), in which no three words of "
                        + "the text from its word \(done.word + 1) to \(cut.word) were heard",
                    size: (cut.end - done.start) * (2 * (letters[cut.word] - letters[done.word]) + 1), limit: cells,
                    advice: "check that the text is what is said, or align the audio in parts")
            }
            let part = words[done.word..<cut.word].joined(separator: " ")
            let piece = try aligner.align(emissions[done.start..<cut.end], text: part)
            func moved(_ span: Span) -> Span {
                Span(text: span.text, start: span.start + done.start, end: span.end + done.start, score: span.score)
            }
            result.words += piece.words.map(moved)
            result.characters += piece.characters.map(moved)
            result.logProbability += piece.logProbability
            done = cut
        }
        return result
    }

    /// Where a text and what was heard can be cut, in order.
    static func cuts(words: [String], heard: [Span]) -> [Cut] {
        let run = 3
        func places(_ words: [String]) -> [[String]: Int] {
            var places: [[String]: Int] = [:]
            guard words.count >= run else { return places }
            for start in 0...words.count - run {
                let key = Array(words[start..<start + run])
                places[key] = places[key] == nil ? start : -1
            }
            return places.filter { $0.value >= 0 }
        }
        // Case is the vocabulary's choice.
        let inText = places(words.map { $0.uppercased() })
        let inSound = places(heard.map { $0.text.uppercased() })
        var pairs: [(word: Int, heard: Int)] = []
        for (key, word) in inText {
            if let place = inSound[key] { pairs.append((word, place)) }
        }
        pairs.sort { $0.word < $1.word }
        return increasing(pairs.map(\.heard)).map { index in
            let (word, place) = pairs[index]
            return Cut(word: word + 1, end: heard[place].end, start: heard[place + 1].start)
        }
    }

    /// The places of the longest increasing part of different numbers (patience sorting).
    static func increasing(_ numbers: [Int]) -> [Int] {
        var tails: [Int] = []
        var before = [Int?](repeating: nil, count: numbers.count)
        for (place, number) in numbers.enumerated() {
            var low = 0
            var high = tails.count
            while low < high {
                let middle = (low + high) / 2
                if numbers[tails[middle]] < number { low = middle + 1 } else { high = middle }
            }
            before[place] = low > 0 ? tails[low - 1] : nil
            if low == tails.count { tails.append(place) } else { tails[low] = place }
        }
        var result: [Int] = []
        var place = tails.last
        while let current = place {
            result.append(current)
            place = before[current]
        }
        return result.reversed()
    }
}
