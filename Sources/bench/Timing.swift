import TensorCore

/// How long runs of a kernel took.
struct Timing {
    /// The median of the samples, seconds a run.
    let median: Double
    /// The shortest sample, seconds a run.
    let least: Double
    /// Runs in all.
    let runs: Int

    /// A sample of a very short kernel is several runs together, at least as long as this.
    private static let sampleSeconds = 200e-6
    private static let leastSamples = 5

    /// Times `run` for about `seconds`, after a warm-up.
    init(_ run: KernelCase.Run, on runtime: Runtime, seconds: Double) {
        switch run {
        case .workspace(let body):
            self = runtime.withWorkspace { ws in Timing(seconds) { body(ws) } }
        case .runtime(let body):
            self.init(seconds) { body(runtime) }
        }
    }

    private init(_ seconds: Double, _ body: () -> Void) {
        var runsASample = 1
        // The first round warms up as well: caches, memory of the results, threads.
        while Self.time(runsASample, body) < Self.sampleSeconds, runsASample < 1 << 20 { runsASample *= 2 }
        let end = monotonicSeconds() + seconds
        var samples: [Double] = []
        repeat {
            samples.append(Self.time(runsASample, body) / Double(runsASample))
        } while monotonicSeconds() < end || samples.count < Self.leastSamples
        samples.sort()
        median = (samples[(samples.count - 1) / 2] + samples[samples.count / 2]) / 2
        least = samples[0]
        runs = samples.count * runsASample
    }

    private static func time(_ count: Int, _ body: () -> Void) -> Double {
        let start = monotonicSeconds()
        for _ in 0..<count { body() }
        return monotonicSeconds() - start
    }
}
