import AudioEncoder
import Diffusion
import DualEncoder
import GAN
import LatentDiffusion
import Media
import ModelZoo
import TensorCore
import Text

/// Inputs for measuring speed, always the same ones.
enum MadeUpInputs {
    /// Images of noise between -1 and 1.
    ///
    /// - Parameter size: what the model is made for where it is `nil`.
    static func images(
        _ model: AnyModel, batch: Int, size: (height: Int, width: Int)?
    ) throws -> Tensor {
        var sides = size
        if sides == nil {
            do throws(ModelError) {
                sides = try model.preprocessing().map { ($0.outputHeight, $0.outputWidth) }
            } catch { throw Failure("\(error.description); give a size with --size", .unavailable) }
        }
        guard let sides else { throw Failure("the model reads no images", .unavailable) }
        return noise(Shape(batch, 3, sides.height, sides.width))
    }

    /// Texts of one length: ids, and a mask of ones.
    ///
    /// - Parameter tokens: their length; `nil` takes a dual encoder's context, and of a sentence encoder's 64 at most.
    static func texts(_ model: AnyModel, batch: Int, tokens: Int?) throws -> [String: Tensor] {
        let context: Int
        switch model {
        case .imageClassifier, .audioEncoder, .gan, .diffusion, .latentDiffusion: return [:]
        case .dualEncoder(let model): context = model.contextLength
        case .sentenceEncoder(let model): context = min(model.contextLength, tokens == nil ? 64 : .max)
        }
        let length = tokens ?? context
        guard length <= context else {
            throw Failure("--tokens \(length): the model takes \(context) at most", .badData)
        }
        guard let tokenizer = try model.tokenizer() else { return [:] }
        // A text that is too long, cut as the model cuts it: its end has the tokens that must be there.
        let text = Array(repeating: "a photo of a cat", count: length).joined(separator: " ")
        let ids = try tokenizer.encode(text, limit: length, truncates: true).ids.map { Int64($0) }
        guard ids.count == length else {
            throw Failure("--tokens \(length): the tokenizer makes \(ids.count) of it", .badData)
        }
        let shape = Shape(batch, length)
        let all = Array(repeatElement(ids, count: batch).joined())
        return [
            "input_ids": Tensor(integers: all, shape: shape),
            "attention_mask": Tensor(integers: all.map { _ in 1 }, shape: shape),
        ]
    }

    /// What a generator starts from, and what else it needs.
    static func latents(_ model: ImageGenerator, batch: Int) -> [String: Tensor] {
        var inputs = ["z": noise(Shape(batch, model.latentSize))]
        if model.classCount > 0 {
            let classes = (0..<batch).map { Int64($0 % model.classCount) }
            inputs["class_labels"] = Tensor(integers: classes, shape: Shape([batch]))
        }
        if model.truncation == .statistics { inputs["truncation"] = Tensor([1], shape: Shape([1])) }
        return inputs
    }

    /// A call of a diffusion model's network in the middle of sampling.
    static func sample(_ model: DiffusionModel, batch: Int) throws(Failure) -> [String: Tensor] {
        guard let size = model.configuration.sampleSize else {
            throw Failure("\(model.folder): the network has no sample_size to make up inputs of", .unavailable)
        }
        var inputs = [
            "sample": noise(Shape(batch, model.configuration.inputChannels, size.height, size.width)),
            "timestep": Tensor([500], shape: Shape([1])),
        ]
        switch model.configuration.classEmbedding {
        case .none: break
        case .table:
            inputs["class_labels"] = Tensor(integers: Array(repeating: 0, count: batch), shape: Shape([batch]))
        case .timestep: inputs["class_labels"] = Tensor(zeros: Shape([batch]))
        case .identity: inputs["class_labels"] = noise(Shape(batch, model.configuration.embeddingWidth))
        }
        return inputs
    }

    /// A call of a latent diffusion model's network in the middle of sampling, or of its autoencoder.
    static func latents(_ model: LatentDiffusionFolder, batch: Int) throws(Failure) -> [String: Tensor] {
        guard let unet = model.unet else {
            guard let configuration = model.autoencoder?.configuration else { return [:] }
            let (factor, size) = (configuration.factor, configuration.sampleSize)
            return ["z": noise(Shape(batch, configuration.latentChannels, size.height / factor, size.width / factor))]
        }
        guard let size = unet.configuration.sampleSize else {
            throw Failure("\(model.folder): the network has no sample_size to make up inputs of", .unavailable)
        }
        return [
            "sample": noise(Shape(batch, unet.configuration.inputChannels, size.height, size.width)),
            "timestep": Tensor([500], shape: Shape([1])),
            "encoder_hidden_states": noise(
                Shape(batch, model.pipeline?.textEncoder.contextLength ?? 77, unet.configuration.textWidth)),
        ]
    }

    /// Sounds of noise between -1 and 1.
    static func sounds(_ model: AudioEncoder, batch: Int, seconds: Double) throws(Failure) -> Tensor {
        let samples = Int(seconds * Double(model.samplingRate))
        guard (model.minimumSamples...model.maximumSamples).contains(samples), samples <= (1 << 30) / batch else {
            throw Failure("--duration \(seconds): the model takes \(batch) sounds of that length in no pass", .badData)
        }
        return noise(Shape(batch, samples))
    }

    private static func noise(_ shape: Shape) -> Tensor {
        var state: UInt32 = 1
        return Tensor(shape: shape) { values in
            for index in values.indices {
                state = state &* 1_664_525 &+ 1_013_904_223
                values[index] = Float(Int32(bitPattern: state)) * 0x1p-31
            }
        }
    }
}
