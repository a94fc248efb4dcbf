/// One thing that is fuzzed: a name, and what is done with an input.
struct Target: Sendable {
    /// The name, also that of its folder of seeds.
    let name: String
    /// Reads an input, uses what was read, and checks what must hold for it. Errors are answers, not findings.
    let run: @Sendable ([UInt8]) throws -> Void

    /// Every target, in the order they are run.
    static let all = readers + hub

    private static let readers = [
        Target(name: "safetensors", run: fuzzSafetensors),
        Target(name: "safetensors-header", run: fuzzSafetensorsHeader),
        Target(name: "shard-index", run: fuzzShardIndex),
        Target(name: "pytorch", run: fuzzPyTorch),
        Target(name: "pickle", run: fuzzPickle),
        Target(name: "npy", run: fuzzNPY),
        Target(name: "json", run: fuzzJSON),
        Target(name: "model-folder", run: fuzzModelFolder),
        Target(name: "preprocessing", run: fuzzPreprocessing),
        Target(name: "tokenizer-json", run: fuzzTokenizerJSON),
        Target(name: "tokenizer-merges", run: fuzzTokenizerMerges),
        Target(name: "tokenizer-lines", run: fuzzTokenizerLines),
        Target(name: "tokenizer-pieces", run: fuzzTokenizerPieces),
        Target(name: "tokenizer-packed", run: fuzzTokenizerPacked),
        Target(name: "ctc-vocabulary", run: fuzzCTCVocabulary),
        Target(name: "arpa", run: fuzzARPA),
        Target(name: "lora", run: fuzzLoRA),
        Target(name: "text-embedding", run: fuzzTextEmbedding),
        Target(name: "prompt", run: fuzzPrompt),
        Target(name: "single-file", run: fuzzSingleFile),
        Target(name: "png", run: fuzzPNG),
        Target(name: "jpeg", run: fuzzPicture),
        Target(name: "webp", run: fuzzPicture),
        Target(name: "audio", run: fuzzAudio),
        Target(name: "audio-stream", run: fuzzAudioStream),
        Target(name: "vector-index", run: fuzzVectorIndex),
        Target(name: "command-line", run: fuzzCommandLine),
    ]
}
