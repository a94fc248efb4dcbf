import Checkpoints
import Glibc
import TensorCore
import Text

@testable import LatentDiffusion

/// Any bytes as a LoRA file, merged into the small pipeline that the tests' files were trained for.
@Sendable func fuzzLoRA(_ bytes: [UInt8]) throws {
    let path = ScratchFolder.shared.path + "/lora.safetensors"
    write(bytes, to: path)
    let merge = try LoRAMerge(
        [LoRA(file: path, strength: 0.5)], unet: Pipeline.adapted.unet, textEncoder: Pipeline.adapted.text)
    for source in [merge.unet, merge.textEncoder].compactMap(\.self) {
        for name in source.names {
            guard let info = source.info(name) else { continue }
            var buffer = [UInt8](repeating: 0, count: info.byteCount)
            try buffer.withUnsafeMutableBytes { try source.read(name, at: 0, into: $0) }
        }
    }
}

/// Any bytes as a learnt embedding, which is then added to a tokenizer and a text encoder.
@Sendable func fuzzTextEmbedding(_ bytes: [UInt8]) throws {
    let path = ScratchFolder.shared.path + "/word.bin"
    write(bytes, to: path)
    let embedding = try TextEmbedding(file: path)
    require(embedding.width > 0 && embedding.vectors.count == embedding.count * embedding.width, "\(embedding.width)")
    require(embedding.vectors.allSatisfy(\.isFinite), "a vector that is no vector")
    let learnt = try TextualInversion([embedding], tokenizer: Pipeline.tokenizer, textEncoder: Pipeline.text)
    require(
        learnt.vocabularyCount == Pipeline.tokenizer.vocabularyCount + embedding.count, "\(learnt.vocabularyCount)")
    for id in learnt.tokenizer.encode("a photo of \(embedding.token)").ids {
        require((0..<learnt.vocabularyCount).contains(id), "token \(id)")
    }
}

/// Any text as a prompt, with what its brackets mean and as it stands; and as `--lora` takes it.
@Sendable func fuzzPrompt(_ bytes: [UInt8]) throws {
    let prompt = text(bytes[...])
    if let lora = try? LoRA(parsing: prompt) { require(lora.strength.isFinite, "\(lora.strength)") }
    let tokens = Pipeline.promptTokens
    for options in [PromptTokenizer.Options(), .init(isLong: true), .init(isWeighted: false, isLong: true)] {
        guard let chunks = try? tokens.chunks(prompt, options) else { continue }
        require((1...PromptTokenizer.chunkLimit).contains(chunks.count), "\(chunks.count) rows")
        for chunk in chunks.chunks {
            require(chunk.ids.count == tokens.contextLength && chunk.weights.count == chunk.ids.count, "a short row")
            require(chunk.weights.allSatisfy { !$0.isNaN }, "a weight that is no number")
            require(chunk.ids.allSatisfy { (0..<Pipeline.tokenizer.vocabularyCount).contains($0) }, "no token")
        }
    }
}

/// Names and shapes of a checkpoint in the original layout: those of a small one with changes, a line each.
///
/// `name 3,4` gives a tensor another shape or adds one, `-name` leaves it out; the first line chooses the checkpoint.
@Sendable func fuzzSingleFile(_ bytes: [UInt8]) throws {
    let lines = text(bytes[...]).split(separator: "\n", omittingEmptySubsequences: false)
    var source = Pipeline.single[lines.first == "two" ? 1 : 0]
    for line in lines.dropFirst() {
        if line.hasPrefix("-") {
            source.tensors[String(line.dropFirst())] = nil
            continue
        }
        let words = line.split(separator: " ")
        guard words.count == 2 else { continue }
        let shape = words[1].split(separator: ",").map { Int($0) ?? 1 }
        // What a file may say: its reader has checked that the product is a size.
        var count = 1
        let fits = shape.allSatisfy {
            let (product, overflows) = count.multipliedReportingOverflow(by: $0)
            count = product
            return $0 >= 0 && !overflows && product < 1 << 40
        }
        if fits { source.tensors[String(words[0])] = shape }
    }
    for heads in [nil, [1, 2], [1, 2, 2]] {
        let options = SingleFile.Options(heads: heads, textHeads: heads.map { _ in 2 })
        guard let file = try? SingleFile(source, file: "fuzz.safetensors", options: options) else { continue }
        for component in [file.unet, file.autoencoder, file.textEncoder] {
            for name in component.source.names {
                require(component.source.info(name)?.name != nil, "\(name) is named and not there")
            }
        }
        _ = try? UNet2DConditionConfiguration(file.unet.config)
        _ = try? Autoencoder(
            folder: "fuzz", config: file.autoencoder.config, source: file.autoencoder.source,
            runtime: Pipeline.runtime, plansOnly: true)
    }
}

/// The small pipelines of the tests, read once.
private enum Pipeline {
    static let runtime = Runtime(threads: 1)
    private static let fixtures =
        (getenv("ZOO_TESTS").map { String(cString: $0) } ?? "../Tests") + "/LatentDiffusionTests/Fixtures"

    static let adapted = (unet: checkpoint("adapters/unet"), text: checkpoint("adapters/text_encoder"))
    static let text = checkpoint("embeddings/table")
    static let tokenizer = needed { try Tokenizer(folder: "\(fixtures)/sd1/tokenizer", rules: .transformers) }
    static let promptTokens = needed { try PromptTokenizer(tokenizer, contextLength: 77) }
    static let single = ["one", "two"].map { name in
        let file = checkpoint("single-file/\(name)")
        return Shapes(tensors: Dictionary(uniqueKeysWithValues: file.names.map { ($0, file.info($0)?.shape ?? []) }))
    }

    private static func checkpoint(_ name: String) -> Checkpoint {
        needed { try Checkpoint.open(file: "\(fixtures)/\(name).safetensors") }
    }

    /// What the tests' own files give.
    private static func needed<Value>(_ body: () throws -> Value) -> Value {
        do { return try body() } catch { fatalError("the tests' files: \(error)") }
    }
}

/// A checkpoint of shapes alone.
private struct Shapes: TensorSource {
    var tensors: [String: [Int]]

    let location = "fuzz.safetensors"
    var names: [String] { tensors.keys.sorted() }
    func info(_ name: String) -> TensorInfo? {
        tensors[name].map { TensorInfo(name: name, dtype: .float32, shape: $0, file: location) }
    }
    func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError) {
        throw TensorReadError(file: location, tensor: name, reason: "only its shape is known")
    }
}
