public import Checkpoints
import JSON
import Layers

/// The architectures of audio encoders: adding one is a network and a line in ``all``.
struct AudioEncoderArchitecture: Sendable {
    /// Whose keys a configuration has.
    enum Variant: Sendable {
        case wav2vec2, hubert, wavlm, data2vec, conformer
    }

    /// The family's name, as its paper has it.
    let name: String
    /// transformers' `model_type`.
    let modelType: String
    /// What stands before the tensors' names where a checkpoint also holds a head.
    let prefix: String
    /// What its classes' names begin with.
    let classPrefix: String
    /// The papers' numbers on arXiv.
    let papers: [String]
    /// Whose keys a configuration has.
    let variant: Variant
    /// What follows the features.
    let network: any SpeechTransformer.Type

    static let all = [
        AudioEncoderArchitecture(
            name: "wav2vec 2.0", modelType: "wav2vec2", prefix: "wav2vec2", classPrefix: "Wav2Vec2",
            papers: ["2006.11477", "2111.09296", "2305.13516"], variant: .wav2vec2, network: Wav2Vec2.self),
        AudioEncoderArchitecture(
            name: "HuBERT", modelType: "hubert", prefix: "hubert", classPrefix: "Hubert",
            papers: ["2106.07447"], variant: .hubert, network: HuBERT.self),
        AudioEncoderArchitecture(
            name: "WavLM", modelType: "wavlm", prefix: "wavlm", classPrefix: "WavLM",
            papers: ["2110.13900"], variant: .wavlm, network: WavLM.self),
        AudioEncoderArchitecture(
            name: "data2vec-audio", modelType: "data2vec-audio", prefix: "data2vec_audio",
            classPrefix: "Data2VecAudio", papers: ["2202.03555"], variant: .data2vec, network: Data2VecAudio.self),
        AudioEncoderArchitecture(
            name: "wav2vec 2.0 Conformer", modelType: "wav2vec2-conformer", prefix: "wav2vec2_conformer",
            classPrefix: "Wav2Vec2Conformer", papers: ["2010.05171"], variant: .conformer,
            network: Wav2Vec2Conformer.self),
    ]

    /// What comes after a class's prefix: the head that its checkpoints hold.
    fileprivate enum HeadKind {
        case none, ctc, classification
    }

    fileprivate static let heads: [String: HeadKind] = [
        "Model": .none, "ForPreTraining": .none, "ForCTC": .ctc, "ForSequenceClassification": .classification,
    ]

    /// The architecture that a configuration names.
    ///
    /// - Throws: `ConfigError` that lists the known names where it names another.
    static func named(in config: Config) throws(ConfigError) -> AudioEncoderArchitecture {
        let known = Dictionary(all.map { ($0.modelType, $0) }, uniquingKeysWith: { first, _ in first })
        return try config.choice("model_type", known)
    }

    /// The head that a configuration names: that of its class, none where it names no class.
    ///
    /// - Throws: `ConfigError` for a class that is not supported.
    func head(_ config: Config, _ configuration: AudioEncoderConfiguration) throws(ConfigError) -> AudioHead.Kind {
        guard config.has("architectures") else { return .none }
        _ = try config.strings("architectures", count: 1...1)
        let classes = Self.heads.map { (classPrefix + $0.key, $0.value) }
        let known = Dictionary(classes, uniquingKeysWith: { first, _ in first })
        // The reader of choices wants a single string: the list's only element, under the list's key.
        let single = Config(
            file: config.file, object: ["architectures": config.object["architectures"]?.arrayValue?.first ?? .null])
        switch try single.choice("architectures", known) {
        case .none: return .none
        case .ctc:
            let range = 1...1_000_000
            // A Conformer's configuration has no vocabulary unless it says so.
            let count =
                variant == .conformer
                ? try config.int("vocab_size", in: range) : try config.int("vocab_size", in: range, default: 32)
            return .ctc(vocabulary: count)
        case .classification:
            guard configuration.convolutionAdapter == nil else {
                throw config.failure("add_adapter", expected: "false, as classification has it", found: "true")
            }
            let labels = try config.audioLabels()
            let hasSigmoid = try config.choice(
                "problem_type", ["single_label_classification": false, "multi_label_classification": true],
                default: false)
            return .classification(
                labels: labels, hasSigmoid: hasSigmoid,
                width: try config.int("classifier_proj_size", in: 1...65536, default: 256),
                weighsLayers: try config.bool("use_weighted_layer_sum", default: false))
        }
    }

    /// Whether published checkpoints hold a tensor of this name that no result depends on: the vector that masks frames
    /// in training, what pretraining adds, batch norms' counters, and a Conformer's convolution of positions, which
    /// transformers builds and never runs.
    func ignores(_ name: String) -> Bool {
        if ["quantizer.", "project_q.", "project_hid."].contains(where: { name.hasPrefix($0) }) { return true }
        if isBatchCounter(name) { return true }
        let rest = name.hasPrefix(prefix + ".") ? String(name.dropFirst(prefix.count + 1)) : name
        return rest == "masked_spec_embed"
            || variant == .conformer && rest.hasPrefix("encoder.pos_conv_embed.")
    }
}

extension Config {
    /// The classes' names: `id2label`; numbered where a configuration names none.
    fileprivate func audioLabels() throws(ConfigError) -> [String] {
        let count = try optionalInt("num_labels", in: 1...1_000_000)
        guard let names = try optionalObject("id2label") else {
            return (0..<(count ?? 2)).map { "LABEL_\($0)" }
        }
        guard (1...1_000_000).contains(names.keys.count) else {
            throw failure("id2label", expected: "at least one label", found: "\(names.keys.count)")
        }
        return try labels("id2label", count: count ?? names.keys.count)
    }
}

extension AudioEncoder {
    /// The architectures that can be loaded.
    public static var architectures: [SupportedArchitecture] {
        AudioEncoderArchitecture.all.map { architecture in
            let classes = AudioEncoderArchitecture.heads.keys.sorted().map { architecture.classPrefix + $0 }
            return SupportedArchitecture(
                name: architecture.name, names: [.transformers: classes], papers: architecture.papers)
        }
    }
}
