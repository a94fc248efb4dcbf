public import Layers
public import TensorCore

/// Swin, a transformer whose attention stays within windows that are shifted from block to block.
///
/// Liu et al., *Swin Transformer: Hierarchical Vision Transformer using Shifted Windows* (2021, arXiv:2103.14030),
/// section 3 and figure 3.
/// Layouts: transformers' `SwinForImageClassification`; timm's `swin_tiny` to `swin_large` and `swin_s3_*`;
/// torchvision's `swin_t`, `swin_s`, `swin_b`.
public struct Swin: ClassifierNetwork {
    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels of the input.
        public var channels = 3
        /// Height and width of the images that the model is made for.
        public var imageSize: [Int]
        /// Height and width of a patch.
        public var patchSize: [Int]
        /// Channels of the first stage; each following one has twice as many.
        public var width: Int
        /// Blocks in each stage.
        public var depths: [Int]
        /// Attention heads in each stage.
        public var heads: [Int]
        /// Height and width of the windows in each stage.
        public var windows: [[Int]]
        /// The width between a block's two linear layers, as a multiple of the block's.
        public var hiddenRatio: Double
        /// The activation between them.
        public var activation = Activation.gelu
        /// The epsilon of the blocks' norms and the last one; the others have 1e-5.
        public var epsilon = 1e-5
        /// Whether queries, keys and values have a bias.
        public var hasQKVBias = true
        /// Number of classes; 0 where there is no classifier.
        public var classCount: Int
    }

    /// Channels of the input.
    public let channels: Int
    /// Number of classes.
    public let classCount: Int
    private let configuration: Configuration
    private let layout: CheckpointLayout
    private let patches: Convolution  // patch_embed.proj
    private let patchNorm: LayerNorm  // patch_embed.norm
    private let stages: [Stage]
    private let norm: LayerNorm  // norm
    private let head: Linear?  // head.fc
    private let plans: SwinPlans

    private static let epsilon = 1e-5

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        let names = SwinNames(layout, w)
        configuration = c
        self.layout = layout
        channels = c.channels
        classCount = c.classCount
        patches = try Convolution(
            c.channels, c.width, patch: c.patchSize, padding: layout == .transformers ? .trailing : .symmetric(0),
            names.patches)
        patchNorm = try LayerNorm(c.width, epsilon: Self.epsilon, names.patchNorm)
        plans = SwinPlans(c, layout)
        var stages: [Stage] = []
        for index in c.depths.indices {
            stages.append(try Stage(index, c, window: plans.windowSize(index), names))
        }
        self.stages = stages
        let width = c.width << (c.depths.count - 1)
        norm = try LayerNorm(width, epsilon: c.epsilon, names.norm)
        head = c.classCount == 0 ? nil : try Linear(width, c.classCount, names.head)
    }

    /// Tables that older checkpoints keep though they follow from the window's size, and the token that stands for a
    /// masked patch in pretraining.
    public static func ignores(_ name: String) -> Bool {
        [".relative_position_index", ".attn_mask", ".embeddings.mask_token"].contains { name.hasSuffix($0) }
    }

    /// timm takes images of the model's own size, torchvision any of at least a patch, transformers any whose grid is
    /// at least a window in every stage.
    public func refusal(height: Int, width: Int) -> String? {
        let patch = configuration.patchSize
        switch layout {
        case .timm:
            let size = configuration.imageSize
            return [height, width] == size ? nil : "\(size[0])x\(size[1]) pixels"
        case .torchvision:
            return height >= patch[0] && width >= patch[1] ? nil : "at least \(patch[0])x\(patch[1]) pixels"
        case .transformers:
            var (rows, columns) = ((height + patch[0] - 1) / patch[0], (width + patch[1] - 1) / patch[1])
            for window in configuration.windows.map({ $0[0] }) {
                if min(rows, columns) < window {
                    return "a grid of patches of at least \(window)x\(window) in every stage"
                }
                (rows, columns) = ((rows + 1) / 2, (columns + 1) / 2)
            }
            return nil
        }
    }

    /// Classifies `[B, H, W, channels]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        var x = patchNorm(patches(pixels, ws), ws)  // [B, H/4, W/4, C]
        let plan = plans.plan(rows: x.shape[1], columns: x.shape[2])
        for (stage, steps) in zip(stages, plan) { x = stage(x, steps, ws) }  // H/4, H/8, H/16, H/32
        x = norm(x, ws)
        let features = ws.meanOverPixels(x)  // [B, 8 C]
        let map = layout == .transformers ? x.reshaped(to: Shape(x.shape[0], x.shape[1] * x.shape[2], x.shape[3])) : x
        return ClassifierOutput(head: head, features: features, featureMap: map, ws)
    }

    /// Blocks of one resolution; the first stage's is the patches', the others begin by merging patches.
    private struct Stage: Sendable {
        private let merging: (norm: LayerNorm, reduction: Linear)?
        private let blocks: [Block]

        init(
            _ index: Int, _ c: Configuration, window: (height: Int, width: Int), _ names: SwinNames
        ) throws(WeightError) {
            let width = c.width << index
            if index == 0 {
                merging = nil
            } else {
                let place = names.merging(before: index)
                merging = (
                    try LayerNorm(2 * width, epsilon: Swin.epsilon, place("norm")),
                    try Linear(2 * width, width, bias: false, place("reduction"))
                )
            }
            var blocks: [Block] = []
            for number in 0..<c.depths[index] {
                blocks.append(
                    try Block(width, heads: c.heads[index], window: window, c, names.block(number, of: index)))
            }
            self.blocks = blocks
        }

        func callAsFunction(_ x: Tensor, _ plan: SwinPlans.Stage, _ ws: Workspace) -> Tensor {
            var x = x
            if let merging, let merge = plan.merge {
                // Four neighbours side by side: [B, H/2, W/2, 4C] to 2C.
                let (batch, width) = (x.shape[0], x.shape[3])
                let joined = ws.rows(merge, of: x).reshaped(to: Shape(batch, plan.rows, plan.columns, 4 * width))
                x = merging.reduction(merging.norm(joined, ws, inPlace: true), ws)
            }
            for (number, block) in blocks.enumerated() { x = block(x, plan.windows[number % 2], ws) }
            return x
        }
    }

    /// x + attention(norm(x)) within windows, then x + mlp(norm(x)).
    private struct Block: Sendable {
        private let attentionNorm: LayerNorm
        private let attention: WindowAttention
        private let mlpNorm: LayerNorm
        private let expand: Linear
        private let reduce: Linear

        init(
            _ width: Int, heads: Int, window: (height: Int, width: Int), _ c: Configuration, _ names: SwinNames.Block
        ) throws(WeightError) {
            attentionNorm = try LayerNorm(width, epsilon: c.epsilon, names.attentionNorm)
            attention = try WindowAttention(
                width, heads: heads, window: window, names.projections(bias: c.hasQKVBias),
                output: names.attentionOutput, table: (names.attention, "relative_position_bias_table"))
            mlpNorm = try LayerNorm(width, epsilon: c.epsilon, names.mlpNorm)
            let hidden = Int(Double(width) * c.hiddenRatio)
            expand = try Linear(width, hidden, activation: c.activation, names.expand)
            reduce = try Linear(hidden, width, names.reduce)
        }

        func callAsFunction(_ x: Tensor, _ windows: Windows, _ ws: Workspace) -> Tensor {
            let x = attention(attentionNorm(x, ws), residual: x, windows: windows, ws)
            return reduce(expand(mlpNorm(x, ws), ws), residual: x, ws)  // [B, H, W, 4C] in between
        }
    }
}
