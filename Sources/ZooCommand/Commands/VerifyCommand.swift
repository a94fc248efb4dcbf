import Arguments
import Audio
import AudioEncoder
import Checkpoints
import JSON
import Media
import ModelZoo
import TensorCore

/// `zoo verify`: whether a model still gives what its reference gave.
enum VerifyCommand: Subcommand {
    private static let tolerance = Option.double(
        "--tolerance", value: "T", range: 0...1,
        help: "Largest error of an output, as a fraction of the reference's largest value (default 1e-4; 0.02 with "
            + "--dtype bf16, 0.1 with int8)")

    static let command = Command(
        "verify", summary: "Check a model against the reference results stored beside it",
        discussion: """
            Runs every case of ref/manifest.json and compares every output with the reference's; prepares the stored \
            picture, or sound, and compares the values, which must be equal; tokenizes the texts of \
            ref/tokenizer_cases.json, where that is there, into the same ids; compares the SHA-256 of the weights with \
            the card's. The exit code is 65 where a check fails and 69 where there is nothing to check against.
            """,
        arguments: [SharedOptions.modelArgument],
        options: [
            tolerance, SharedOptions.ema, SharedOptions.threads, SharedOptions.dtype, SharedOptions.maxMemory,
            SharedOptions.json,
        ],
        examples: [
            Command.Example("zoo verify resnet-cifar10", "Check a model")
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let named = try context.find(parsed[SharedOptions.modelArgument])
        let entry = SharedOptions.weights(of: named, parsed, context)
        let references = try ReferenceCases(model: entry.folder)
        guard !references.cases.isEmpty || references.preprocessing != nil else {
            throw ReferenceError.noCases(folder: entry.folder)
        }
        let card = try context.registry.card(entry)
        let runtime = context.runtime(parsed, for: entry)
        let model = try context.model(entry, runtime, for: .arrays([:]))
        let tolerance = Float(parsed[tolerance] ?? runtime.weights.tolerance)

        var report = VerifyReport(context: context, model: entry.name, printsJSON: parsed[SharedOptions.json])
        for (file, hash) in (card?.hashes ?? [:]).sorted(by: { $0.key < $1.key }) {
            try report.add(.hash(file: file, agrees: try agrees(file, hash, in: entry.folder)))
        }
        if let preprocessing = references.preprocessing {
            switch preprocessing {
            case .picture(let image, let pixelValues):
                try report.add(pixels(image, pixelValues, references, model))
            case .sound(let audio, let inputValues):
                try report.add(samples(audio, inputValues, references, model))
            }
        }
        let texts = try references.tokenizerCases()
        if !texts.isEmpty {
            guard let tokenizer = try model.tokenizer() else {
                throw Failure(
                    "\(references.folder): there are texts, but \(model.family.noun) reads none", .unavailable)
            }
            let wrong = texts.indices.filter { tokenizer.encode(texts[$0].text).ids != texts[$0].ids }
            try report.add(.tokens(texts: texts.count, differing: wrong.count, first: wrong.first))
        }
        for reference in references.cases where Interruption.exitCode == nil {
            let checks = try outputs(
                reference, references, model, tolerance, memoryLimit: context.memoryLimit)
            for check in checks { try report.add(check) }
        }
        try report.finish()
        return report.failures == 0 ? .success : .badData
    }

    /// Whether a file of the model has the SHA-256 that its card states.
    private static func agrees(_ file: String, _ hash: String, in folder: String) throws -> Bool {
        // A pipeline's weights lie in its components' folders.
        let parts = file.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            throw Failure(
                "\(folder): card.json: sha256: '\(printable(file))' is not a file of this folder", .unavailable)
        }
        return try SHA256.hexadecimal(ofFile: FileSystem.join(folder, file)) == hash.lowercased()
    }

    /// Prepares the stored picture.
    private static func pixels(
        _ image: String, _ pixelValues: String, _ references: ReferenceCases, _ model: AnyModel
    ) throws -> VerifyReport.Check {
        let path = FileSystem.join(references.folder, image)
        let reference = try floats(pixelValues, references)
        guard let prepare = try model.preprocessing() else {
            throw Failure(
                "\(references.folder): there is a picture, but \(model.family.noun) reads none", .unavailable)
        }
        let values = prepare(try ImageDecoder.decode(path: path))
        let found = Tensor(values, shape: Shape(1, 3, prepare.outputHeight, prepare.outputWidth))
        return prepared("pixel_values", found, reference)
    }

    /// Prepares the stored sound.
    private static func samples(
        _ audio: String, _ inputValues: String, _ references: ReferenceCases, _ model: AnyModel
    ) throws -> VerifyReport.Check {
        guard case .audioEncoder(let encoder) = model else {
            throw Failure("\(references.folder): there is a sound, but \(model.family.noun) hears none", .unavailable)
        }
        let reference = try floats(inputValues, references)
        let clip = try AudioClip(path: FileSystem.join(references.folder, audio), rate: encoder.samplingRate)
        return prepared("input_values", try encoder.inputValues(clip.samples), reference)
    }

    private static func prepared(_ name: String, _ found: Tensor, _ reference: Tensor) -> VerifyReport.Check {
        let comparison = Comparison(found, reference: reference)
        var differing = found.count
        if comparison.shapesAgree {
            differing = zip(found.floats, reference.floats).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
        }
        return .prepared(name, comparison, differing: differing)
    }

    /// Runs a case.
    private static func outputs(
        _ reference: ReferenceCases.Case, _ references: ReferenceCases, _ model: AnyModel, _ tolerance: Float,
        memoryLimit: Int?
    ) throws -> [VerifyReport.Check] {
        let known = model.outputNames + model.extraOutputNames(given: reference.inputs.keys)
        let names = known.filter { reference.outputs[$0] != nil }
        if let unknown = reference.outputs.keys.sorted().first(where: { !names.contains($0) }) {
            throw Failure(
                "\(references.folder): case \(printable(reference.name)) has an output '\(printable(unknown))', "
                    + "the model gives \(known.joined(separator: ", "))", .unavailable)
        }
        var inputs: [String: Tensor] = [:]
        for (name, file) in reference.inputs { inputs[name] = try references.tensor(file) }
        if let memoryLimit { try model.check(.arrays(inputs.mapValues(\.shape)), within: memoryLimit) }
        let found = try model.run(inputs, outputs: names)
        var checks: [VerifyReport.Check] = []
        for name in names {
            guard let output = found[name], let file = reference.outputs[name] else { continue }
            // Numbers of tokens are the same or not.
            let isExact = output.dtype == .int64
            let expected = isExact ? try references.tensor(file) : try floats(file, references)
            let comparison = Comparison(output, reference: expected)
            checks.append(
                .output(
                    case: reference.name, name: name, comparison, shape: output.shape,
                    passes: comparison.passes(tolerance: isExact ? 0 : tolerance)))
        }
        return checks
    }

    /// A stored array of floats.
    private static func floats(_ file: String, _ references: ReferenceCases) throws -> Tensor {
        let tensor = try references.tensor(file)
        guard tensor.dtype == .float32 else {
            throw Failure("\(FileSystem.join(references.folder, file)): expected floats, found integers", .unavailable)
        }
        return tensor
    }
}

extension WeightType {
    /// How far outputs may be from those of the checkpoint's own weights, as a part of their largest value.
    fileprivate var tolerance: Double {
        switch self {
        case .float32: 1e-4
        case .bfloat16: 0.02
        case .int8: 0.1
        }
    }
}
