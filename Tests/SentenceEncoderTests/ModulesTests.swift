import Checkpoints
import JSON
import SentenceEncoder
import TensorCore
import TestSupport
import Testing

/// The files of sentence-transformers that say what happens around the transformer.
@Suite struct ModulesTests {
    private let runtime = Runtime(threads: 1)

    /// A copy of a model's folder, some of whose files are replaced; `nil` leaves a file out.
    private func copy(_ model: String, _ changes: [String: String?]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        func copy(_ path: String, as prefix: String) throws {
            for name in try FileSystem.list(path).names where name != "ref" {
                let (source, target) = (FileSystem.join(path, name), prefix + name)
                if FileSystem.isDirectory(source) {
                    try copy(source, as: target + "/")
                } else if changes[target] == nil {
                    try folder.write(FileSystem.read(source, limit: 1 << 20), as: target)
                }
            }
        }
        try copy(SentenceFixtures.path(model), as: "")
        for (name, text) in changes { if let text { try folder.write(text, as: name) } }
        return folder
    }

    private func failure(_ model: String, _ changes: [String: String?]) throws -> SentenceEncoderError? {
        let folder = try copy(model, changes)
        do throws(SentenceEncoderError) {
            _ = try SentenceEncoder(folder: folder.path, runtime: runtime)
            return nil
        } catch { return error }
    }

    private static let transformer =
        #"{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"}"#
    private static let pooling =
        #"{"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"}"#

    private static func module(_ kind: String, path: String = "1_Pooling") -> String {
        #"{"idx":2,"name":"2","path":"\#(path)","type":"\#(kind)"}"#
    }

    /// Changed files of `minilm`, and what the error must say.
    static let refused: [(file: String, text: String?, says: [String])] = [
        ("modules.json", "[]", ["modules"]), ("modules.json", "{}", ["modules"]),
        ("modules.json", "[1]", ["modules[0]"]),
        ("modules.json", "[", ["modules.json"]), ("modules.json", "", ["modules.json"]),
        ("modules.json", "[\(transformer)]", ["no Pooling"]), ("modules.json", "[\(pooling)]", ["no Transformer"]),
        ("modules.json", "[\(transformer),\(pooling),\(pooling)]", ["modules[2].type", "Dense or Normalize"]),
        (
            "modules.json", "[\(transformer),\(pooling),\(module("sentence_transformers.models.LSTM"))]",
            ["modules[2].type", "LSTM"]
        ),
        ("modules.json", "[\(module("custom_st.Transformer", path: ""))]", ["modules[0].type", "custom_st"]),
        ("modules.json", "[\(module("Transformer", path: ""))]", ["modules[0].type"]),
        (
            "modules.json", "[\(transformer),\(module("sentence_transformers.models.Pooling", path: "../x"))]",
            ["modules[1].path"]
        ),
        (
            "modules.json", "[\(transformer),\(module("sentence_transformers.models.Pooling", path: "/tmp"))]",
            ["modules[1].path"]
        ),
        ("1_Pooling/config.json", nil, ["1_Pooling/config.json"]),
        ("1_Pooling/config.json", "{}", ["embedding_dimension"]),
        ("1_Pooling/config.json", #"{"embedding_dimension":25,"pooling_mode":"mean"}"#, ["embedding_dimension", "24"]),
        ("1_Pooling/config.json", #"{"embedding_dimension":24,"pooling_mode":"median"}"#, ["pooling_mode", "median"]),
        ("1_Pooling/config.json", #"{"embedding_dimension":24,"pooling_mode":[]}"#, ["pooling_mode"]),
        ("1_Pooling/config.json", #"{"embedding_dimension":24,"pooling_mode":["cls",1]}"#, ["pooling_mode"]),
        ("1_Pooling/config.json", #"{"embedding_dimension":24,"pooling_mode_max":true}"#, ["pooling_mode_max"]),
        (
            "1_Pooling/config.json", #"{"word_embedding_dimension":24,"pooling_mode_cls_token":false}"#,
            ["at least one mode"]
        ),
        (
            "1_Pooling/config.json", #"{"word_embedding_dimension":24,"pooling_mode_cls_token":1}"#,
            ["pooling_mode_cls_token"]
        ),
        ("sentence_bert_config.json", #"{"max_seq_length":0}"#, ["max_seq_length"]),
        ("sentence_bert_config.json", #"{"transformer_task":"fill-mask"}"#, ["transformer_task"]),
        ("sentence_bert_config.json", #"{"query_length":32}"#, ["query_length"]),
        ("sentence_bert_config.json", #"{"pool":"cls"}"#, ["pool", "not supported"]),
        ("sentence_bert_config.json", #"{"model_args":{"x":1}}"#, ["model_args.x"]),
        (
            "sentence_bert_config.json", #"{"modality_config":{"text":{"method":"encode","method_output_name":"x"}}}"#,
            ["modality_config.text.method"]
        ),
        ("config_sentence_transformers.json", #"{"model_type":"SparseEncoder"}"#, ["model_type"]),
        ("config_sentence_transformers.json", #"{"prompts":[]}"#, ["prompts"]),
        ("config_sentence_transformers.json", #"{"prompts":{"a":1}}"#, ["prompts.a"]),
        ("config_sentence_transformers.json", #"{"default_prompt_name":"q"}"#, ["default_prompt_name"]),
        ("config_sentence_transformers.json", #"{"similarity_fn_name":"maxsim"}"#, ["similarity_fn_name"]),
        ("tokenizer_config.json", #"{"model_max_length":"many"}"#, []),
        ("config.json", nil, ["config.json"]), ("model.safetensors", nil, ["no weights"]),
        ("model.safetensors", "short", ["model.safetensors"]),
    ]

    @Test(arguments: refused.indices)
    func refusedByName(index: Int) throws {
        let change = Self.refused[index]
        let error = try failure("minilm", [change.file: change.text])
        guard !change.says.isEmpty else { return }
        let text = try #require(error, "\(change.file): \(change.text ?? "missing")").description
        for part in change.says { #expect(text.contains(part), "\(change.text ?? "missing"): \(text)") }
    }

    /// Changed files of `every-pooling`, and what the error must say.
    static let refusedLayers: [(file: String, text: String?, says: [String])] = [
        ("2_Dense/config.json", nil, ["2_Dense/config.json"]),
        ("2_Dense/config.json", #"{"in_features":143,"out_features":20}"#, ["in_features", "144"]),
        ("2_Dense/config.json", #"{"in_features":144,"out_features":21}"#, ["linear.weight", "[21, 144]"]),
        ("2_Dense/config.json", #"{"in_features":144,"out_features":20,"bias":false}"#, ["linear.bias"]),
        (
            "2_Dense/config.json",
            #"{"in_features":144,"out_features":20,"activation_function":"torch.nn.modules.activation.PReLU"}"#,
            ["activation_function", "PReLU"]
        ),
        ("2_Dense/config.json", #"{"in_features":144,"out_features":20,"scale":2}"#, ["scale"]),
        (
            "2_Dense/config.json", #"{"in_features":144,"out_features":20,"module_input_name":"token_embeddings"}"#,
            ["module_input_name"]
        ),
        ("2_Dense/model.safetensors", nil, ["2_Dense"]),
        ("5_Normalize/config.json", #"{"module_output_name":"token_embeddings"}"#, ["module_output_name"]),
    ]

    @Test(arguments: refusedLayers.indices)
    func refusedLayersByName(index: Int) throws {
        let change = Self.refusedLayers[index]
        let text = try #require(try failure("every-pooling", [change.file: change.text])).description
        for part in change.says { #expect(text.contains(part), "\(text)") }
    }

    @Test func aTransformerMayLieInAFolderOfItsOwn() throws {
        let source = SentenceFixtures.path("minilm")
        let folder = try TemporaryFolder()
        for name in ["config.json", "model.safetensors", "sentence_bert_config.json"] {
            try folder.write(FileSystem.read(source + "/" + name, limit: 1 << 20), as: "0_Transformer/" + name)
        }
        try folder.write(
            FileSystem.read(source + "/1_Pooling/config.json", limit: 1 << 20), as: "1_Pooling/config.json")
        let transformer = Self.module("sentence_transformers.models.Transformer", path: "0_Transformer")
        try folder.write("[\(transformer),\(Self.pooling)]", as: "modules.json")
        #expect(SentenceEncoder.recognises(folder: folder.path))
        let encoder = try SentenceEncoder(folder: folder.path, runtime: runtime)
        #expect(encoder.contextLength == 32)
        let reference = try SentenceEncoder(folder: source, runtime: runtime)
        let (found, normalized) = (try encoder.embed(ids: [[2, 9, 3]]).floats, try reference.embed(ids: [[2, 9, 3]]))
        let norm = found.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for (a, b) in zip(found, normalized.floats) { #expect(abs(a / norm - b) < 1e-6) }
    }

    @Test func theLimitIsTheSmallest() throws {
        func contextLength(_ changes: [String: String?]) throws -> Int {
            let folder = try copy("minilm", changes)
            return try SentenceEncoder(folder: folder.path, runtime: runtime, plansOnly: true).contextLength
        }
        #expect(try contextLength([:]) == 32)
        #expect(try contextLength(["sentence_bert_config.json": #"{"max_seq_length":12}"#]) == 12)
        #expect(try contextLength(["sentence_bert_config.json": #"{"max_seq_length":5000}"#]) == 48)
        let none: String? = nil
        #expect(
            try contextLength([
                "sentence_bert_config.json": none, "tokenizer_config.json": #"{"model_max_length":40}"#,
            ]) == 40)
        #expect(
            try contextLength([
                "sentence_bert_config.json": none,
                "tokenizer_config.json": #"{"model_max_length":1000000000000000019884624838656}"#,
            ]) == 48)
        #expect(try contextLength(["sentence_bert_config.json": none, "tokenizer_config.json": none]) == 48)
    }

    @Test func aFolderWithoutModulesSaysWhatIsNeeded() throws {
        let folder = SentenceFixtures.path("bert-pretraining")
        let encoder = try SentenceEncoder(folder: folder, runtime: runtime)
        #expect(encoder.embeddingWidth == 24 && encoder.contextLength == 48 && encoder.promptNames.isEmpty)
        for error in [
            #expect(throws: SentenceEncoderError.self) { try encoder.embed(["a"]) },
            #expect(throws: SentenceEncoderError.self) { try encoder.embed(ids: [[1]]) },
        ] {
            guard case .noPooling(folder) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(error?.description.contains("modules.json") == true)
        }
    }

    @Test func recognition() throws {
        for model in SentenceFixtures.models {
            #expect(SentenceEncoder.recognises(folder: SentenceFixtures.path(model)))
        }
        let folder = try TemporaryFolder()
        #expect(!SentenceEncoder.recognises(folder: folder.path))
        try folder.write(#"{"model_type":"clip"}"#, as: "config.json")
        #expect(!SentenceEncoder.recognises(folder: folder.path))
        #expect(!SentenceEncoder.recognises(folder: folder.path("nowhere")))
    }
}
