import JSON

/// How long a run of `zoo generate` takes: in all, and a step of the network.
struct GenerationTimes {
    /// Runs shorter than this, in seconds, say nothing.
    private static let worthSaying = 2.0

    private let start = monotonicSeconds()
    private var last = monotonicSeconds()
    private var stepSeconds = 0.0
    private var steps = 0

    /// Pictures are begun.
    mutating func begin() { last = monotonicSeconds() }

    /// A step is done.
    mutating func step() {
        let now = monotonicSeconds()
        (stepSeconds, steps, last) = (stepSeconds + now - last, steps + 1, now)
    }

    /// Seconds since the run began.
    var seconds: Double { monotonicSeconds() - start }

    /// Seconds of a step, of all pictures that are made at a time; `nil` where there was none.
    var secondsPerStep: Double? { steps > 0 ? stepSeconds / Double(steps) : nil }

    /// What is told of a run that took a person's time; `nil` for shorter ones.
    var summary: String? {
        guard seconds >= Self.worthSaying else { return nil }
        var parts: [String] = []
        if let secondsPerStep { parts.append("\(Format.duration(seconds: secondsPerStep)) a step") }
        parts.append("\(Format.duration(seconds: seconds)) in all")
        if let peak = Machine.peakMemory { parts.append("peak memory \(Format.bytes(peak))") }
        return parts.joined(separator: ", ")
    }

    /// The same for programs, so far.
    var fields: [(name: String, value: JSONValue)] {
        [
            ("seconds", JSONValue(seconds)), ("seconds_per_step", secondsPerStep.map { JSONValue($0) } ?? .null),
            ("peak_memory_bytes", Machine.peakMemory.map { JSONValue($0) } ?? .null),
        ]
    }
}
