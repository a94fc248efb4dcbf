import Checkpoints
import JSON
import Media

extension ImageClassifier {
    /// Reads a configuration file.
    ///
    /// - Throws: ``ImageClassifierError``.
    static func readConfig(_ path: String) throws(ImageClassifierError) -> Config {
        do throws(CheckpointError) { return try Config(path: path) } catch {
            if case .config(let error) = error { throw .config(error) }
            throw .checkpoint(error)
        }
    }

    /// How images become inputs, as the files beside the weights say.
    static func preparation(
        folder: String, config: Config, _ layout: CheckpointLayout
    ) -> Result<ImagePreprocessing, ImageClassifierError> {
        do throws(ImageClassifierError) {
            return .success(try preprocessing(folder: folder, config: config, layout))
        } catch { return .failure(error) }
    }

    private static func preprocessing(
        folder: String, config: Config, _ layout: CheckpointLayout
    ) throws(ImageClassifierError) -> ImagePreprocessing {
        let expected: String
        let section: Config?
        switch layout {
        case .transformers:
            expected = "preprocessor_config.json"
            let path = folder + "/" + expected
            guard FileSystem.exists(path) else { throw .noPreprocessing(folder: folder, expected: expected) }
            section = try readConfig(path)
        case .timm:
            expected = "\"pretrained_cfg\" in config.json"
            do throws(ConfigError) { section = try config.optionalObject("pretrained_cfg") } catch {
                throw .config(error)
            }
        case .torchvision:
            expected = "\"transforms\" in config.json"
            do throws(ConfigError) { section = try config.optionalObject("transforms") } catch { throw .config(error) }
        }
        guard let section else { throw .noPreprocessing(folder: folder, expected: expected) }
        do throws(ConfigError) {
            switch layout {
            case .transformers:
                return try ImagePreprocessing(
                    preprocessorConfig: section, modelType: config.optionalString("model_type"))
            case .timm: return try ImagePreprocessing(timm: section)
            case .torchvision: return try ImagePreprocessing(torchvision: section)
            }
        } catch { throw .config(error) }
    }
}

extension Config {
    /// The classes' names: transformers' `id2label`, timm's `label_names`; numbered where a checkpoint names none.
    func classLabels(_ count: Int, _ layout: CheckpointLayout) throws(ConfigError) -> [String] {
        // Configurations of models without a head may still list two labels.
        guard count > 0 else { return [] }
        switch layout {
        case .transformers:
            return try optionalLabels("id2label", count: count) ?? (0..<count).map { "LABEL_\($0)" }
        case .timm, .torchvision:
            let names = try optionalStrings("label_names", count: count...count)
            return names ?? (0..<count).map { "class \($0)" }
        }
    }
}
