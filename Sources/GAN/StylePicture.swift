import Layers
import TensorCore

/// What makes a picture of a block's channels and adds it to the picture so far, doubled (Karras et al. 2019, figure 7:
/// output skips).
struct StylePicture: Sendable {
    /// The layer's place in the checkpoint.
    let name: String
    private let affine: Linear
    private let convolution: Convolution
    private let doubling: TransposedConvolution?
    private let limit: Float
    private let nothing: Tensor  // [1, colours]

    /// Reads the layer.
    ///
    /// - Parameters:
    ///   - channels: of the block.
    ///   - block: its number; from 1 on there is a picture to add to.
    ///   - c: the network's configuration.
    ///   - names: where the checkpoint keeps it.
    ///   - root: the checkpoint.
    init(
        _ channels: Int, block: Int, _ c: StyleGAN2Configuration, _ names: StyleGAN2Names, _ root: Weights
    ) throws(WeightError) {
        let w = root(names.toRGB(block))
        name = w.path
        let ones = [Int](repeating: 1, count: names.leadingOnes)
        let colours = c.channels
        let weight = try w.values(names.weight, shape: ones + [colours, channels, 1, 1])
        let bias = try w.values("bias", shape: ones + [colours] + ones + ones)
        convolution = try Convolution(
            weight, of: names.weight, channels, colours, kernel: 1, padding: 0, shift: bias, w)
        let factor = 1 / Float(channels).squareRoot()
        affine = try Linear(
            c.styleSize, channels, gain: factor / Float(c.styleSize).squareRoot(), biasGain: factor, w(names.affine))
        if block > 0 || names.layout == .nvidia {
            let filter = try root.values(names.pictureFilter(block), shape: [4, 4], isBuffer: true)
            doubling =
                block == 0
                ? nil
                : try TransposedConvolution(
                    Self.diagonal(filter.map { $0 * names.filterGain }, colours), of: names.pictureFilter(block),
                    colours, colours, kernel: 4, stride: 2, padding: 1, root)
        } else {
            doubling = nil
        }
        limit = c.limit.map { Float($0) } ?? .infinity
        nothing = Tensor(zeros: Shape(1, colours))
    }

    /// A filter for each colour by itself, `[colours, colours, 4, 4]`.
    private static func diagonal(_ filter: [Float], _ colours: Int) -> [Float] {
        let zeros = [Float](repeating: 0, count: filter.count)
        return (0..<colours * colours).flatMap { $0 / colours == $0 % colours ? filter : zeros }
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`.
    ///   - style: `[B, styleSize]`.
    ///   - picture: `[B, H / 2, W / 2, colours]`, the picture so far.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H, W, colours]`.
    func callAsFunction(_ x: Tensor, _ style: Tensor, over picture: Tensor?, _ ws: Workspace) -> Tensor {
        var y = convolution(ws.gated(x, by: affine(style, ws)), ws)
        if limit < .infinity { y = ws.modulated(y, scale: nil, shift: nothing, limit: limit, inPlace: true) }
        guard let picture, let doubling else { return y }
        return ws.added(doubling(picture, ws), y)
    }
}
