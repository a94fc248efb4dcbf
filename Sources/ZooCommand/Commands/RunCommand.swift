import Arguments
import Checkpoints
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
            and feature_map. A dual encoder gives image_embeds for pixel_values, text_embeds for input_ids with or \
            without attention_mask (both before normalisation), also logits_per_image for both, and \
            last_hidden_state of the texts where it is asked for. A sentence encoder gives last_hidden_state and \
            sentence_embedding for input_ids, attention_mask and token_type_ids, of which \
            the first is needed. An audio encoder gives logits for input_values with or without attention_mask, or \
            last_hidden_state where it has no head; with a head that, greedy_ids of one for CTC, and hidden_states of \
            all layers where they are asked for. A GAN gives image for z, with class_labels and truncation where it was \
            trained so; a diffusion model noise_pred for sample and timestep, with class_labels where it has classes. A \
            latent diffusion model gives last_hidden_state for input_ids, noise_pred for sample, timestep and \
            encoder_hidden_states, and image for z. Files of earlier runs are replaced.
            """,
        arguments: [SharedOptions.modelArgument],
        options: [
            input, folder, output, SharedOptions.ema, SharedOptions.language, SharedOptions.threads,
            SharedOptions.dtype, SharedOptions.maxMemory, SharedOptions.json,
        ],
        examples: [
            Command.Example(
                "zoo run resnet-cifar10 --input pixel_values=x.npy --output-dir results", "Every output of a model"),
            Command.Example(
                "zoo run ./vit -i pixel_values=x.npy -d results --output logits", "The logits alone, in least memory"),
            Command.Example(
                "zoo run ./wav2vec2-base -i input_values=x.npy -d results -o greedy_ids", "Each frame's best token"),
            Command.Example(
                "zoo run ./clip -i pixel_values=x.npy -i input_ids=ids.npy -d results", "Pictures and texts together"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let files = try assignments(parsed[input], parsed)
        let named = try context.find(parsed[SharedOptions.modelArgument])
        let entry = SharedOptions.weights(of: named, parsed, context)
        let runtime = context.runtime(parsed, for: entry)
        let wanted = try outputs(files, AnyModel.Family(folder: entry.folder), parsed)
        let towers = AnyModel.Family.towers(for: files.keys)
        let language = try SharedOptions.language(parsed, entry)
        // What is wrong with the model is told before what is wrong with an array.
        try context.admit(entry.folder, entry.weights, runtime, towers: towers, language: language, for: .arrays([:]))
        var inputs: [String: Tensor] = [:]
        for (name, file) in files { inputs[name] = try array(file) }
        let model = try context.model(
            entry, runtime, towers: towers, language: language, for: .arrays(inputs.mapValues(\.shape)))
        let outputs = try wanted ?? model.outputNames(given: files.keys)
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

    /// The outputs that are named, `nil` where none is; the inputs must be enough for them.
    private static func outputs(
        _ files: [String: String], _ family: AnyModel.Family, _ parsed: ParsedArguments
    ) throws(UsageError) -> [String]? {
        for name in files.keys.sorted() where !family.inputNames.contains(name) {
            throw UsageError(
                "the model has no input '\(printable(name))', it takes \(family.usage)", path: parsed.path)
        }
        let names = parsed[output]
        let known = family.outputNames + family.extraOutputNames(given: family.inputNames)
        for name in names where !known.contains(name) {
            throw UsageError(
                "the model has no output '\(printable(name))', it gives \(known.joined(separator: ", "))",
                path: parsed.path)
        }
        var possible: [String]
        do throws(ModelError) { possible = try family.outputNames(given: files.keys) } catch {
            // A mask alone belongs to the text of a model that reads texts.
            let belongsToText = files["attention_mask"] != nil && family.inputNames.contains("input_ids")
            let missing = belongsToText ? "input_ids" : family.inputNames[0]
            throw UsageError(
                "input '\(missing)' is missing: give --input \(missing)=FILE.npy; the model takes \(family.usage)",
                path: parsed.path)
        }
        possible += family.extraOutputNames(given: files.keys)
        for name in names where !possible.contains(name) {
            throw UsageError(
                "the inputs are not enough for '\(name)'; they give \(possible.joined(separator: ", "))",
                path: parsed.path)
        }
        return names.isEmpty ? nil : possible.filter(names.contains)
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
        let shape = tensor.shape.dimensions
        let array = tensor.dtype == .int64 ? NPY(tensor.integers, shape: shape) : NPY(tensor.floats, shape: shape)
        try array.write(to: path)
    } catch { throw Failure(error.description, .inputOutput) }
}
