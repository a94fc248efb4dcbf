import Layers
import TensorCore

/// OpenAI's ResNet: a stem of three convolutions, strides by average pooling, attention pooling at the end.
///
/// Radford et al. 2021 (arXiv:2103.00020), section 2.4. Names are OpenAI's, below `visual`.
struct ModifiedResNet: ImageTower {
    /// What a configuration says of the tower.
    struct Configuration: Sendable, Equatable {
        /// Side of the images.
        var imageSize: Int
        /// Channels after the stem.
        var width: Int
        /// Blocks in each of the four stages.
        var depths: [Int]
        /// Heads of the attention pooling.
        var heads: Int
        /// Width of an image's embedding.
        var outputWidth: Int
    }

    let channels = 3
    private let imageSize: Int
    private let stem: [Convolution]  // conv1 ... conv3
    private let stages: [[Block]]  // layer1 ... layer4
    private let head: Head  // attnpool

    init(_ c: Configuration, _ w: Weights) throws(WeightError) {
        imageSize = c.imageSize
        var stem: [Convolution] = []
        for (index, (inputs, outputs)) in [(3, c.width / 2), (c.width / 2, c.width / 2), (c.width / 2, c.width)]
            .enumerated()
        {
            stem.append(
                try Convolution(
                    inputs, outputs, kernel: 3, stride: index == 0 ? 2 : 1, padding: .symmetric(1), bias: false,
                    norm: BatchNorm(outputs, w("bn\(index + 1)")), activation: .relu, w("conv\(index + 1)")))
        }
        self.stem = stem
        var stages: [[Block]] = []
        var inputs = c.width
        for (stage, depth) in c.depths.enumerated() {
            let inner = c.width << stage
            var blocks: [Block] = []
            for index in 0..<depth {
                let stride = index == 0 && stage > 0 ? 2 : 1
                blocks.append(try Block(inputs, inner, stride: stride, w("layer\(stage + 1)")(index)))
                inputs = 4 * inner
            }
            stages.append(blocks)
        }
        self.stages = stages
        head = try Head(
            inputs, c.outputWidth, heads: c.heads, tokens: (c.imageSize / 32) * (c.imageSize / 32) + 1, w("attnpool"))
    }

    /// The positions of the attention pooling are for one size.
    func refusal(height: Int, width: Int) -> String? {
        height == imageSize && width == imageSize ? nil : "\(imageSize)x\(imageSize) pixels"
    }

    func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> Tensor {
        var x = pixels
        for convolution in stem { x = convolution(x, ws) }  // [B, H/2, W/2, width]
        x = ws.pooled(x, .average, window: Window(2, stride: 2, padding: 0))  // [B, H/4, W/4, width]
        for stage in stages {
            for block in stage { x = block(x, ws) }  // H/4, H/8, H/16, H/32
        }
        return head(x.reshaped(to: Shape(x.shape[0], x.shape[1] * x.shape[2], x.shape[3])), ws)
    }

    /// A bottleneck whose stride is an average pooling before the last convolution and before the shortcut's.
    private struct Block: Sendable {
        private let reduce: Convolution
        private let middle: Convolution
        private let expand: Convolution
        private let shortcut: Convolution?
        private let stride: Int

        init(_ inputs: Int, _ inner: Int, stride: Int, _ w: Weights) throws(WeightError) {
            self.stride = stride
            reduce = try Convolution(
                inputs, inner, kernel: 1, bias: false, norm: BatchNorm(inner, w("bn1")), activation: .relu, w("conv1"))
            middle = try Convolution(
                inner, inner, kernel: 3, padding: .symmetric(1), bias: false, norm: BatchNorm(inner, w("bn2")),
                activation: .relu, w("conv2"))
            expand = try Convolution(
                inner, 4 * inner, kernel: 1, bias: false, norm: BatchNorm(4 * inner, w("bn3")), activation: .relu,
                w("conv3"))
            guard stride > 1 || inputs != 4 * inner else {
                shortcut = nil
                return
            }
            shortcut = try Convolution(
                inputs, 4 * inner, kernel: 1, bias: false, norm: BatchNorm(4 * inner, w("downsample.1")),
                w("downsample.0"))
        }

        func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
            let residual = shortcut.map { $0(shrunk(x, ws), ws) } ?? x
            let y = shrunk(middle(reduce(x, ws), ws), ws)
            return expand(y, residual: residual, ws)
        }

        private func shrunk(_ x: Tensor, _ ws: Workspace) -> Tensor {
            stride == 1 ? x : ws.pooled(x, .average, window: Window(stride, stride: stride, padding: 0))
        }
    }

    /// Attention pooling: the mean of all pixels is the query, and sees itself and all pixels.
    private struct Head: Sendable {
        private let heads: Int
        private let positions: Tensor  // [T + 1, C]
        private let query: Linear
        private let key: Linear
        private let value: Linear
        private let output: Linear

        init(_ width: Int, _ outputs: Int, heads: Int, tokens: Int, _ w: Weights) throws(WeightError) {
            self.heads = heads
            positions = try w.tensor("positional_embedding", shape: [tokens, width])
            query = try Linear(width, width, w("q_proj"))
            key = try Linear(width, width, w("k_proj"))
            value = try Linear(width, width, w("v_proj"))
            output = try Linear(width, outputs, w("c_proj"))
        }

        /// `[B, T, C]` to `[B, d]`.
        func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
            let (batch, width) = (x.shape[0], x.shape[2])
            let mean = ws.meanOverTokens(x, from: 0).reshaped(to: Shape(batch, 1, width))
            let tokens = ws.joined(mean, x, adding: positions)  // [B, T + 1, C]
            let first = ws.token(0, of: tokens).reshaped(to: Shape(batch, 1, width))
            let y = ws.attention(
                query: query(first, ws), key: key(tokens, ws), value: value(tokens, ws), heads: heads,
                form: value.form)
            return output(y.reshaped(to: Shape(batch, width)), ws)
        }
    }
}
