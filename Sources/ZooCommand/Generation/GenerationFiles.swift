import Arguments
import Checkpoints
import JSON
import Media
import TensorCore

/// The files that `zoo generate` writes: each is there only when it is whole.
struct GenerationFiles {
    private let plan: GenerationPlan
    private let model: String
    private let identity: GenerationRecord.Identity
    private let facts: [PNGText]
    private let classes: [PictureClass]
    private let context: CommandContext
    private let asJSON: Bool
    private var pictures: [Image] = []
    private var latents: [Float] = []
    private var latentShape: [Int]?
    private var hasFolder = false

    /// - Parameters:
    ///   - plan: what goes where.
    ///   - model: as it was named.
    ///   - identity: what the pictures are made from.
    ///   - facts: what is said of every picture.
    ///   - classes: what is on them.
    ///   - context: where results are told.
    ///   - asJSON: whether they are told for programs.
    init(
        _ plan: GenerationPlan, model: String, identity: GenerationRecord.Identity, facts: [PNGText],
        classes: [PictureClass], _ context: CommandContext, asJSON: Bool
    ) {
        self.plan = plan
        self.model = model
        self.identity = identity
        self.facts = facts
        self.classes = classes
        self.context = context
        self.asJSON = asJSON
    }

    /// Writes pictures, or keeps them where all go into one file.
    ///
    /// - Parameters:
    ///   - made: the pictures.
    ///   - first: the number of the first of them.
    ///   - times: what they took.
    mutating func take(_ made: MadePictures, first: Int, _ times: GenerationTimes) throws {
        if plan.outputLatents != nil {
            latents += made.latents.floats
            latentShape = Array(made.latents.shape.dimensions.dropFirst())
        }
        let isOneByOne = plan.layout == .each || plan.isFolder
        guard isOneByOne else {
            pictures += made.pictures
            return
        }
        if plan.isFolder, !hasFolder {
            try makeFolder(plan.output)
            hasFolder = true
        }
        for (number, picture) in made.pictures.enumerated() {
            let place = first + number
            let seed = plan.layout == .each ? "\(plan.seeds[place])" : plan.seedText
            let label = plan.label(place, of: classes)
            let words = plan.words(label, isOneOfSeveral: classes.count > 1)
            let record = GenerationRecord(words: words + ["--seeds=\(seed)"], identity: identity)
            let facts = Self.facts(label.map { [$0] } ?? []) + facts
            let texts = record.texts(model: model, seed: seed, facts: facts, isReplayable: plan.isReplayable)
            try write(try picture.pngFile(texts: texts), to: plan.file(place), picture, seeds: [seed], facts, times)
        }
    }

    /// Writes what all pictures make together.
    ///
    /// - Parameter times: what they took.
    func finish(_ times: GenerationTimes) throws {
        if let path = plan.outputLatents, let shape = latentShape {
            let array = NPY(latents, shape: [latents.count / max(1, shape.reduce(1, *))] + shape)
            try array.write(to: path)
        }
        guard let first = pictures.first else { return }
        let record = GenerationRecord(words: plan.allWords, identity: identity)
        let facts = Self.facts(classes) + facts
        let texts = record.texts(model: model, seed: plan.seedText, facts: facts, isReplayable: true)
        let seeds = plan.seeds.map { "\($0)" }
        switch plan.layout {
        case .each: break
        case .grid(let grid):
            let picture = try grid.picture(of: pictures)
            try write(try picture.pngFile(texts: texts), to: plan.output, picture, seeds: seeds, facts, times)
        case .walk:
            let file = try AnimatedPNG.file(pictures, milliseconds: 80, texts: texts)
            try write(file, to: plan.output, first, seeds: seeds, facts, times)
        }
    }

    /// What is on a picture, or on those of a grid.
    private static func facts(_ classes: [PictureClass]) -> [PNGText] {
        classes.isEmpty ? [] : [PNGText("class", classes.map(\.name).joined(separator: ", "))]
    }

    private func write(
        _ file: [UInt8], to path: String, _ picture: Image, seeds: [String], _ facts: [PNGText],
        _ times: GenerationTimes
    ) throws {
        try FileSystem.write(file, to: path)
        guard asJSON else {
            let size = "\(picture.width)x\(picture.height)"
            try context.output.write("\(printable(path))  \(size)  seed \(seeds.count == 1 ? seeds[0] : plan.seedText)")
            return
        }
        var line: JSONObject = ["output": JSONValue(path), "model": JSONValue(model)]
        let numbers = seeds.map { UInt64($0).flatMap { Int(exactly: $0) }.map { JSONValue($0) } ?? JSONValue($0) }
        if numbers.count == 1 { line["seed"] = numbers[0] } else { line["seeds"] = .array(numbers) }
        for fact in facts { line[fact.keyword] = fact.jsonValue }
        line["width"] = JSONValue(picture.width)
        line["height"] = JSONValue(picture.height)
        line["weights"] = JSONValue(identity.weights)
        for field in times.fields { line[field.name] = field.value }
        try context.write(.object(line))
    }
}

extension PNGText {
    /// The text for programs: a number where it is one.
    fileprivate var jsonValue: JSONValue {
        Int(text).map { JSONValue($0) } ?? Double(text).map { JSONValue($0) } ?? JSONValue(text)
    }
}
