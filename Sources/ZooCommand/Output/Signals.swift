import Glibc
import Synchronization

/// The first SIGINT or SIGTERM that has come, as a question to ask between two pieces of work.
///
/// The first one asks the command to finish what it is at, write it out and end; a second one ends the process at
/// once, because the handler removes itself. Reads that wait are broken off (`EINTR`), so that a command that waits
/// for input ends, too.
enum Interruption {
    /// A signal handler can reach nothing but a global; it does nothing but store the number here.
    private static let first = Atomic<Int32>(0)

    /// Handles SIGINT and SIGTERM from now on.
    static func install() {
        // The global is initialised on first use, which must not happen within the handler.
        first.store(0, ordering: .relaxed)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            Interruption.first.store(number, ordering: .relaxed)
        }
        action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
        sigaction(SIGINT, &action, nil)
        sigaction(SIGTERM, &action, nil)
        // A parent with threads may have left them blocked for its children.
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        sigaddset(&set, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// The exit code to end with, where a signal has come.
    static var exitCode: ExitCode? {
        switch first.load(ordering: .relaxed) {
        case SIGINT: .interrupted
        case SIGTERM: .terminated
        default: nil
        }
    }
}

/// Makes a write that cannot be done an error instead of the end of the process: one to a pipe that nobody reads
/// (`OutputError.readerGone`), and one beyond the size that files may have (`RLIMIT_FSIZE`).
func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
}

/// Ends the process as the system ends one that writes to a pipe that nobody reads: quietly, by SIGPIPE, which a
/// shell shows as 141.
func endAsBrokenPipe() -> Never {
    signal(SIGPIPE, SIG_DFL)
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGPIPE)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(SIGPIPE)
    // Not reached unless the signal is kept from the process from outside.
    exit(128 + SIGPIPE)
}
