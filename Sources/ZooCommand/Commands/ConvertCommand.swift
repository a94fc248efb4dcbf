import Arguments
import Checkpoints
import JSON
import ModelZoo
import TensorCore

/// `zoo convert`: weights as one safetensors file.
enum ConvertCommand: Subcommand {
    /// Element types that floats can be converted to, by the names of the command line.
    private enum TargetType: String, CaseIterable, Sendable {
        case float32, float16, bfloat16

        var dtype: DType {
            switch self {
            case .float32: .float32
            case .float16: .float16
            case .bfloat16: .bfloat16
            }
        }
    }

    private static let output = Option.file(
        "--output", "-o", extensions: ["safetensors"], help: "The file to write, OUT.safetensors"
    ).required()
    private static let type = Option<TargetType?>.choice(
        "--dtype", value: "TYPE", help: "Store every tensor of floats so; as it is if left out")
    private static let force = Option.flag("--force", "-f", help: "Replace a file that is there")
    private static let input = Argument(
        "IN", .file(extensions: ["bin", "pt", "pth", "th", "ckpt", "tar", "safetensors", "json"]),
        help: "A file of weights, an index of shards, or a folder with either")

    static let command = Command(
        "convert", summary: "Make one safetensors file of any weights",
        discussion: """
            Reads files of torch.save (.bin, .pt, .pth, .pth.tar, .th, .ckpt: the zip format and the one before it), \
            safetensors, and shards by their index. Nothing in a file is run: what holds more than weights and plain \
            data is refused by name.
            Weights are found under the keys of common training scripts (state_dict, model, params ...), and prefixes \
            of wrappers (module., _orig_mod.) are taken off. With --ema the running average is taken, which such files \
            keep as model_ema, state_dict_ema and the like.
            The result is byte for byte what safetensors.torch.save_file writes with the metadata {"format": "pt"}. Of \
            several names of one tensor the first is kept, and the metadata name it for the others, as save_model does \
            it. The file takes its name when it is whole.
            """,
        arguments: [input], options: [output, SharedOptions.ema, type, force, SharedOptions.json],
        examples: [
            Command.Example("zoo convert pytorch_model.bin -o model.safetensors", "What 'zoo' and others load faster"),
            Command.Example("zoo convert --ema checkpoint-best.pth -o model.safetensors", "The average of a training"),
            Command.Example("zoo convert ./large -o half.safetensors --dtype float16", "Shards as one file of half"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let (from, to) = (parsed[input], parsed[output])
        guard to.hasSuffix(".safetensors") else {
            throw UsageError(
                "option '--output': '\(printable(to))' does not end in .safetensors", path: parsed.path)
        }
        guard parsed[force] || !FileSystem.exists(to) else {
            throw UsageError(
                "'\(printable(to))' is there already: give another name, or replace it with --force", path: parsed.path)
        }
        let type = parsed[type]?.dtype
        let checkpoint: Checkpoint
        let summary: ConversionSummary?
        do throws(CheckpointError) {
            checkpoint =
                FileSystem.isDirectory(from)
                ? try Checkpoint.open(folder: from, choice: WeightChoice(usesEMA: parsed[SharedOptions.ema]))
                : try Checkpoint.open(file: from, usesEMA: parsed[SharedOptions.ema])
            for note in checkpoint.notes { context.note(note) }
            summary = try Safetensors.write(checkpoint, as: type, to: to) { Interruption.exitCode != nil }
        } catch {
            if case .file(let error) = error { throw Failure(error) }
            throw Failure(error.description, .badData)
        }
        // Interrupted: nothing was written, and the exit code says so.
        guard let summary else { return .success }
        if parsed[SharedOptions.json] {
            try context.write(json(summary, checkpoint, from, to))
        } else {
            try write(summary, to, context)
        }
        return .success
    }

    private static func write(
        _ summary: ConversionSummary, _ path: String, _ context: CommandContext
    ) throws(OutputError) {
        let noun = summary.tensorCount == 1 ? "tensor" : "tensors"
        try context.output.write(
            "\(printable(path))  \(summary.tensorCount) \(noun), \(Format.bytes(summary.byteCount))")
        for (name, kept) in summary.dropped {
            try context.output.write("  \(printable(name)) is another name of \(printable(kept)), which is kept")
        }
    }

    private static func json(
        _ summary: ConversionSummary, _ checkpoint: Checkpoint, _ input: String, _ output: String
    ) -> JSONValue {
        var dropped = JSONObject()
        for (name, kept) in summary.dropped { dropped[name] = JSONValue(kept) }
        return [
            "input": JSONValue(input), "files": .array(checkpoint.files.map { JSONValue($0) }),
            "output": JSONValue(output), "tensors": JSONValue(summary.tensorCount),
            "bytes": JSONValue(summary.byteCount), "dropped": .object(dropped),
        ]
    }
}
