import CTC

/// The forms in which a transcript is written.
enum TranscriptFormat: String, CaseIterable, Sendable {
    /// The words alone, or one a line with its times.
    case text
    /// One object.
    case json
    /// SubRip subtitles.
    case srt
    /// WebVTT subtitles.
    case vtt
    /// A table with a line a subtitle, or a word or character.
    case tsv

    /// The subtitles that it is; `nil` where it is none.
    var subtitles: SubtitleFormat? {
        switch self {
        case .text, .json: nil
        case .srt: .srt
        case .vtt: .vtt
        case .tsv: .tsv
        }
    }

    /// How files of it end.
    var fileExtension: String { self == .text ? "txt" : rawValue }

    /// The form that a file's name asks for; `nil` where it asks for none.
    init?(file: String) {
        guard let format = TranscriptFormat.allCases.first(where: { file.hasSuffix(".\($0.fileExtension)") }) else {
            return nil
        }
        self = format
    }

    /// Whether several transcripts can follow each other.
    var canFollow: Bool { self == .text || self == .json }
}
