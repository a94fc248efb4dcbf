import Layers

/// Where each layout keeps MobileNetV3's tensors.
struct MobileNetV3Names {
    /// A convolution and its batch norm.
    typealias Place = (convolution: Weights, norm: Weights)

    private let isTimm: Bool
    private let w: Weights
    private let blocks: [MobileNetV3.BlockConfiguration]

    init(_ layout: CheckpointLayout, _ w: Weights, blocks: [MobileNetV3.BlockConfiguration]) {
        isTimm = layout == .timm
        self.w = w
        self.blocks = blocks
    }

    var stem: Place { isTimm ? (w("conv_stem"), w("bn1")) : Self.pair(w("features.0")) }
    var last: Place {
        guard isTimm else { return Self.pair(w("features")(blocks.count + 1)) }
        let place = w("blocks")((blocks.last?.stage ?? 0) + 1)(0)
        return (place("conv"), place("bn1"))
    }
    var features: Weights { isTimm ? w("conv_head") : w("classifier.0") }
    var head: Weights { isTimm ? w("classifier") : w("classifier.3") }

    func block(_ index: Int) -> Block {
        let block = blocks[index]
        if isTimm {
            let place = w("blocks")(block.stage)(block.number)
            let (squeeze, excite) = (place("se.conv_reduce"), place("se.conv_expand"))
            return block.hasExpansion
                ? Block(
                    expand: (place("conv_pw"), place("bn1")), depthwise: (place("conv_dw"), place("bn2")),
                    squeeze: squeeze, excite: excite, project: (place("conv_pwl"), place("bn3")))
                : Block(
                    expand: (place, place), depthwise: (place("conv_dw"), place("bn1")), squeeze: squeeze,
                    excite: excite, project: (place("conv_pw"), place("bn2")))
        }
        let place = w("features")(index + 1)("block")
        let depthwise = block.hasExpansion ? 1 : 0
        let project = depthwise + (block.squeezedWidth == nil ? 1 : 2)
        return Block(
            expand: Self.pair(place(0)), depthwise: Self.pair(place(depthwise)),
            squeeze: place(depthwise + 1)("fc1"), excite: place(depthwise + 1)("fc2"),
            project: Self.pair(place(project)))
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
