import Audio
import AudioEncoder
import CTC
import Foundation
import Testing

@testable import ZooCommand

/// The picture of a sound, and what it is made of.
@Suite struct SpeechPlotTests {
    @Test(arguments: [
        (0.0, 10.0, 12, [0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0), (0, 0.1, 5, [0, 0.02, 0.04, 0.06, 0.08, 0.1], 2),
        (11.3, 13, 4, [11.5, 12, 12.5, 13], 1), (0, 300, 6, [0, 50, 100, 150, 200, 250, 300], 0),
    ])
    func ticksAreRoundNumbers(from: Double, to: Double, most: Int, values: [Double], digits: Int) {
        let ticks = AxisTicks(from..<to, most: most)
        #expect(ticks.digits == digits && ticks.values.count == values.count)
        #expect(zip(ticks.values, values).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    private func span(_ text: String, _ start: Double, _ end: Double) -> TimedSpan {
        TimedSpan(text: text, start: start, end: end, score: 1)
    }

    @Test func labelsNeverRunIntoEachOther() {
        let words = (0..<40).map { span("longish\($0)", Double($0) * 0.1, Double($0) * 0.1 + 0.08) }
        let lanes = WordLanes(words, in: 0..<4, width: 1200)
        #expect(lanes.words.count == 40 && lanes.count == WordLanes.limit)
        for lane in 0..<lanes.count {
            let labels = lanes.words.compactMap(\.label).filter { $0.lane == lane }
            #expect(labels.count > 3)
            #expect(zip(labels, labels.dropFirst()).allSatisfy { $0.columns.upperBound < $1.columns.lowerBound })
        }
        // A word has its bar also in the strip after the one that it begins in, and its label once.
        let (first, second) = (
            WordLanes([span("over", 0.9, 1.2)], in: 0..<1, width: 100),
            WordLanes([span("over", 0.9, 1.2)], in: 1..<2, width: 100)
        )
        #expect(first.words.first?.columns == 90..<100 && first.words.first?.label != nil)
        #expect(second.words.first?.columns == 0..<20 && second.words.first?.label == nil)
        #expect(WordLanes(words, in: 5..<6, width: 100).words.isEmpty)
    }

    @Test(arguments: [0.0, 0.01, 1, 11.9, 12.1, 60])
    func soundsOfAnyLengthAreDrawn(seconds: Double) throws {
        let count = Int(seconds * 16_000)
        let samples = (0..<count).map { Float(sin(Double($0) * 0.2)) * 0.5 }
        let words = [span("a", 0, 0.5), span("word", 0.5, 30)]
        let plot = try SpeechPlot(
            AudioClip(samples: samples, rate: 16_000), words: words, title: "t", subtitle: "s"
        ).draw()
        let strips = max(1, Int((seconds / 12).rounded(.up)))
        #expect(plot.width == 1308 && plot.height > strips * 350 && plot.height < strips * 520 + 100)
        #expect(throws: Failure.self) { try SpeechPlot.check(seconds: 300.1) }
    }

    @Test func textsAreSpelledAsTheModelDoes() throws {
        let upper = try CTCVocabulary(tokens: ["<pad>", "|", "A", "B", "'", "\u{C9}"], blank: 0, delimiter: 1)
        let text = try SpelledText("- \u{201C}ba, a\u{2019}b!\u{201D} \u{2014} \u{E9}|a\n", vocabulary: upper)
        #expect(text.spelled == ["BA", "A'B", "\u{C9}A"])
        #expect(text.written == ["- \u{201C}ba,", "a\u{2019}b!\u{201D} \u{2014}", "\u{E9}|a"])
        for bad in ["", " \n", "...", "abc", "a7"] {
            #expect(throws: Failure.self) { try SpelledText(bad, vocabulary: upper) }
        }
    }
}
