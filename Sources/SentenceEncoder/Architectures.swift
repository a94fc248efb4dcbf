public import Checkpoints
import JSON

/// The architectures of text encoders: adding one is a file of its own and a line in ``all``.
struct TextEncoderArchitecture: Sendable {
    /// The family's name, as its paper has it.
    let name: String
    /// transformers' `model_type`.
    let modelType: String
    /// transformers' class.
    let className: String
    /// The papers' numbers on arXiv.
    let papers: [String]
    /// What stands before the tensors' names where a checkpoint also holds a head.
    let prefix: String
    /// How its configuration differs from BERT's.
    let variant: TextEncoderConfiguration.Variant
    /// The network.
    let network: any TextEncoder.Type

    static let all = [
        TextEncoderArchitecture(
            name: "BERT", modelType: "bert", className: "BertModel", papers: ["1810.04805"], prefix: "bert",
            variant: .bert, network: BERT.self),
        TextEncoderArchitecture(
            name: "RoBERTa", modelType: "roberta", className: "RobertaModel", papers: ["1907.11692"],
            prefix: "roberta", variant: .roberta, network: RoBERTa.self),
        TextEncoderArchitecture(
            name: "XLM-RoBERTa", modelType: "xlm-roberta", className: "XLMRobertaModel", papers: ["1911.02116"],
            prefix: "roberta", variant: .roberta, network: RoBERTa.self),
        TextEncoderArchitecture(
            name: "MPNet", modelType: "mpnet", className: "MPNetModel", papers: ["2004.09297"], prefix: "mpnet",
            variant: .mpnet, network: MPNet.self),
    ]

    /// The architecture that a configuration names.
    ///
    /// - Throws: ``ConfigError`` that lists the known names where it names another.
    static func named(in config: Config) throws(ConfigError) -> TextEncoderArchitecture {
        let known = Dictionary(all.map { ($0.modelType, $0) }, uniquingKeysWith: { first, _ in first })
        return try config.choice("model_type", known)
    }

    /// Whether published checkpoints hold a tensor of this name that gives no token its vector: the layer over the
    /// first token, the heads of pretraining, and buffers of counting numbers.
    func ignores(_ name: String) -> Bool {
        let heads = ["cls.predictions.", "cls.seq_relationship.", "lm_head."]
        if heads.contains(where: { name.hasPrefix($0) }) { return true }
        let rest = name.hasPrefix(prefix + ".") ? String(name.dropFirst(prefix.count + 1)) : name
        return ["pooler.dense.weight", "pooler.dense.bias", "embeddings.position_ids", "embeddings.token_type_ids"]
            .contains(rest)
    }
}

extension SentenceEncoder {
    /// The architectures that can be loaded, each also behind the modules of sentence-transformers.
    public static var architectures: [SupportedArchitecture] {
        TextEncoderArchitecture.all.map {
            SupportedArchitecture(
                name: $0.name, names: [.transformers: [$0.className], .sentenceTransformers: [$0.modelType]],
                papers: $0.papers)
        }
    }
}
