import CTC
import TestSupport
import Testing

/// Words as subtitles, and errors counted.
@Suite struct SubtitleTests {
    private func word(_ text: String, _ start: Double, _ end: Double) -> Subtitles.Word {
        Subtitles.Word(text: text, start: start, end: end)
    }

    @Test func formats() throws {
        let cues = try Subtitles.cues([
            word("Tom", 0.0004, 0.5), word("&", 0.5, 0.6), word("<b>", 0.6, 1.2345), word("-->", 3725.9996, 3726.5),
        ])
        #expect(
            SubtitleFormat.srt.text(of: cues)
                == "1\n00:00:00,000 --> 00:00:01,235\nTom & <b>\n\n2\n01:02:06,000 --> 01:02:06,500\n\u{2192}\n\n")
        #expect(
            SubtitleFormat.vtt.text(of: cues)
                == "WEBVTT\n\n00:00:00.000 --> 00:00:01.235\nTom &amp; &lt;b&gt;\n\n"
                + "01:02:06.000 --> 01:02:06.500\n--&gt;\n\n")
        #expect(
            SubtitleFormat.tsv.text(of: cues) == "start\tend\ttext\n0\t1235\tTom & <b>\n3726000\t3726500\t-->\n")
        let accented = try Subtitles.cues([word("-->\u{301}", 0, 1)])
        #expect(!SubtitleFormat.srt.text(of: accented).utf8.split(separator: 10)[2].contains(UInt8(ascii: ">")))
        #expect(SubtitleFormat.srt.text(of: []) == "")
        #expect(SubtitleFormat.vtt.text(of: []) == "WEBVTT\n\n")
    }

    @Test func linesAndCuesAreNoLongerThanAllowed() throws {
        var layout = Subtitles.Layout()
        layout.lineLength = 10
        layout.lineCount = 2
        layout.longest = 3
        layout.pause = 1
        var random = SeededGenerator(seed: 7)
        var words: [Subtitles.Word] = []
        var time = 0.0
        for number in 0..<300 {
            let text = String(repeating: "x", count: number % 50 == 49 ? 14 : Int.random(in: 1...9, using: &random))
            let start = time + (number % 17 == 0 ? 1.5 : 0)
            time = start + Double.random(in: 0...0.7, using: &random)
            words.append(word(text, start, time))
        }
        let cues = try Subtitles.cues(words, layout: layout)
        #expect(cues.flatMap(\.lines).joined(separator: " ") == words.map(\.text).joined(separator: " "))
        var last = 0
        for cue in cues {
            #expect(cue.start >= last && cue.end > cue.start && cue.end - cue.start <= 3001)
            #expect(cue.lines.count <= 2 && cue.lines.allSatisfy { $0.count <= 10 || !$0.contains(" ") })
            last = cue.end
        }
        #expect(cues.count > 18)
    }

    /// Times that run backwards, overlap or are no numbers give cues that follow each other.
    @Test func badTimesAreMadeGood() throws {
        let words = [
            word("a", 5, 4), word("b", 1, 2), word("c", .nan, .infinity), word(" \n\u{0}", 6, 7),
            word("d\ne\t\u{7}", 5, 9),
            word("f", 1e300, 1e300), word("g", -5, -4),
        ]
        var layout = Subtitles.Layout()
        layout.lineCount = 1
        layout.lineLength = 1
        let cues = try Subtitles.cues(words, layout: layout)
        #expect(cues.map(\.lines) == [["a"], ["b"], ["c"], ["d e"], ["f"], ["g"]])
        for (one, next) in zip(cues, cues.dropFirst()) { #expect(one.end <= next.start && one.start < one.end) }
    }

    @Test func refusesLayouts() {
        for change: @Sendable (inout Subtitles.Layout) -> Void in [
            { $0.lineLength = 0 }, { $0.lineCount = 0 }, { $0.longest = 0 }, { $0.longest = .nan }, { $0.pause = -1 },
        ] {
            var layout = Subtitles.Layout()
            change(&layout)
            #expect(throws: CTCError.self) { try Subtitles(layout) }
        }
    }

    @Test(arguments: [
        ("a b c", "a b c", 0, 0, 0), ("a b c", "a x c", 1, 0, 0), ("a b c", "a c", 0, 1, 0),
        ("a b c", "a b x c", 0, 0, 1),
        ("", "a b", 0, 0, 2), ("a b", "", 0, 2, 0), ("", "", 0, 0, 0), ("a b c d", "b c d e", 0, 1, 1),
        ("the cat  sat", "the\tcat sat ", 0, 0, 0), ("é", "e\u{301}", 1, 0, 0),
    ])
    func wordErrors(_ reference: String, _ hypothesis: String, _ s: Int, _ d: Int, _ i: Int) {
        let rate = ErrorRate(words: reference, hypothesis: hypothesis)
        #expect([rate.substitutions, rate.deletions, rate.insertions] == [s, d, i])
        let edits = ErrorRate.alignment(words: reference, hypothesis: hypothesis) ?? []
        #expect(edits.compactMap(\.reference).count == rate.count)
        #expect(edits.count { $0.reference == nil } == i && edits.count { $0.hypothesis == nil } == d)
    }

    @Test func characterErrorsAndSums() {
        let rate = ErrorRate(characters: "kitten sat", hypothesis: "sitting sat")
        #expect([rate.substitutions, rate.deletions, rate.insertions, rate.count] == [2, 0, 1, 10])
        #expect(abs(rate.rate - 0.3) < 1e-12)
        let sum = rate + ErrorRate(characters: "ab", hypothesis: "")
        #expect(sum.errors == 5 && sum.count == 12)
        #expect(ErrorRate().rate == 0)
        #expect(ErrorRate(words: "", hypothesis: "a").rate == 1)
    }
}
