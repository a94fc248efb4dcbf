/// What Python's `str` methods do, where Swift's differ.
extension Unicode.Scalar {
    /// Whether `str.isspace()` takes it for white space: Unicode's, and four control characters.
    var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}

extension String {
    /// `str.strip()`.
    var strippedLikePython: String {
        var scalars = unicodeScalars[...]
        while let first = scalars.first, first.isPythonSpace { scalars.removeFirst() }
        while let last = scalars.last, last.isPythonSpace { scalars.removeLast() }
        return String(scalars)
    }

    /// `str.split()`: the words between white space.
    var wordsLikePython: [String] {
        unicodeScalars.split(whereSeparator: \.isPythonSpace).map { String(String.UnicodeScalarView($0)) }
    }

    /// `str.lower()`: scalar by scalar, but for a capital sigma at the end of a word.
    var lowercasedLikePython: String {
        let scalars = Array(unicodeScalars)
        var result = ""
        for (place, scalar) in scalars.enumerated() {
            guard scalar == "\u{3A3}" else {
                result += scalar.properties.lowercaseMapping
                continue
            }
            // The final form stands after a letter and not before one; marks between do not count.
            let before = scalars[..<place].last { !$0.properties.isCaseIgnorable }
            let after = scalars[(place + 1)...].first { !$0.properties.isCaseIgnorable }
            let isFinal = before?.properties.isCased == true && after?.properties.isCased != true
            result += isFinal ? "\u{3C2}" : "\u{3C3}"
        }
        return result
    }

    /// The clean-up of `clean_up_tokenization_spaces`: replacements one after another, each over the whole text.
    var cleanedUp: String {
        let pairs = [
            (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
            (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
        ]
        return pairs.reduce(self) { $0.replacingScalars($1.0, by: $1.1) }
    }

    /// `str.replace()`: marks that combine with a text's last letter do not hide it.
    func replacingScalars(_ pattern: String, by replacement: String) -> String {
        let (bytes, sought) = (Array(utf8), Array(pattern.utf8))
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var place = 0
        while place < bytes.count {
            if bytes[place...].starts(with: sought) {
                result += replacement.utf8
                place += sought.count
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
