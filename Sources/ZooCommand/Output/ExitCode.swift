import Arguments

/// How the command ends: 2 as shells and most tools use it for wrong usage, the rest from sysexits.
enum ExitCode: Int32, CaseIterable, Sendable {
    case success = 0
    case usage = 2
    case badData = 65
    case inputNotFound = 66
    case unavailable = 69
    case internalError = 70
    case inputOutput = 74
    case interrupted = 130
    case terminated = 143

    /// What it means, for the help.
    var meaning: String {
        switch self {
        case .success: "Everything went well"
        case .usage: "The command line is wrong"
        case .badData: "Some inputs could not be used; the others were"
        case .inputNotFound: "An input does not exist or cannot be opened"
        case .unavailable: "The model is not there or cannot be used"
        case .internalError: "A fault of this program"
        case .inputOutput: "Reading or writing failed"
        case .interrupted: "Interrupted (Ctrl-C)"
        case .terminated: "Asked to end (SIGTERM)"
        }
    }

    /// Every code with its meaning, as a section of the help.
    static let entries = allCases.map { Command.Entry(String($0.rawValue), $0.meaning) }
}
