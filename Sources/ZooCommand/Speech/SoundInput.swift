import Arguments
import Audio
import Checkpoints
import Glibc

/// Something to hear: a file, or standard input as it arrives.
enum SoundInput: Sendable {
    /// A file, or why there is none.
    case file(Result<InputPath, InputError>)
    /// Standard input: raw samples of a format, or WAV.
    case standardInput(PCMFormat?)

    /// What it is called in results.
    var name: String {
        switch self {
        case .file(.success(let path)): path.text
        case .file(.failure(let error)): error.path.text
        case .standardInput: "-"
        }
    }

    /// The inputs that arguments name: files, folders with every sound below them, or `-`.
    ///
    /// - Throws: ``UsageError`` for `-` twice, or `--pcm` without it.
    static func find(
        _ words: [String], pcm: PCMFormat?, _ parsed: ParsedArguments, _ context: CommandContext
    ) throws(UsageError) -> [SoundInput] {
        let dashes = words.count { $0 == "-" }
        guard dashes <= 1 else {
            throw UsageError("'-' is given twice: there is one standard input", path: parsed.path)
        }
        guard pcm == nil || dashes == 1 else {
            throw UsageError("option '--pcm' is about standard input: give '-' as INPUT", path: parsed.path)
        }
        return words.flatMap { word -> [SoundInput] in
            if word == "-" { return [.standardInput(pcm)] }
            return InputList(
                [context.path(word)], list: PathList(isNullSeparated: false), extensions: InputList.sounds
            ).map { .file($0) }
        }
    }

    /// Opens it.
    ///
    /// - Parameters:
    ///   - rate: samples a second that are wanted.
    ///   - limits: what a file may be; standard input may last as long as it likes.
    /// - Throws: ``Failure`` or ``AudioError``.
    func open(rate: Int, channel: ChannelChoice, limits: AudioLimits = .standard) throws -> AudioReader {
        switch self {
        case .standardInput(let pcm):
            return try AudioReader(
                descriptor: 0, name: "standard input", pcm: pcm, rate: rate, channel: channel, limits: limits,
                endsWhenInterrupted: { Interruption.exitCode != nil })
        case .file(.failure(let error)): throw Failure(error.message, error.exitCode)
        case .file(.success(let path)):
            return try path.withSoundFile {
                try AudioReader(path: $0, rate: rate, channel: channel, limits: limits)
            }
        }
    }

    /// All of a file's samples.
    ///
    /// - Parameter longest: seconds at most.
    /// - Throws: ``Failure`` or ``AudioError``.
    func clip(rate: Int, channel: ChannelChoice, longest: Double = .infinity) throws -> AudioClip {
        let reader = try open(rate: rate, channel: channel)
        var samples: [Float] = []
        while Interruption.exitCode == nil {
            let block = try reader.read(1 << 16)
            if block.isEmpty { break }
            samples += block
            guard Double(samples.count) <= longest * Double(rate) else {
                throw Failure(
                    "longer than \(Format.duration(seconds: longest)), which is heard in one piece; cut it into parts",
                    .badData)
            }
        }
        return AudioClip(samples: samples, rate: rate)
    }
}

extension InputPath {
    /// Calls `body` with a text that names the file for libraries that take texts, also where the path is not UTF-8.
    fileprivate func withSoundFile<R>(_ body: (String) throws -> R) throws -> R {
        guard !text.utf8.elementsEqual(bytes) else { return try body(text) }
        let descriptor = withCString { Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else {
            let error = InputError(path: self, reason: .system(errno))
            throw Failure(error.message, error.exitCode)
        }
        defer { close(descriptor) }
        return try body("/proc/self/fd/\(descriptor)")
    }
}

extension Failure {
    /// The failure with what it is about before it, where it does not say so itself.
    func about(_ input: String) -> Failure {
        message.hasPrefix(input) ? self : Failure("\(printable(input)): \(message)", exitCode)
    }
}

extension ChannelChoice {
    /// The channel of `--channel`, the mean of all where none is named.
    init(_ number: Int?) { self = number.map { .channel($0) } ?? .mean }
}
