import JSON
import ModelZoo
import TensorCore

/// What `zoo bench` measured.
struct BenchReport {
    let model: String
    let architecture: String
    /// The reference case whose input was used.
    let reference: String?
    /// The shapes of the inputs.
    let shapes: [Shape]
    let runtime: Runtime
    let loadSeconds: Double
    /// Seconds of each pass, at least one.
    let times: [Double]
    /// Seconds of sound that a pass hears; `nil` where it hears none.
    let soundSeconds: Double?
    /// The machine's floating-point operations a second, measured around the passes.
    let peak: Double
    /// Floating-point operations of a pass.
    let flops: Double
    /// The most memory the process held, in bytes, where it is known.
    let peakMemory: Int?
    /// Bytes that a pass adds to the memory held; `nil` of too few passes.
    let memoryGrowth: Double?
    /// Bytes of activations.
    let activationBytes: Int
    /// Bytes of the threads' scratch memory.
    let scratchBytes: Int
    /// Buffers that the last pass had to allocate.
    let allocations: Int
    /// The account of a measured pass, where its times are wanted.
    let profile: Workspace.Account?

    /// The shape of the first input.
    private var shape: Shape { shapes.first ?? [] }
    private var median: Double {
        let sorted = times.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
    private var least: Double { times.min() ?? 0 }
    private var most: Double { times.max() ?? 0 }
    private var speed: Double { flops / median }

    /// Kinds of operations, the longest first.
    private var kinds: [(name: String, calls: Int, seconds: Double)] {
        (profile?.seconds ?? [:]).map { (name: $0.key, calls: profile?.calls[$0.key] ?? 0, seconds: $0.value) }
            .sorted { $0.seconds != $1.seconds ? $0.seconds > $1.seconds : $0.name < $1.name }
    }

    /// The report for programs.
    var json: JSONValue {
        var object: JSONObject = [
            "model": JSONValue(model), "case": reference.map { JSONValue($0) } ?? .null,
            "batch": JSONValue(shape.rank > 0 ? shape[0] : 1),
            "shape": .array(shape.dimensions.map { JSONValue($0) }), "threads": JSONValue(runtime.threads),
            "tier": JSONValue(runtime.tier.rawValue), "dtype": JSONValue(runtime.weights.rawValue),
            "load_ms": rounded(loadSeconds * 1e3),
            "median_ms": rounded(median * 1e3), "min_ms": rounded(least * 1e3), "max_ms": rounded(most * 1e3),
            "iterations": JSONValue(times.count), "gflop": JSONValue(flops / 1e9), "gflops": rounded(speed / 1e9),
            "peak_gflops": rounded(peak / 1e9), "peak_share": rounded(speed / peak),
            "peak_rss_mb": peakMemory.map { rounded(Double($0) / 1e6) } ?? .null,
            "growth_bytes_per_pass": memoryGrowth.map { rounded($0) } ?? .null,
            "activations_mb": rounded(Double(activationBytes) / 1e6),
            "scratch_mb": rounded(Double(scratchBytes) / 1e6), "allocations": JSONValue(allocations),
        ]
        if let soundSeconds { object["real_time_factor"] = JSONValue((median / soundSeconds * 1e6).rounded() / 1e6) }
        if profile != nil {
            object["profile"] = .array(
                kinds.map { kind in
                    [
                        "kind": JSONValue(kind.name), "calls": JSONValue(kind.calls),
                        "ms": rounded(kind.seconds * 1e3),
                    ]
                })
        }
        return .object(object)
    }

    /// The figures for people.
    func figures(usesUnicode: Bool) -> Table {
        var figures = Table(
            [Table.Column(""), Table.Column("", isElastic: true)], hasHeader: false, usesUnicode: usesUnicode)
        let threads = runtime.threads == 1 ? "1 thread" : "\(runtime.threads) threads"
        let input = (reference.map { "case \($0), " } ?? "") + shapes.map { "\($0)" }.joined(separator: ", ")
        figures.add(["Model", "\(model) (\(architecture))"])
        figures.add(["Input", input])
        figures.add(["Computes on", "\(runtime.tier.rawValue), \(threads), weights in \(runtime.weights.rawValue)"])
        figures.add(["Load", Format.duration(seconds: loadSeconds)])
        figures.add([
            "Latency",
            "median \(Format.duration(seconds: median)), least \(Format.duration(seconds: least)), "
                + "most \(Format.duration(seconds: most)) of \(times.count) passes",
        ])
        if shape.rank > 0, shape[0] > 1 {
            figures.add(["Throughput", "\(Format.count(Double(shape[0]) / median)) inputs a second"])
        }
        if let soundSeconds {
            let factor = median / soundSeconds
            let speed = Format.decimal(1 / max(factor, 1e-9), 1)
            figures.add([
                "Real time",
                "factor \(Format.decimal(factor, 4)), \(speed) times as fast as it plays",
            ])
        }
        figures.add(["Operations", Format.count(flops, unit: "FLOP")])
        figures.add([
            "Speed",
            "\(Format.count(speed, unit: "FLOP/s")), \(Format.percent(speed / peak)) of the measured peak "
                + Format.count(peak, unit: "FLOP/s"),
        ])
        if let peakMemory {
            let growth = memoryGrowth.map { ", growing by \(Format.decimal($0, 1)) B a pass" } ?? ""
            figures.add(["Peak memory", Format.bytes(peakMemory) + growth])
        }
        figures.add([
            "Activations",
            "\(Format.bytes(activationBytes)) and \(Format.bytes(scratchBytes)) of scratch, "
                + "\(allocations) allocations in the last pass",
        ])
        return figures
    }

    /// The time of each kind of operation, where it is wanted.
    func operations(usesUnicode: Bool) -> Table? {
        guard profile != nil else { return nil }
        var parts = Table(
            [
                Table.Column("Operation", isElastic: true), Table.Column("Calls", .right),
                Table.Column("Time", .right), Table.Column("Share", .right),
            ], usesUnicode: usesUnicode)
        let total = kinds.reduce(0) { $0 + $1.seconds }
        for kind in kinds {
            parts.add([
                kind.name, "\(kind.calls)", Format.duration(seconds: kind.seconds),
                Format.percent(total > 0 ? kind.seconds / total : 0),
            ])
        }
        return parts
    }

    /// A figure without digits that mean nothing.
    private func rounded(_ value: Double) -> JSONValue { JSONValue((value * 1e4).rounded() / 1e4) }
}
