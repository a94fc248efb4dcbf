import Files
import Glibc

/// A back-off n-gram language model, read from a file in the ARPA format.
///
/// Words are told apart by their bytes: `Yes` and `yes` are two words. Probabilities are logarithms to base 10, as in
/// the file.
public struct NGramModel: Sendable {
    /// The longest n-gram, 1...6.
    public let order: Int
    /// The n-grams of each order, from 1 on.
    public let counts: [Int]

    let words: WordTable
    let tables: [NGramTable]
    /// The numbers of `<s>`, `</s>` and `<unk>`.
    let start: Int?
    let end: Int?
    let unknown: Int?

    /// The highest order.
    public static let orderLimit = 6
    /// The largest file, in bytes.
    public static let byteLimit = 1 << 34
    /// The longest line, in bytes.
    public static let lineLimit = 1 << 16
    /// What a word that the model lacks counts where the file has no `<unk>`.
    public static let missingUnknown = -100.0

    /// Reads a file.
    ///
    /// Sections must be in order and hold as many n-grams as the header says, in any order within a section; no n-gram
    /// may be there twice; every word must be among the 1-grams; a probability is at most 0, numbers are finite.
    /// - Throws: ``CTCError/file(_:)``, or ``CTCError/format(file:line:expected:found:)`` with the line.
    public init(path: String) throws(CTCError) {
        let file: RegularFile
        do throws(FileError) { file = try RegularFile(path) } catch { throw .file(error) }
        guard file.size <= Self.byteLimit else {
            throw .file(
                FileError(
                    path: path, operation: "read", reason: .tooLarge(bytes: file.size, limit: Self.byteLimit)))
        }
        var parser = ARPAParser(file: file)
        try parser.parse()
        words = parser.words
        tables = parser.tables
        order = tables.count
        counts = parser.declared
        start = words.number(of: "<s>")
        end = words.number(of: "</s>")
        unknown = words.number(of: "<unk>") ?? words.number(of: "<UNK>")
    }

    /// The words that count for what follows: for each length the context in the table of that order, where it is
    /// there.
    struct State: Sendable, Hashable {
        /// `contexts[k]` is the place of the last `k + 1` words in the table of order `k + 1`; -1 where there is none.
        var contexts: [Int32]
    }

    /// The state before any word.
    var emptyState: State { State(contexts: []) }

    /// The state at the start of a sentence.
    var startState: State {
        guard let start, order > 1 else { return emptyState }
        return State(contexts: [Int32(start)])
    }

    /// The log-probability of a word after others, and the state behind it. A word that the model lacks counts as
    /// `<unk>`.
    func score(_ word: Int?, after state: State) -> (score: Double, state: State) {
        let known = word ?? unknown
        guard let known else { return (Self.missingUnknown + backoffs(state, from: 0), emptyState) }
        var next = State(contexts: [])
        next.contexts.reserveCapacity(order)
        if order > 1 { next.contexts.append(Int32(known)) }
        var score = Double(tables[0].probabilities[known]) + backoffs(state, from: 0)
        for (place, context) in state.contexts.enumerated() {
            var entry: Int?
            if context >= 0 { entry = tables[place + 1].find(NGramTable.key(context: Int(context), word: known)) }
            if let entry, !tables[place + 1].probabilities[entry].isNaN {
                score = Double(tables[place + 1].probabilities[entry]) + backoffs(state, from: place + 1)
            }
            if place + 2 < order { next.contexts.append(Int32(entry ?? -1)) }
        }
        while next.contexts.last == -1 { next.contexts.removeLast() }
        return (score, next)
    }

    /// What the contexts longer than `length` words cost where none of them knows the word.
    private func backoffs(_ state: State, from length: Int) -> Double {
        var sum = 0.0
        for place in length..<max(length, state.contexts.count) where state.contexts[place] >= 0 {
            sum += Double(tables[place].backoffs[Int(state.contexts[place])])
        }
        return sum
    }

    /// Whether a word is in the model.
    public func contains(_ word: String) -> Bool { number(of: word) != nil }

    /// A word's number; `nil` where the model lacks it, and for `<unk>`.
    func number(of word: String) -> Int? {
        let number = words.number(of: word)
        return number == unknown ? nil : number
    }

    /// The logarithm to base 10 of a sentence's probability.
    ///
    /// - Parameters:
    ///   - sentence: words between white space.
    ///   - boundaries: whether the sentence starts after `<s>` and ends with `</s>`.
    public func logProbability(_ sentence: String, boundaries: Bool = true) -> Double {
        var state = boundaries ? startState : emptyState
        var sum = 0.0
        for word in sentence.wordsLikePython {
            let step = score(number(of: word), after: state)
            sum += step.score
            state = step.state
        }
        return boundaries ? sum + score(end, after: state).score : sum
    }

    /// The perplexity of a sentence: the inverse of the geometric mean of the probabilities of its words and its
    /// end.
    public func perplexity(_ sentence: String) -> Double {
        pow(10, -logProbability(sentence) / Double(sentence.wordsLikePython.count + 1))
    }
}
