/// Writes words in a vocabulary's tokens.
///
/// At each place the longest token that fits is taken. A word that cannot be written so is tried in small letters and
/// in capitals, and then with each letter in the case that the vocabulary has; special tokens are never used.
struct Speller: Sendable {
    private struct Node {
        var children: [Unicode.Scalar: Int] = [:]
        var token: Int?
    }

    private var nodes = [Node()]
    private let uppercases: Bool
    /// The tokens that show as the space between words, the delimiter first.
    private(set) var spaces: [Int] = []

    init(_ vocabulary: CTCVocabulary) {
        // The reference writes a text in capitals before it looks letters up.
        uppercases = vocabulary.lowercases
        for (id, display) in vocabulary.displays.enumerated() {
            if display.isSpace {
                spaces.append(id)
                continue
            }
            guard !vocabulary.specials.contains(id), !display.isBlank else { continue }
            insert(display.text, id)
        }
        if let delimiter = vocabulary.delimiter {
            spaces.removeAll { $0 == delimiter }
            spaces.insert(delimiter, at: 0)
        }
    }

    private mutating func insert(_ text: String, _ id: Int) {
        var node = 0
        for scalar in text.unicodeScalars {
            if let child = nodes[node].children[scalar] {
                node = child
            } else {
                nodes.append(Node())
                nodes[node].children[scalar] = nodes.count - 1
                node = nodes.count - 1
            }
        }
        if node != 0 && nodes[node].token == nil { nodes[node].token = id }
    }

    /// The tokens of a word, and the letters that none has.
    func spell(_ word: String) -> (tokens: [Int], missing: [String]) {
        let given = Array((uppercases ? word.uppercased() : word).unicodeScalars)
        // As it is, in small letters, in capitals: pieces of several letters are found in one case only.
        for text in [given, Array(word.lowercased().unicodeScalars), Array(word.uppercased().unicodeScalars)] {
            let spelled = spell(text, letterByLetter: false)
            if spelled.missing.isEmpty { return spelled }
        }
        return spell(given, letterByLetter: true)
    }

    private func spell(_ scalars: [Unicode.Scalar], letterByLetter: Bool) -> (tokens: [Int], missing: [String]) {
        var tokens: [Int] = []
        var missing: [String] = []
        var place = 0
        while place < scalars.count {
            if let match = longest(scalars, at: place) {
                tokens.append(match.token)
                place += match.length
                continue
            }
            if letterByLetter, let other = otherCase(scalars[place]) {
                tokens += other
            } else {
                missing.append(String(scalars[place]))
            }
            place += 1
        }
        return (tokens, missing)
    }

    private func longest(_ scalars: [Unicode.Scalar], at start: Int) -> (token: Int, length: Int)? {
        var node = 0
        var found: (token: Int, length: Int)?
        var place = start
        while place < scalars.count, let child = nodes[node].children[scalars[place]] {
            node = child
            place += 1
            if let token = nodes[node].token { found = (token, place - start) }
        }
        return found
    }

    /// The tokens of a letter's capital or small form; capitals of some letters are two letters.
    private func otherCase(_ scalar: Unicode.Scalar) -> [Int]? {
        for text in [scalar.properties.uppercaseMapping, scalar.properties.lowercaseMapping] {
            let tokens = text.unicodeScalars.compactMap { nodes[0].children[$0].flatMap { nodes[$0].token } }
            if !tokens.isEmpty && tokens.count == text.unicodeScalars.count { return tokens }
        }
        return nil
    }
}
