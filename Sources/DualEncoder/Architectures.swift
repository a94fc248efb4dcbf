public import Checkpoints
import JSON

/// The architectures of dual encoders in transformers' layout: adding one is its configuration and a line in ``all``.
struct DualEncoderArchitecture: Sendable {
    /// What of a dual encoder a checkpoint holds.
    enum Towers: Sendable {
        case both
        /// One tower, with its projection of the whole model.
        case image, text
        /// One tower by itself.
        case bareImage, bareText

        var hasText: Bool { self == .both || self == .text || self == .bareText }
        var hasImage: Bool { self == .both || self == .image || self == .bareImage }
    }

    /// The family's name, as its paper has it.
    let name: String
    /// `model_type` of the whole model, of its text tower and of its image tower.
    let modelTypes: [String]
    /// Entries of `architectures`.
    let classes: [String: Towers]
    /// open_clip's names; a `*` stands for any text.
    let openCLIP: [String]
    /// The papers' numbers on arXiv.
    let papers: [String]
    /// Whether logits become probabilities by a sigmoid, and have a bias.
    let hasSigmoid: Bool
    /// Reads the text tower's configuration.
    let text: @Sendable (Config) throws(ConfigError) -> TextTransformer.Configuration
    /// Reads the image tower's configuration.
    let image: @Sendable (Config) throws(ConfigError) -> VisionTransformer.Configuration

    static let all = [
        DualEncoderArchitecture(
            name: "CLIP", modelTypes: ["clip", "clip_text_model", "clip_vision_model"],
            classes: [
                "CLIPModel": .both, "CLIPTextModelWithProjection": .text, "CLIPVisionModelWithProjection": .image,
                "CLIPTextModel": .bareText, "CLIPVisionModel": .bareImage,
            ], openCLIP: ["ViT-*", "RN*"], papers: ["2103.00020"], hasSigmoid: false,
            text: { (config) throws(ConfigError) in try .clip(config) },
            image: { (config) throws(ConfigError) in try .clip(config) }),
        DualEncoderArchitecture(
            name: "SigLIP", modelTypes: ["siglip", "siglip_text_model", "siglip_vision_model"],
            classes: ["SiglipModel": .both, "SiglipTextModel": .bareText, "SiglipVisionModel": .bareImage],
            openCLIP: ["ViT-*-SigLIP*"], papers: ["2303.15343", "2502.14786"], hasSigmoid: true,
            text: { (config) throws(ConfigError) in try .siglip(config) },
            image: { (config) throws(ConfigError) in try .siglip(config) }),
    ]

    /// `model_type` of models of these families that are not supported.
    private static let refusedTypes = ["siglip2", "siglip2_text_model", "siglip2_vision_model"]

    /// Whether a `model_type` is one of these families', supported or not.
    static func recognises(modelType: String) -> Bool {
        refusedTypes.contains(modelType) || all.contains { $0.modelTypes.contains(modelType) }
    }

    /// Whether an entry of `architectures` is one of these families', supported or not.
    static func recognises(class name: String) -> Bool {
        name.hasPrefix("Siglip2") || all.contains { $0.classes[name] != nil }
    }

    /// The architecture that a configuration names, and what of it the checkpoint holds.
    ///
    /// - Throws: `ConfigError` that lists the known names where it names another.
    static func named(in config: Config) throws(ConfigError) -> (DualEncoderArchitecture, Towers) {
        let type = try config.optionalString("model_type")
        if let type, refusedTypes.contains(type) {
            throw config.failure(
                "model_type",
                expected:
                    "\"siglip\": of SigLIP 2, models of a fixed resolution are supported, not those that take any "
                    + "number of patches (NaFlex)")
        }
        // Files without "architectures" are of whole models.
        let given = try config.optionalStrings("architectures", count: 1...1)?.first
        for architecture in all {
            let isWhole = type == architecture.modelTypes[0]
            guard let towers = given.map({ architecture.classes[$0] }) ?? (isWhole ? .both : nil) else { continue }
            if let type {
                let own = architecture.modelTypes[towers.hasText ? 1 : 2]
                let allowed = towers == .both ? [architecture.modelTypes[0]] : [own, architecture.modelTypes[0]]
                guard allowed.contains(type) else {
                    throw config.failure(
                        "model_type",
                        expected: allowed.map { "\"\($0)\"" }.joined(separator: " or ") + ", as \"architectures\" says")
                }
            }
            return (architecture, towers)
        }
        let known = all.flatMap { $0.classes.keys.sorted() }.joined(separator: ", ")
        throw config.failure("architectures", expected: "a dual encoder that is supported (\(known))")
    }
}

extension DualEncoder {
    /// The architectures that can be loaded.
    public static var architectures: [SupportedArchitecture] {
        DualEncoderArchitecture.all.map {
            SupportedArchitecture(
                name: $0.name, names: [.transformers: $0.classes.keys.sorted(), .openCLIP: $0.openCLIP],
                papers: $0.papers)
        }
    }
}
