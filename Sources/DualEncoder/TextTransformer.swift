import Layers
import TensorCore

/// The text tower: a transformer over tokens, one of which becomes the text's embedding.
///
/// Radford et al. 2021 (arXiv:2103.00020), section 2.4: causal, the end-of-text token. Zhai et al. 2023
/// (arXiv:2303.15343): not causal, the last token of the padded text.
struct TextTransformer: Sendable {
    /// What a configuration says of the tower.
    struct Configuration: Sendable, Equatable {
        /// Which token of a text becomes its embedding.
        enum Pooling: Sendable, Equatable {
            /// The first of those with the largest number, which in CLIP's vocabulary is the end of the text.
            case largest
            /// The first with this number.
            case firstEqual(Int)
            /// The first.
            case first
            /// The last, be it padding or not.
            case last
        }

        /// What follows the pooled token.
        enum Projection: Sendable, Equatable {
            /// Nothing.
            case none
            /// A matrix.
            case matrix(outputs: Int)
            /// A matrix and a bias.
            case linear(outputs: Int)
        }

        /// Tokens in the vocabulary.
        var vocabularyCount: Int
        /// Tokens that have a position.
        var contextLength: Int
        /// Width of a token.
        var width: Int
        /// Number of blocks.
        var depth: Int
        /// Attention heads in a block.
        var heads: Int
        /// Width between a block's two linear layers.
        var hiddenWidth: Int
        /// The activation between them.
        var activation: Activation
        /// The epsilon of every layer norm.
        var epsilon: Double
        /// Whether a token sees only those before it.
        var isCausal = true
        /// Which token becomes the embedding.
        var pooling: Pooling
        /// What follows it.
        var projection: Projection
        /// The name before all others, such as `text` in open_clip's models with a text tower of its own.
        var prefix = ""

        /// Width of a text's embedding.
        var outputWidth: Int {
            switch projection {
            case .none: width
            case .matrix(let outputs), .linear(let outputs): outputs
            }
        }

        /// The place of the pooled token among a text's ids; `nil` where there is none.
        func place(in ids: ArraySlice<Int>) -> Int? {
            let index: Int?
            switch pooling {
            case .first: index = ids.isEmpty ? nil : ids.startIndex
            case .last: index = ids.indices.last
            case .firstEqual(let id): index = ids.firstIndex(of: id)
            case .largest: index = ids.max().flatMap { ids.firstIndex(of: $0) }
            }
            return index.map { $0 - ids.startIndex }
        }
    }

    let configuration: Configuration
    private let tokens: Embedding
    private let positions: Tensor  // [context, D]
    private let blocks: [TransformerBlock]
    private let norm: LayerNorm
    private let projection: Linear?

    init(_ c: Configuration, _ names: TextTransformerNames) throws(WeightError) {
        configuration = c
        tokens = try Embedding(c.vocabularyCount, c.width, isVocabulary: true, names.tokens)
        positions = try names.positions()
        var blocks: [TransformerBlock] = []
        for index in 0..<c.depth {
            blocks.append(
                try TransformerBlock(
                    c.width, heads: c.heads, hiddenWidth: c.hiddenWidth, activation: c.activation,
                    epsilon: c.epsilon, names.block(index)))
        }
        self.blocks = blocks
        norm = try LayerNorm(c.width, epsilon: c.epsilon, names.norm)
        projection = try names.projection()
    }

    /// The tokens' states before the last norm.
    ///
    /// - Parameters:
    ///   - ids: `B * T` numbers of the vocabulary.
    ///   - shape: `[B, T]`, T at most the context's length.
    ///   - hidden: 0 or minus infinity for each key, `[B, 1, T, T]`; `nil` hides none but what a causal tower does.
    ///   - skipped: blocks at the end that are left out.
    /// - Returns: `[B, T, D]`.
    func states(_ ids: [Int], shape: Shape, hidden: Tensor?, skipping skipped: Int = 0, _ ws: Workspace) -> Tensor {
        let mask = AttentionMask(isCausal: configuration.isCausal, bias: hidden)
        var x = tokens(ids, shape: shape, adding: positions.rows(0..<shape[1]), ws)
        for block in blocks.dropLast(skipped) { x = block(x, mask: mask, ws) }
        return x
    }

    /// The last norm of the states.
    func normalized(_ x: Tensor, _ ws: Workspace) -> Tensor { norm(x, ws) }

    /// The embeddings: one token of each text, normalised and projected.
    ///
    /// - Parameters:
    ///   - x: `[B, T, D]`, as ``states(_:shape:hidden:_:)`` gives them.
    ///   - places: the token of each text.
    /// - Returns: `[B, d]`.
    func embeddings(_ x: Tensor, at places: [Int], _ ws: Workspace) -> Tensor {
        let pooled = norm(ws.tokens(places, of: x), ws)
        return projection.map { $0(pooled, ws) } ?? pooled
    }
}
