/// Finds when each word of a known text is spoken: `torchaudio.functional.forced_align` and `merge_tokens`.
///
/// Words are the parts of the text between white space, written in the vocabulary's tokens with its delimiter between
/// them. A letter that the vocabulary lacks is tried as a capital and as a small letter. Results have the words as they
/// were given.
public struct ForcedAligner: Sendable {
    /// The vocabulary.
    public let vocabulary: CTCVocabulary
    private let speller: Speller

    /// The most frames times states, a state being a label or the blank before or after it. Two bits each are kept:
    /// the limit is 1 GiB.
    public static let cellLimit = AlignmentPath.cellLimit

    /// An aligner for a vocabulary.
    public init(_ vocabulary: CTCVocabulary) {
        self.vocabulary = vocabulary
        speller = Speller(vocabulary)
    }

    /// The places of a text's words and characters.
    ///
    /// A character's score is the mean probability of its token over its frames; the log-probability is the path's.
    ///
    /// - Throws: ``CTCError/unspellable(text:missing:)`` where letters are not in the vocabulary,
    ///   ``CTCError/tooFewFrames(labels:needed:frames:)`` where the text is longer than the audio,
    ///   ``CTCError/tooLarge(what:size:limit:advice:)`` beyond ``cellLimit``, and
    ///   ``CTCError/emissions(expected:found:)`` where the frames rule the text out or do not fit the vocabulary.
    public func align(_ emissions: Emissions, text: String) throws(CTCError) -> Transcript {
        let words = text.wordsLikePython
        var labels: [Int] = []
        var owners: [Int?] = []
        var missing: [String] = []
        let space = speller.spaces.first { $0 < emissions.count }
        for (place, word) in words.enumerated() {
            if place > 0, let space {
                labels.append(space)
                owners.append(nil)
            }
            let spelled = speller.spell(word)
            labels += spelled.tokens
            owners += spelled.tokens.map { _ in place }
            for letter in spelled.missing where missing.count < 12 && !missing.contains(letter) {
                missing.append(letter)
            }
        }
        guard missing.isEmpty else { throw .unspellable(text: text, missing: missing) }
        var result = Transcript(text: words.joined(separator: " "))
        guard let path = try path(emissions, labels: labels) else { return result }
        result.logProbability = path.logProbability
        result.characters = path.spans(emissions, labels, vocabulary)
        var characters: [Int: [Span]] = [:]
        for (owner, span) in zip(owners, result.characters) {
            if let owner { characters[owner, default: []].append(span) }
        }
        for (place, word) in words.enumerated() {
            guard let own = characters[place], let first = own.first, let last = own.last else { continue }
            let frames = own.reduce(0) { $0 + $1.end - $1.start }
            let sum = own.reduce(0.0) { $0 + Double($1.score) * Double($1.end - $1.start) }
            result.words.append(
                Span(text: word, start: first.start, end: last.end, score: Float(min(1, sum / Double(frames)))))
        }
        return result
    }

    /// The token of each frame on the most likely path of given labels: `forced_align`'s first result.
    ///
    /// - Throws: ``CTCError`` as ``align(_:text:)`` does, and ``CTCError/option(name:expected:found:)`` where a label
    ///   is the blank or out of range.
    public func align(_ emissions: Emissions, labels: [Int]) throws(CTCError) -> [Int] {
        guard let path = try path(emissions, labels: labels) else {
            return [Int](repeating: vocabulary.blank, count: emissions.frames)
        }
        return path.states.map { $0 & 1 == 0 ? vocabulary.blank : labels[$0 / 2] }
    }

    /// The path; `nil` where there is no label.
    private func path(_ emissions: Emissions, labels: [Int]) throws(CTCError) -> AlignmentPath? {
        guard vocabulary.blank < emissions.count else {
            throw .emissions(
                expected: "more than \(vocabulary.blank) tokens, the blank's number", found: "\(emissions.count)")
        }
        for label in labels where label < 0 || label >= emissions.count || label == vocabulary.blank {
            throw .option(
                name: "label", expected: "0..<\(emissions.count) without the blank, \(vocabulary.blank)",
                found: "\(label)")
        }
        guard !labels.isEmpty else { return nil }
        let needed = AlignmentPath.framesNeeded(labels)
        guard emissions.frames >= needed else {
            throw .tooFewFrames(labels: labels.count, needed: needed, frames: emissions.frames)
        }
        let (cells, overflow) = emissions.frames.multipliedReportingOverflow(by: 2 * labels.count + 1)
        guard !overflow, cells <= Self.cellLimit else {
            throw .tooLarge(
                what: "the alignment's table of \(emissions.frames) frames and \(labels.count) labels",
                size: overflow ? .max : cells, limit: Self.cellLimit, advice: "align the audio in parts")
        }
        let path = AlignmentPath(
            emissions, labels: labels, blank: vocabulary.blank)
        guard path.logProbability > -.infinity else {
            throw .emissions(expected: "frames that allow the text", found: "a log-probability of -infinity")
        }
        return path
    }
}
