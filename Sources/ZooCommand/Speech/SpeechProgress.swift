import Arguments
import Audio

/// How far work on sounds is, in seconds of sound, and how fast it went.
final class SpeechProgress {
    private let context: CommandContext
    private let line: ProgressLine
    /// Seconds of sound that were dealt with.
    private(set) var seconds = 0.0
    private var whole = 0
    /// Seconds that it took.
    private var elapsed = 0.0

    /// - Parameters:
    ///   - label: what is being done.
    ///   - request: the lengths of its inputs are looked up only where somebody sees it.
    init(_ label: String, _ request: TranscribeRequest, _ context: CommandContext) {
        self.context = context
        var total: Double?
        if context.messageTerminal.isInteractive, !context.isQuiet {
            total = 0
            for input in request.inputs {
                guard case .file = input else {
                    total = nil
                    break
                }
                // What cannot be opened takes no time; that it is there may not be known either.
                guard
                    let reader = try? input.open(rate: 16_000, channel: request.channel, limits: request.soundLimits)
                else { continue }
                guard let length = reader.duration, let sum = total else {
                    total = nil
                    break
                }
                total = sum + length
            }
        }
        line = context.progress(label, total: total.map { max(1, Int($0)) })
    }

    /// Says that so many more seconds of sound are done.
    func advance(by seconds: Double) {
        self.seconds += seconds
        let whole = Int(self.seconds)
        line.advance(by: whole - self.whole)
        self.whole = whole
    }

    /// Does a piece of the work, whose time counts.
    func timed<R>(_ work: () throws -> R) rethrows -> R {
        let start = monotonicSeconds()
        defer { elapsed += monotonicSeconds() - start }
        return try work()
    }

    /// Writes a line of its own.
    func message(_ text: String) { line.message(text) }

    /// Takes the line away and tells how fast it went.
    func finish() {
        line.finish()
        guard seconds > 0, Interruption.exitCode == nil else { return }
        let factor = elapsed / seconds
        context.note(
            "\(Format.duration(seconds: seconds)) of sound in \(Format.duration(seconds: elapsed)): real-time factor "
                + "\(Format.decimal(factor, 3)), \(Format.decimal(1 / max(factor, 1e-9), 1)) times as fast as it plays")
    }
}
