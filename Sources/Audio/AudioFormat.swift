/// What a file's first bytes say it is.
enum AudioFormat: Equatable {
    case wav
    case aiff(compressed: Bool)
    case flac
    /// An Ogg stream that holds Vorbis or Opus.
    case ogg
    case mp3
    /// A type that is known and not read.
    case foreign(String)
    case unknown

    /// How many bytes are looked at.
    static let headBytes = 64
    /// What one can do about a type that is not read.
    static let advice = "convert it to WAV, FLAC, Ogg, Opus, MP3 or AIFF"

    init(_ head: [UInt8]) {
        if head.has("RIFF"), head.has("WAVE", at: 8) {
            self = .wav
        } else if head.has("FORM"), head.has("AIFF", at: 8) {
            self = .aiff(compressed: false)
        } else if head.has("FORM"), head.has("AIFC", at: 8) {
            self = .aiff(compressed: true)
        } else if head.has("fLaC") {
            self = .flac
        } else if head.has("OggS") {
            self = Self.ogg(head)
        } else if let name = Self.names.first(where: { head.has($0.magic, at: $0.at) })?.name {
            self = .foreign(name)
        } else if let signature = Self.signatures.first(where: { head.starts(with: $0.magic) }) {
            self = .foreign(signature.name)
        } else {
            self = Self.mpeg(head)
        }
    }

    /// What the first packet of an Ogg stream is.
    private static func ogg(_ head: [UInt8]) -> AudioFormat {
        guard head.count > 27 else { return .foreign("Ogg of unknown content") }
        let packet = 27 + Int(head[26])
        if head.has("\u{1}vorbis", at: packet) || head.has("OpusHead", at: packet) { return .ogg }
        let others = [("Speex", "Ogg with Speex"), ("\u{7F}FLAC", "Ogg with FLAC"), ("fishead", "Ogg with a skeleton")]
        return .foreign(others.first { head.has($0.0, at: packet) }?.1 ?? "Ogg of unknown content")
    }

    /// The header of a frame of MPEG audio: eleven ones, then version, layer, bit rate and sampling rate, none of them
    /// a reserved value.
    private static func mpeg(_ head: [UInt8]) -> AudioFormat {
        guard head.count >= 4, head[0] == 0xFF, head[1] & 0xE0 == 0xE0 else { return .unknown }
        if head[1] & 0xFE == 0xF8 { return .foreign("AAC, or FLAC without its beginning,") }
        if head[1] & 0xF6 == 0xF0 { return .foreign("AAC") }
        guard head[1] >> 3 & 3 != 1, head[2] >> 4 != 15, head[2] >> 2 & 3 != 3 else { return .unknown }
        switch head[1] >> 1 & 3 {
        case 1: return .mp3
        case 2: return .foreign("MPEG audio of layer II")
        default: return .unknown
        }
    }

    private static let names: [(magic: String, at: Int, name: String)] = [
        ("RF64", 0, "RF64"), ("BW64", 0, "BW64"), ("RIFX", 0, "big-endian WAV"), ("riff", 0, "Wave64"),
        ("AVI ", 8, "AVI video"), ("WEBP", 8, "a WebP picture"), ("8SVX", 8, "IFF 8SVX"),
        ("caff", 0, "Core Audio (CAF)"),
        (".snd", 0, "Sun audio (AU)"), ("ftyp", 4, "MP4 or M4A"), ("MAC ", 0, "Monkey's Audio"),
        ("wvpk", 0, "WavPack"), ("TTA1", 0, "True Audio"), ("#!AMR", 0, "AMR"), ("NIST_1A", 0, "NIST Sphere"),
        ("Creative Voice", 0, "Creative Voice"), ("DSD ", 0, "DSD"), ("FRM8", 0, "DSD"), ("MThd", 0, "MIDI"),
        ("ADIF", 0, "AAC"), ("%PDF", 0, "PDF"), ("GIF8", 0, "a GIF picture"),
    ]

    private static let signatures: [(magic: [UInt8], name: String)] = [
        ([0x1A, 0x45, 0xDF, 0xA3], "Matroska or WebM"), ([0x30, 0x26, 0xB2, 0x75], "Windows Media"),
        ([0x89, 0x50, 0x4E, 0x47], "a PNG picture"), ([0xFF, 0xD8, 0xFF], "a JPEG picture"),
        ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive"), ([0x1F, 0x8B], "gzip"),
    ]
}
