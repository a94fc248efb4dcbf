/// A form in which subtitles are written.
public enum SubtitleFormat: String, Sendable, CaseIterable {
    /// SubRip: numbered cues, times with a comma.
    case srt
    /// WebVTT.
    case vtt
    /// A line a cue: start and end in milliseconds and the text, between tabs, under a line with their names.
    case tsv

    /// What stands before the first cue.
    public var header: String {
        switch self {
        case .srt: ""
        case .vtt: "WEBVTT\n\n"
        case .tsv: "start\tend\ttext\n"
        }
    }

    /// A cue.
    ///
    /// In WebVTT `&`, `<` and `>` are written as entities. SubRip has none: there the `-->` of a text, which would be
    /// taken for times, is written as an arrow, U+2192.
    ///
    /// - Parameters:
    ///   - cue: the cue.
    ///   - number: its number, from 1.
    public func text(of cue: Subtitles.Cue, number: Int) -> String {
        let lines = cue.lines.joined(separator: "\n")
        switch self {
        case .srt:
            return "\(number)\n\(Self.time(cue.start, ",")) --> \(Self.time(cue.end, ","))\n"
                + "\(lines.replacingScalars("-->", by: "\u{2192}"))\n\n"
        case .vtt:
            return "\(Self.time(cue.start, ".")) --> \(Self.time(cue.end, "."))\n\(Self.escaped(lines))\n\n"
        case .tsv:
            return "\(cue.start)\t\(cue.end)\t\(cue.lines.joined(separator: " "))\n"
        }
    }

    /// A whole file.
    public func text(of cues: [Subtitles.Cue]) -> String {
        cues.enumerated().reduce(header) { $0 + text(of: $1.element, number: $1.offset + 1) }
    }

    /// Hours, minutes, seconds and milliseconds.
    private static func time(_ milliseconds: Int, _ mark: String) -> String {
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let seconds = milliseconds / 1000
        return padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2) + mark
            + padded(milliseconds % 1000, 3)
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
