import Checkpoints
public import JSON
public import TensorCore
public import Text

/// A tokenizer and a text encoder's tensors with learnt words added to both.
///
/// A word's first vector has the word's own spelling as a token; those after it are the tokens `word_1`, `word_2` and
/// so on, as diffusers names them. The vectors become rows of `token_embedding` behind those that are there.
public struct TextualInversion: Sendable {
    /// The tokenizer that finds the words.
    public let tokenizer: Tokenizer
    /// The text encoder's tensors; its table of tokens is longer, and fp32.
    public let textEncoder: any TensorSource
    /// Rows of the longer table: what `vocab_size` of the encoder's configuration becomes.
    public let vocabularyCount: Int
    /// The tokens that stand for a word's first token, where it has several vectors: wherever a prompt holds the word,
    /// in small letters or capitals. (diffusers puts the others in only where the word is spelled as it was learnt.)
    public let expansions: [Int: [Int]]

    /// Adds words in order.
    ///
    /// - Parameters:
    ///   - embeddings: the words.
    ///   - tokenizer: the folder's.
    ///   - textEncoder: the tensors of a `CLIPTextModel`, whose table has a row for each of the tokenizer's tokens.
    /// - Throws: ``AdapterError`` where a word is a token already or can be none, its vectors have another width than
    ///   the encoder's, or tokenizer and table do not belong together.
    public init(
        _ embeddings: [TextEmbedding], tokenizer: Tokenizer, textEncoder: any TensorSource
    ) throws(AdapterError) {
        let tables = textEncoder.names.filter { $0.hasSuffix("embeddings.token_embedding.weight") }
        guard tables.count == 1, let table = textEncoder.info(tables[0]), table.shape.count == 2,
            table.dtype.isFloatingWeight
        else {
            throw .contents(
                file: textEncoder.location, expected: "one matrix of floats …embeddings.token_embedding.weight",
                found: tables.isEmpty ? "none" : "\(tables.count)")
        }
        let rows = table.shape[0]
        guard rows == tokenizer.vocabularyCount else {
            throw .key(
                file: table.file, key: table.name,
                expected: "a row for each of the tokenizer's \(tokenizer.vocabularyCount) tokens", found: "\(rows)")
        }
        var extended = tokenizer
        var expansions: [Int: [Int]] = [:]
        var next = rows
        for embedding in embeddings {
            guard embedding.width == table.shape[1] else {
                throw .key(
                    file: embedding.file, key: embedding.token,
                    expected: "vectors of the text encoder's width \(table.shape[1])", found: "\(embedding.width)")
            }
            let spellings = (0..<embedding.count).map { $0 == 0 ? embedding.token : "\(embedding.token)_\($0)" }
            do throws(TokenizerError) { extended = try extended.adding(spellings) } catch {
                throw .key(
                    file: embedding.file, key: embedding.token, expected: "a word that can be a token of its own",
                    found: error.description)
            }
            if embedding.count > 1 { expansions[next] = Array(next..<next + embedding.count) }
            next += embedding.count
        }
        self.tokenizer = extended
        self.expansions = expansions
        vocabularyCount = next
        self.textEncoder =
            embeddings.isEmpty
            ? textEncoder : ExtendedSource(textEncoder, table: table, rows: embeddings.flatMap(\.vectors))
    }

    /// The text encoder's configuration with the longer table's rows as `vocab_size`.
    ///
    /// - Parameter config: the encoder's own.
    public func configuration(_ config: Config) -> Config {
        var object = config.object
        object["vocab_size"] = JSONValue(vocabularyCount)
        return Config(file: config.file, object: object, keyPath: config.keyPath)
    }
}

/// A text encoder's tensors with rows behind those of its table of tokens.
private struct ExtendedSource: TensorSource {
    private let base: any TensorSource
    private let table: TensorInfo
    private let rows: [Float]

    init(_ base: any TensorSource, table: TensorInfo, rows: [Float]) {
        (self.base, self.table, self.rows) = (base, table, rows)
    }

    var location: String { base.location }
    var names: [String] { base.names }

    func info(_ name: String) -> TensorInfo? {
        guard name == table.name else { return base.info(name) }
        var info = table
        info.dtype = .float32
        info.shape[0] += rows.count / table.shape[1]
        return info
    }

    func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError) {
        guard name == table.name else { return try base.read(name, at: offset, into: buffer) }
        let boundary = table.count * 4
        let byteCount = boundary + rows.count * 4
        guard offset >= 0, offset <= byteCount, buffer.count <= byteCount - offset else {
            throw TensorReadError(
                file: table.file, tensor: name,
                reason: "\(buffer.count) bytes from \(offset) on are wanted, it has \(byteCount)")
        }
        let below = min(max(boundary - offset, 0), buffer.count)
        if below > 0 {
            try base.readFloats(
                table, at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<below])
            ) { _, _ in }
        }
        guard below < buffer.count else { return }
        let start = offset + below - boundary
        rows.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: buffer[below...]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + buffer.count - below]))
        }
    }
}
