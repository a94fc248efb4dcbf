import Arguments
import Hub

/// Shows on standard error how a pull goes: the share that is there, bytes a second, the time left.
final class PullProgress {
    private let context: CommandContext
    private let line: ProgressLine

    /// - Parameter bytes: what is to be fetched.
    init(_ context: CommandContext, bytes: Int) {
        self.context = context
        line = ProgressLine(
            "pull", total: bytes, terminal: context.messageTerminal, isQuiet: context.isQuiet, countsBytes: true)
    }

    /// Shows what happened.
    func take(_ event: PullEvent) {
        switch event {
        case .began(_, _, let present): line.advance(by: present, isWork: false)
        case .advanced(let bytes): line.advance(by: bytes)
        case .ended: break
        case .waits(let seconds, let reason):
            guard !context.isQuiet else { return }
            line.message("zoo: \(oneLine(reason)); trying again in \(Format.duration(seconds: seconds))")
        case .waitsForAnother(let file):
            guard !context.isQuiet else { return }
            line.message("zoo: another process is fetching \(printable(file)); waiting for it")
        }
    }

    /// Takes the line away.
    func finish() { line.finish() }
}
