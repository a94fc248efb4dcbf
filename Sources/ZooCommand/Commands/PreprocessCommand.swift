import Arguments
import AudioEncoder
import Media
import ModelZoo
import TensorCore

/// `zoo preprocess`: what a model is fed for pictures and sounds.
enum PreprocessCommand: Subcommand {
    private static let output = Option.file(
        "--output", "-o", extensions: ["npy"], help: "Write the array here"
    ).required()
    private static let inputs = Argument(
        "INPUT", .file(extensions: InputList.pictures + InputList.sounds),
        help:
            "A picture or sound, as the model takes, a folder with everything below it, or - for paths on standard input"
    ).repeating()

    static let command = Command(
        "preprocess", summary: "Write the array that a model is fed for pictures or sounds",
        discussion: """
            The pictures, resized, cropped and normalised as the model's files say, as one NumPy array [pictures, 3, \
            height, width] in fp32, in the order of the inputs. Of sounds, at the model's rate and normalised as its \
            files say, [sounds, samples]; they must be of the same length. Nothing is written where \
            one of them cannot be used.
            """,
        arguments: [SharedOptions.modelArgument, inputs], options: [output],
        examples: [
            Command.Example("zoo preprocess resnet-cifar10 cat.jpg --output x.npy", "One picture"),
            Command.Example("zoo preprocess ./wav2vec2-base talk.wav --output x.npy", "A sound"),
        ])

    /// Pictures that are decoded ahead.
    private static let batch = 16

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let entry = try context.find(parsed[SharedOptions.modelArgument])
        let model = try context.plan(entry, context.runtime(threads: 1))
        if case .audioEncoder(let encoder) = model {
            return try SoundArrays.make(parsed[inputs], encoder, to: parsed[output], context)
        }
        guard let preprocessing = try model.preprocessing() else {
            throw Failure("\(printable(entry.name)) is \(model.family.noun) and reads no pictures", .unavailable)
        }
        let list = InputList(parsed[inputs].map(context.path), list: PathList(isNullSeparated: false))
        let limit = ReferenceCases.arrayLimit / (4 * preprocessing.outputCount)
        let stream = try ImageStream(list, ahead: batch)
        stream.prepare(with: preprocessing)

        let progress = context.progress("preprocess", total: list.knownCount)
        var values: [Float] = []
        var count = 0
        while true {
            let items = stream.next(upTo: batch)
            if items.isEmpty { break }
            for item in items {
                do throws(Failure) { values += try item.pixels.get() } catch {
                    progress.finish()
                    throw Failure("\(item.path.shown): \(error.message)", error.exitCode)
                }
            }
            count += items.count
            guard count <= limit else {
                throw Failure("more than \(limit) pictures: one array would be too large", .badData)
            }
            progress.advance(by: items.count)
        }
        progress.finish()
        guard Interruption.exitCode == nil else { return .success }
        guard count > 0 else {
            throw Failure(
                "no pictures found (looked for \(InputList.pictures.joined(separator: ", ")))", .inputNotFound)
        }
        let shape = Shape(count, 3, preprocessing.outputHeight, preprocessing.outputWidth)
        try write(Tensor(values, shape: shape), to: parsed[output])
        return .success
    }
}
