import Arguments
import Checkpoints
import JSON
import ModelZoo

/// `zoo quantize`: a model's folder with its matrices in eight bits.
enum QuantizeCommand: Subcommand {
    private static let output = Option.folder("--output", "-o", help: "The folder to make").required()

    static let command = Command(
        "quantize", summary: "Write a model's folder with its weights in eight bits",
        discussion: """
            The matrices of linear layers become integers with a scale for each output, what '--dtype int8' makes of \
            them at every start, and of a convolutional network those of convolutions; vectors, tables of embeddings \
            and kernels that are faster as floats stay as they are. The new folder is loaded as any other, in eight bits unless '--dtype' says \
            otherwise, and gives the same results as '--dtype int8' gives with the old one. It takes its name when it \
            is whole.
            Weights are stored in the format of compressed-tensors (int-quantized, a scale a channel), and the \
            configuration says so. Everything else of the folder is copied, but for card.json: what it states was \
            measured with other weights. Measure the new ones with 'zoo verify' or 'zoo eval'.
            """,
        arguments: [SharedOptions.modelArgument], options: [output, SharedOptions.ema, SharedOptions.json],
        examples: [
            Command.Example("zoo quantize ./vit-base -o vit-base-int8", "346 MB become 90 MB"),
            Command.Example("zoo verify vit-base-int8", "How far its outputs are from the reference's"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let target = parsed[output]
        guard !FileSystem.exists(target) else {
            throw UsageError("'\(printable(target))' is there already: give another name", path: parsed.path)
        }
        let entry = SharedOptions.weights(of: try context.find(parsed[SharedOptions.modelArgument]), parsed, context)
        guard !entry.isSingleFile else {
            throw UsageError(
                "\(printable(entry.name)) is a pipeline in one file: 'zoo quantize' takes a folder", path: parsed.path)
        }
        let summary: FolderQuantizer.Summary?
        do throws(QuantizationError) {
            let quantizer = try FolderQuantizer(folder: entry.folder, weights: entry.weights)
            var progress: ProgressLine?
            var last = 0
            defer { progress?.finish() }
            summary = try quantizer.write(to: target) { done, total in
                let line =
                    progress
                    ?? ProgressLine(
                        "quantize", total: total, terminal: context.messageTerminal, isQuiet: context.isQuiet,
                        countsBytes: true)
                progress = line
                line.advance(by: done - last)
                last = done
                return Interruption.exitCode == nil
            }
        } catch {
            throw Failure(error)
        }
        // Interrupted: the exit code says so.
        guard let summary else { return .success }
        if parsed[SharedOptions.json] {
            try context.write([
                "input": JSONValue(entry.folder), "output": JSONValue(target),
                "files": .array(summary.files.map { JSONValue($0) }), "matrices": JSONValue(summary.matrixCount),
                "bytes_before": JSONValue(summary.bytesBefore), "bytes": JSONValue(summary.bytesAfter),
                "left_out": .array(summary.leftOut.map { JSONValue($0) }),
            ])
        } else {
            try context.output.write(
                "\(printable(target))  \(summary.matrixCount) matrices in eight bits, "
                    + "\(Format.bytes(summary.bytesBefore)) became \(Format.bytes(summary.bytesAfter))")
            for path in summary.leftOut { context.note("\(printable(path)) was left out") }
        }
        return .success
    }
}
