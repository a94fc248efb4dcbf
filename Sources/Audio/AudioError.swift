public import Files

/// Sound cannot be read, written or changed as asked. Every case names the file (or the live input) it is about.
public enum AudioError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The system refuses the file, it is no regular file, it is larger than allowed, or it changed while it was read.
    case file(FileError)
    /// The system's `errno` while a live input was read.
    case input(name: String, code: Int32)
    /// There are no bytes.
    case empty(file: String)
    /// The bytes are of a type, or hold sound in an encoding, that is not read; `advice` says what to do.
    case unsupported(file: String, type: String, advice: String)
    /// The bytes contradict their format.
    case malformed(file: String, type: String, reason: String)
    /// The header promises more than there is; `unit` is "bytes" or "frames".
    case truncated(file: String, type: String, promised: Int, found: Int, unit: String)
    /// Beyond a limit of ``AudioLimits``: `what` is, for instance, "channels".
    case limit(file: String, what: String, found: String, allowed: String)
    /// A sample is NaN, infinite, or beyond ``AudioLimits/amplitude``; `frame` counts from 0 at the source's rate.
    case sample(file: String, value: Float, frame: Int, seconds: Double)
    /// There is no such channel.
    case channel(file: String, asked: Int, channels: Int)
    /// The caller asked for something that cannot be: `what`, such as "sampling rate".
    case argument(what: String, expected: String, found: String)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .input(let name, let code):
            "\(name): cannot read: \(FileError(path: name, operation: "read", reason: .system(code: code)).cause)"
        case .empty(let file): "\(file): there is nothing in it"
        case .unsupported(let file, let type, let advice): "\(file): \(type) is not supported: \(advice)"
        case .malformed(let file, let type, let reason): "\(file): damaged \(type) data: \(reason)"
        case .truncated(let file, let type, let promised, let found, let unit):
            "\(file): cut short: the \(type) header promises \(promised) \(unit), there are \(found)"
        case .limit(let file, let what, let found, let allowed):
            "\(file): \(what): \(found) (allowed: \(allowed))"
        case .sample(let file, let value, let frame, let seconds):
            "\(file): the sample at \(Self.text(seconds)) s (number \(frame)) is \(value), "
                + (value.isFinite ? "too large to be sound" : "not a number one can hear")
        case .channel(let file, let asked, let channels):
            "\(file): there is no channel \(asked), it has \(channels) (the first is 1)"
        case .argument(let what, let expected, let found): "\(what): expected \(expected), found \(found)"
        }
    }

    /// Seconds with three digits after the point.
    private static func text(_ seconds: Double) -> String {
        guard seconds.isFinite, abs(seconds) < 1e12 else { return "\(seconds)" }
        let thousandths = Int((seconds * 1000).rounded())
        let digits = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - digits.utf8.count) + digits
    }
}
