/// Scores of `tokenizer.json` as Hugging Face's tokenizers read them.
///
/// Their parser (serde_json without `float_roundtrip`) rounds twice: the digits as an integer to a double, and that
/// divided by, or multiplied with, a power of ten. A quarter of the scores of a vocabulary end up beside the nearest
/// double, which decides between cuts whose sums are equal, as in "!!!!!!!!!!".
enum UnigramScores {
    /// The double they read where a file has the shortest decimal number that stands for `score`.
    static func asTokenizersRead(_ score: Double) -> Double {
        let parts = score.magnitude.description.split(separator: "e")
        guard let mantissa = parts.first else { return score }
        let halves = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        var digits = halves.joined()
        var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - (halves.count > 1 ? halves[1].utf8.count : 0)
        // "2.0" is written, but 2.0 is 2 all the same; more zeros would need more digits than there are.
        while digits.utf8.count > 1, digits.utf8.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        guard let integer = UInt64(digits) else { return score }
        var value = Double(integer)
        while exponent < -308 {
            value /= 1e308
            exponent += 308
        }
        guard let power = Double("1e\(abs(exponent))") else { return score }
        value = exponent < 0 ? value / power : value * power
        return score < 0 ? -value : value
    }
}
