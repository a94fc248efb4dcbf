import Layers

/// Where each layout keeps MobileNetV2's tensors.
struct MobileNetV2Names {
    /// A convolution and its batch norm.
    typealias Place = (convolution: Weights, norm: Weights)

    private let layout: CheckpointLayout
    private let w: Weights
    private let blocks: [MobileNetV2.BlockConfiguration]

    init(_ layout: CheckpointLayout, _ w: Weights, blocks: [MobileNetV2.BlockConfiguration]) {
        self.layout = layout
        self.w = w
        self.blocks = blocks
    }

    var stem: Place {
        switch layout {
        case .transformers: Self.pair(w("mobilenet_v2.conv_stem.first_conv"))
        case .timm: (w("conv_stem"), w("bn1"))
        case .torchvision: (w("features.0.0"), w("features.0.1"))
        }
    }
    var last: Place {
        switch layout {
        case .transformers: Self.pair(w("mobilenet_v2.conv_1x1"))
        case .timm: (w("conv_head"), w("bn2"))
        case .torchvision: (w("features")(blocks.count + 1)(0), w("features")(blocks.count + 1)(1))
        }
    }
    var head: Weights { layout == .torchvision ? w("classifier.1") : w("classifier") }

    func block(_ index: Int) -> Block {
        let block = blocks[index]
        switch layout {
        case .transformers:
            // transformers keeps the first block in its stem, and never adds that one's input.
            let place = index == 0 ? w("mobilenet_v2.conv_stem") : w("mobilenet_v2.layer")(index - 1)
            return Block(
                expand: Self.pair(place("expand_1x1")), depthwise: Self.pair(place("conv_3x3")),
                project: Self.pair(place("reduce_1x1")), mayHaveResidual: index > 0)
        case .timm:
            let place = w("blocks")(block.stage)(block.number)
            if block.expandedWidth == nil {
                return Block(
                    expand: (place, place), depthwise: (place("conv_dw"), place("bn1")),
                    project: (place("conv_pw"), place("bn2")), mayHaveResidual: true)
            }
            return Block(
                expand: (place("conv_pw"), place("bn1")), depthwise: (place("conv_dw"), place("bn2")),
                project: (place("conv_pwl"), place("bn3")), mayHaveResidual: true)
        case .torchvision:
            let place = w("features")(index + 1)("conv")
            let offset = block.expandedWidth == nil ? 0 : 1
            return Block(
                expand: (place("0.0"), place("0.1")), depthwise: (place(offset)(0), place(offset)(1)),
                project: (place(offset + 1), place(offset + 2)), mayHaveResidual: true)
        }
    }

    private static func pair(_ w: Weights) -> Place { (w("convolution"), w("normalization")) }

    struct Block {
        let expand: Place
        let depthwise: Place
        let project: Place
        let mayHaveResidual: Bool
    }
}
