import Checkpoints
import Diffusion
import JSON

extension SingleFile {
    /// Whether a file holds tensors under names of the original layout, of a model that is supported or not. One that
    /// cannot be read holds none.
    ///
    /// - Parameter file: any path.
    public static func recognises(_ file: String) -> Bool {
        guard Checkpoint.isWeightFile(file), FileSystem.isRegularFile(file),
            let checkpoint = try? Checkpoint.open(file: file)
        else { return false }
        return checkpoint.names.contains { name in SingleFileParts.prefixes.contains(where: name.hasPrefix) }
    }

    /// Whether the network is shown mask and masked picture beside the latents.
    private var isForInpainting: Bool {
        unet.config.value("in_channels")?.intValue != unet.config.value("out_channels")?.intValue
    }

    /// The class of diffusers' pipelines that the components make up.
    fileprivate var pipeline: String {
        isForInpainting ? "StableDiffusionInpaintPipeline" : "StableDiffusionPipeline"
    }
}

extension LatentDiffusionComponents {
    /// Reads a pipeline in one file; of the weights no more than names and shapes.
    ///
    /// The file holds no tokenizer. Prompts are filled up as the version's published folders do it, with the end token
    /// in 1.x and with token 0 in 2.x, whatever the tokenizer's files say: they are CLIP's in both.
    ///
    /// - Parameters:
    ///   - file: safetensors, or PyTorch's, read as data.
    ///   - options: what shapes do not tell.
    ///   - tokenizer: a folder with `vocab.json` and `merges.txt`, or `tokenizer.json`; where left out, a folder
    ///     `tokenizer` beside the file, or the file's own. That there is none is an error once a prompt is read.
    /// - Throws: ``LatentDiffusionError``: its cases `singleFile` and `scheduler`.
    public init(
        file: String, options: SingleFile.Options = SingleFile.Options(), tokenizer: String? = nil
    ) throws(LatentDiffusionError) {
        let whole: SingleFile
        do throws(SingleFileError) { whole = try SingleFile(file: file, options: options) } catch {
            throw .singleFile(error)
        }
        location = file
        pipeline = whole.pipeline
        func network(_ component: SingleFile.Component) -> Network {
            Network(folder: component.config.file, config: component.config, source: component.source)
        }
        (unet, autoencoder) = (network(whole.unet), network(whole.autoencoder))
        textEncoder = network(whole.textEncoder)
        self.tokenizer = TokenizerPlace(
            folder: tokenizer ?? TokenizerPlace.folder(beside: file), padding: whole.version == .one ? .end : .id(0),
            vocabularyCount: whole.textEncoder.config.value("vocab_size")?.intValue, model: file)
        do throws(SchedulerError) { scheduler = try SchedulerConfiguration(whole.scheduler) } catch {
            throw .scheduler(error)
        }
        let prediction = whole.scheduler.value("prediction_type")?.stringValue ?? ""
        notes = ["Stable Diffusion \(whole.version.rawValue) in the original layout; the network gives \(prediction)"]
        if whole.isPredictionAssumed {
            notes[0] += ", as no shape tells (2-base gives epsilon: say so with --prediction)"
        }
    }
}
