import Arguments
import Audio
import Checkpoints
import JSON
import Media
import ModelZoo
import TensorCore

/// `zoo doctor`: the computer, the installation, and what is wrong with them.
enum DoctorCommand: Subcommand {
    static let command = Command(
        "doctor", summary: "Check this computer and the installation",
        discussion: "The exit code is 69 where no model can be used or one is broken.",
        options: [SharedOptions.threads, SharedOptions.json],
        examples: [
            Command.Example("zoo doctor", "Processor, threads, libraries, registries, caches, and a verdict"),
            Command.Example("ZOO_TIER=avx2 zoo doctor --threads 1", "The same within limits"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let examination = Examination(context, threads: parsed[SharedOptions.threads])
        if parsed[SharedOptions.json] {
            try context.write(examination.json)
        } else {
            try examination.write(to: context)
        }
        return examination.problems.isEmpty ? .success : .unavailable
    }
}

/// What was found.
private struct Examination {
    /// One folder of the registry.
    private struct Root {
        let folder: String
        /// Names of the models in it; `nil` where there is no such folder.
        let models: [String]?
    }

    private let runtime: Runtime
    private let peak: Double
    private let bandwidth: Double
    private let roots: [Root]
    private let cache: (folder: String, models: Int)?
    /// What keeps models from being used, and what to do.
    private(set) var problems: [String] = []
    /// What is merely worth knowing.
    private var hints: [String] = []

    init(_ context: CommandContext, threads: Int?) {
        runtime = context.runtime(threads: threads)
        peak = runtime.measuredPeak()
        bandwidth = Machine.copyBandwidth(runtime)
        roots = context.registry.roots.map { folder in
            Root(
                folder: folder,
                models: FileSystem.isDirectory(folder) ? Registry(roots: [folder]).entries().map(\.name) : nil)
        }
        if let found = try? HFCache(environment: context.environment) {
            cache = (found.folder, (try? found.repositories().count) ?? 0)
        } else {
            cache = nil
        }
        examineModels(context)
        examineSpeed(context)
    }

    private mutating func examineModels(_ context: CommandContext) {
        let entries = context.registry.entries()
        if entries.isEmpty {
            problems.append("no models were found: name a folder of models with --registry or ZOO_MODELS")
        }
        let planner = context.runtime(threads: 1)
        for entry in entries {
            guard let failure = ModelSummary(entry, context, planner).failure else { continue }
            problems.append("\(entry.name) is broken: \(oneLine(failure.message)); get it again or remove the folder")
        }
        problems += ListCommand.strays(context.registry).map { "\($0.name) is broken: \($0.problem)" }
    }

    private mutating func examineSpeed(_ context: CommandContext) {
        if runtime.tier < .best {
            hints.append("ZOO_TIER limits the instruction set to \(runtime.tier.rawValue): unset it for full speed")
        } else if runtime.tier == .portable {
            hints.append("this processor has neither AVX2 nor NEON: models run several times slower than they could")
        }
        let usable = Runtime.defaultThreads
        if usable < Machine.processors {
            hints.append("this process may use \(usable) of \(Machine.processors) processors (affinity or CPU quota)")
        }
        if runtime.threads > usable {
            hints.append(
                "\(runtime.threads) threads on \(usable) processors are slower than \(usable): leave --threads out")
        }
    }

    func write(to context: CommandContext) throws(OutputError) {
        for (name, value) in rows {
            let margin = String(repeating: " ", count: max(1, 14 - name.count))
            try context.output.write(context.terminal.styled(name, .bold) + margin + printable(value, limit: 2000))
        }
        try context.output.write("")
        for problem in problems {
            try context.output.write("\(context.terminal.styled("Problem:", .red)) \(printable(problem, limit: 2000))")
        }
        for hint in hints { try context.output.write("\(context.terminal.styled("Note:", .yellow)) \(hint)") }
        if problems.isEmpty { try context.output.write(context.terminal.styled("Everything needed is there.", .green)) }
    }

    private var rows: [(String, String)] {
        let tiers = Tier.allCases.filter(\.isSupported).map(\.rawValue).joined(separator: ", ")
        var rows = [
            ("Version", "zoo \(ZooCommand.version)"), ("Processor", Machine.processor),
            ("Instructions", "\(runtime.tier.rawValue) (this processor can run \(tiers))"),
            ("Threads", "\(runtime.threads) (\(Runtime.defaultThreads) usable, \(Machine.processors) processors)"),
            ("fp32 peak", "\(Format.count(peak, unit: "FLOP/s")), measured"),
            ("Memory", "\(Format.bytes(Machine.memory)), copied at \(Format.count(bandwidth, unit: "B/s"))"),
            (
                "Libraries",
                Self.libraryVersions.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
            ),
        ]
        for root in roots {
            let content = root.models.map { $0.isEmpty ? "no models" : $0.joined(separator: ", ") } ?? "not there"
            rows.append(("Registry", "\(root.folder): \(content)"))
        }
        let found = cache.map { "\($0.folder): \($0.models) model\($0.models == 1 ? "" : "s")" }
        rows.append(("Hugging Face", found ?? "no cache folder: neither HF_HOME nor HOME is set"))
        return rows
    }

    var json: JSONValue {
        [
            "version": JSONValue(ZooCommand.version), "processor": JSONValue(Machine.processor),
            "tier": JSONValue(runtime.tier.rawValue),
            "tiers": .array(Tier.allCases.filter(\.isSupported).map { JSONValue($0.rawValue) }),
            "threads": JSONValue(runtime.threads), "usable_threads": JSONValue(Runtime.defaultThreads),
            "processors": JSONValue(Machine.processors), "peak_gflops": JSONValue(peak / 1e9),
            "memory_bytes": JSONValue(Machine.memory), "copy_gb_per_second": JSONValue(bandwidth / 1e9),
            "libraries": .object(libraries),
            "registries": .array(
                roots.map { root in
                    [
                        "folder": JSONValue(root.folder), "exists": JSONValue(root.models != nil),
                        "models": .array((root.models ?? []).map { JSONValue($0) }),
                    ]
                }),
            "hugging_face_cache": JSONValue(optional: cache) {
                ["folder": JSONValue($0.folder), "models": JSONValue($0.models)]
            },
            "problems": .array(problems.map { JSONValue($0) }), "notes": .array(hints.map { JSONValue($0) }),
        ]
    }

    private static var libraryVersions: [(name: String, version: String)] {
        ImageLibraries.versions + [("libsndfile", SoundLibrary.version)]
    }

    private var libraries: JSONObject {
        var object = JSONObject()
        for library in Self.libraryVersions { object[library.name] = JSONValue(library.version) }
        return object
    }
}
