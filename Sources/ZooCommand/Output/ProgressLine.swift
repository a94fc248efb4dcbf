import Arguments
import Glibc

/// One line on stderr that says how far a long piece of work is: `classify  120/1000  45.2/s  19 s left`.
///
/// It is there only where a person looks at stderr, appears when the work takes two seconds or can be seen to, changes
/// ten times a second at most, and goes when the work ends. Messages go through `message(_:)`, so that they and the
/// line do not run into each other.
final class ProgressLine {
    private let label: String
    private let total: Int?
    private let countsBytes: Bool
    private let isShown: Bool
    private let columns: Int
    private let now: () -> Double
    private let sink: (String) -> Void
    private let start: Double
    private var done = 0
    /// Of these, what took no work.
    private var given = 0
    private var lastDrawn: Double?

    /// Starts the clock.
    ///
    /// - Parameters:
    ///   - label: what is being done, one word or two.
    ///   - total: how many pieces there are, where it is known.
    ///   - terminal: where stderr goes.
    ///   - isQuiet: true where no line is wanted at all.
    ///   - countsBytes: whether the pieces are bytes.
    ///   - now: seconds on a clock that never goes back.
    ///   - sink: takes what is to be written.
    init(
        _ label: String, total: Int?, terminal: Terminal, isQuiet: Bool, countsBytes: Bool = false,
        now: @escaping () -> Double = monotonicSeconds, sink: @escaping (String) -> Void = writeToStandardError
    ) {
        self.label = label
        self.total = total
        self.countsBytes = countsBytes
        isShown = terminal.isInteractive && !isQuiet
        columns = terminal.columns
        self.now = now
        self.sink = sink
        start = now()
    }

    /// Says that `count` more pieces are done.
    ///
    /// - Parameters:
    ///   - count: the pieces; fewer than none take some back.
    ///   - isWork: false where they were there before, which says nothing of the speed.
    func advance(by count: Int = 1, isWork: Bool = true) {
        done += count
        if !isWork { given += count }
        guard isShown else { return }
        let time = now()
        let elapsed = time - start
        if let lastDrawn {
            guard time - lastDrawn >= ProgressLine.interval else { return }
        } else if elapsed < ProgressLine.delay {
            // An estimate is worth something only once a part of the work has been seen.
            guard elapsed >= ProgressLine.interval, let left = secondsLeft(elapsed),
                elapsed + left >= ProgressLine.delay
            else {
                return
            }
        }
        draw(time)
    }

    /// Writes a whole line of its own, also where no progress is shown.
    func message(_ text: String) {
        let wasDrawn = lastDrawn != nil
        clear()
        sink("\(text)\n")
        if wasDrawn {
            draw(now())
        }
    }

    /// Takes the line away. Call it when the work ends; more progress would bring it back.
    func finish() {
        clear()
    }

    private static let delay = 2.0
    private static let interval = 0.1

    private func secondsLeft(_ elapsed: Double) -> Double? {
        guard let total, done > given, total >= done else { return nil }
        return elapsed / Double(done - given) * Double(total - done)
    }

    private func draw(_ time: Double) {
        let elapsed = time - start
        let shown = { [countsBytes] (count: Int) in countsBytes ? Format.bytes(count) : "\(count)" }
        var parts = [label, total.map { "\(shown(done))/\(shown($0))" } ?? shown(done)]
        if done > given, elapsed > 0 {
            let speed = Double(done - given) / elapsed
            let text = countsBytes ? Format.bytes(Int(min(speed, 1e15))) : Format.count((speed * 10).rounded() / 10)
            parts.append("\(text)/s")
        }
        if let left = secondsLeft(elapsed) {
            parts.append("\(Format.wholeSeconds(left)) left")
        }
        // The last column stays free: a terminal may wrap when it is written to.
        let line = truncated(printable(parts.joined(separator: "  ")), to: columns - 1, ellipsis: "...")
        sink("\r\(line)\u{1B}[K")
        lastDrawn = time
    }

    private func clear() {
        guard lastDrawn != nil else { return }
        sink("\r\u{1B}[K")
        lastDrawn = nil
    }
}

/// Seconds on a clock that never goes back, from an arbitrary start.
func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Writes to stderr; where that fails there is nowhere left to say so.
func writeToStandardError(_ text: String) {
    try? writeAll(text.utf8, to: 2, called: "standard error")
}
