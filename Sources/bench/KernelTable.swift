import TensorCore

/// The kernels that are timed, at the sizes of the networks they matter for.
enum KernelTable {
    /// Every case.
    static let cases: [KernelCase] = products + convolutions + depthwise + attention + rows + [dispatch]

    /// m x k by k x n, as ViT-B/16 has them with 197 tokens.
    private static let products = [
        gemm(1024, 1024, 1024), gemm(197, 768, 768), gemm(197, 768, 2304), gemm(197, 768, 3072), gemm(197, 3072, 768),
        gemm(197, 768, 3072, weights: .bfloat16), gemm(197, 768, 3072, weights: .int8),
        gemm(197, 3072, 768, weights: .bfloat16), gemm(197, 3072, 768, weights: .int8),
    ]

    /// ResNet-50's, the patches of ViT-B/16, and what wav2vec 2.0 makes of a second.
    private static let convolutions = [
        convolution("stem", size: 224, 3, 64, Window(7, stride: 2, padding: 3)),
        convolution("patches", size: 224, 3, 768, Window(16, stride: 16)),
        convolution("1x1", size: 56, 64, 256, Window(1)),
        convolution("1x1", size: 28, 512, 128, Window(1)),
        convolution("1x1", size: 14, 1024, 256, Window(1)),
        convolution("1x1", size: 7, 2048, 512, Window(1)),
        convolution("3x3", size: 56, 64, 64, Window(3, padding: 1)),
        convolution("3x3", size: 28, 128, 128, Window(3, padding: 1)),
        convolution("3x3", size: 14, 256, 256, Window(3, padding: 1)),
        convolution("3x3", size: 7, 512, 512, Window(3, padding: 1)),
        line("line", .plain), line("line winograd", .winogradLine), line("line bf16", .bfloat16),
        line("line bf16 winograd", .winogradLineBFloat16),
    ]

    /// MobileNetV2's.
    private static let depthwise = [
        depthwise(size: 112, 32, stride: 1), depthwise(size: 112, 96, stride: 2), depthwise(size: 56, 144, stride: 1),
        depthwise(size: 28, 192, stride: 1), depthwise(size: 14, 576, stride: 1), depthwise(size: 7, 960, stride: 1),
    ]

    /// Twelve heads of 64: CLIP's and ViT's images, speech of ten and thirty seconds.
    private static let attention = [50, 197, 499, 1500].map(attention(tokens:))

    /// Row by row, ViT-B/16's.
    private static let rows = [
        rowwise("layer norm", Shape(1, 197, 768)) { x, values in
            let (weight, bias) = (values.vector(768), values.vector(768))
            return { ws in _ = ws.layerNorm(x, weight: weight, bias: bias, epsilon: 1e-6) }
        },
        rowwise("gelu", Shape(1, 197, 3072)) { x, _ in { ws in _ = ws.activated(x, .gelu) } },
        // Far more than any cache holds.
        rowwise("memory", Shape(8192, 8192)) { x, _ in { ws in _ = ws.activated(x, .relu) } },
    ]

    /// Handing a job without work to every thread and waiting for the last of them.
    private static let dispatch = KernelCase(operation: "dispatch", shape: "empty", measure: .calls) { _ in
        .runtime { runtime in runtime.concurrently(parts: runtime.threads) { _ in } }
    }

    private static func gemm(_ m: Int, _ k: Int, _ n: Int, weights: WeightType = .float32) -> KernelCase {
        KernelCase(
            operation: weights == .float32 ? "gemm" : "gemm \(weights.rawValue)", shape: "\(m)x\(k)x\(n)",
            measure: .operations(2 * Double(m) * Double(k) * Double(n))
        ) { runtime in
            var values = Values()
            let x = values.tensor(Shape(m, k))
            let weight = values.matrix(outputs: n, channels: k, form: weights.form, tier: runtime.tier)
            let bias = values.vector(n)
            return .workspace { ws in _ = ws.linear(x, weight, bias: bias) }
        }
    }

    private static func line(_ name: String, _ form: PackedMatrix.Form) -> KernelCase {
        convolution(name, height: 1, size: 3199, 512, 512, .stridedLine, form: form)
    }

    /// `height` is `size` where left out.
    private static func convolution(
        _ name: String, height: Int? = nil, size: Int, _ channels: Int, _ outputs: Int, _ window: Window,
        form: PackedMatrix.Form = .plain
    ) -> KernelCase {
        let taps = window.kernel.height * window.kernel.width
        let height = height ?? size
        let result = window.outputSize(height: height, width: size)
        let operations = 2 * Double(result.height * result.width) * Double(outputs) * Double(channels * taps)
        return KernelCase(
            operation: "convolution \(name)", shape: "\(height)x\(size)x\(channels) to \(outputs)",
            measure: .operations(operations)
        ) { runtime in
            var values = Values()
            let x = values.tensor(Shape(1, height, size, channels))
            let weight = values.matrix(
                outputs: outputs, channels: channels, taps: taps, form: form, tier: runtime.tier)
            let bias = values.vector(outputs)
            return .workspace { ws in
                _ = ws.convolution(x, [weight], window: window, bias: bias, activation: .relu)
            }
        }
    }

    private static func depthwise(size: Int, _ channels: Int, stride: Int) -> KernelCase {
        let window = Window(3, stride: stride, padding: 1)
        let result = window.outputSize(height: size, width: size)
        return KernelCase(
            operation: "depthwise 3x3", shape: "\(size)x\(size)x\(channels) /\(stride)",
            measure: .operations(18 * Double(result.height * result.width * channels))
        ) { _ in
            var values = Values()
            let x = values.tensor(Shape(1, size, size, channels))
            let (weight, bias) = (values.vector(9 * channels), values.vector(channels))
            return .workspace { ws in
                _ = ws.depthwiseConvolution(x, weight, window: window, bias: bias, activation: .relu6)
            }
        }
    }

    private static func attention(tokens: Int) -> KernelCase {
        let (heads, headSize) = (12, 64)
        return KernelCase(
            operation: "attention", shape: "\(tokens) tokens, \(heads)x\(headSize)",
            measure: .operations(4 * Double(tokens * tokens * heads * headSize))
        ) { _ in
            var values = Values()
            let x = values.tensor(Shape(1, tokens, 3 * heads * headSize))
            return .workspace { ws in _ = ws.selfAttention(x, heads: heads) }
        }
    }

    private static func rowwise(
        _ name: String, _ shape: Shape, _ prepare: @escaping @Sendable (Tensor, inout Values) -> (Workspace) -> Void
    ) -> KernelCase {
        KernelCase(
            operation: name, shape: shape.map(String.init).joined(separator: "x"),
            measure: .bytes(8 * Double(shape.elementCount))
        ) { _ in
            var values = Values()
            let x = values.tensor(shape)
            return .workspace(prepare(x, &values))
        }
    }
}
