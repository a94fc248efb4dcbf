import Arguments
import Glibc
import JSON
import TensorCore

/// Times the kernels one by one and says how near they come to the machine's peak.
@main
enum KernelBenchmark {
    private static let filter = Option<String?>.text(
        "--filter", value: "TEXT", help: "Time only the kernels whose operation or shape contains TEXT")
    private static let threads = Option<Int?>.int(
        "--threads", "-t", value: "N", range: 1...256, help: "Threads to use; all processors where left out")
    private static let tier = Option<Tier?>.choice(
        "--tier", value: "TIER", help: "Highest instruction-set tier to use; the best this processor has where left out"
    )
    private static let seconds = Option<Double>.double(
        "--seconds", value: "S", default: 0.3, range: 0...60, help: "Seconds for each kernel")
    private static let json = Option<Bool>.flag("--json", help: "Print one JSON object a kernel")

    private static let command = Command(
        "zoo-bench", summary: "Time the kernels that models are made of",
        discussion: """
            The peak is that of independent fused multiply-adds in registers, measured with the same tier and threads \
            between a kernel's runs, medians of both. Winograd convolutions are counted as direct ones, so they can \
            exceed it.
            """,
        options: [filter, threads, tier, seconds, json])

    static func main() {
        do throws(UsageError) {
            switch try command.parse(Array(CommandLine.arguments.dropFirst())) {
            case .run(let parsed): run(parsed)
            case .help(let path, _): print(command.help(for: path))
            case .version: print("zoo-bench")
            }
        } catch {
            let message = Array("zoo-bench: \(error)\n".utf8)
            _ = write(2, message, message.count)
            exit(2)
        }
    }

    private static func run(_ parsed: ParsedArguments) {
        let runtime = Runtime(threads: parsed[threads], tier: parsed[tier])
        let text = parsed[filter] ?? ""
        let chosen = KernelTable.cases.filter { text.isEmpty || $0.title.contains(text) }
        if !parsed[json] {
            print("\(runtime.tier.rawValue), \(runtime.threads) \(runtime.threads == 1 ? "thread" : "threads")")
            print(KernelReport.heading)
        }
        for kernel in chosen {
            let timing = Timing(kernel.prepare(runtime), on: runtime, seconds: parsed[seconds])
            let report = KernelReport(kernel: kernel, timing: timing, tier: runtime.tier, threads: runtime.threads)
            print(parsed[json] ? report.json.serialized() : report.row)
            fflush(nil)  // line by line, into a pipe too
        }
    }
}
