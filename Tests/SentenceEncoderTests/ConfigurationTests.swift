import Checkpoints
import JSON
import Layers
import SentenceEncoder
import TensorCore
import TestSupport
import Testing

/// `config.json` files that ask for what is not supported, contradict the weights, or are hostile.
@Suite struct ConfigurationTests {
    private let runtime = Runtime(threads: 1)

    private func build(_ model: String, _ key: String, _ value: JSONValue) throws -> SentenceEncoder {
        try SentenceFixtures.build(
            model, config: Self.edited(SentenceFixtures.config(model), key, value),
            source: Checkpoint.open(folder: SentenceFixtures.path(model)), runtime: runtime, plansOnly: true)
    }

    static func edited(_ config: Config, _ key: String, _ value: JSONValue) -> Config {
        var object = config.object
        object[key] = value
        return Config(file: config.file, object: object)
    }

    static let refused: [(model: String, key: String, value: JSONValue)] = [
        ("minilm", "model_type", "distilbert"), ("minilm", "model_type", 5),
        ("minilm", "position_embedding_type", "relative_key"),
        ("roberta", "position_embedding_type", "relative_key_query"),
        ("minilm", "is_decoder", true), ("minilm", "is_decoder", "no"), ("xlm-roberta", "add_cross_attention", true),
        ("minilm", "pruned_heads", ["0": [1]]), ("minilm", "hidden_act", "mystery"), ("minilm", "hidden_act", 1),
        ("minilm", "num_attention_heads", 5), ("minilm", "num_attention_heads", 0), ("minilm", "hidden_size", -1),
        ("minilm", "hidden_size", "24"), ("minilm", "hidden_size", JSONValue(Int.max)),
        ("minilm", "num_hidden_layers", 1_000_000_000), ("minilm", "intermediate_size", 0),
        ("minilm", "layer_norm_eps", -1e-5), ("minilm", "layer_norm_eps", "1e-5"), ("minilm", "vocab_size", 0),
        ("minilm", "max_position_embeddings", 0), ("minilm", "type_vocab_size", 0),
        ("roberta", "max_position_embeddings", 2), ("roberta", "pad_token_id", -1),
        ("roberta", "pad_token_id", 100_000), ("mpnet", "relative_attention_num_buckets", 64),
        ("mpnet", "max_position_embeddings", 1),
    ]

    @Test(arguments: refused.indices)
    func refusedWithTheKey(index: Int) throws {
        let change = Self.refused[index]
        let error = #expect(throws: SentenceEncoderError.self) { try build(change.model, change.key, change.value) }
        guard case .config(.value(let file, let keyPath, _, _)) = error else {
            Issue.record("\(change): \(String(describing: error))")
            return
        }
        #expect(keyPath == change.key && file.hasSuffix("config.json"))
    }

    static let contradicting: [(model: String, key: String, value: JSONValue, tensor: String)] = [
        ("minilm", "hidden_size", 48, "embeddings.word_embeddings"),
        ("minilm", "vocab_size", 2_000_000, "word_embeddings"), ("minilm", "type_vocab_size", 3, "token_type"),
        ("minilm", "max_position_embeddings", 1_000_000, "position_embeddings"),
        ("minilm", "num_hidden_layers", 3, "layer.2"), ("minilm", "num_hidden_layers", 1, "layer.1"),
        ("minilm", "intermediate_size", 131_072, "intermediate"), ("mpnet", "num_attention_heads", 4, "relative"),
        ("minilm", "model_type", "mpnet", "relative_attention_bias"), ("mpnet", "model_type", "bert", "token_type"),
    ]

    @Test(arguments: contradicting.indices)
    func contradictionsNameTheTensor(index: Int) throws {
        let change = Self.contradicting[index]
        let error = #expect(throws: SentenceEncoderError.self) { try build(change.model, change.key, change.value) }
        guard case .weights(let error) = error else {
            Issue.record("\(change): \(String(describing: error))")
            return
        }
        #expect(error.description.contains(change.tensor), "\(error)")
    }

    /// Values that have no business in a configuration.
    static let hostile: [JSONValue] = [
        nil, true, false, 0, -1, 1, 2, 3, 65_536, 2_147_483_648, JSONValue(Int.max), JSONValue(Int.min), 0.5, 1e308,
        "", "x", "../../etc/passwd", [], [0], ["mean"], [[1]], [nil], [:], ["x": 1],
    ]

    /// CF01
    @Test(arguments: SentenceFixtures.models)
    func everyKeyWithEveryValueOrMissing(model: String) throws {
        // Either the model is built or a typed error says why not; nothing traps, and nothing takes memory first.
        let config = try SentenceFixtures.config(model)
        let checkpoint = try Checkpoint.open(folder: SentenceFixtures.path(model))
        for key in config.keys {
            var without = JSONObject()
            for member in config.object.members where member.key != key {
                without.append(key: member.key, value: member.value)
            }
            let changed =
                Self.hostile.map { Self.edited(config, key, $0) } + [Config(file: config.file, object: without)]
            for other in changed {
                do {
                    let encoder = try SentenceFixtures.build(
                        model, config: other, source: checkpoint, runtime: runtime, plansOnly: true)
                    #expect(encoder.contextLength > 0)
                } catch let error as SentenceEncoderError {
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }

    @Test func absentKeysTakeTheClassesDefaults() throws {
        // `BertConfig` has "gelu", 1e-12, two types, no decoder.
        let config = try SentenceFixtures.config("minilm")
        var object = JSONObject()
        for member in config.object.members
        where !["hidden_act", "layer_norm_eps", "type_vocab_size", "is_decoder"].contains(member.key) {
            object.append(key: member.key, value: member.value)
        }
        let encoder = try SentenceFixtures.build(
            "minilm", config: Config(file: config.file, object: object),
            source: Checkpoint.open(folder: SentenceFixtures.path("minilm")), runtime: runtime)
        for reference in try SentenceFixtures.cases("minilm") {
            #expect(mismatch(try reference.run(encoder).lastHiddenState, reference.hidden) == nil)
        }
    }
}
