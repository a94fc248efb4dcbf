import Arguments
import Checkpoints
import LatentDiffusion
import Media
import ModelZoo
import Randomness
import TensorCore

/// Plans the pictures of a text that a command line asks for, without reading weights.
///
/// - Throws: ``UsageError`` for options that are not of this family, what ``TextPlan`` throws.
func makeTextPlan(
    _ entry: Registry.Entry, _ parsed: ParsedArguments, _ runtime: Runtime, _ context: CommandContext
) throws -> TextPlan {
    typealias Generate = GenerateCommand
    let words = GenerationWords(entry, parsed)
    try words.refuse(Generate.ofGANs, "GANs", "a text-to-image model")
    try words.refuse([Generate.label], "models with classes", "a text-to-image model: give it a --prompt")
    try words.refuse(
        [SharedOptions.ema], "checkpoints that hold both", "a pipeline, whose components are read as trained")
    try words.refuseOfSingleFiles(entry)
    guard entry.isSingleFile || LatentDiffusionModel.recognises(folder: entry.folder) else {
        throw words.usage("\(words.name) is one network of a pipeline: name the folder with its model_index.json")
    }
    let plan = try TextPlan(entry, options(words, parsed, context), runtime)
    // What nobody could read off the file is no secret.
    if entry.isSingleFile { for note in plan.model.notes { context.note(note) } }
    return plan
}

private func options(
    _ words: GenerationWords, _ parsed: ParsedArguments, _ context: CommandContext
) throws -> TextPlan.Options {
    typealias Generate = GenerateCommand
    guard let prompt = parsed[Generate.prompt] else {
        throw words.usage("missing option --prompt TEXT, which may be empty")
    }
    var options = TextPlan.Options()
    options.prompt = prompt
    options.negative = parsed[Generate.negative] ?? ""
    options.scheduler = try words.schedulerKind()
    options.steps = parsed[Generate.steps]
    options.guidance = parsed[Generate.guidance] ?? 7.5
    options.guidanceRescale = parsed[Generate.rescale] ?? 0
    options.eta = parsed[Generate.eta] ?? 0
    options.clipSkip = parsed[Generate.clipSkip] ?? 0
    options.isLong = parsed[Generate.longPrompt]
    options.adapters = try parsed[Generate.lora].map { try LoRA(parsing: $0) }
    options.embeddings = parsed[Generate.embedding]
    options.tokenizer = parsed[Generate.tokenizer]
    options.prediction = parsed[Generate.prediction]
    options.randomness = parsed[Generate.randomness] ?? .torchCPU
    if let text = parsed[Generate.size] {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], width > 0, height > 0 else {
            throw words.usage("option '--size': '\(printable(text))' is not WIDTHxHEIGHT in pixels")
        }
        options.size = (width, height)
    }
    if let path = parsed[Generate.initial] {
        let picture = try ImageStream.decode(context.path(path)).get()
        let usual = parsed[Generate.mask] == nil ? 0.8 : 1
        options.initial = (picture, parsed[Generate.strength] ?? usual)
        options.mask = try parsed[Generate.mask].map { try ImageStream.decode(context.path($0)).get() }
    } else if parsed.isGiven(Generate.strength) {
        throw words.usage("option '--strength' says how much of --init is replaced: give a picture with --init")
    }
    return options
}
