public import Checkpoints
import JSON
import Layers
import TensorCore

extension ImageGenerator: FolderRecognizing {
    /// Whether a folder holds a generator of this module, supported or not: by its configuration, or, where it has
    /// none, by the names of its tensors. A folder that cannot be read is none.
    public static func recognises(_ files: ConfigurationFiles) -> Bool {
        if let config = files.model { return (try? GeneratorFamily(config)) != nil }
        guard !FileSystem.exists(FileSystem.join(files.folder, "config.json")),
            let checkpoint = try? Checkpoint.open(folder: files.folder)
        else { return false }
        return GeneratorFamily(namesOf: checkpoint) != nil
    }

    /// Reads a configuration file.
    static func readConfig(_ path: String) throws(GANError) -> Config {
        do throws(CheckpointError) { return try Config(path: path) } catch {
            if case .config(let error) = error { throw .config(error) }
            throw .checkpoint(error)
        }
    }
}

extension GeneratorFamily {
    /// The family of a configuration, or of the tensors where there is none.
    init(_ config: Config?, _ source: any TensorSource) throws(GANError) {
        guard let config else {
            guard let family = GeneratorFamily(namesOf: source) else {
                throw .unknownTensors(location: source.location)
            }
            self = family
            return
        }
        do throws(ConfigError) { self = try GeneratorFamily(config) } catch { throw .config(error) }
    }

    /// The family that a configuration names; that of pytorch-pretrained-BigGAN names none, but has keys of its own.
    fileprivate init(_ config: Config) throws(ConfigError) {
        if !config.has("model_type"), ["channel_width", "attention_layer_position", "layers"].allSatisfy(config.has) {
            self = .bigGAN
            return
        }
        self = try config.choice("model_type", ["dcgan": .dcgan, "biggan": .bigGAN, "stylegan2": .styleGAN2])
    }

    /// The family that tensors' names give away.
    fileprivate init?(namesOf source: any TensorSource) {
        guard StyleGAN2Names(source) != nil else { return nil }
        self = .styleGAN2
    }

    /// Builds the network.
    ///
    /// - Parameters:
    ///   - config: `nil` where there is none, which only StyleGAN2 can do without.
    ///   - source: the tensors.
    ///   - w: the root of the same tensors.
    func build(_ config: Config?, _ source: any TensorSource, _ w: Weights) throws(GANError) -> any GeneratorNetwork {
        switch self {
        case .dcgan:
            let configuration = try Self.read(config, source, DCGAN.Configuration.init)
            do throws(WeightError) { return try DCGAN(configuration, w) } catch { throw .weights(error) }
        case .bigGAN:
            let configuration = try Self.read(config, source, BigGANConfiguration.init)
            do throws(WeightError) { return try BigGAN(configuration, w) } catch { throw .weights(error) }
        case .styleGAN2:
            guard let names = StyleGAN2Names(source) else { throw .unknownTensors(location: source.location) }
            let configuration =
                config == nil
                ? try StyleGAN2Configuration(names, source)
                : try Self.read(config, source, StyleGAN2Configuration.init)
            do throws(WeightError) { return try StyleGAN2(configuration, names, w) } catch { throw .weights(error) }
        }
    }

    private static func read<Configuration>(
        _ config: Config?, _ source: any TensorSource, _ reading: (Config) throws(ConfigError) -> Configuration
    ) throws(GANError) -> Configuration {
        guard let config else { throw .unknownTensors(location: source.location) }
        do throws(ConfigError) { return try reading(config) } catch { throw .config(error) }
    }
}
