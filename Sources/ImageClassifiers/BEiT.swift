import Checkpoints
public import JSON
public import Layers
public import TensorCore

/// BEiT, a Vision Transformer with biases for the distances between patches.
///
/// Bao et al., *BEiT: BERT Pre-Training of Image Transformers* (2021, arXiv:2106.08254), section 2.2 and appendix;
/// Peng et al., *BEiT v2* (2022, arXiv:2208.06366).
/// Layouts: transformers' `BeitForImageClassification`; timm's `beit_*` and `beitv2_*`.
public struct BEiT: ClassifierNetwork {
    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels of the input.
        public var channels = 3
        /// Height and width of the images that the model is made for.
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
        /// Whether queries and values have a bias.
        public var hasQueryAndValueBias = true
        /// Whether tokens have position embeddings.
        public var hasPositions = false
        /// Whether each block has biases for distances.
        public var hasBlockBias = false
        /// Whether there are biases for distances that all blocks share.
        public var hasSharedBias = false
        /// Whether blocks scale what attention and the linear layers add.
        public var hasLayerScale = true
        /// Whether the mean of the patches is classified, normalised afterwards, rather than the class token.
        public var poolsPatches = true
        /// Number of classes; 0 where there is no classifier.
        public var classCount: Int

        /// Rows and columns of the patches.
        var grid: (rows: Int, columns: Int) { (imageSize[0] / patchSize[0], imageSize[1] / patchSize[1]) }
    }

    /// Channels of the input.
    public let channels: Int
    /// Number of classes.
    public let classCount: Int
    private let configuration: Configuration
    private let layout: CheckpointLayout
    private let patches: Convolution  // patch_embed.proj
    private let classToken: Tensor  // cls_token
    private let positions: PositionEmbeddings?  // pos_embed
    private let blocks: [(block: TransformerBlock, bias: RelativePositions?)]
    private let norm: LayerNorm  // norm, or fc_norm
    private let head: Linear?  // head

    /// Patches of the largest image that is classified.
    private static let largestGrid = 1 << 16

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        let isHugging = layout == .transformers
        let base = isHugging ? w("beit") : w
        configuration = c
        self.layout = layout
        channels = c.channels
        classCount = c.classCount
        patches = try Convolution(
            c.channels, c.width, patch: c.patchSize,
            base(layout.name("embeddings.patch_embeddings.projection", "patch_embed.proj", "")))
        let embeddings = isHugging ? base("embeddings") : base
        classToken = try embeddings.tensor("cls_token", shape: [1, 1, c.width]).reshaped(to: [1, c.width])
        let (rows, columns) = c.grid
        if c.hasPositions {
            let name = layout.name("position_embeddings", "pos_embed", "")
            positions = PositionEmbeddings(
                try embeddings.tensor(name, shape: [1, 1 + rows * columns, c.width]).floats, prefix: 1,
                grid: (rows, columns), width: c.width, method: .bicubic(alignCorners: false))
        } else {
            positions = nil
        }
        let shared =
            c.hasSharedBias
            ? try Self.biases(c, base(layout.name("encoder.relative_position_bias", "rel_pos_bias", ""))) : nil
        var blocks: [(TransformerBlock, RelativePositions?)] = []
        for index in 0..<c.depth {
            let place = base(layout.name("encoder.layer", "blocks", ""))(index)
            let attention = place(layout.name("attention.attention", "attn", ""))
            let table = isHugging ? attention("relative_position_bias") : attention
            var bias = c.hasBlockBias ? try Self.biases(c, table) : nil
            if let shared { bias = bias.map { zip($0, shared).map { $0 + $1 } } ?? shared }
            blocks.append(
                (
                    try TransformerBlock(
                        c.width, heads: c.heads, hiddenWidth: c.hiddenWidth, activation: c.activation,
                        epsilon: c.epsilon, Self.places(c, layout, place, attention)),
                    bias.map { RelativePositions($0, heads: c.heads, grid: (rows, columns)) }
                ))
        }
        self.blocks = blocks
        let pooledName = layout.name("pooler.layernorm", "fc_norm", "")
        norm = try LayerNorm(
            c.width, epsilon: c.epsilon, base(c.poolsPatches ? pooledName : layout.name("layernorm", "norm", "")))
        head = c.classCount == 0 ? nil : try Linear(c.width, c.classCount, w(layout.name("classifier", "head", "")))
    }

    private static func biases(_ c: Configuration, _ w: Weights) throws(WeightError) -> [Float] {
        try w.tensor(
            "relative_position_bias_table", shape: [RelativePositions.count(c.grid), c.heads]
        ).floats
    }

    /// Where a block's parts lie.
    private static func places(
        _ c: Configuration, _ layout: CheckpointLayout, _ w: Weights, _ attention: Weights
    ) throws(WeightError) -> TransformerBlock.Places {
        let projections: SelfAttention.Projections =
            switch (layout, c.hasQueryAndValueBias) {
            case (.timm, true): .fusedWithoutKeyBias(attention)
            case (.timm, false): .fused(attention("qkv"), bias: false)
            default:
                .separateWithoutKeyBias(
                    query: attention("query"), key: attention("key"), value: attention("value"))
            }
        var places = TransformerBlock.Places(
            attentionNorm: w(layout.name("layernorm_before", "norm1", "")), projections: projections,
            attentionOutput: w(layout.name("attention.output.dense", "attn.proj", "")),
            mlpNorm: w(layout.name("layernorm_after", "norm2", "")),
            expand: w(layout.name("intermediate.dense", "mlp.fc1", "")),
            reduce: w(layout.name("output.dense", "mlp.fc2", "")))
        if c.hasLayerScale {
            places.attentionScale = try w.vector(layout.name("lambda_1", "gamma_1", ""), c.width)
            places.mlpScale = try w.vector(layout.name("lambda_2", "gamma_2", ""), c.width)
        }
        return places
    }

    /// Tables that older checkpoints keep though they follow from the grid, and the token that stands for a masked
    /// patch in pretraining.
    public static func ignores(_ name: String) -> Bool {
        [".relative_position_index", "embeddings.mask_token"].contains { name.hasSuffix($0) }
    }

    /// timm takes images of the model's own size; transformers any of at least a patch, and resizes the biases.
    public func refusal(height: Int, width: Int) -> String? {
        let (size, patch) = (configuration.imageSize, configuration.patchSize)
        if layout == .timm { return [height, width] == size ? nil : "\(size[0])x\(size[1]) pixels" }
        guard height >= patch[0], width >= patch[1] else { return "at least \(patch[0])x\(patch[1]) pixels" }
        let (rows, columns) = (height / patch[0], width / patch[1])
        return rows * columns <= Self.largestGrid ? nil : "at most \(Self.largestGrid) patches"
    }

    /// Classifies `[B, H, W, channels]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        let grid = patches(pixels, ws)  // [B, H/p, W/p, D]
        let (batch, rows, columns, width) = (grid.shape[0], grid.shape[1], grid.shape[2], grid.shape[3])
        var x = ws.prefixed(
            grid.reshaped(to: Shape(batch, rows * columns, width)), by: classToken,
            adding: positions?.embeddings(rows: rows, columns: columns))  // [B, 1 + T, D]
        for (block, bias) in blocks {
            x = block(x, mask: AttentionMask(placedBias: bias?.bias(rows: rows, columns: columns)), ws)
        }
        if !configuration.poolsPatches { x = norm(x, ws) }
        let features = configuration.poolsPatches ? norm(ws.meanOverTokens(x, from: 1), ws) : ws.token(0, of: x)
        return ClassifierOutput(head: head, features: features, featureMap: x, ws)
    }
}

extension BEiT.Configuration {
    /// timm's models (`timm/models/beit.py`): whether large, and the image size.
    private static let timmVariants: [String: (isLarge: Bool, image: Int)] = [
        "beit_base_patch16_224": (false, 224), "beit_base_patch16_384": (false, 384),
        "beit_large_patch16_224": (true, 224), "beit_large_patch16_384": (true, 384),
        "beit_large_patch16_512": (true, 512), "beitv2_base_patch16_224": (false, 224),
        "beitv2_large_patch16_224": (true, 224),
    ]
    private static let sides = 1...65536

    /// Reads a configuration of transformers or timm.
    public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
        switch layout {
        case .transformers: try self.init(transformers: config)
        case .timm: try self.init(timm: config)
        case .torchvision: throw config.failure("library_name", expected: "\"timm\"; torchvision has no BEiT")
        }
        guard width % heads == 0 else {
            throw config.failure("num_attention_heads", expected: "a divisor of the width \(width)", found: "\(heads)")
        }
        guard imageSize[0] >= patchSize[0], imageSize[1] >= patchSize[1] else {
            throw config.failure("patch_size", expected: "at most the image size \(imageSize)", found: "\(patchSize)")
        }
    }

    private init(transformers config: Config) throws(ConfigError) {
        _ = try config.choice("model_type", ["beit": ()])
        // transformers takes single numbers only for grids that are resized.
        let image = try config.int("image_size", in: Self.sides, default: 224)
        let patch = try config.int("patch_size", in: Self.sides, default: 16)
        self.init(
            channels: try config.int("num_channels", in: 1...64, default: 3), imageSize: [image, image],
            patchSize: [patch, patch],
            width: try config.int("hidden_size", in: 1...65536),
            depth: try config.int("num_hidden_layers", in: 1...1000),
            heads: try config.int("num_attention_heads", in: 1...4096),
            hiddenWidth: try config.int("intermediate_size", in: 1...262_144),
            activation: try config.activation("hidden_act"),
            epsilon: try config.double("layer_norm_eps", in: 0...1, default: 1e-12),
            hasPositions: try config.bool("use_absolute_position_embeddings", default: false),
            hasBlockBias: try config.bool("use_relative_position_bias", default: false),
            hasSharedBias: try config.bool("use_shared_relative_position_bias", default: false),
            hasLayerScale: try config.double("layer_scale_init_value", in: -1e6...1e6, default: 0.1) > 0,
            poolsPatches: try config.bool("use_mean_pooling", default: true),
            classCount: try config.classCount())
    }

    private init(timm config: Config) throws(ConfigError) {
        let variant = try config.choice("architecture", Self.timmVariants)
        let arguments = try config.modelArguments(known: [
            "img_size", "patch_size", "embed_dim", "depth", "num_heads", "mlp_ratio", "global_pool", "qkv_bias",
            "init_values", "use_abs_pos_emb", "use_rel_pos_bias", "use_shared_rel_pos_bias",
        ])
        let width = try arguments.int("embed_dim", in: 1...65536, default: variant.isLarge ? 1024 : 768)
        let pool = try arguments.string("global_pool", default: config.string("global_pool", default: "avg"))
        guard ["avg", "token"].contains(pool) else {
            throw config.failure("global_pool", expected: "\"token\" or \"avg\"", found: "\"\(pool)\"")
        }
        let scale = try arguments.double("init_values", in: -1e6...1e6, default: 1)
        self.init(
            imageSize: try config.timmImageSize(arguments, default: variant.image),
            patchSize: try arguments.ints(
                "patch_size", count: 2...2, in: Self.sides, scalar: .repeated(2), default: [16, 16]),
            width: width,
            depth: try arguments.int("depth", in: 1...1000, default: variant.isLarge ? 24 : 12),
            heads: try arguments.int("num_heads", in: 1...4096, default: variant.isLarge ? 16 : 12),
            hiddenWidth: Int(Double(width) * (try arguments.double("mlp_ratio", in: 0.01...100, default: 4))),
            epsilon: 1e-6,
            hasQueryAndValueBias: try arguments.bool("qkv_bias", default: true),
            hasPositions: try arguments.bool("use_abs_pos_emb", default: false),
            hasBlockBias: try arguments.bool("use_rel_pos_bias", default: true),
            hasSharedBias: try arguments.bool("use_shared_rel_pos_bias", default: false),
            hasLayerScale: scale != 0,
            poolsPatches: pool == "avg",
            classCount: try config.int("num_classes", in: 0...1_000_000))
    }
}
