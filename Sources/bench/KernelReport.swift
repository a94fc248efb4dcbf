import JSON
import TensorCore

/// One timed kernel, as a line of the table or of JSON.
struct KernelReport {
    let kernel: KernelCase
    let timing: Timing
    let tier: Tier
    let threads: Int

    /// The table's first line.
    static let heading = line(["operation", "shape", "tier", "median µs", "least µs", "speed", "of peak"])

    /// The table's line.
    var row: String {
        let speed: String
        var share = ""
        switch kernel.measure {
        case .operations(let count):
            speed = "\(Self.decimal(count / timing.median / 1e9)) GFLOP/s"
            share = "\(Self.decimal(count / timing.median / timing.peak * 100)) %"
        case .bytes(let count): speed = "\(Self.decimal(count / timing.median / 1e9)) GB/s"
        case .calls: speed = ""
        }
        return Self.line([
            kernel.operation, kernel.shape, tier.rawValue, Self.decimal(timing.median * 1e6),
            Self.decimal(timing.least * 1e6), speed, share,
        ])
    }

    /// The same for programs.
    var json: JSONValue {
        var object: JSONObject = [
            "operation": .init(kernel.operation), "shape": .init(kernel.shape), "tier": .init(tier.rawValue),
            "threads": .init(threads), "runs": .init(timing.runs), "median_us": .init(timing.median * 1e6),
            "min_us": .init(timing.least * 1e6), "peak_gflops": .init(timing.peak / 1e9),
        ]
        switch kernel.measure {
        case .operations(let count):
            object["gflops"] = .init(count / timing.median / 1e9)
            object["peak_share"] = .init(count / timing.median / timing.peak)
        case .bytes(let count): object["gb_per_s"] = .init(count / timing.median / 1e9)
        case .calls: break
        }
        return .object(object)
    }

    private static let widths = [32, 24, 8, 11, 11, 15, 8]

    /// Two columns of text to the left, figures to the right.
    private static func line(_ cells: [String]) -> String {
        var line = ""
        for (column, (cell, width)) in zip(cells, widths).enumerated() {
            let space = String(repeating: " ", count: max(0, width - cell.count))
            line += column < 3 ? cell + space : space + cell
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// One digit after the point.
    private static func decimal(_ value: Double) -> String {
        let tenths = Int((min(max(value, 0), 1e12) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
