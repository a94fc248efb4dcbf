import Arguments
import Checkpoints
import Diffusion
import GAN
import JSON
import LatentDiffusion
import Media
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
    let words = GenerationWords(entry, parsed)
    let (name, usage, refuse) = (words.name, words.usage, words.refuse)
    let family = AnyModel.Family(folder: entry.folder)
    if family != .latentDiffusion {
        try refuse(Generate.ofTexts, "models that make pictures of texts", family.noun)
        try words.refuseOfSingleFiles(entry)
    }
    switch family {
    case .gan:
        try refuse(Generate.ofDiffusion, "diffusion models", "a GAN")
        let model = try context.model(entry, runtime, for: .pictures(plan.pictureCount))
        guard case .gan(let generator) = model else { throw ModelError.inputs(expected: "noise", found: "nothing") }
        if generator.family != .styleGAN2 {
            try refuse(Generate.ofStyleGAN, "StyleGAN2", "a \(generator.architecture)")
        }
        var options = GANPictures.Options()
        options.classes = try classes(parsed[Generate.label], generator.labels, name, usage)
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
    case .diffusion:
        try refuse(Generate.ofGANs, "GANs", "a diffusion model")
        var options = DiffusionPictures.Options()
        options.scheduler = try words.schedulerKind()
        options.steps = parsed[Generate.steps]
        options.guidance = parsed[Generate.guidance] ?? 1
        options.eta = parsed[Generate.eta] ?? 0
        options.randomness = parsed[Generate.randomness] ?? .torchCPU
        if let path = parsed[Generate.initial] {
            let picture = try ImageStream.decode(context.path(path)).get()
            options.initial = (picture, parsed[Generate.strength] ?? 0.8)
        } else if parsed.isGiven(Generate.strength) {
            throw usage("option '--strength' says how much of --init is replaced: give a picture with --init")
        }
        let guides = options.guidance == 1 ? 1 : 2
        let model = try context.model(entry, runtime, for: .pictures(guides * plan.pictureCount))
        guard case .diffusion(let diffusion) = model else {
            throw ModelError.inputs(expected: "noise", found: "nothing")
        }
        options.classes = try classes(parsed[Generate.label], diffusion.labels, name, usage)
        return try DiffusionPictures(diffusion, options)
    case .latentDiffusion:
        if UnconditionalLatentModel.recognises(folder: entry.folder) {
            return try UnconditionalPictures(
                UnconditionalPlan(entry, parsed, runtime), pictures: plan.pictureCount, within: context.memoryLimit,
                runtime)
        }
        return try TextPictures(
            makeTextPlan(entry, parsed, runtime, context), pictures: plan.pictureCount, within: context.memoryLimit,
            runtime)
    case .imageClassifier:
        // What no family knows says so.
        _ = try Config(path: FileSystem.join(entry.folder, "config.json"))
        fallthrough
    default: throw usage("\(name) is \(family.noun) and makes no pictures: name a GAN or a diffusion model")
    }
}

/// The classes that are asked for, each by its name, one of several names of it, or its number.
///
/// - Throws: ``UsageError`` where there is none of that name, or the model needs one.
private func classes(
    _ text: String?, _ labels: [String], _ model: String, _ usage: (String) -> UsageError
) throws(UsageError) -> [PictureClass] {
    guard let text else {
        guard !labels.isEmpty else { return [] }
        throw usage("\(model) needs a class: --class NAME or 0 to \(labels.count - 1) ('zoo show \(model)' lists them)")
    }
    guard !labels.isEmpty else { throw usage("option '--class': \(model) has no classes") }
    let names = labels.map { $0.lowercased() }
    // Names of ImageNet's classes have commas in them.
    if let one = classNumber(text, names) { return [PictureClass(number: one, name: labels[one])] }
    if text.lowercased() == "all" {
        return labels.enumerated().map { PictureClass(number: $0.offset, name: $0.element) }
    }
    var found: [PictureClass] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        guard let number = classNumber(part.drop { $0 == " " }, names) else {
            let known =
                labels.prefix(10).joined(separator: ", ") + (labels.count > 10 ? " and \(labels.count - 10) more" : "")
            throw usage(
                "option '--class': \(model) has no class '\(printable(String(part)))'; it has \(printable(known))")
        }
        found.append(PictureClass(number: number, name: labels[number]))
    }
    return found
}

/// The number of a class by its name, one of several names of it, or its number.
private func classNumber(_ text: some StringProtocol, _ names: [String]) -> Int? {
    let wanted = text.lowercased()
    return names.firstIndex(of: wanted)
        ?? names.firstIndex { $0.split(separator: ",").contains { $0.drop { $0 == " " } == wanted } }
        ?? Int(text).flatMap { names.indices.contains($0) ? $0 : nil }
}
