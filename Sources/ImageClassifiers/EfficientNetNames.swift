import Layers

/// Where each layout keeps EfficientNet's tensors.
struct EfficientNetNames {
    /// A convolution and its batch norm.
    typealias Place = (convolution: Weights, norm: Weights)

    private let layout: CheckpointLayout
    private let w: Weights
    private let blocks: [EfficientNet.BlockConfiguration]

    init(_ layout: CheckpointLayout, _ w: Weights, blocks: [EfficientNet.BlockConfiguration]) {
        self.layout = layout
        self.w = w
        self.blocks = blocks
    }

    var stem: Place {
        switch layout {
        case .transformers: (w("efficientnet.embeddings.convolution"), w("efficientnet.embeddings.batchnorm"))
        case .timm: (w("conv_stem"), w("bn1"))
        case .torchvision: Self.pair(w("features.0"))
        }
    }
    var last: Place {
        switch layout {
        case .transformers: (w("efficientnet.encoder.top_conv"), w("efficientnet.encoder.top_bn"))
        case .timm: (w("conv_head"), w("bn2"))
        case .torchvision: Self.pair(w("features")((blocks.last?.stage ?? 0) + 2))
        }
    }
    var head: Weights { layout == .torchvision ? w("classifier.1") : w("classifier") }

    func block(_ index: Int) -> Block {
        let block = blocks[index]
        switch layout {
        case .transformers: return Self.transformers(w("efficientnet.encoder.blocks")(index))
        case .timm: return Self.timm(block, w("blocks")(block.stage)(block.number))
        case .torchvision: return Self.torchvision(block, w("features")(block.stage + 1)(block.number)("block"))
        }
    }

    private static func transformers(_ w: Weights) -> Block {
        Block(
            expand: (w("expansion.expand_conv"), w("expansion.expand_bn")),
            depthwise: (w("depthwise_conv.depthwise_conv"), w("depthwise_conv.depthwise_norm")),
            squeeze: w("squeeze_excite.reduce"), excite: w("squeeze_excite.expand"),
            project: (w("projection.project_conv"), w("projection.project_bn")))
    }

    private static func timm(_ block: EfficientNet.BlockConfiguration, _ w: Weights) -> Block {
        let (squeeze, excite) = (w("se.conv_reduce"), w("se.conv_expand"))
        func places(_ expand: Place, _ depthwise: Place, _ project: Place) -> Block {
            Block(expand: expand, depthwise: depthwise, squeeze: squeeze, excite: excite, project: project)
        }
        switch block.kind {
        case .plain: return places((w("conv"), w("bn1")), (w, w), (w, w))
        case .fused: return places((w("conv_exp"), w("bn1")), (w, w), (w("conv_pwl"), w("bn2")))
        case .inverted where block.hasExpansion:
            return places((w("conv_pw"), w("bn1")), (w("conv_dw"), w("bn2")), (w("conv_pwl"), w("bn3")))
        case .inverted: return places((w, w), (w("conv_dw"), w("bn1")), (w("conv_pw"), w("bn2")))
        }
    }

    /// torchvision numbers a block's layers one after another.
    private static func torchvision(_ block: EfficientNet.BlockConfiguration, _ w: Weights) -> Block {
        let isInverted = block.kind == .inverted
        let depthwise = block.hasExpansion ? 1 : 0
        return Block(
            expand: pair(w(0)), depthwise: pair(w(depthwise)), squeeze: w(depthwise + 1)("fc1"),
            excite: w(depthwise + 1)("fc2"), project: pair(w(isInverted ? depthwise + 2 : 1)))
    }

    private static func pair(_ w: Weights) -> Place { (w(0), w(1)) }

    struct Block {
        let expand: Place
        let depthwise: Place
        let squeeze: Weights
        let excite: Weights
        let project: Place
    }
}
