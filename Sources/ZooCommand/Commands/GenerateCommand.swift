import Arguments
import LatentDiffusion
import ModelZoo
import Randomness

/// `zoo generate`: pictures from seeds.
enum GenerateCommand: Subcommand {
    static let model = Option.text(
        "--model", "-m", value: "MODEL", kind: SharedOptions.modelKind,
        help: "The generator: a name, a folder, a Stable Diffusion checkpoint in one file, or hf:org/name")
    static let output = Option.text(
        "--output", "-o", value: "FILE.png|DIR", kind: .file(extensions: ["png"]),
        help: "Where the picture goes; a folder for several, made where it is missing (required but with --plan)")
    static let seeds = Option.text(
        "--seeds", "-s", value: "LIST", default: "0", help: "A picture for each of these seeds, such as 0-15,42")
    static let count = Option.int(
        "--count", "-n", value: "N", range: 1...SeedList.limit, help: "N pictures, of the seed and those after it")
    static let label = Option.text(
        "--class", "-c", value: "NAME|ID",
        help: "The class, where the model has classes ('zoo show' lists them); several with commas, or all, share the "
            + "pictures out among them")
    static let randomness = Option<GeneratorKind?>.choice(
        "--rng", value: "NAME", help: "Whose random numbers a seed gives; what the model's reference uses if left out")
    static let latents = Option.file(
        "--latents", extensions: ["npy"], help: "Start from these latents [N, ...] instead of drawing them")
    static let outputLatents = Option.file(
        "--output-latents", extensions: ["npy"],
        help: "Write the arrays, too: of a GAN what it started from, of a diffusion model the samples before rounding")
    static let grid = Option.text("--grid", value: "RxC", help: "One picture of all, in R rows and C columns")
    static let interpolate = Option.text(
        "--interpolate", value: "A..B", help: "Walk from the picture of seed A to that of seed B")
    static let frames = Option.int(
        "--frames", value: "N", default: 24, range: 2...1000, help: "Pictures of the walk")
    static let force = Option.flag("--force", "-f", help: "Replace files that are there")
    static let replay = Option.file(
        "--replay", extensions: ["png"], help: "Make the picture of this file again, byte for byte")

    // GANs.
    static let truncation = Option.double(
        "--truncation", value: "PSI", range: -1000...1000,
        help: "GANs: less variety for better pictures, as far as the model can; 1 changes nothing")
    static let cutoff = Option.int(
        "--truncation-cutoff", value: "N", range: 0...100, help: "StyleGAN2: truncate the first N styles only")
    static let noise = Option<GANPictures.Noise?>.choice(
        "--noise", value: "MODE", help: "StyleGAN2: the checkpoint's noise, none, or other for each picture")
    static let mix = Option.text(
        "--mix", value: "SEED:N", help: "StyleGAN2: take the styles from the Nth on from this seed's picture")

    // Text to image.
    static let prompt = Option.text(
        "--prompt", "-p", value: "TEXT",
        help: "Text to image: what is to be on the picture; (words:1.3) weighs them, [words] takes weight away")
    static let negative = Option.text("--negative", value: "TEXT", help: "Text to image: what is not")
    static let rescale = Option.double(
        "--guidance-rescale", value: "SHARE", range: 0...1,
        help: "Text to image: how much of the contrast that guidance adds is taken away")
    static let size = Option.text(
        "--size", value: "WxH", help: "Text to image: pixels of the picture; the model's own if left out")
    static let clipSkip = Option.int(
        "--clip-skip", value: "N", range: 0...100, help: "Text to image: leave out the text encoder's last N blocks")
    static let longPrompt = Option.flag(
        "--long-prompt", help: "Text to image: take a prompt that is longer than the context in parts")
    static let mask = Option.file(
        "--mask", extensions: InputList.pictures,
        help: "Text to image: paint what is white here anew, and keep the rest of --init")
    static let lora = Option.text(
        "--lora", value: "FILE[:WEIGHT]", help: "Text to image: add the changes of this LoRA file"
    ).repeatable()
    static let embedding = Option.file(
        "--embedding", extensions: ["safetensors", "pt", "bin"], help: "Text to image: add the words of this file"
    ).repeatable()
    static let tokenizer = Option.folder(
        "--tokenizer", help: "One file: the folder of CLIP's vocab.json and merges.txt; beside the file if left out")
    static let prediction = Option<SingleFile.Prediction?>.choice(
        "--prediction", value: "KIND",
        help: "One file: what the network gives, where it is not what models of the version give: 2-base epsilon")
    static let plan = Option.flag(
        "--plan", help: "Latent diffusion: show what the run would take of memory and work, and make nothing")

    // Diffusion.
    static let scheduler = Option.text(
        "--scheduler", value: "NAME", help: "Diffusion: the sampler ('zoo show' lists them); the folder's if left out")
    static let steps = Option.int(
        "--steps", value: "N", range: 0...1_000_000, help: "Diffusion: steps of the sampler")
    static let guidance = Option.double(
        "--guidance", value: "W", range: 0...1000,
        help: "Diffusion: how far the class is followed; 1 takes its prediction alone")
    static let eta = Option.double(
        "--eta", value: "E", range: 0...1, help: "DDIM: how much noise its steps add, 0 to 1")
    static let initial = Option.file(
        "--init", extensions: InputList.pictures, help: "Diffusion: start from this picture, with noise")
    static let strength = Option.double(
        "--strength", value: "S", range: 0...1,
        help: "Diffusion: how much of --init is replaced, 0 to 1; 0.8 if left out")
    static let preview = Option.file(
        "--preview", extensions: ["png"], help: "Diffusion: now and then write what the picture will be like here")
    static let strip = Option.file(
        "--strip", extensions: ["png"], help: "Diffusion: write the way from noise to the first picture here")

    /// Options that only diffusion models have.
    static let ofDiffusion: [any OptionDeclaration] =
        [scheduler, steps, guidance, eta, initial, strength, preview, strip]
    /// Options that only models have that make pictures of texts.
    static let ofTexts: [any OptionDeclaration] =
        [prompt, negative, rescale, size, clipSkip, longPrompt, mask, lora, embedding, plan]
    /// Options that only pipelines in one file have.
    static let ofSingleFiles: [any OptionDeclaration] = [tokenizer, prediction]
    /// Options that only GANs have.
    static let ofGANs: [any OptionDeclaration] = [truncation, cutoff, noise, mix]
    /// Options that only StyleGAN2 has.
    static let ofStyleGAN: [any OptionDeclaration] = [cutoff, noise, mix]

    /// What has a say in the pixels, and is told in the picture's file.
    static let recorded: [any OptionDeclaration] =
        [
            model, seeds, count, label, randomness, latents, grid, interpolate, frames, truncation, cutoff, noise, mix,
            scheduler, steps, guidance, eta, initial, strength, prompt, negative, rescale, size, clipSkip, longPrompt,
            mask, lora, embedding, tokenizer, prediction, SharedOptions.ema, SharedOptions.dtype,
        ]

    static let command = Command(
        "generate", summary: "Make pictures with a GAN or a diffusion model, of texts, too",
        discussion: """
            The same seed gives the same picture, whatever the number of pictures and of threads: the random numbers \
            are those of PyTorch on the CPU, or of NumPy for models whose reference uses them. Of several pictures, \
            each draws from its own seed, so that --count 4 gives what four runs give. Every file says how it was \
            made, and --replay makes it again. A file is there only when it is whole; one that is there stays, unless \
            --force is given.
            """,
        options: [
            model, output, seeds, prompt, negative, count, label, grid, interpolate, frames, scheduler, steps, guidance,
            rescale, eta, initial,
            strength, mask, size, clipSkip, longPrompt, lora, embedding, tokenizer, prediction, plan, truncation,
            cutoff, noise, mix,
            randomness, latents, outputLatents, preview, strip, replay, force,
            SharedOptions.ema, SharedOptions.threads, SharedOptions.dtype, SharedOptions.maxMemory, SharedOptions.json,
        ],
        exclusive: [
            [count, interpolate], [latents, interpolate], [latents, count], [grid, interpolate], [latents, initial],
            [interpolate, initial],
        ],
        examples: [
            Command.Example("zoo generate -m ./dcgan --seeds 0-15 --grid 4x4 -o grid.png", "Sixteen pictures in one"),
            Command.Example(
                "zoo generate -m ./ddpm --class cat --scheduler ddim --steps 25 -o cat.png", "A cat in 25 steps"),
            Command.Example(
                "zoo generate -m ./ddpm --class all --guidance 2 --grid 10x8 -o all.png", "Eight of each of ten classes"
            ),
            Command.Example("zoo generate -m ./dcgan --interpolate 1..2 -o walk.png", "An animation"),
            Command.Example(
                "zoo generate -m ./stable-diffusion-v1-5 --prompt 'a red fox in the snow' --steps 30 -o fox.png",
                "A picture of a text"),
            Command.Example(
                "zoo generate -m v1-5.safetensors --tokenizer ./clip --prompt 'a red fox in the snow' -o fox.png",
                "With all weights in one file, in the original layout"),
            Command.Example("zoo generate --replay cat.png -o again.png", "The same bytes again"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        guard let original = parsed[replay] else { return try GenerationRun(parsed, context, expected: nil).run() }
        if let other = parsed.words(of: recorded).first {
            let name = other.prefix { $0 != "=" }
            throw UsageError("option '\(name)' has no place beside '--replay': the picture says it", path: parsed.path)
        }
        let record = try GenerationRecord(of: context.path(original), options: recorded)
        let mine: [any OptionDeclaration] = [
            output, force, outputLatents, preview, strip, SharedOptions.threads, SharedOptions.maxMemory,
            SharedOptions.json,
        ]
        guard case .run(let again) = try ZooCommand.command.parse(["generate"] + record.words + parsed.words(of: mine))
        else {
            throw Failure("\(printable(original)): does not say how it was made", .badData)
        }
        return try GenerationRun(again, context, expected: record.identity).run()
    }
}
