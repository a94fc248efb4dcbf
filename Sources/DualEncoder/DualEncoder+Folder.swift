public import Checkpoints
import JSON
import Layers
import Media
import TensorCore

extension DualEncoder: FolderRecognizing {
    /// Whether a folder's configuration is that of a dual encoder or of a part of one, supported or not. No weights are
    /// looked at; a folder that cannot be read is none.
    public static func recognises(_ files: ConfigurationFiles) -> Bool {
        if let config = files.model, isOurs(config) { return true }
        guard let config = try? Config(path: path(files.folder, .openCLIP)) else { return false }
        return config.has("model_cfg")
    }

    private static func isOurs(_ config: Config) -> Bool {
        if let type = config.value("model_type")?.stringValue {
            return DualEncoderArchitecture.recognises(modelType: type)
        }
        let classes = config.value("architectures")?.arrayValue ?? []
        return classes.contains { $0.stringValue.map(DualEncoderArchitecture.recognises(class:)) ?? false }
    }

    private static func path(_ folder: String, _ layout: DualEncoderLayout) -> String {
        FileSystem.join(folder, layout.configurationFile)
    }

    /// Reads the folder's configuration. Folders that hold a model in both layouts are taken as transformers'.
    static func readConfiguration(_ folder: String) throws(DualEncoderError) -> Config {
        let (own, other) = (path(folder, .transformers), path(folder, .openCLIP))
        if FileSystem.exists(other) {
            let hasOpenCLIPWeights = openCLIPWeights.contains { FileSystem.exists(FileSystem.join(folder, $0)) }
            // Beside open_clip's weights there may be a `config.json` without weights of its own.
            let hasOwnWeights =
                !hasOpenCLIPWeights
                || Checkpoint.fileNames.contains {
                    !openCLIPWeights.contains($0) && FileSystem.exists(FileSystem.join(folder, $0))
                }
            if hasOwnWeights, FileSystem.exists(own) {
                let config = try readConfig(own)
                if isOurs(config) { return config }
            }
            return try readConfig(other)
        }
        guard FileSystem.exists(own) else {
            let checkpoint = try? Checkpoint.open(folder: folder)
            if let checkpoint, hasOpenAINames(checkpoint) { throw .config(openAIAdvice(folder)) }
            return try readConfig(own)
        }
        return try readConfig(own)
    }

    /// open_clip's names for its weights, first to last.
    private static let openCLIPWeights = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"]

    /// Opens the weights that belong to a layout.
    static func openCheckpoint(
        _ folder: String, _ layout: DualEncoderLayout, _ weights: WeightChoice
    ) throws(DualEncoderError) -> Checkpoint {
        do throws(CheckpointError) {
            let own = openCLIPWeights.map { FileSystem.join(folder, $0) }.first(where: FileSystem.exists)
            if layout == .openCLIP, weights.file == nil, let own {
                return try Checkpoint.open(file: own, usesEMA: weights.usesEMA)
            }
            return try Checkpoint.open(folder: folder, choice: weights)
        } catch { throw .checkpoint(error) }
    }

    static func readConfig(_ path: String) throws(DualEncoderError) -> Config {
        do throws(CheckpointError) { return try Config(path: path) } catch {
            if case .config(let error) = error { throw .config(error) }
            throw .checkpoint(error)
        }
    }

    static func configuration(
        _ config: Config, _ layout: DualEncoderLayout
    ) throws(DualEncoderError) -> DualEncoderConfiguration {
        do throws(ConfigError) {
            switch layout {
            case .transformers: return try DualEncoderConfiguration(transformers: config)
            case .openCLIP: return try DualEncoderConfiguration(openCLIP: config)
            }
        } catch { throw .config(error) }
    }

    private static func hasOpenAINames(_ source: any TensorSource) -> Bool {
        source.info("visual.conv1.weight") != nil && source.info("ln_final.weight") != nil
    }

    private static func openAIAdvice(_ folder: String) -> ConfigError {
        .value(
            file: path(folder, .openCLIP), keyPath: "",
            expected: "this file, with \"model_cfg\" and \"preprocess_cfg\" as open_clip writes them: the tensors have "
                + "OpenAI's names, which do not say heads, activation or preprocessing (OpenAI's own weights need "
                + "\"quick_gelu\": true)",
            found: "no such file")
    }

    /// A weight error, or advice where the weights are of another layout than the configuration.
    static func explained(
        _ error: WeightError, _ source: any TensorSource, _ layout: DualEncoderLayout, folder: String
    ) -> DualEncoderError {
        if case .missing = error, layout == .transformers, hasOpenAINames(source) {
            return .config(openAIAdvice(folder))
        }
        return .weights(error)
    }

    /// How images become inputs, as the files beside the weights say.
    static func preparation(
        folder: String, config: Config, _ layout: DualEncoderLayout, imageSize: [Int]?
    ) -> Result<ImagePreprocessing, DualEncoderError> {
        guard let imageSize else { return .failure(.noTower(folder: folder, tower: Tower.image.rawValue)) }
        do throws(DualEncoderError) {
            return .success(try preprocessing(folder: folder, config: config, layout, imageSize: imageSize))
        } catch { return .failure(error) }
    }

    private static func preprocessing(
        folder: String, config: Config, _ layout: DualEncoderLayout, imageSize: [Int]
    ) throws(DualEncoderError) -> ImagePreprocessing {
        switch layout {
        case .openCLIP:
            do throws(ConfigError) {
                return try ImagePreprocessing(
                    openCLIP: config.optionalObject("preprocess_cfg"), in: config, height: imageSize[0],
                    width: imageSize[1])
            } catch { throw .config(error) }
        case .transformers:
            let section = try processorSection(folder)
            do throws(ConfigError) {
                let type = try config.optionalString("model_type") ?? "clip"
                let steps = try ImagePreprocessing(
                    preprocessorConfig: section, modelType: type.hasPrefix("siglip") ? "siglip" : "clip")
                guard [steps.outputHeight, steps.outputWidth] == imageSize else {
                    throw section.failure(
                        section.has("crop_size") ? "crop_size" : "size",
                        expected: "\(imageSize[0])x\(imageSize[1]), the model's image_size",
                        found: "\(steps.outputHeight)x\(steps.outputWidth)")
                }
                return steps
            } catch { throw .config(error) }
        }
    }

    /// The image processor's section: in `processor_config.json` where it is there, else `preprocessor_config.json`.
    private static func processorSection(_ folder: String) throws(DualEncoderError) -> Config {
        let whole = FileSystem.join(folder, "processor_config.json")
        if FileSystem.exists(whole) {
            let config = try readConfig(whole)
            do throws(ConfigError) {
                if let section = try config.optionalObject("image_processor") { return section }
            } catch { throw .config(error) }
        }
        let name = "preprocessor_config.json"
        let path = FileSystem.join(folder, name)
        guard FileSystem.exists(path) else { throw .noPreprocessing(folder: folder, expected: name) }
        return try readConfig(path)
    }
}
