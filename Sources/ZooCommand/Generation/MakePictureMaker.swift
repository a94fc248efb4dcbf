import Arguments
import GAN
import JSON
import ModelZoo
import Randomness
import TensorCore

/// Loads the model that a command line of `zoo generate` names, with what is asked of it.
///
/// - Throws: ``UsageError`` for options that are not of its family, ``ModelError``.
func makePictureMaker(
    _ entry: Registry.Entry, _ parsed: ParsedArguments, _ plan: GenerationPlan, _ runtime: Runtime,
    _ context: CommandContext
) throws -> any PictureMaker {
    typealias Generate = GenerateCommand
    let name = printable(entry.name)
    func usage(_ text: String) -> UsageError { UsageError(text, path: parsed.path) }
    func refuse(_ options: [any OptionDeclaration], _ whose: String, _ noun: String) throws(UsageError) {
        guard let option = options.first(where: { parsed.isGiven($0) }) else { return }
        throw usage("option '\(option.specification.name)' is for \(whose); \(name) is \(noun)")
    }
    let family = AnyModel.Family(folder: entry.folder)
    switch family {
    case .gan:
        try refuse(Generate.ofDiffusion, "diffusion models", "a GAN")
        let model = try context.model(entry, runtime, for: .pictures(plan.pictureCount))
        guard case .gan(let generator) = model else { throw ModelError.inputs(expected: "noise", found: "nothing") }
        if generator.family != .styleGAN2 {
            try refuse(Generate.ofStyleGAN, "StyleGAN2", "a \(generator.architecture)")
        }
        var options = GANPictures.Options()
        options.label = try classID(parsed[Generate.label], generator.labels, name, usage)
        options.truncation = parsed[Generate.truncation]
        options.cutoff = parsed[Generate.cutoff]
        options.noise = parsed[Generate.noise] ?? .constant
        options.randomness = parsed[Generate.randomness]
        options.mixing = try parsed[Generate.mix].map { text in
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let seed = UInt64(parts[0]), let layer = Int(parts[1]) else {
                throw usage("option '--mix': '\(printable(text))' is not SEED:N, a seed and a number of styles")
            }
            return (seed, layer)
        }
        return GANPictures(generator, options)
    case .imageClassifier:
        // What no family knows says so.
        _ = try Config(path: FileSystem.join(entry.folder, "config.json"))
        fallthrough
    default: throw usage("\(name) is \(family.noun) and makes no pictures: name a GAN or a diffusion model")
    }
}

/// The class that is asked for, by its name, one of several names of it, or its number.
///
/// - Throws: ``UsageError`` where there is none of that name, or the model needs one.
private func classID(
    _ text: String?, _ labels: [String], _ model: String, _ usage: (String) -> UsageError
) throws(UsageError) -> Int? {
    guard let text else {
        guard !labels.isEmpty else { return nil }
        throw usage("\(model) needs a class: --class NAME or 0 to \(labels.count - 1) ('zoo show \(model)' lists them)")
    }
    guard !labels.isEmpty else { throw usage("option '--class': \(model) has no classes") }
    let wanted = text.lowercased()
    let names = labels.map { $0.lowercased() }
    let found =
        names.firstIndex(of: wanted)
        ?? names.firstIndex { $0.split(separator: ",").contains { $0.drop { $0 == " " } == wanted } }
        ?? Int(text).flatMap { labels.indices.contains($0) ? $0 : nil }
    guard let found else {
        let known =
            labels.prefix(10).joined(separator: ", ") + (labels.count > 10 ? " and \(labels.count - 10) more" : "")
        throw usage("option '--class': \(model) has no class '\(printable(text))'; it has \(printable(known))")
    }
    return found
}
