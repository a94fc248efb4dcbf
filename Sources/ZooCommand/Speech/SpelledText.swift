import Arguments
import CTC
import ModelZoo

/// A text as it is written, and as a model's vocabulary spells it.
///
/// Words are what white space separates. Marks that the vocabulary lacks are left out, and letters are taken in the
/// case that it has. A letter or digit that it lacks in either case is an error. A word of nothing but marks belongs
/// to the word before it.
struct SpelledText {
    /// The words as they are written.
    let written: [String]
    /// The words as the vocabulary spells them; as many.
    let spelled: [String]

    /// - Throws: ``Failure`` where a word cannot be spelled, or there is none.
    init(_ text: String, vocabulary: CTCVocabulary) throws(Failure) {
        let delimiter = vocabulary.delimiter.map { vocabulary.tokens[$0] }
        let known = Set(vocabulary.tokens.filter { $0.count == 1 && $0 != delimiter }.compactMap(\.first))
        var (written, spelled): ([String], [String]) = ([], [])
        var leading = ""
        for word in text.split(whereSeparator: \.isWhitespace) {
            var letters = ""
            for character in word {
                if let letter = Self.spelling(character, known) {
                    letters += letter
                } else if character.isLetter || character.isNumber {
                    throw Failure(
                        "the vocabulary cannot spell '\(printable(String(word)))': it has no "
                            + "'\(printable(String(character)))'; write numbers as words, and letters that it lacks as "
                            + "they sound", .badData)
                }
            }
            if !letters.isEmpty {
                written.append(leading + word)
                spelled.append(letters)
                leading = ""
            } else if written.isEmpty {
                leading += word + " "
            } else {
                written[written.count - 1] += " " + word
            }
        }
        guard !spelled.isEmpty else { throw Failure("there are no words in the text", .badData) }
        (self.written, self.spelled) = (written, spelled)
    }

    /// The words as the vocabulary spells them, with spaces between.
    var text: String { spelled.joined(separator: " ") }

    /// What was found for ``text``, with the words as they are written.
    func restored(_ found: Transcription) -> Transcription {
        var result = found
        guard found.words.count == written.count else { return found }
        for index in written.indices { result.words[index].text = written[index] }
        result.text = written.joined(separator: " ")
        return result
    }

    /// A character as the vocabulary spells it; `nil` where it does not.
    private static func spelling(_ character: Character, _ known: Set<Character>) -> String? {
        for candidate in [String(character), character.uppercased(), character.lowercased()]
        where candidate.allSatisfy(known.contains) { return candidate }
        // Typographic apostrophes are the plain one in every vocabulary.
        if character == "\u{2019}" || character == "\u{2018}", known.contains("'") { return "'" }
        return nil
    }
}
