public import Layers
public import TensorCore

/// The Vision Transformer, and DeiT's variant of it with a distillation token.
///
/// Dosovitskiy et al., *An Image is Worth 16x16 Words* (2020, arXiv:2010.11929), section 3.1; Touvron et al., *Training
/// data-efficient image transformers & distillation through attention* (2020, arXiv:2012.12877), section 4.
/// Layouts: transformers' `ViTForImageClassification` and `DeiTForImageClassification[WithTeacher]`; timm's `vit_*` and
/// `deit_*`; torchvision's `vit_b_16`, `vit_b_32`, `vit_l_16`, `vit_l_32`.
public struct VisionTransformer: ClassifierNetwork {
    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// What of the tokens is classified.
        public enum Head: Sendable, Equatable {
            /// The class token.
            case classToken
            /// The mean of the patches' tokens, normalised afterwards (timm's `global_pool="avg"` with `fc_norm`).
            case meanOfPatches
            /// The class token and the distillation token, each by a layer of its own; the mean of both results.
            case distilled
        }

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
        /// Width between a block's two linear layers.
        public var hiddenWidth: Int
        /// The activation between them.
        public var activation = Activation.gelu
        /// The epsilon of every layer norm.
        public var epsilon: Double
        /// Whether queries, keys and values have a bias.
        public var hasQKVBias = true
        /// Whether there is a distillation token, classified or not.
        public var hasDistillationToken = false
        /// What is classified.
        public var head = Head.classToken
        /// Number of classes.
        public var classCount: Int
    }

    /// Channels of the input.
    public let channels: Int
    /// Number of classes.
    public let classCount: Int
    private let configuration: Configuration
    private let layout: CheckpointLayout
    private let patches: Convolution  // patch_embed.proj
    private let prefix: Tensor  // cls_token, dist_token: [P, width]
    private let positions: PositionEmbeddings  // pos_embed
    private let blocks: [TransformerBlock]
    private let norm: LayerNorm  // norm, or fc_norm
    private let head: Linear  // head
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
        patches = try Convolution(c.channels, c.width, patch: c.patchSize, names.patches)
        var tokens = try names.classToken()
        if c.hasDistillationToken { tokens += try names.distillationToken() }
        let prefixCount = c.hasDistillationToken ? 2 : 1
        prefix = Tensor(tokens, shape: [prefixCount, c.width])
        let grid = (height: c.imageSize[0] / c.patchSize[0], width: c.imageSize[1] / c.patchSize[1])
        positions = PositionEmbeddings(
            try names.positions(prefixCount + grid.height * grid.width), prefix: prefixCount, grid: grid,
            width: c.width,
            method: layout == .timm ? .bicubicAntialiased : .bicubic(alignCorners: false))
        var blocks: [TransformerBlock] = []
        for index in 0..<c.depth {
            blocks.append(
                try TransformerBlock(
                    c.width, heads: c.heads, hiddenWidth: c.hiddenWidth, activation: c.activation,
                    epsilon: c.epsilon, names.block(index).places(bias: c.hasQKVBias)))
        }
        self.blocks = blocks
        norm = try LayerNorm(c.width, epsilon: c.epsilon, names.norm)
        head = try Linear(c.width, c.classCount, names.head)
        distillationHead = c.head == .distilled ? try Linear(c.width, c.classCount, names.distillationHead) : nil
    }

    /// The pooler of the model without a head, and the token that stands for a masked patch in pretraining.
    public static func ignores(_ name: String) -> Bool {
        [".pooler.dense.weight", ".pooler.dense.bias", ".embeddings.mask_token"].contains { name.hasSuffix($0) }
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

    /// Classifies `[B, H, W, channels]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        let grid = patches(pixels, ws)  // [B, H/p, W/p, D]
        let (batch, rows, columns, width) = (grid.shape[0], grid.shape[1], grid.shape[2], grid.shape[3])
        var x = ws.prefixed(
            grid.reshaped(to: Shape(batch, rows * columns, width)), by: prefix,
            adding: positions.embeddings(rows: rows, columns: columns))  // [B, P + T, D]
        for block in blocks { x = block(x, ws) }
        if configuration.head == .meanOfPatches {
            let features = norm(ws.meanOverTokens(x, from: prefix.shape[0]), ws)  // [B, D]
            return ClassifierOutput(logits: head(features, ws), features: features, featureMap: x)
        }
        x = norm(x, ws)
        let classToken = ws.token(0, of: x)  // [B, D]
        let logits = head(classToken, ws)
        guard let distillationHead else {
            return ClassifierOutput(logits: logits, features: classToken, featureMap: x)
        }
        let distillationToken = ws.token(1, of: x)
        let both = ws.mean(logits, distillationHead(distillationToken, ws))
        let features = layout == .timm ? ws.mean(classToken, distillationToken) : classToken
        return ClassifierOutput(logits: both, features: features, featureMap: x)
    }
}
