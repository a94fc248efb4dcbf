import AudioEncoder
import DualEncoder
import ImageClassifiers
import Media
import ModelZoo
import SentenceEncoder
import TensorCore
import VectorIndex

/// A model of any family as what turns pictures, texts or sounds into vectors. A vector does not depend on what is
/// embedded with it.
struct EmbeddingModel {
    /// How a classifier's last feature map becomes one vector.
    enum Pool: String, CaseIterable, Sendable {
        /// As the network does before its last layer.
        case model
        /// The mean over all positions; of a transformer over all tokens.
        case mean
        /// The largest value over all positions.
        case max
        /// The first position: a transformer's class token.
        case first
    }

    /// What is wanted beyond the model.
    struct Options: Sendable {
        /// Whether vectors are brought to length 1; `nil` leaves it to the family: dual encoders' are, classifiers'
        /// are not, sentence encoders' as their modules say.
        var normalizes: Bool?
        /// The pooling of a classifier.
        var pool = Pool.model
        /// The name of a prompt in a sentence encoder's configuration.
        var prompt: String?
        /// Whether texts that are too long are cut.
        var truncates = false
        /// The block of an audio encoder whose output is taken, 0 for what goes into the first; `nil` is the last.
        var layer: Int?

        /// The options as one line, the same for the same vectors.
        var summary: String {
            let length = normalizes.map { $0 ? "normalised" : "as they are" } ?? "as the family has it"
            let prompt = prompt.map { "prompt \"\($0)\"" } ?? "no prompt"
            return "length \(length), pool \(pool.rawValue), \(prompt), \(truncates ? "cut" : "never cut")"
                + (layer.map { ", layer \($0)" } ?? "")
        }
    }

    /// What is embedded.
    enum Content: Sendable { case pictures, texts, sounds }

    private let model: AnyModel
    private let options: Options
    private let memoryLimit: Int?

    /// Loads a model that gets `batch` inputs at a time.
    ///
    /// - Throws: ``ModelError`` where it cannot be loaded, ``Failure`` where it has no prompt of that name.
    init(
        _ entry: Registry.Entry, _ content: Content, _ options: Options, batch: Int, _ context: CommandContext,
        _ runtime: Runtime
    ) throws {
        let work: AnyModel.Work =
            switch content {
            case .pictures: .pictures(batch, inOnePass: true)
            case .texts: .texts(batch)
            // Each sound is as long as it is.
            case .sounds: .arrays([:])
            }
        model = try context.model(entry, runtime, towers: content == .pictures ? [.image] : [.text], for: work)
        memoryLimit = context.memoryLimit
        self.options = options
        if let layer = options.layer, case .audioEncoder(let model) = model, layer > model.layerCount {
            throw Failure("\(entry.name) has no layer \(layer), it has 0 to \(model.layerCount)", .usage)
        }
        if let prompt = options.prompt, case .sentenceEncoder(let model) = model, !model.promptNames.contains(prompt) {
            let known = model.promptNames.map { "\"\($0)\"" }.joined(separator: ", ")
            throw Failure(
                "\(entry.name) has no prompt \"\(prompt)\", \(known.isEmpty ? "it has none" : "it has \(known)")",
                .usage)
        }
    }

    /// Why a model of a family cannot do what is asked for; `nil` where it can.
    static func refusal(_ family: AnyModel.Family, _ content: Content, _ options: Options) -> String? {
        switch (family, content) {
        case (.gan, _), (.diffusion, _), (.latentDiffusion, _):
            return "is \(family.noun), it makes pictures and embeds nothing"
        case (.imageClassifier, .texts): return "is an image classifier, it takes no texts"
        case (.sentenceEncoder, .pictures): return "is a sentence encoder, it takes texts only (--text, --text-from)"
        case (.audioEncoder, .pictures), (.audioEncoder, .texts): return "is an audio encoder, it takes sounds only"
        case (_, .sounds) where family != .audioEncoder: return "is \(family.noun), it takes no sounds"
        default: break
        }
        if options.layer != nil, family != .audioEncoder {
            return "is \(family.noun); --layer is for audio encoders"
        }
        if options.pool != .model, family != .imageClassifier {
            return "is \(family.noun), which pools in its own way; --pool is for image classifiers"
        }
        if options.prompt != nil, family != .sentenceEncoder {
            return "is \(family.noun), it has no prompts; --prompt is for sentence encoders"
        }
        if options.normalizes == false, family == .sentenceEncoder {
            return "is a sentence encoder, whose modules bring vectors to length 1 or do not; leave --no-normalize out"
        }
        if options.truncates, content != .texts {
            return "is given \(content == .pictures ? "pictures" : "sounds"); --truncate is for texts"
        }
        return nil
    }

    /// How pictures become inputs.
    func preprocessing() throws(ModelError) -> ImagePreprocessing {
        switch model {
        case .imageClassifier(let model):
            do throws(ImageClassifierError) { return try model.preprocessing() } catch { throw .imageClassifier(error) }
        case .dualEncoder(let model):
            do throws(DualEncoderError) { return try model.preprocessing() } catch { throw .dualEncoder(error) }
        case .sentenceEncoder: throw .inputs(expected: "texts", found: "pictures")
        case .audioEncoder: throw .inputs(expected: "sounds", found: "pictures")
        case .gan, .diffusion, .latentDiffusion: throw .inputs(expected: "noise", found: "pictures")
        }
    }

    /// The vectors of prepared pictures, each `[3, height, width]`, or why there is none.
    ///
    /// - Throws: ``ModelError`` where the model is at fault, not a picture.
    func embed(
        pictures: [[Float]], _ shape: ImagePreprocessing
    ) throws(ModelError) -> [Result<[Float], Failure>] {
        try separately(pictures) { (pictures) throws(ModelError) in
            let size = shape.outputCount
            let pixels = Tensor(shape: Shape(pictures.count, 3, shape.outputHeight, shape.outputWidth)) { values in
                for (index, picture) in pictures.enumerated() {
                    _ = UnsafeMutableBufferPointer(rebasing: values[index * size..<(index + 1) * size])
                        .update(fromContentsOf: picture)
                }
            }
            switch model {
            case .imageClassifier(let model):
                do throws(ImageClassifierError) {
                    let output = try model.outputs(pixels)
                    return options.pool == .model ? output.features : pooled(output.featureMap, options.pool)
                } catch { throw .imageClassifier(error) }
            case .dualEncoder(let model):
                do throws(DualEncoderError) { return try model.imageEmbeddings(pixels) } catch {
                    throw .dualEncoder(error)
                }
            case .sentenceEncoder: throw .inputs(expected: "texts", found: "pictures")
            case .audioEncoder: throw .inputs(expected: "sounds", found: "pictures")
            case .gan, .diffusion, .latentDiffusion: throw .inputs(expected: "noise", found: "pictures")
            }
        }
    }

    /// The vectors of texts, or why there is none.
    ///
    /// - Throws: ``ModelError`` where the model is at fault, not a text.
    func embed(texts: [String]) throws(ModelError) -> [Result<[Float], Failure>] {
        try separately(texts) { (texts) throws(ModelError) in
            switch model {
            case .imageClassifier: throw .inputs(expected: "pictures", found: "texts")
            case .audioEncoder: throw .inputs(expected: "sounds", found: "texts")
            case .gan, .diffusion, .latentDiffusion: throw .inputs(expected: "noise", found: "texts")
            case .dualEncoder(let model):
                do throws(DualEncoderError) {
                    return try model.embed(texts: texts, normalized: false, truncates: options.truncates)
                } catch { throw .dualEncoder(error) }
            case .sentenceEncoder(let model):
                do throws(SentenceEncoderError) {
                    return try model.embed(texts, prompt: options.prompt, truncates: options.truncates)
                } catch { throw .sentenceEncoder(error) }
            }
        }
    }

    /// The vector of a sound, the mean over its frames, or why there is none.
    ///
    /// - Throws: ``ModelError`` where the model is at fault, not the sound.
    func embed(sound: Result<InputPath, InputError>) throws(ModelError) -> Result<[Float], Failure> {
        guard case .audioEncoder(let model) = model else { throw .inputs(expected: "no sounds", found: "a sound") }
        let samples: [Float]
        do {
            samples = try SoundInput.file(sound).clip(
                model, longest: SoundClassification.longest, memoryLimit: memoryLimit)
        } catch {
            return .failure(Failure(error))
        }
        do throws(AudioEncoderError) { return row(try model.embed(samples, layer: options.layer)) } catch {
            let failure = ModelError.audioEncoder(error)
            guard failure.isAboutInput else { throw failure }
            return .failure(Failure(failure))
        }
    }

    /// One result an item: where a batch fails, its items go one by one, so that none takes its neighbours with it.
    private func separately<Item>(
        _ items: [Item], _ embed: ([Item]) throws(ModelError) -> Tensor
    ) throws(ModelError) -> [Result<[Float], Failure>] {
        guard !items.isEmpty else { return [] }
        do throws(ModelError) {
            let rows = try embed(items)
            let (values, width) = (rows.floats, rows.count / items.count)
            return items.indices.map { row(Array(values[$0 * width..<($0 + 1) * width])) }
        } catch {
            guard error.isAboutInput else { throw error }
            if items.count == 1 { return [.failure(Failure(error))] }
        }
        var results: [Result<[Float], Failure>] = []
        for item in items { results += try separately([item], embed) }
        return results
    }

    private var normalizes: Bool { options.normalizes ?? (model.family == .dualEncoder) }

    private func row(_ values: [Float]) -> Result<[Float], Failure> {
        if normalizes {
            guard let direction = normalized(values) else {
                return .failure(Failure("its vector has no direction: it is zero, or not finite", .badData))
            }
            return .success(direction)
        }
        guard values.allSatisfy(\.isFinite) else {
            return .failure(Failure("its vector is not finite", .badData))
        }
        return .success(values)
    }
}

/// The feature maps of a batch, each as one vector.
///
/// - Parameter map: `[B, C, H, W]`, or tokens `[B, T, C]`.
/// - Returns: `[B, C]`.
private func pooled(_ map: Tensor, _ pool: EmbeddingModel.Pool) -> Tensor {
    let isMap = map.shape.rank == 4
    let (batch, channels) = (map.shape[0], isMap ? map.shape[1] : map.shape[2])
    let positions = isMap ? map.shape[2] * map.shape[3] : map.shape[1]
    let (positionStep, channelStep) = isMap ? (1, positions) : (channels, 1)
    return map.withFloats { values in
        Tensor(shape: Shape(batch, channels)) { out in
            for item in 0..<batch {
                for channel in 0..<channels {
                    let start = item * channels * positions + channel * channelStep
                    let places = (0..<positions).lazy.map { values[start + $0 * positionStep] }
                    out[item * channels + channel] =
                        switch pool {
                        case .model, .first: places.first ?? 0
                        case .mean: Float(places.reduce(0.0) { $0 + Double($1) } / Double(max(positions, 1)))
                        case .max: places.max() ?? 0
                        }
                }
            }
        }
    }
}
