import AudioEncoder
import CTC
import ModelZoo

/// Timed words as the text of a subtitle file, or of a table of words or characters, in pieces as they come.
struct SubtitleText {
    private let format: SubtitleFormat
    private let timestamps: TranscribeOptions.Timestamps?
    private var subtitles: Subtitles
    private var count = 0
    private var hasHeader = false

    /// - Parameter timestamps: makes each word or character a line of a table.
    /// - Throws: ``CTCError`` where a limit is out of its range.
    init(
        _ format: SubtitleFormat, _ timestamps: TranscribeOptions.Timestamps?, lineLength: Int, maxDuration: Double
    ) throws(CTCError) {
        self.format = format
        self.timestamps = format == .tsv ? timestamps : nil
        var layout = Subtitles.Layout()
        layout.lineLength = lineLength
        layout.longest = maxDuration
        subtitles = try Subtitles(layout)
    }

    /// What the text grows by.
    mutating func add(words: [TimedSpan], characters: [TimedSpan]) -> String {
        switch timestamps {
        case nil:
            let cues = words.flatMap { subtitles.add(Subtitles.Word(text: $0.text, start: $0.start, end: $0.end)) }
            return text(of: cues)
        case .word: return header() + words.map(Self.row).joined()
        case .char: return header() + characters.map(Self.row).joined()
        }
    }

    /// What the text ends with.
    mutating func finish() -> String { text(of: subtitles.finish()) }

    private mutating func text(of cues: [Subtitles.Cue]) -> String {
        var text = header()
        for cue in cues {
            count += 1
            text += format.text(of: cue, number: count)
        }
        return text
    }

    private mutating func header() -> String {
        defer { hasHeader = true }
        return hasHeader ? "" : format.header
    }

    /// Start and end in milliseconds, and the text.
    private static func row(_ span: TimedSpan) -> String {
        "\(Int((span.start * 1000).rounded()))\t\(Int((span.end * 1000).rounded()))\t\(span.text)\n"
    }
}
