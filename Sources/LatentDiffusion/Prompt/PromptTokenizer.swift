import Checkpoints
public import Text

/// Turns prompts into rows of tokens for a text encoder of a fixed context.
///
/// A row is the start token, up to context - 2 tokens of the prompt, the end token, and padding; which token pads is
/// the tokenizer's, and so the folder's: the end token for Stable Diffusion 1.x, `!` for 2.x.
public struct PromptTokenizer: Sendable {
    /// How a prompt is read.
    public struct Options: Sendable, Equatable {
        /// Whether brackets and `BREAK` mean what ``WeightedPrompt`` says, or are signs like any other.
        public var isWeighted: Bool
        /// Whether a prompt longer than the context is cut into rows, or is an error.
        public var isLong: Bool

        /// Options.
        ///
        /// - Parameters:
        ///   - isWeighted: whether the syntax of weights is read.
        ///   - isLong: whether a prompt may have several rows.
        public init(isWeighted: Bool = true, isLong: Bool = false) {
            self.isWeighted = isWeighted
            self.isLong = isLong
        }
    }

    /// The most rows of a prompt.
    public static let chunkLimit = 64

    /// Tokens of a row.
    public let contextLength: Int
    private let tokenizer: Tokenizer
    /// The tokens that stand for one that is found in a text, where these are several.
    private let expansions: [Int: [Int]]
    private let start: Int
    private let end: Int
    private let padding: Int

    /// A tokenizer for an encoder.
    ///
    /// - Parameters:
    ///   - tokenizer: the folder's.
    ///   - contextLength: tokens that the encoder takes; what the tokenizer's files say where left out.
    ///   - expansions: tokens that become several, see ``TextualInversion/expansions``.
    /// - Throws: ``PromptError/tokenizer(expected:found:)`` where the tokenizer names no start, end or padding, or the
    ///   context is not 3 to 8192 tokens.
    public init(
        _ tokenizer: Tokenizer, contextLength: Int? = nil, expansions: [Int: [Int]] = [:]
    ) throws(PromptError) {
        func token(_ id: Int?, _ role: String) throws(PromptError) -> Int {
            guard let id else { throw .tokenizer(expected: "a \(role) token", found: "none") }
            return id
        }
        start = try token(tokenizer.startID, "start")
        end = try token(tokenizer.endID, "end")
        padding = try token(tokenizer.paddingID, "padding")
        let length = contextLength ?? tokenizer.lengthLimit
        guard let length, (3...8192).contains(length) else {
            throw .tokenizer(expected: "a context of 3 to 8192 tokens", found: length.map { "\($0)" } ?? "none")
        }
        self.contextLength = length
        self.tokenizer = tokenizer
        self.expansions = expansions
    }

    /// Tokens of the prompt that a row takes.
    public var capacity: Int { contextLength - 2 }

    /// The rows of a prompt.
    ///
    /// The texts between signs are tokenized one by one. A row is full when it has ``capacity`` tokens; the vectors of
    /// one embedding stay together where they fit into a row. A `BREAK` fills the rest of its row with padding. An
    /// empty prompt is one row without text.
    ///
    /// - Parameters:
    ///   - prompt: any text.
    ///   - options: how it is read.
    /// - Throws: ``PromptError``: its ``PromptError/tooLong(tokens:limit:prompt:)`` where the prompt needs more than
    ///   one row and may not, its ``PromptError/tooManyParts(parts:limit:prompt:)`` beyond ``chunkLimit`` rows, and
    ///   those of the syntax.
    public func chunks(_ prompt: String, _ options: Options = Options()) throws(PromptError) -> PromptChunks {
        let parts =
            options.isWeighted ? try WeightedPrompt(parsing: prompt).parts : WeightedPrompt(plain: prompt).parts
        var rows: [[(id: Int, weight: Float)]] = []
        var tokenCount = 0
        for (index, part) in parts.enumerated() {
            var row: [(id: Int, weight: Float)] = []
            for piece in part {
                for id in tokenizer.encode(piece.text, addsSpecials: false).ids {
                    let ids = expansions[id] ?? [id]
                    tokenCount += ids.count
                    if row.count + ids.count > capacity, ids.count <= capacity {
                        rows.append(row)
                        row = []
                    }
                    for id in ids {
                        if row.count == capacity {
                            rows.append(row)
                            row = []
                        }
                        row.append((id, Float(piece.weight)))
                    }
                }
            }
            // Behind the last BREAK there may be nothing, and that is no row.
            if !row.isEmpty || index < parts.count - 1 || rows.isEmpty { rows.append(row) }
        }
        guard options.isLong || rows.count == 1 else {
            throw .tooLong(tokens: tokenCount, limit: capacity, prompt: prompt.quoted)
        }
        guard rows.count <= Self.chunkLimit else {
            throw .tooManyParts(parts: rows.count, limit: Self.chunkLimit, prompt: prompt.quoted)
        }
        return PromptChunks(rows.map(chunk), empty: chunk([]))
    }

    private func chunk(_ row: [(id: Int, weight: Float)]) -> PromptChunks.Chunk {
        let rest = capacity - row.count
        return PromptChunks.Chunk(
            ids: [start] + row.map(\.id) + [end] + [Int](repeating: padding, count: rest),
            weights: [1] + row.map(\.weight) + [Float](repeating: 1, count: rest + 1))
    }
}
