import TensorCore

/// How long runs of a kernel took.
struct Timing {
    /// The median of the samples, seconds a run.
    let median: Double
    /// The shortest sample, seconds a run.
    let least: Double
    /// Runs in all.
    let runs: Int
    /// The median speed of multiply-adds in registers, measured between the samples; floating-point operations per
    /// second.
    let peak: Double

    /// A sample of a very short kernel is several runs together, at least as long as this.
    private static let sampleSeconds = 200e-6
    private static let leastSamples = 5
    /// Samples are taken for so many seconds at a time, and the peak is measured between: on a machine whose speed
    /// changes, only what was measured side by side can be compared.
    private static let roundSeconds = 20e-3
    /// About two milliseconds.
    private static let peakRounds = 50_000

    /// Times `run` for about `seconds`, after a warm-up.
    init(_ run: KernelCase.Run, on runtime: Runtime, seconds: Double) {
        var runsASample = 1
        // The first samples warm up as well: caches, memory of the results, threads.
        while Self.time(runsASample, of: run, on: runtime, for: 0)[0] < Self.sampleSeconds, runsASample < 1 << 20 {
            runsASample *= 2
        }
        let end = monotonicSeconds() + seconds
        var samples: [Double] = []
        var peaks: [Double] = []
        repeat {
            samples += Self.time(runsASample, of: run, on: runtime, for: Self.roundSeconds)
            // The better of two: the first one may have waited for threads that slept.
            peaks.append(
                max(
                    runtime.multiplyAddSpeed(rounds: Self.peakRounds),
                    runtime.multiplyAddSpeed(rounds: Self.peakRounds)))
        } while monotonicSeconds() < end || samples.count < Self.leastSamples
        samples.sort()
        median = Self.median(samples) / Double(runsASample)
        least = samples[0] / Double(runsASample)
        runs = samples.count * runsASample
        peak = Self.median(peaks.sorted())
    }

    private static func median(_ sorted: [Double]) -> Double {
        (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// Samples for `seconds`, at least one: seconds of `count` runs.
    private static func time(
        _ count: Int, of run: KernelCase.Run, on runtime: Runtime, for seconds: Double
    ) -> [Double] {
        func samples(_ body: () -> Void) -> [Double] {
            let end = monotonicSeconds() + seconds
            var samples: [Double] = []
            repeat {
                let start = monotonicSeconds()
                for _ in 0..<count { body() }
                samples.append(monotonicSeconds() - start)
            } while monotonicSeconds() < end
            return samples
        }
        switch run {
        case .workspace(let body): return runtime.withWorkspace { ws in samples { body(ws) } }
        case .runtime(let body): return samples { body(runtime) }
        }
    }
}
