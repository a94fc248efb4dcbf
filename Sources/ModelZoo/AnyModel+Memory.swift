import AudioEncoder
public import Checkpoints
import Diffusion
public import DualEncoder
import GAN
import ImageClassifiers
import LatentDiffusion
import Media
import SentenceEncoder
public import TensorCore

/// What a model takes of memory, known before anything of it is read.
extension AnyModel {
    /// What a model is asked to do at a time.
    public enum Work: Sendable, Equatable {
        /// Pictures of the model's own size; where more than logits or embeddings is wanted of a classifier, all go
        /// through in one pass. Of a generator, pictures that it makes.
        case pictures(Int, inOnePass: Bool = false)
        /// Texts of the model's greatest length.
        case texts(Int)
        /// A sound heard in one piece, of so many seconds.
        case sound(seconds: Double)
        /// Arrays of these shapes, by the names of ``AnyModel/inputNames``.
        case arrays([String: Shape])
    }

    /// The memory that a piece of work takes: weights, and activations as `Workspace.Account` counts them.
    ///
    /// The model may be loaded or only planned (`plansOnly`), which reads no weights and takes no memory for them.
    ///
    /// - Parameter work: what is done at a time.
    /// - Throws: ``ModelError`` where the model cannot do it.
    public func memory(for work: Work) throws(ModelError) -> MemoryNeed {
        var activations = 0
        let shapes = try shapes(of: work)
        for (name, shape) in shapes {
            let isID = name == "input_ids" || name == "attention_mask" || name == "token_type_ids"
            let input = shape.elementCount * (isID ? 8 : 4)
            if let account = try plan(name, shape, among: shapes, isWhole: work.isInOnePass) {
                activations = max(activations, account.activationBytes + account.scratchBytes + input)
            }
        }
        return MemoryNeed(weights: weightBytes, activations: activations)
    }

    /// Counts what running the model on arrays would cost, without computing: one pass of those that take a few inputs
    /// at a time.
    ///
    /// The model may be loaded or only planned (`plansOnly`).
    ///
    /// - Parameter shapes: the arrays' shapes, by the names of ``inputNames``.
    /// - Throws: ``ModelError`` where an array is missing or misshapen.
    public func plan(_ shapes: [String: Shape]) throws(ModelError) -> Workspace.Account {
        _ = try family.outputNames(given: shapes.keys)
        var accounts: [Workspace.Account] = []
        for name in shapes.keys.sorted() {
            guard let shape = shapes[name] else { continue }
            if let account = try plan(name, shape, among: shapes, isWhole: false) { accounts.append(account) }
        }
        return try sum(accounts)
    }

    /// Loads a folder as ``init(folder:runtime:weights:towers:language:plansOnly:)`` does, unless it would take too
    /// much memory: that is known from its configuration and the shapes of its tensors, before any of it is read.
    ///
    /// - Parameters:
    ///   - folder: of any family.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - towers: what is read into memory of a dual encoder.
    ///   - language: the adapter of an audio encoder that has one for each language.
    ///   - work: what it will be given at a time.
    ///   - limit: bytes that weights and activations may take together, such as `SystemMemory.available()`.
    /// - Throws: ``ModelError/memory(folder:need:limit:)`` where it would take more, and what the other throws.
    public init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(),
        towers: Set<DualEncoder.Tower> = [.image, .text],
        language: String? = nil, for work: Work, within limit: Int
    ) throws(ModelError) {
        let runtime = runtime ?? Runtime()
        try AnyModel(
            folder: folder, runtime: runtime, weights: weights, towers: towers, language: language, plansOnly: true
        )
        .check(work, within: limit)
        self = try AnyModel(folder: folder, runtime: runtime, weights: weights, towers: towers, language: language)
    }

    /// Makes sure that a piece of work fits.
    ///
    /// - Parameters:
    ///   - work: what is done at a time.
    ///   - limit: bytes that weights and activations may take together.
    /// - Throws: ``ModelError/memory(folder:need:limit:)`` where it does not.
    public func check(_ work: Work, within limit: Int) throws(ModelError) {
        let need = try memory(for: work)
        guard need.total <= limit else { throw .memory(folder: folder, need: need, limit: limit) }
    }

    /// The arrays that a piece of work comes to.
    private func shapes(of work: Work) throws(ModelError) -> [String: Shape] {
        switch work {
        case .arrays(let shapes): return shapes
        case .pictures(let count, _):
            if case .gan(let model) = self { return ["z": Shape(count, model.latentSize)] }
            if case .diffusion(let model) = self, let size = model.configuration.sampleSize {
                return ["sample": Shape(count, model.configuration.inputChannels, size.height, size.width)]
            }
            if case .latentDiffusion(let model) = self { return model.shapes(pictures: count) }
            // A folder that does not say how pictures are prepared is told of where one comes.
            guard let preprocessing = try? preprocessing() else { return [:] }
            return [
                "pixel_values": Shape(count, 3, preprocessing.outputHeight, preprocessing.outputWidth)
            ]
        case .texts(let count):
            switch self {
            case .dualEncoder(let model):
                return ["input_ids": Shape(min(count, DualEncoder.textsAtATime), model.contextLength)]
            case .sentenceEncoder(let model):
                let tokens = min(count * model.contextLength, max(model.tokensAtATime, model.contextLength))
                return ["input_ids": Shape(max(1, tokens / model.contextLength), model.contextLength)]
            case .imageClassifier, .audioEncoder, .gan, .diffusion, .latentDiffusion: return [:]
            }
        case .sound(let seconds):
            guard case .audioEncoder(let model) = self else { return [:] }
            let samples = Int(min(seconds, 1e6) * Double(model.samplingRate))
            return ["input_values": Shape(1, min(max(samples, model.minimumSamples), model.maximumSamples))]
        }
    }

    /// What the largest pass over an array costs; `nil` where the array makes no pass of its own.
    private func plan(
        _ name: String, _ shape: Shape, among shapes: [String: Shape], isWhole: Bool
    ) throws(ModelError) -> Workspace.Account? {
        switch (self, name) {
        case (.imageClassifier(let model), "pixel_values") where shape.rank == 4:
            do throws(ImageClassifierError) {
                let most = isWhole ? shape[0] : model.imagesAtATime(height: shape[2], width: shape[3])
                return try model.plan(batch: min(shape[0], most), height: shape[2], width: shape[3])
            } catch { throw .imageClassifier(error) }
        case (.dualEncoder(let model), "pixel_values") where shape.rank == 4 && model.towers.contains(.image):
            do throws(DualEncoderError) {
                let most = model.imagesInAPass(height: shape[2], width: shape[3])
                return try model.plan(.image, batch: min(shape[0], most))
            } catch { throw .dualEncoder(error) }
        case (.dualEncoder(let model), "input_ids") where shape.rank == 2 && model.towers.contains(.text):
            do throws(DualEncoderError) { return try model.plan(.text, batch: shape[0]) } catch {
                throw .dualEncoder(error)
            }
        case (.sentenceEncoder(let model), "input_ids") where shape.rank == 2:
            do throws(SentenceEncoderError) { return try model.plan(batch: shape[0], tokens: shape[1]) } catch {
                throw .sentenceEncoder(error)
            }
        case (.audioEncoder(let model), "input_values") where shape.rank == 2:
            do throws(AudioEncoderError) { return try model.plan(batch: shape[0], samples: shape[1]) } catch {
                throw .audioEncoder(error)
            }
        case (.gan(let model), "z"): return model.plan(batch: shape.first ?? 0)
        case (.diffusion(let model), "sample") where shape.rank == 4:
            do throws(DiffusionError) {
                let most = model.picturesAtATime(height: shape[2], width: shape[3])
                return try model.plan(batch: min(shape[0], most), height: shape[2], width: shape[3])
            } catch { throw .diffusion(error) }
        case (.latentDiffusion(let model), _):
            do throws(LatentDiffusionError) { return try model.plan(name, shapes) } catch {
                throw .latentDiffusion(error)
            }
        default: return nil
        }
    }
}

extension AnyModel.Work {
    /// Whether pictures are not taken a few at a time.
    fileprivate var isInOnePass: Bool {
        switch self {
        case .pictures(_, let isWhole): isWhole
        case .arrays: true
        case .texts, .sound: false
        }
    }
}
