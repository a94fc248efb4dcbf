public import Layers
public import TensorCore

/// The Vision Transformer with the options that grew around it: DeiT's distillation token, DINOv2's layer scale,
/// register tokens and SwiGLU, CLIP's norm before the blocks, and timm's ways of pooling.
///
/// Dosovitskiy et al., *An Image is Worth 16x16 Words* (2020, arXiv:2010.11929), section 3.1; Touvron et al., *Training
/// data-efficient image transformers & distillation through attention* (2020, arXiv:2012.12877), section 4; Oquab et
/// al., *DINOv2* (2023, arXiv:2304.07193), section 5; Darcet et al., *Vision Transformers Need Registers* (2023,
/// arXiv:2309.16588).
/// Layouts: transformers' `ViTForImageClassification`, `DeiTForImageClassification[WithTeacher]`, and `Dinov2Model`,
/// `Dinov2WithRegistersModel` and their `ForImageClassification`; timm's `vit_*` and `deit_*`; torchvision's
/// `vit_b_16`, `vit_b_32`, `vit_l_16`, `vit_l_32`.
public struct VisionTransformer: ClassifierNetwork {
    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// What of the tokens is classified.
        public enum Head: Sendable, Equatable {
            /// The class token.
            case classToken
            /// The mean of the patches' tokens.
            case meanOfPatches
            /// The class token and the distillation token, each by a layer of its own; the mean of both results.
            case distilled
            /// The class token and the mean of the patches' tokens side by side.
            case classTokenAndMean
        }

        /// Whose tensor names transformers uses.
        public enum Family: String, Sendable, Equatable {
            /// ViT's.
            case vit
            /// DeiT's.
            case deit
            /// DINOv2's.
            case dinov2
            /// DINOv2's with register tokens.
            case dinov2WithRegisters = "dinov2_with_registers"
        }

        /// Whose tensor names transformers uses.
        public var family = Family.vit
        /// Whether the checkpoint is transformers' model without a head, whose names have no prefix.
        public var isBare = false
        /// Channels of the input.
        public var channels = 3
        /// Height and width of the images that the position embeddings are for.
        public var imageSize: [Int]
        /// Height and width of a patch.
        public var patchSize: [Int]
        /// Width of a token.
        public var width: Int
        /// Number of blocks.
        public var depth: Int
        /// Attention heads in a block.
        public var heads: Int
        /// Width of what a block's last linear layer is given.
        public var hiddenWidth: Int
        /// Whether that comes from SwiGLU rather than from the activation.
        public var isGated = false
        /// The activation between a block's linear layers.
        public var activation = Activation.gelu
        /// The epsilon of every layer norm.
        public var epsilon: Double
        /// Whether queries, keys and values have a bias.
        public var hasQKVBias = true
        /// Whether each head's queries and keys are normalised.
        public var hasHeadNorms = false
        /// Whether blocks scale what attention and the linear layers add.
        public var hasLayerScale = false
        /// Whether there is a class token.
        public var hasClassToken = true
        /// Whether there is a distillation token, classified or not.
        public var hasDistillationToken = false
        /// Register tokens, between the class token and the patches.
        public var registerCount = 0
        /// How many of the tokens before the patches have a position embedding, from the first on.
        public var placedTokens = 1
        /// How position embeddings are resized for other images.
        public var resampling = Resampling.Method.bicubic(alignCorners: false)
        /// Whether tokens are normalised before the first block; the patches have no bias then.
        public var hasNormBefore = false
        /// What is classified.
        public var head = Head.classToken
        /// Whether the last norm is that of the pooled tokens, not of all.
        public var poolsBeforeNorm = false
        /// Number of classes; 0 where there is no classifier.
        public var classCount: Int

        /// Tokens before the patches.
        public var prefixCount: Int { (hasClassToken ? 1 : 0) + (hasDistillationToken ? 1 : 0) + registerCount }
    }

    /// Channels of the input.
    public let channels: Int
    /// Number of classes.
    public let classCount: Int
    private let configuration: Configuration
    private let layout: CheckpointLayout
    private let patches: Convolution  // patch_embed.proj
    private let prefix: Tensor?  // cls_token, dist_token, reg_token: [P, width]
    private let positions: PositionEmbeddings  // pos_embed
    private let normBefore: LayerNorm?  // norm_pre
    private let blocks: [TransformerBlock]
    private let norm: LayerNorm  // norm, or fc_norm
    private let head: Linear?  // head
    private let distillationHead: Linear?  // head_dist

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        let names = VisionTransformerNames(layout, c, w)
        configuration = c
        self.layout = layout
        channels = c.channels
        classCount = c.classCount
        patches = try Convolution(c.channels, c.width, patch: c.patchSize, bias: !c.hasNormBefore, names.patches)
        let tokens = try names.prefixTokens()
        prefix = tokens.isEmpty ? nil : Tensor(tokens, shape: [c.prefixCount, c.width])
        let grid = (height: c.imageSize[0] / c.patchSize[0], width: c.imageSize[1] / c.patchSize[1])
        var places = try names.positions(c.placedTokens + grid.height * grid.width)
        let unplaced = (c.prefixCount - c.placedTokens) * c.width
        places.insert(contentsOf: repeatElement(0, count: unplaced), at: c.placedTokens * c.width)
        positions = PositionEmbeddings(
            places, prefix: c.prefixCount, grid: grid, width: c.width, method: c.resampling)
        normBefore = c.hasNormBefore ? try LayerNorm(c.width, epsilon: c.epsilon, names.normBefore) : nil
        var blocks: [TransformerBlock] = []
        for index in 0..<c.depth {
            blocks.append(
                try TransformerBlock(
                    c.width, heads: c.heads, hiddenWidth: c.hiddenWidth, activation: c.activation,
                    epsilon: c.epsilon, names.block(index).places()))
        }
        self.blocks = blocks
        norm = try LayerNorm(c.width, epsilon: c.epsilon, names.norm)
        let features = c.head == .classTokenAndMean ? 2 * c.width : c.width
        head = c.classCount == 0 ? nil : try Linear(features, c.classCount, names.head)
        distillationHead = c.head == .distilled ? try Linear(c.width, c.classCount, names.distillationHead) : nil
    }

    /// The pooler of the model without a head, and the token that stands for a masked patch in pretraining.
    public static func ignores(_ name: String) -> Bool {
        name == "embeddings.mask_token"
            || [".pooler.dense.weight", ".pooler.dense.bias", ".embeddings.mask_token"].contains { name.hasSuffix($0) }
    }

    /// Images are cut into whole patches; transformers ignores what is left over, timm and torchvision refuse it.
    public func refusal(height: Int, width: Int) -> String? {
        let (patchHeight, patchWidth) = (configuration.patchSize[0], configuration.patchSize[1])
        switch layout {
        case .transformers:
            return height >= patchHeight && width >= patchWidth ? nil : "at least \(patchHeight)x\(patchWidth) pixels"
        case .timm:
            let fits =
                height >= patchHeight && width >= patchWidth && height % patchHeight == 0 && width % patchWidth == 0
            return fits ? nil : "sides that are multiples of \(patchHeight) and \(patchWidth)"
        case .torchvision:
            return [height, width] == configuration.imageSize
                ? nil : "\(configuration.imageSize[0])x\(configuration.imageSize[1]) pixels"
        }
    }

    /// As many as make some two hundred tokens, or as many small ones as every network takes: each pass reads all
    /// weights, and fewer tokens are too little work for that.
    public func imagesAtATime(height: Int, width: Int) -> Int {
        let patches = (height / configuration.patchSize[0]) * (width / configuration.patchSize[1])
        return max(1, 256 / max(patches, 1), 65_536 / max(height * width, 1))
    }

    /// Classifies `[B, H, W, channels]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput { output(pixels, first: nil, ws) }

    /// Classifies `[B, H, W, channels]`; of tokens that are not classified the last block is not computed, nor are they
    /// in the feature map.
    public func withoutMap(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        switch configuration.head {
        case .classToken: output(pixels, first: 1, ws)
        case .distilled: output(pixels, first: 2, ws)
        case .meanOfPatches, .classTokenAndMean: output(pixels, first: nil, ws)
        }
    }

    /// - Parameter first: how many tokens of the last block are of interest; `nil`: all.
    private func output(_ pixels: Tensor, first: Int?, _ ws: Workspace) -> ClassifierOutput {
        let grid = patches(pixels, ws)  // [B, H/p, W/p, D]
        let (batch, rows, columns, width) = (grid.shape[0], grid.shape[1], grid.shape[2], grid.shape[3])
        var x = ws.prefixed(
            grid.reshaped(to: Shape(batch, rows * columns, width)), by: prefix,
            adding: positions.embeddings(rows: rows, columns: columns))  // [B, P + T, D]
        if let normBefore { x = normBefore(x, ws, inPlace: true) }
        for block in blocks.dropLast() { x = block(x, ws) }
        if let block = blocks.last { x = first.map { block.first($0, of: x, ws) } ?? block(x, ws) }
        if !configuration.poolsBeforeNorm { x = norm(x, ws) }
        var features = pooled(x, ws)
        if configuration.poolsBeforeNorm { features = norm(features, ws) }
        let output = ClassifierOutput(head: head, features: features, featureMap: x, ws)
        guard let distillationHead else { return output }
        let distillationToken = ws.token(1, of: x)
        let logits = ws.mean(output.logits, distillationHead(distillationToken, ws))
        if layout == .timm { features = ws.mean(features, distillationToken) }
        return ClassifierOutput(logits: logits, features: features, featureMap: x)
    }

    /// What of the tokens is classified, `[B, features]`.
    private func pooled(_ x: Tensor, _ ws: Workspace) -> Tensor {
        switch configuration.head {
        case .classToken, .distilled: return ws.token(0, of: x)
        case .meanOfPatches: return ws.meanOverTokens(x, from: configuration.prefixCount)
        case .classTokenAndMean:
            let shape = Shape(x.shape[0], 1, x.shape[2])
            let mean = ws.meanOverTokens(x, from: configuration.prefixCount).reshaped(to: shape)
            let both = ws.joined(ws.token(0, of: x).reshaped(to: shape), mean)
            return both.reshaped(to: Shape(x.shape[0], 2 * x.shape[2]))
        }
    }
}
