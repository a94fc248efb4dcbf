import Checkpoints
import JSON
import Synchronization
public import TensorCore
public import Text

/// The tokenizer of a folder, read when it is first needed and kept.
final class TextSource: Sendable {
    private let folder: String
    private let lowercasing: ConfigError?
    private let loaded = Mutex<Tokenizer?>(nil)

    /// The tokenizer of a transformer's folder.
    ///
    /// - Parameter lowercasing: the error of a tokenizer that keeps upper case, where texts are to be lowercased.
    init(folder: String, lowercasing: ConfigError?) { (self.folder, self.lowercasing) = (folder, lowercasing) }

    func tokenizer() throws(SentenceEncoderError) -> Tokenizer {
        try loaded.withLock { loaded throws(SentenceEncoderError) in
            if let loaded { return loaded }
            let tokenizer: Tokenizer
            do throws(TokenizerError) { tokenizer = try Tokenizer(folder: folder) } catch { throw .tokenizer(error) }
            if let lowercasing, Self.keepsUpperCase(tokenizer) { throw .config(lowercasing) }
            // Filled up at the start, a text's positions would change with the longest of its batch.
            guard !tokenizer.padsLeft else {
                throw .config(
                    .value(
                        file: FileSystem.join(folder, "tokenizer_config.json"), keyPath: "padding_side",
                        expected: "right", found: "left"))
            }
            loaded = tokenizer
            return tokenizer
        }
    }

    /// Whether the case of a letter makes a difference. Where it does, lowercasing texts beforehand would spoil special
    /// tokens written in them.
    private static func keepsUpperCase(_ tokenizer: Tokenizer) -> Bool {
        let letters = "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z"
        return tokenizer.encode(letters).ids != tokenizer.encode(letters.lowercased()).ids
    }
}

extension SentenceEncoder {
    /// Tokens that one pass takes, where a text is not longer: enough that weights are read seldom, few enough that
    /// activations stay in the caches.
    package var tokensAtATime: Int { max(1, 192 * 1024 / max(network.configuration.width, 1)) }

    /// How texts become token ids.
    ///
    /// - Throws: ``SentenceEncoderError`` where the folder has no tokenizer, or one that is not supported.
    public func tokenizer() throws(SentenceEncoderError) -> Tokenizer { try text.tokenizer() }

    /// One vector for each text.
    ///
    /// - Parameters:
    ///   - texts: of any number.
    ///   - prompt: the name of the prompt that goes before each text; `nil` takes the model's standard one, if any.
    ///   - truncates: whether texts of more than ``contextLength`` tokens are cut; an error otherwise.
    /// - Returns: `[texts, embeddingWidth]`, of unit length where the model's modules say so; the same bits for a text
    ///   whatever the others.
    /// - Throws: ``SentenceEncoderError``.
    public func embed(
        _ texts: [String], prompt: String? = nil, truncates: Bool = false
    ) throws(SentenceEncoderError) -> Tensor {
        guard let head else { throw .noPooling(folder: folder) }
        let prompt = try prompts.text(prompt)
        let tokenizer = try tokenizer()
        var ids: [[Int]] = []
        ids.reserveCapacity(texts.count)
        for text in texts { ids.append(try encode(prompt + text, tokenizer, truncates)) }
        var promptTokens = 0
        if !prompt.isEmpty, !head.includesPrompt {
            let alone = try encode(prompt, tokenizer, truncates)
            promptTokens = alone.last == tokenizer.endID ? alone.count - 1 : alone.count
        }
        return try embed(ids: ids, promptTokens: promptTokens)
    }

    private func encode(
        _ text: String, _ tokenizer: Tokenizer, _ truncates: Bool
    ) throws(SentenceEncoderError) -> [Int] {
        do throws(TokenizerError) {
            return try tokenizer.encode(text, limit: contextLength, truncates: truncates).ids
        } catch { throw .tokenizer(error) }
    }

    /// One vector for each sequence of token ids, those around a text included.
    ///
    /// - Parameters:
    ///   - ids: of any number of sequences, each of 1 to ``contextLength`` tokens.
    ///   - promptTokens: tokens at the start of each that are a prompt's, for models that leave them out.
    /// - Returns: `[sequences, embeddingWidth]`.
    /// - Throws: ``SentenceEncoderError``.
    public func embed(ids: [[Int]], promptTokens: Int = 0) throws(SentenceEncoderError) -> Tensor {
        guard let head else { throw .noPooling(folder: folder) }
        try check(ids, promptTokens: head.includesPrompt ? 0 : promptTokens)
        // Sequences of equal length side by side make few groups; in a pass no row is spent on padding.
        let order = ids.indices.sorted { (ids[$0].count, $0) < (ids[$1].count, $1) }
        let width = head.width
        let result = runtime.withWorkspace { ws in
            Tensor(shape: Shape(ids.count, width)) { values in
                var rest = order[...]
                while let part = nextPass(&rest, ids) {
                    let sequences = PackedSequences(lengths: part.map { ids[$0].count })
                    let hidden = network(TokenBatch(ids: part.flatMap { ids[$0] }, sequences: sequences), ws)
                    head(hidden, sequences: sequences, prompt: promptTokens, ws).withFloats { rows in
                        for (row, index) in part.enumerated() {
                            for channel in 0..<width { values[index * width + channel] = rows[row * width + channel] }
                        }
                    }
                }
            }
        }
        try Self.checkFinite(result, "sentence_embedding")
        return result
    }

    /// The next sequences that one pass takes, at least one; `nil` at the end.
    private func nextPass(_ rest: inout ArraySlice<Int>, _ ids: [[Int]]) -> ArraySlice<Int>? {
        var tokens = 0
        let count = rest.prefix { index in
            tokens += ids[index].count
            return tokens <= tokensAtATime
        }.count
        guard !rest.isEmpty else { return nil }
        let part = rest.prefix(max(count, 1))
        rest = rest.dropFirst(part.count)
        return part
    }

    private func check(_ ids: [[Int]], promptTokens: Int) throws(SentenceEncoderError) {
        let vocabulary = network.configuration.vocabularyCount
        for (index, sequence) in ids.enumerated() {
            guard sequence.count > max(promptTokens, 0), sequence.count <= contextLength, promptTokens >= 0 else {
                throw .input(
                    expected: "sequences of more than \(promptTokens) and at most \(contextLength) tokens",
                    found: "\(sequence.count) in sequence \(index)")
            }
            if let id = sequence.first(where: { $0 < 0 || $0 >= vocabulary }) {
                throw .input(expected: "token ids in 0 ... \(vocabulary - 1)", found: "\(id) in sequence \(index)")
            }
        }
    }
}
