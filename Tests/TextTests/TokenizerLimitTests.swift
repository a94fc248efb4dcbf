import Glibc
import TestSupport
import Testing
import Text

/// Texts that are longer than the model takes, and texts of any length.
@Suite struct TokenizerLimitTests {
    /// TK05
    @Test(arguments: ["clip-files", "clip-open-clip", "bert-files", "roberta-files", "gpt2-files"])
    func cutsAtExactlyTheLimit(_ name: String) throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path(name))
        let around = tokenizer.encode("").ids.count
        for count in [75, 76, 77, 78, 79] {
            // A digit is a token.
            let text = Array(repeating: "7 ,", count: count).joined(separator: " ")
            let whole = tokenizer.encode(text)
            #expect(try tokenizer.encode(text, limit: whole.ids.count, truncates: false) == whole)
            #expect(throws: TokenizerError.self) {
                try tokenizer.encode(text, limit: whole.ids.count - 1, truncates: false)
            }
            let cut = try tokenizer.encode(text, limit: 77, truncates: true)
            #expect(cut.ids.count == 77)
            #expect(cut.ids.prefix(77 - around / 2) == whole.ids.prefix(77 - around / 2))
            #expect(cut.ids.last == (around == 0 ? whole.ids[76] : tokenizer.endID))
        }
    }

    @Test func saysHowLongTheTextIs() throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path("clip-files"))
        let text = String(repeating: "7", count: 100)
        let error = #expect(throws: TokenizerError.self) { try tokenizer.encode(text, limit: 77, truncates: false) }
        #expect(error == .tooLong(tokens: 102, limit: 77, text: "\"\(String(repeating: "7", count: 80))\"..."))
        #expect(error?.description.contains("102 tokens") == true)
    }

    @Test func notEvenTheSpecialsFit() throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path("bert-files"))
        #expect(try tokenizer.encode("a b c", limit: 2, truncates: true).ids == [2, 3])
        for limit in [1, 0, -1, Int.min] {
            #expect(throws: TokenizerError.self) { try tokenizer.encode("", limit: limit, truncates: true) }
        }
    }

    /// TK03: four times the text must not take much more than four times the processor's time; where work grows with
    /// the square, it takes sixteen times.
    @Test(
        .enabled(if: costsAreMeasurable),
        arguments: ["clip-json-old", "clip-open-clip", "roberta-json", "bert-files"],
        ["a", "_", "日", "\u{301}", " ", "a ", "&", "&amp;", "Â ", "<", "<|", "\u{1B}["])
    func timeIsLinear(_ name: String, _ unit: String) throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path(name))
        func seconds(_ count: Int) -> Double {
            let text = String(repeating: unit, count: count)
            let start = threadSeconds()
            _ = tokenizer.encode(text)
            return threadSeconds() - start
        }
        // The least times of a few turns: a neighbour in the caches, or on the other half of a core, may slow one down.
        var (quarter, whole) = (Double.infinity, Double.infinity)
        for turn in 0..<6 where turn < 2 || whole >= 9 * quarter + 0.01 {
            (quarter, whole) = (min(quarter, seconds(4_000)), min(whole, seconds(16_000)))
        }
        #expect(whole < 9 * quarter + 0.01, "\(quarter) s, \(whole) s")
    }

    /// The processor's time that this thread has taken, which other work on the machine does not change.
    private func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// TK03
    @Test(arguments: ["clip-files", "clip-open-clip", "gpt2-files", "bert-files"], ["a", "日"])
    func aHundredThousandCharacters(_ name: String, _ unit: String) throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path(name))
        let text = String(repeating: unit, count: 100_000)
        let encoding = tokenizer.encode(text)
        let covered = encoding.offsets.map(\.upperBound).max()
        #expect(covered == 100_000)
    }
}
