import Layers
import TensorCore

/// The Vision Transformer as dual encoders use it.
///
/// Radford et al., *Learning Transferable Visual Models From Natural Language Supervision* (2021, arXiv:2103.00020),
/// section 2.4: a norm before the blocks, the class token projected. Zhai et al., *Sigmoid Loss for Language Image
/// Pre-Training* (2023, arXiv:2303.15343), section 3: no class token, attention pooling (*Scaling Vision Transformers*,
/// 2021, arXiv:2106.04560, section 3.2).
struct VisionTransformer: ImageTower {
    /// What a configuration says of the tower.
    struct Configuration: Sendable, Equatable {
        /// What of the tokens is the image's embedding.
        enum Pooling: Sendable, Equatable {
            /// The class token.
            case classToken
            /// The mean of the patches' tokens; `normsLast`: normalised after the mean, not before.
            case mean(normsLast: Bool)
            /// Attention of a learned query to all tokens.
            case attention
        }

        /// Whose names the tensors have.
        enum Naming: Sendable, Equatable {
            case layout
            /// A tower of timm's within an open_clip model.
            case timm
        }

        var naming = Naming.layout
        /// Channels of the input.
        var channels = 3
        /// Height and width of the images that the position embeddings are for.
        var imageSize: [Int]
        /// Height and width of a patch.
        var patchSize: [Int]
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
        /// Whether there is a class token.
        var hasClassToken = true
        /// Whether the patches' projection has a bias.
        var hasPatchBias = false
        /// Whether there is a norm before the blocks.
        var hasPreNorm = true
        /// What becomes the embedding.
        var pooling = Pooling.classToken
        /// Width of the embedding; `nil` where the pooled token is not projected.
        var projectionWidth: Int?

        /// Rows and columns of patches.
        var grid: (height: Int, width: Int) { (imageSize[0] / patchSize[0], imageSize[1] / patchSize[1]) }
        /// Tokens that have a position.
        var positionCount: Int { grid.height * grid.width + (hasClassToken ? 1 : 0) }
    }

    let channels: Int
    private let configuration: Configuration
    private let patches: Convolution
    private let classToken: Tensor?  // [1, D]
    private let positions: PositionEmbeddings
    private let preNorm: LayerNorm?
    private let blocks: [TransformerBlock]
    private let norm: LayerNorm
    private let head: AttentionPooling?
    private let projection: Linear?

    init(_ c: Configuration, _ names: VisionTransformerNames) throws(WeightError) {
        configuration = c
        channels = c.channels
        patches = try Convolution(c.channels, c.width, patch: c.patchSize, bias: c.hasPatchBias, names.patches)
        classToken = c.hasClassToken ? try names.classToken() : nil
        positions = PositionEmbeddings(
            try names.positions(), prefix: c.hasClassToken ? 1 : 0, grid: c.grid, width: c.width,
            method: names.resampling)
        preNorm = c.hasPreNorm ? try LayerNorm(c.width, epsilon: c.epsilon, names.preNorm) : nil
        var blocks: [TransformerBlock] = []
        for index in 0..<c.depth {
            blocks.append(
                try TransformerBlock(
                    c.width, heads: c.heads, hiddenWidth: c.hiddenWidth, activation: c.activation,
                    epsilon: c.epsilon, names.block(index)))
        }
        self.blocks = blocks
        norm = try LayerNorm(c.width, epsilon: c.epsilon, names.norm)
        head = c.pooling == .attention ? try AttentionPooling(c, names.attentionPooling) : nil
        if let outputs = c.projectionWidth {
            projection = try names.projection(outputs)
        } else {
            projection = nil
        }
    }

    /// Images are cut into whole patches; what is left over is not looked at.
    func refusal(height: Int, width: Int) -> String? {
        let (patchHeight, patchWidth) = (configuration.patchSize[0], configuration.patchSize[1])
        return height >= patchHeight && width >= patchWidth ? nil : "at least \(patchHeight)x\(patchWidth) pixels"
    }

    /// As many as make some two hundred tokens: every pass reads all weights, and fewer tokens are too little work for
    /// that.
    func imagesAtATime(height: Int, width: Int) -> Int {
        let tokens = (height / configuration.patchSize[0]) * (width / configuration.patchSize[1])
        return max(1, 256 / max(tokens, 1))
    }

    func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> Tensor {
        let grid = patches(pixels, ws)  // [B, H/p, W/p, D]
        let (batch, rows, columns, width) = (grid.shape[0], grid.shape[1], grid.shape[2], grid.shape[3])
        var x = ws.prefixed(
            grid.reshaped(to: Shape(batch, rows * columns, width)), by: classToken,
            adding: positions.embeddings(rows: rows, columns: columns))  // [B, P + T, D]
        if let preNorm { x = preNorm(x, ws) }
        for block in blocks.dropLast() { x = block(x, ws) }
        if let block = blocks.last {
            x = configuration.pooling == .classToken ? block.first(1, of: x, ws) : block(x, ws)
        }
        let pooled = pooled(x, ws)  // [B, D]
        return projection.map { $0(pooled, ws) } ?? pooled  // [B, d]
    }

    private func pooled(_ x: Tensor, _ ws: Workspace) -> Tensor {
        let first = configuration.hasClassToken ? 1 : 0
        switch configuration.pooling {
        case .classToken: return norm(ws.token(0, of: x), ws)
        case .mean(normsLast: true): return norm(ws.meanOverTokens(x, from: first), ws)
        case .mean(normsLast: false): return ws.meanOverTokens(norm(x, ws), from: first)
        case .attention: return head.map { $0(norm(x, ws), ws) } ?? x
        }
    }
}
