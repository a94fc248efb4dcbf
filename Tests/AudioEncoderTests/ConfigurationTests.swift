import AudioEncoder
import Checkpoints
import JSON
import TensorCore
import TestSupport
import Testing

/// Configurations that ask for something else: refused by the name of the key, or seen in the weights.
@Suite struct ConfigurationTests {
    struct Mutation: Sendable, CustomTestStringConvertible {
        var model: String
        var key: String
        var value: JSONValue?
        var testDescription: String { "\(model): \(key) = \(value?.serialized() ?? "nothing")" }
    }

    private static let words: [(String, [JSONValue])] = [
        ("model_type", ["bert", "whisper", 1, .null]), ("architectures", ["Wav2Vec2ForCTC", [], ["BertModel"], [1]]),
        ("feat_extract_norm", ["batch", 1]), ("feat_extract_activation", ["selu", 1]), ("hidden_act", ["mish", 2]),
        ("conv_dim", [[12, 18], [12, 18, 0], [12, 18, 1.5], 12, [], [12, 18, 99999]]),
        ("conv_kernel", [[10, 3], [10, 3, 0], "10"]), ("conv_stride", [[5, 2], [5, 2, 0], [5, 2, 2, 2]]),
        ("conv_bias", ["no", 1]), ("num_attention_heads", [3, 0, -1, 2.5]), ("hidden_size", [0, "20", 1e9]),
        ("num_hidden_layers", [0, 100_000]), ("intermediate_size", [0]), ("layer_norm_eps", [-1, "1e-5", 2]),
        ("num_conv_pos_embeddings", [0, 1_099_511_627_776]), ("num_conv_pos_embedding_groups", [3, 0]),
        ("do_stable_layer_norm", [1, "true"]), ("add_adapter", ["yes"]), ("vocab_size", [0, 1.5]),
        ("num_feat_extract_layers", [2, 4]),
    ]

    static let refused: [Mutation] =
        words.flatMap { key, values in values.map { Mutation(model: "wav2vec2-large", key: key, value: $0) } } + [
            Mutation(model: "wav2vec2-large", key: "architectures", value: ["Wav2Vec2ForXVector"]),
            Mutation(model: "wav2vec2-large", key: "architectures", value: ["HubertForCTC"]),
            Mutation(model: "mms", key: "adapter_attn_dim", value: 0),
            Mutation(model: "hubert", key: "conv_pos_batch_norm", value: 3),
            Mutation(model: "wavlm", key: "num_buckets", value: 3),
            Mutation(model: "wavlm", key: "max_bucket_distance", value: 4),
            Mutation(model: "conformer", key: "conv_depthwise_kernel_size", value: 8),
            Mutation(model: "conformer", key: "position_embeddings_type", value: "absolute"),
            Mutation(model: "conformer", key: "vocab_size", value: nil),
            Mutation(model: "conformer-rotary", key: "num_attention_heads", value: 4),
            Mutation(model: "classifier", key: "add_adapter", value: true),
            Mutation(model: "classifier", key: "classifier_proj_size", value: 0),
            Mutation(model: "classifier", key: "problem_type", value: "regression"),
            Mutation(model: "classifier", key: "id2label", value: .object(JSONObject())),
            Mutation(model: "adapter", key: "adapter_stride", value: 0),
        ]

    private func failure(_ mutation: Mutation) throws -> AudioEncoderError? {
        let config = try AudioFixtures.config(mutation.model, [mutation.key: mutation.value])
        do {
            _ = try AudioFixtures.build(
                mutation.model, config: config, runtime: Runtime(threads: 1), plansOnly: true)
            return nil
        } catch let error as AudioEncoderError { return error }
    }

    /// CF01
    @Test(arguments: refused)
    func refusedByName(mutation: Mutation) throws {
        guard case .config(.value(_, let path, _, _)) = try failure(mutation) else {
            Issue.record("\(mutation.testDescription) is taken")
            return
        }
        #expect(path.hasPrefix(mutation.key) || path == "conv_stride" || path == "conv_kernel")
    }

    /// Strides and kernels that multiply to more than any clip.
    @Test func aFrameThatNoClipIsLongEnoughFor() throws {
        let checkpoint = try Checkpoint.open(folder: AudioFixtures.path("adapter"))
        var source = EditedSource(checkpoint)
        for name in checkpoint.names where name.hasSuffix("conv.weight") && name.contains(".adapter.layers.") {
            source.reshape(name, to: [28, 14, 64])
        }
        let config = try AudioFixtures.config(
            "adapter", ["conv_stride": [1024, 1024, 16], "adapter_kernel_size": 64, "adapter_stride": 8])
        let error = #expect(throws: AudioEncoderError.self) {
            try AudioFixtures.build(
                "adapter", config: config, source: source, runtime: Runtime(threads: 1), plansOnly: true)
        }
        guard case .config(.value(_, "conv_stride", _, _)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// Other networks than the weights': each is missed, misshapen or left over.
    @Test(arguments: [
        Mutation(model: "wav2vec2-large", key: "feat_extract_norm", value: "group"),
        Mutation(model: "wav2vec2-large", key: "conv_bias", value: false),
        Mutation(model: "wav2vec2-large", key: "hidden_size", value: 24),
        Mutation(model: "wav2vec2-large", key: "num_hidden_layers", value: 1),
        Mutation(model: "wav2vec2-large", key: "num_conv_pos_embeddings", value: 16),
        Mutation(model: "wav2vec2-large", key: "num_conv_pos_embedding_groups", value: 5),
        Mutation(model: "wav2vec2-large", key: "vocab_size", value: 32),
        Mutation(model: "wav2vec2-large", key: "adapter_attn_dim", value: 6),
        Mutation(model: "wav2vec2-large", key: "add_adapter", value: true),
        Mutation(model: "wav2vec2-large", key: "architectures", value: ["Wav2Vec2Model"]),
        Mutation(model: "wav2vec2-large", key: "architectures", value: nil),
        Mutation(model: "wav2vec2-large", key: "architectures", value: ["Wav2Vec2ForSequenceClassification"]),
        Mutation(model: "mms", key: "adapter_attn_dim", value: nil),
        Mutation(model: "hubert", key: "conv_pos_batch_norm", value: true),
        Mutation(model: "hubert", key: "feat_proj_layer_norm", value: false),
        Mutation(model: "wavlm", key: "num_buckets", value: 32),
        Mutation(model: "data2vec", key: "num_conv_pos_embeddings", value: 2),
        Mutation(model: "data2vec", key: "conv_pos_kernel_size", value: 19),
        Mutation(model: "conformer", key: "position_embeddings_type", value: "rotary"),
        Mutation(model: "conformer", key: "position_embeddings_type", value: .null),
        Mutation(model: "conformer", key: "conv_depthwise_kernel_size", value: 9),
        Mutation(model: "classifier", key: "use_weighted_layer_sum", value: false),
        Mutation(model: "adapter", key: "num_adapter_layers", value: 3),
        Mutation(model: "adapter", key: "output_hidden_size", value: nil),
    ])
    func seenInTheWeights(mutation: Mutation) throws {
        guard case .weights = try failure(mutation) else {
            Issue.record("\(mutation.testDescription) is taken")
            return
        }
    }

    /// What changes results but no shape changes the result here, too.
    @Test(arguments: [
        Mutation(model: "wav2vec2-large", key: "do_stable_layer_norm", value: false),
        Mutation(model: "wav2vec2-large", key: "hidden_act", value: "relu"),
        Mutation(model: "wav2vec2-large", key: "feat_extract_activation", value: "relu"),
        Mutation(model: "wav2vec2-large", key: "layer_norm_eps", value: 0.1),
        Mutation(model: "wav2vec2-large", key: "num_attention_heads", value: 4),
        Mutation(model: "wav2vec2-large", key: "conv_stride", value: [5, 2, 1]),
        Mutation(model: "wavlm", key: "max_bucket_distance", value: 9),
        Mutation(model: "adapter", key: "adapter_stride", value: 3),
    ])
    func changesTheResult(mutation: Mutation) throws {
        let values = try AudioFixtures.reference(mutation.model, "b1").values
        let runtime = Runtime(threads: 1)
        let config = try AudioFixtures.config(mutation.model, [mutation.key: mutation.value])
        let changed = try AudioFixtures.build(mutation.model, config: config, runtime: runtime).logits(values)
        let expected = try AudioFixtures.build(mutation.model, runtime: runtime).logits(values)
        #expect(mismatch(changed, expected) != nil)
    }

    @Test func recognition() {
        for model in AudioFixtures.models { #expect(AudioEncoder.recognises(folder: AudioFixtures.path(model))) }
        #expect(!AudioEncoder.recognises(folder: AudioFixtures.path("extractor")))
        #expect(!AudioEncoder.recognises(folder: AudioFixtures.path("nothing")))
        #expect(AudioEncoder.architectures.count == 5)
    }

    @Test func preprocessorFiles() throws {
        for (text, isFine) in [
            (#"{"do_normalize": false, "sampling_rate": 8000}"#, true), ("{}", true),
            (#"{"feature_extractor_type": "WhisperFeatureExtractor"}"#, false), (#"{"feature_size": 80}"#, false),
            (#"{"sampling_rate": 0}"#, false), (#"{"padding_side": "left"}"#, false), (#"{"do_normalize": 1}"#, false),
        ] {
            let folder = try TemporaryFolder()
            try FileSystem.write(Array(text.utf8), to: folder.path + "/preprocessor_config.json")
            let model = "wav2vec2-large"
            let encoder = try AudioEncoder(
                folder: folder.path, config: AudioFixtures.config(model),
                source: Checkpoint.open(folder: AudioFixtures.path(model)), runtime: Runtime(threads: 1))
            let samples: [Float] = [0.5, -0.25, 0.125]
            guard isFine else {
                #expect(throws: AudioEncoderError.self) { try encoder.inputValues(samples) }
                continue
            }
            #expect(encoder.samplingRate == (text == "{}" ? 16_000 : 8000))
            #expect((try encoder.inputValues(samples).floats == samples) == (text != "{}"))
        }
        let folder = try TemporaryFolder()
        let encoder = try AudioEncoder(
            folder: folder.path, config: AudioFixtures.config("hubert"),
            source: Checkpoint.open(folder: AudioFixtures.path("hubert")), runtime: Runtime(threads: 1))
        guard
            case .noPreprocessing = #expect(
                throws: AudioEncoderError.self,
                performing: {
                    try encoder.inputValues([0, 1])
                })
        else {
            Issue.record("samples are prepared without a word on how")
            return
        }
        #expect(encoder.samplingRate == 16_000)
    }
}
