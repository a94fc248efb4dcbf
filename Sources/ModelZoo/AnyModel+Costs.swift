import AudioEncoder
import Diffusion
import DualEncoder
import GAN
import ImageClassifiers
import LatentDiffusion
public import Media
import SentenceEncoder
public import TensorCore
public import Text

/// What a model needs of pictures, and what its passes cost.
extension AnyModel {
    /// How pictures become inputs; `nil` where the model reads none.
    ///
    /// - Throws: ``ModelError`` where the folder does not say, or asks for something that is not supported.
    public func preprocessing() throws(ModelError) -> ImagePreprocessing? {
        switch self {
        case .imageClassifier(let model):
            do throws(ImageClassifierError) { return try model.preprocessing() } catch { throw .imageClassifier(error) }
        case .dualEncoder(let model):
            do throws(DualEncoderError) { return try model.preprocessing() } catch { throw .dualEncoder(error) }
        case .sentenceEncoder, .audioEncoder, .gan, .diffusion, .latentDiffusion: return nil
        }
    }

    /// How texts become token ids; `nil` where the model reads none.
    ///
    /// - Throws: ``ModelError`` where the folder has no tokenizer, or one that is not supported.
    public func tokenizer() throws(ModelError) -> Tokenizer? {
        switch self {
        case .imageClassifier, .audioEncoder, .gan, .diffusion: return nil
        case .dualEncoder(let model):
            do throws(DualEncoderError) { return try model.tokenizer() } catch { throw .dualEncoder(error) }
        case .sentenceEncoder(let model):
            do throws(SentenceEncoderError) { return try model.tokenizer() } catch { throw .sentenceEncoder(error) }
        case .latentDiffusion(let model):
            do throws(LatentDiffusionError) { return try model.pipeline?.tokenizer() } catch {
                throw .latentDiffusion(error)
            }
        }
    }

    /// Runs the model on arrays as ``run(_:outputs:)`` does, and measures every operation.
    ///
    /// - Returns: what the passes cost together; `allocations` is 0 where passes of the same shapes have run before.
    /// - Throws: ``ModelError`` where an input is missing or misshapen.
    public func profile(_ inputs: [String: Tensor]) throws(ModelError) -> Workspace.Account {
        _ = try family.outputNames(given: inputs.keys)
        var accounts: [Workspace.Account] = []
        switch self {
        case .imageClassifier(let model):
            do throws(ImageClassifierError) {
                if let pixels = inputs["pixel_values"] { accounts.append(try model.profile(pixels)) }
            } catch { throw .imageClassifier(error) }
        case .dualEncoder(let model):
            do throws(DualEncoderError) {
                if let pixels = inputs["pixel_values"] { accounts.append(try model.profile(pixelValues: pixels)) }
                if let ids = inputs["input_ids"] {
                    accounts.append(try model.profile(inputIDs: ids, attentionMask: inputs["attention_mask"]))
                }
            } catch { throw .dualEncoder(error) }
        case .sentenceEncoder(let model):
            do throws(SentenceEncoderError) {
                if let ids = inputs["input_ids"] {
                    accounts.append(
                        try model.profile(
                            inputIDs: ids, attentionMask: inputs["attention_mask"],
                            tokenTypeIDs: inputs["token_type_ids"]))
                }
            } catch { throw .sentenceEncoder(error) }
        case .audioEncoder(let model):
            do throws(AudioEncoderError) {
                if let sound = inputs["input_values"] {
                    accounts.append(try model.profile(sound, attentionMask: inputs["attention_mask"]))
                }
            } catch { throw .audioEncoder(error) }
        case .gan(let model):
            do throws(GANError) {
                if let z = inputs["z"] { accounts.append(try model.profile(z, try model.options(inputs))) }
            } catch { throw .gan(error) }
        case .diffusion(let model):
            do throws(DiffusionError) {
                if let sample = inputs["sample"] {
                    accounts.append(
                        try model.profile(
                            sample, timesteps: try model.timesteps(inputs), classes: try model.classes(inputs)))
                }
            } catch { throw .diffusion(error) }
        case .latentDiffusion(let model):
            do throws(LatentDiffusionError) {
                accounts = try model.profile(inputs)
            } catch { throw .latentDiffusion(error) }
        }
        return try sum(accounts)
    }

    /// What passes cost together. There is one at least where the names of the inputs were found to be enough.
    func sum(_ accounts: [Workspace.Account]) throws(ModelError) -> Workspace.Account {
        guard var sum = accounts.first else { throw .inputs(expected: family.usage, found: "nothing") }
        for account in accounts.dropFirst() {
            sum.flops += account.flops
            sum.activationBytes = max(sum.activationBytes, account.activationBytes)
            sum.allocations += account.allocations
            sum.seconds.merge(account.seconds, uniquingKeysWith: +)
            sum.calls.merge(account.calls, uniquingKeysWith: +)
        }
        return sum
    }
}
