import Arguments
import Checkpoints
import Glibc
import JSON
import ModelZoo
import TensorCore

/// `zoo run`: arrays through a model.
enum RunCommand: Subcommand {
    private static let input = Option.text(
        "--input", "-i", value: "NAME=FILE", kind: .file(extensions: ["npy"]),
        help: "The array file (.npy) of an input, such as pixel_values=x.npy"
    ).repeatable()
    private static let output = Option.text(
        "--output", "-o", value: "NAME", help: "Write only this output, such as logits"
    ).repeatable()
    private static let folder = Option.folder(
        "--output-dir", "-d", help: "Write NAME.npy of each output here; made where it is missing"
    ).required()

    static let command = Command(
        "run", summary: "Run arrays through a model",
        discussion: """
            Inputs and outputs are NumPy array files in the shapes of PyTorch, named as in the forward function of the \
            reference. An image classifier takes pixel_values and gives logits, features (what enters the last layer) \
            and feature_map. Files of earlier runs are replaced.
            """,
        arguments: [SharedOptions.modelArgument],
        options: [input, folder, output, SharedOptions.threads, SharedOptions.json],
        examples: [
            Command.Example(
                "zoo run resnet-cifar10 --input pixel_values=x.npy --output-dir results", "Every output of a model"),
            Command.Example(
                "zoo run ./vit -i pixel_values=x.npy -d results --output logits", "The logits alone, in least memory"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let files = try assignments(parsed[input], parsed)
        let entry = try context.registry.find(parsed[SharedOptions.modelArgument])
        let runtime = context.runtime(threads: parsed[SharedOptions.threads])
        let model = try AnyModel(folder: entry.folder, runtime: runtime)
        let outputs = try chosen(parsed[output], model, parsed)
        try check(files, model, parsed)

        var inputs: [String: Tensor] = [:]
        for (name, file) in files { inputs[name] = try array(file) }
        let results = try model.run(inputs, outputs: outputs)
        let folder = parsed[folder]
        try makeFolder(folder)
        var written = JSONObject()
        for name in outputs {
            guard let result = results[name] else { throw Failure("the model gave no output \(name)", .internalError) }
            let path = FileSystem.join(folder, "\(name).npy")
            try write(result, to: path)
            let shape = result.shape.dimensions
            written[name] = ["file": JSONValue(path), "shape": .array(shape.map { JSONValue($0) })]
            if !parsed[SharedOptions.json] { try context.output.write("\(printable(path))  \(result.shape)") }
        }
        if parsed[SharedOptions.json] {
            try context.write(["model": JSONValue(entry.name), "outputs": .object(written)])
        }
        return .success
    }

    /// The file of each input, from words of the form `NAME=FILE`.
    private static func assignments(_ words: [String], _ parsed: ParsedArguments) throws(UsageError) -> [String: String]
    {
        var files: [String: String] = [:]
        for word in words {
            guard let sign = word.firstIndex(of: "="), sign != word.startIndex, word.last != "=" else {
                throw UsageError("option '--input': '\(printable(word))' is not NAME=FILE", path: parsed.path)
            }
            let name = String(word[..<sign])
            guard files[name] == nil else {
                throw UsageError("option '--input': '\(printable(name))' is given twice", path: parsed.path)
            }
            files[name] = String(word[word.index(after: sign)...])
        }
        return files
    }

    private static func chosen(
        _ names: [String], _ model: AnyModel, _ parsed: ParsedArguments
    ) throws(UsageError) -> [String] {
        for name in names where !model.outputNames.contains(name) {
            throw UsageError(
                "the model has no output '\(printable(name))', it gives \(model.outputNames.joined(separator: ", "))",
                path: parsed.path)
        }
        return names.isEmpty ? model.outputNames : model.outputNames.filter(names.contains)
    }

    private static func check(
        _ files: [String: String], _ model: AnyModel, _ parsed: ParsedArguments
    ) throws(UsageError) {
        let known = model.inputNames.joined(separator: ", ")
        for name in files.keys.sorted() where !model.inputNames.contains(name) {
            throw UsageError("the model has no input '\(printable(name))', it takes \(known)", path: parsed.path)
        }
        for name in model.inputNames where files[name] == nil {
            throw UsageError(
                "input '\(name)' is missing: give --input \(name)=FILE.npy; the model takes \(known)", path: parsed.path
            )
        }
    }

    /// The tensor in an array file.
    private static func array(_ file: String) throws(Failure) -> Tensor {
        do throws(CheckpointError) {
            return try Tensor(NPY(file: file, limit: ReferenceCases.arrayLimit), file: file)
        } catch {
            switch error {
            case .file(let error): throw Failure(error)
            case .npy(let error): throw Failure(error)
            default: throw Failure(error.description, .badData)
            }
        }
    }
}

/// Writes a tensor's values as an array file.
func write(_ tensor: Tensor, to path: String) throws(Failure) {
    do throws(CheckpointError) {
        try NPY(tensor.floats, shape: tensor.shape.dimensions).write(to: path)
    } catch { throw Failure(error.description, .inputOutput) }
}

/// Makes a folder and those above it that are missing.
private func makeFolder(_ path: String) throws(Failure) {
    var folder = path.hasPrefix("/") ? "/" : ""
    for name in path.split(separator: "/") {
        folder = FileSystem.join(folder, String(name))
        guard mkdir(folder, 0o777) != 0, errno != EEXIST else { continue }
        throw Failure("\(printable(folder)): cannot make the folder: \(systemMessage(errno))", .inputOutput)
    }
}
