import Checkpoints

/// A prompt taken apart into texts and their weights.
///
/// The syntax is the one that AUTOMATIC1111's web UI made known:
///
/// - `(text)` multiplies the weight of what is in it by 1.1, `[text]` divides by 1.1.
/// - `(text:1.3)` multiplies by the number after the last colon, which may have a sign and white space around it.
/// - Brackets nest, and their factors multiply; round and square ones are matched each among themselves.
/// - `\(`, `\)`, `\[`, `\]` and `\\` are the signs themselves; a backslash before anything else is left out.
/// - A bracket that is not closed reaches to the end; a closing one that was not opened is a sign like any other, and
///   so is a colon with a number that no round bracket waits for.
/// - The word `BREAK` in capitals ends a part: what follows starts at the next multiple of the context. White space
///   around it goes with it.
///
/// Neighbours of the same weight are one text, as if no sign stood between them.
public struct WeightedPrompt: Sendable, Equatable {
    /// A text with its weight.
    public struct Piece: Sendable, Equatable {
        /// The text, without the signs of the syntax.
        public var text: String
        /// The product of the factors around it; 1 is as it stands.
        public var weight: Double

        /// A text with its weight.
        ///
        /// - Parameters:
        ///   - text: the text.
        ///   - weight: its weight.
        public init(text: String, weight: Double) {
            self.text = text
            self.weight = weight
        }
    }

    /// The longest prompt that is taken apart, in bytes of UTF-8.
    public static let byteLimit = 1 << 16

    /// The pieces between one `BREAK` and the next; one list at least.
    public var parts: [[Piece]]

    /// A prompt in which no sign means anything.
    ///
    /// - Parameter text: the prompt.
    public init(plain text: String) { parts = [[Piece(text: text, weight: 1)]] }

    /// Takes a prompt apart.
    ///
    /// - Parameter text: a prompt in the syntax.
    /// - Throws: ``PromptError/weight(expected:found:)`` where what stands for a weight is no finite number,
    ///   ``PromptError/tooLarge(bytes:limit:)`` beyond ``byteLimit``.
    public init(parsing text: String) throws(PromptError) {
        guard text.utf8.count <= Self.byteLimit else {
            throw .tooLarge(bytes: text.utf8.count, limit: Self.byteLimit)
        }
        var reader = PromptReader(text)
        parts = try reader.parts()
    }
}

/// Reads the syntax of weights from a prompt's start to its end.
private struct PromptReader {
    /// A text, its weight, and the part it is in.
    private struct Piece {
        var text = String.UnicodeScalarView()
        var weight = 1.0
        var part = 0
    }

    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var pieces: [Piece] = []
    private var part = 0
    /// The pieces before which brackets were opened.
    private var rounds: [Int] = []
    private var squares: [Int] = []

    private static let roundFactor = 1.1
    private static let squareFactor = 1 / 1.1
    private static let special: Set<Unicode.Scalar> = ["\\", "(", ")", "[", "]", ":"]

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func parts() throws(PromptError) -> [[WeightedPrompt.Piece]] {
        while place < scalars.count { try step() }
        for start in rounds { multiply(from: start, by: Self.roundFactor) }
        for start in squares { multiply(from: start, by: Self.squareFactor) }
        var result = [[WeightedPrompt.Piece]](repeating: [], count: part + 1)
        for piece in pieces where !piece.text.isEmpty {
            guard Float(piece.weight).isFinite else {
                throw .weight(expected: "weights whose products are finite", found: "\(piece.weight)")
            }
            if let last = result[piece.part].indices.last, result[piece.part][last].weight == piece.weight {
                result[piece.part][last].text.unicodeScalars.append(contentsOf: piece.text)
            } else {
                result[piece.part].append(WeightedPrompt.Piece(text: String(piece.text), weight: piece.weight))
            }
        }
        return result
    }

    private mutating func step() throws(PromptError) {
        let scalar = scalars[place]
        switch scalar {
        case "\\":
            let next = place + 1 < scalars.count ? scalars[place + 1] : nil
            if let next, next != ":", Self.special.contains(next) {
                append([next])
                place += 2
            } else {
                place += 1
            }
        case "(":
            rounds.append(pieces.count)
            place += 1
        case "[":
            squares.append(pieces.count)
            place += 1
        case ")":
            place += 1
            if let start = rounds.popLast() { multiply(from: start, by: Self.roundFactor) } else { append([scalar]) }
        case "]":
            place += 1
            if let start = squares.popLast() { multiply(from: start, by: Self.squareFactor) } else { append([scalar]) }
        case ":":
            if !rounds.isEmpty, let (digits, end) = number(after: place + 1) {
                guard let value = Double(digits), value.isFinite else {
                    throw .weight(expected: "a finite number after \":\"", found: digits.quoted)
                }
                multiply(from: rounds.removeLast(), by: value)
                place = end
            } else {
                append([scalar])
                place += 1
            }
        default: appendRun()
        }
    }

    /// A number that a closing bracket follows, and the place behind that.
    private func number(after start: Int) -> (digits: String, end: Int)? {
        var index = start
        func skipSpace() { while index < scalars.count, scalars[index].properties.isWhitespace { index += 1 } }
        skipSpace()
        var digits = String.UnicodeScalarView()
        if index < scalars.count, scalars[index] == "+" || scalars[index] == "-" {
            digits.append(scalars[index])
            index += 1
        }
        let first = index
        while index < scalars.count, scalars[index] == "." || ("0"..."9").contains(scalars[index]) {
            digits.append(scalars[index])
            index += 1
        }
        guard index > first else { return nil }
        skipSpace()
        guard index < scalars.count, scalars[index] == ")" else { return nil }
        return (String(digits), index + 1)
    }

    /// Text up to the next sign, with the breaks in it.
    private mutating func appendRun() {
        let end = scalars[place...].firstIndex { Self.special.contains($0) } ?? scalars.count
        var start = place
        var index = place
        while index < end {
            guard let after = wordBreak(at: index, in: place..<end) else {
                index += 1
                continue
            }
            var (before, next) = (index, after)
            while before > start, scalars[before - 1].properties.isWhitespace { before -= 1 }
            while next < end, scalars[next].properties.isWhitespace { next += 1 }
            append(scalars[start..<before])
            part += 1
            (start, index) = (next, next)
        }
        append(scalars[start..<end])
        place = end
    }

    /// The place behind the word BREAK where it starts at `index` and stands by itself.
    private func wordBreak(at index: Int, in run: Range<Int>) -> Int? {
        let end = index + 5
        guard end <= run.upperBound, scalars[index..<end].elementsEqual("BREAK".unicodeScalars),
            index == run.lowerBound || !scalars[index - 1].isWordCharacter,
            end == run.upperBound || !scalars[end].isWordCharacter
        else { return nil }
        return end
    }

    private mutating func append(_ text: some Sequence<Unicode.Scalar>) {
        var piece = Piece(part: part)
        piece.text.append(contentsOf: text)
        pieces.append(piece)
    }

    private mutating func multiply(from start: Int, by factor: Double) {
        for index in start..<pieces.count { pieces[index].weight *= factor }
    }
}

extension Unicode.Scalar {
    /// Letters, digits and the underscore, as Python's `\w` has them.
    fileprivate var isWordCharacter: Bool {
        self == "_" || properties.isAlphabetic || properties.numericType != nil
    }
}
