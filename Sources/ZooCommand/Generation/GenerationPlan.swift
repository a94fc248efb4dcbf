import Arguments
import Checkpoints
import LatentDiffusion
import ModelZoo
import Randomness
import TensorCore

/// What a command line of `zoo generate` asks for, as far as it does not depend on the model.
struct GenerationPlan {
    /// What becomes of the pictures.
    enum Layout: Equatable {
        /// A file for each.
        case each
        /// All in one.
        case grid(PictureGrid)
        /// One after another.
        case walk(SeedWalk, frames: Int)
    }

    let layout: Layout
    /// The seed of each picture; of a walk its two ends.
    let seeds: [UInt64]
    /// Where pictures go; a folder where ``isFolder``.
    let output: String
    let isFolder: Bool
    let replaces: Bool
    let outputLatents: String?
    let preview: String?
    let strip: String?
    private let latents: NPY?
    /// Files that are read.
    let inputs: [String]
    /// The options that have a say in a picture, but for its seed, its class and what becomes of it.
    private let commonWords: [String]
    /// The option that names the classes.
    private let classWords: [String]
    /// Those of all pictures together.
    let allWords: [String]

    /// - Throws: ``UsageError`` for what cannot be together, ``Failure`` where the latents cannot be read.
    init(_ parsed: ParsedArguments) throws {
        typealias Generate = GenerateCommand
        func usage(_ text: String) -> UsageError { UsageError(text, path: parsed.path) }
        guard let list = SeedList(parsed[Generate.seeds]) else {
            throw usage(
                "option '--seeds': '\(printable(parsed[Generate.seeds]))' is no list of whole numbers such as 0-15,42, "
                    + "of at most \(SeedList.limit)")
        }
        latents = try parsed[Generate.latents].map(Self.latents)
        var seeds = list.seeds
        let grid = try parsed[Generate.grid].map { text in
            guard let grid = PictureGrid(text) else {
                throw usage("option '--grid': '\(printable(text))' is not ROWSxCOLUMNS, each 1 to 100")
            }
            return grid
        }
        let wanted =
            parsed[Generate.count] ?? latents?.shape.first ?? (parsed.isGiven(Generate.seeds) ? nil : grid?.count)
        if let wanted, wanted != seeds.count {
            guard seeds.count == 1, wanted > 0, let more = SeedList(from: seeds[0], count: wanted) else {
                throw usage("\(wanted) pictures, but \(seeds.count) seeds: list one, or one for each picture")
            }
            seeds = more.seeds
        }
        if let text = parsed[Generate.interpolate] {
            guard let walk = SeedWalk(text) else {
                throw usage("option '--interpolate': '\(printable(text))' is not A..B with two seeds")
            }
            guard !parsed.isGiven(Generate.seeds) else { throw usage("'--interpolate' has its own seeds") }
            seeds = [walk.first, walk.last]
            layout = .walk(walk, frames: parsed[Generate.frames])
        } else if let grid {
            guard seeds.count <= grid.count else {
                throw usage("\(seeds.count) pictures do not fit into a grid of \(grid.rows)x\(grid.columns)")
            }
            layout = .grid(grid)
        } else {
            layout = .each
        }
        self.seeds = seeds
        guard let output = parsed[Generate.output] ?? (parsed[Generate.plan] ? "" : nil) else {
            throw usage("missing option --output FILE.png|DIR")
        }
        self.output = output
        isFolder = !output.hasSuffix(".png")
        if case .each = layout, seeds.count > 1, !isFolder {
            throw usage("\(seeds.count) pictures need a folder: --output DIR, or --grid RxC for one picture of all")
        }
        if case .grid = layout, isFolder { throw usage("a grid is one picture: --output FILE.png") }
        replaces = parsed[Generate.force]
        outputLatents = parsed[Generate.outputLatents]
        preview = parsed[Generate.preview]
        strip = parsed[Generate.strip]
        guard parsed[Generate.mask] == nil || parsed[Generate.initial] != nil else {
            throw usage("option '--mask' is about a picture: give one with --init")
        }
        let loras = try parsed[Generate.lora].map { try LoRA(parsing: $0).file }
        inputs =
            [parsed[Generate.latents], parsed[Generate.initial], parsed[Generate.mask]].compactMap { $0 } + loras
            + parsed[Generate.embedding]
        let ofAll: Set = ["--seeds", "--count", "--grid", "--interpolate", "--frames"]
        allWords = parsed.words(of: Generate.recorded)
        let ofOne = Generate.recorded.filter { !ofAll.contains($0.specification.name) }
        let label = Generate.label.specification.name
        commonWords = parsed.words(of: ofOne.filter { $0.specification.name != label })
        classWords = parsed.words(of: [Generate.label])
    }

    private static func latents(_ path: String) throws -> NPY {
        let array = try NPY(file: path, limit: ReferenceCases.arrayLimit)
        guard let count = array.shape.first, (1...SeedList.limit).contains(count) else {
            throw Failure(
                "\(printable(path)): \(Shape(array.shape)) is not an array of 1 to \(SeedList.limit) latents", .badData)
        }
        return array
    }

    /// The seeds in short.
    var seedText: String {
        if case .walk(let walk, _) = layout { return "\(walk.first)..\(walk.last)" }
        let isRange = seeds.count > 2 && zip(seeds, seeds.dropFirst()).allSatisfy { $0 < $1 && $1 - $0 == 1 }
        return isRange ? "\(seeds[0])-\(seeds[seeds.count - 1])" : seeds.map { "\($0)" }.joined(separator: ",")
    }

    /// Pictures that are made.
    var pictureCount: Int { if case .walk(_, let frames) = layout { frames } else { seeds.count } }

    /// Whether a picture of its own can be made again: of several latents, or of a walk, it is not one seed's.
    var isReplayable: Bool {
        if case .walk = layout { return false }
        return latents == nil || seeds.count == 1
    }

    /// The options that make one picture again, but for its seed.
    ///
    /// - Parameters:
    ///   - label: what is on it; `nil` where there are no classes.
    ///   - isOneOfSeveral: whether other pictures have other classes.
    func words(_ label: PictureClass?, isOneOfSeveral: Bool) -> [String] {
        guard isOneOfSeveral, let label else { return commonWords + classWords }
        return commonWords + ["\(GenerateCommand.label.specification.name)=\(label.number)"]
    }

    /// The class of a picture: they are shared out in order, to each class as many.
    ///
    /// - Returns: `nil` where there are no classes.
    func label(_ picture: Int, of classes: [PictureClass]) -> PictureClass? {
        if case .walk = layout { return classes.first }
        return classes.isEmpty ? nil : classes[picture * classes.count / seeds.count]
    }

    /// - Throws: ``UsageError`` where the pictures cannot be shared out among the classes.
    func check(_ classes: [PictureClass], path: [String]) throws(UsageError) {
        guard classes.count > 1 else { return }
        if case .walk = layout {
            throw UsageError("'--interpolate' walks within one class, not \(classes.count)", path: path)
        }
        guard !seeds.count.isMultiple(of: classes.count) else { return }
        throw UsageError(
            "\(seeds.count) pictures cannot be shared out among \(classes.count) classes: ask for as many of each, such "
                + "as --count \(classes.count)", path: path)
    }

    /// The file of a picture in a folder of several.
    func file(_ picture: Int) -> String {
        guard isFolder else { return output }
        if case .walk = layout {
            let digits = "\(picture + 1)"
            return FileSystem.join(
                output, "frame-\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits).png")
        }
        // Two pictures of one seed are one picture.
        return FileSystem.join(output, "seed-\(seeds[picture]).png")
    }

    /// - Throws: ``Failure`` where a file is there that is not to be replaced.
    func checkOutputs() throws(Failure) {
        guard !replaces else { return }
        let pictures = isFolder ? (0..<pictureCount).map(file) : [output]
        for path in pictures + [outputLatents, strip, preview].compactMap({ $0 }) where FileSystem.exists(path) {
            throw Failure("\(printable(path)): is there already; --force replaces it", .inputOutput)
        }
    }

    /// What each picture starts from.
    func starts(_ maker: some PictureMaker) throws -> [PictureStart] {
        let size = maker.startShape.elementCount
        if let latents {
            let expected = maker.startShape.dimensions
            let shape = latents.shape
            // Latents of one pixel a channel, as of DCGAN, may leave their sides out.
            let isFlat = shape.dropFirst().filter { $0 != 1 } == expected.filter { $0 != 1 } && expected.count == 1
            guard latents.element == .float32, Array(shape.dropFirst()) == expected || isFlat else {
                let sides = (["N"] + expected.map(String.init)).joined(separator: ", ")
                throw Failure(
                    "the latents are \(latents.element.rawValue) \(Shape(shape)), the model takes "
                        + "\(NPY.Element.float32.rawValue) [\(sides)]",
                    .badData)
            }
            let values = latents.floats()
            return try seeds.enumerated().map { number, seed in
                PictureStart(
                    values: Array(values[number * size..<(number + 1) * size]),
                    generator: try maker.randomness.makeGenerator(seed: Int128(seed)),
                    label: label(number, of: maker.classes))
            }
        }
        let drawn = try seeds.enumerated().map { number, seed in
            var generator = try maker.randomness.makeGenerator(seed: Int128(seed))
            return PictureStart(
                values: try maker.start(&generator), generator: generator, label: label(number, of: maker.classes))
        }
        guard case .walk(_, let frames) = layout else { return drawn }
        return (0..<frames).map { frame in
            PictureStart(
                values: SeedWalk.between(
                    drawn[0].values, drawn[1].values, at: Double(frame) / Double(frames - 1)),
                generator: drawn[0].generator, label: drawn[0].label)
        }
    }
}
