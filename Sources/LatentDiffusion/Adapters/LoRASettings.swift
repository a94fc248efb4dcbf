import Checkpoints
import JSON

/// PEFT's settings of each component, which diffusers writes into a file's metadata as `lora_adapter_metadata`
/// (peft 0.21, `LoraConfig`): where they are there, they say what a layer's factors are scaled with.
struct LoRASettings: Sendable {
    private struct Component: Sendable {
        var alpha: Double
        var alphas: [(pattern: String, value: Double)] = []
        var usesRootOfRank: Bool
    }

    private var components: [AdaptedComponent: Component] = [:]

    /// Options that change nothing of what is merged, whatever they say.
    private static let indifferent: Set<String> = [
        "r", "rank_pattern", "target_modules", "exclude_modules", "lora_dropout", "init_lora_weights", "inference_mode",
        "base_model_name_or_path", "revision", "task_type", "peft_type", "auto_mapping", "peft_version",
        "layers_to_transform", "layers_pattern", "ensure_weight_tying", "runtime_config", "loftq_config", "eva_config",
        "corda_config", "lora_ga_config", "qalora_group_size", "megatron_core", "megatron_config",
    ]

    /// Reads the settings of a file; none are there where its metadata have no such entry.
    init(file: String, metadata: JSONObject) throws(CheckpointError) {
        guard let text = metadata["lora_adapter_metadata"]?.stringValue else { return }
        do throws(ConfigError) {
            let config = try Config(file: "\(file): lora_adapter_metadata", bytes: Array(text.utf8))
            for component in AdaptedComponent.allCases {
                let prefix = "\(component.rawValue)."
                let keys = config.keys.filter { $0.hasPrefix(prefix) }
                guard !keys.isEmpty else { continue }
                components[component] = try Self.component(config, keys, prefix)
            }
        } catch {
            throw .config(error)
        }
    }

    private static func component(
        _ config: Config, _ keys: [String], _ prefix: String
    ) throws(ConfigError) -> Component {
        // 8 is the class's alpha where a file does not say.
        var result = Component(
            alpha: try config.double("\(prefix)lora_alpha", in: -1e6...1e6, default: 8),
            usesRootOfRank: try config.bool("\(prefix)use_rslora", default: false))
        if let patterns = try config.optionalObject("\(prefix)alpha_pattern") {
            for pattern in patterns.keys {
                let name = pattern.hasPrefix("^") ? pattern.dropFirst() : Substring(pattern)
                // The reference takes it for a regular expression; a dot is the only sign in it that names have.
                let isName = name.unicodeScalars.allSatisfy {
                    $0 == "." || $0 == "_" || $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9") ~= $0)
                }
                guard isName else {
                    throw patterns.failure(pattern, expected: "a layer's name as the key", found: pattern.quoted)
                }
                result.alphas.append((pattern, try patterns.double(pattern, in: -1e6...1e6)))
            }
        }
        let known = indifferent.union(["lora_alpha", "use_rslora", "alpha_pattern"])
        for key in keys {
            guard !known.contains(String(key.dropFirst(prefix.count))), let value = config.value(key) else { continue }
            // Other options are kinds of adapters of their own, unless they are off.
            let isOff =
                value.boolValue == false || value.stringValue == "none" || value.arrayValue?.isEmpty == true
                || value.objectValue?.keys.isEmpty == true
            guard isOff else { throw config.failure(key, expected: "no such option, or one that is off") }
        }
        return result
    }

    /// The factor that settings give a layer's product; `nil` where the file has none for its component.
    func scale(of layer: LoRAKey.Layer, in component: AdaptedComponent, rank: Int) -> Double? {
        guard let settings = components[component], case .dotted(let name) = layer else { return nil }
        let alpha = settings.alphas.first { Self.matches($0.pattern, name) }?.value ?? settings.alpha
        return alpha / (settings.usesRootOfRank ? Double(rank).squareRoot() : Double(rank))
    }

    /// A pattern is a whole name where it starts with `^`, else the end of one.
    private static func matches(_ pattern: String, _ name: String) -> Bool {
        if pattern.hasPrefix("^") { return name == pattern.dropFirst() }
        return name == pattern || name.hasSuffix(".\(pattern)")
    }
}
