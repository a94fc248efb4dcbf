import Layers
import TensorCore
import Testing

extension LayerFixture {
    /// What an operation gave and how near it must be.
    struct Result {
        /// Which of several ways to compute it.
        var way: String
        var output: Tensor
        var tolerance: Tolerance
    }

    /// Runs the fixture in every way that TensorCore and Layers offer; in none where they do not.
    func results(_ runtime: Runtime) throws -> [Result] {
        switch op {
        case "activation": try activation(runtime)
        case "linear": try linear(runtime)
        case "conv2d", "conv1d": try convolution(runtime)
        case "conv_transpose2d", "conv_transpose1d": try transposedConvolution(runtime)
        case "batch_norm", "layer_norm", "layer_norm_channels", "group_norm", "rms_norm": try norm(runtime)
        case "attention": try attention(runtime)
        case "max_pool2d", "avg_pool2d", "global_avg_pool2d": try pooling(runtime)
        case "interpolate": try interpolation(runtime)
        case "softmax": try softmax(runtime)
        case "log_softmax": []
        default: throw UnknownOperation(name: op)
        }
    }

    /// A fixture of an operation that the tests do not know.
    struct UnknownOperation: Error {
        var name: String
    }

    private func activation(_ runtime: Runtime) throws -> [Result] {
        guard let activation else { return [] }
        let x = try tensor("input")
        let y = runtime.withWorkspace { ws in ws.activated(x, activation).copied() }
        return [Result(way: "activated", output: y, tolerance: .elementwise)]
    }

    private func linear(_ runtime: Runtime) throws -> [Result] {
        guard let activation else { return [] }
        let x = try tensor("input")
        let shape = try shape("weight")
        let layer = try layer(runtime) { w in
            try Linear(shape[1], shape[0], bias: has("bias"), activation: activation, w)
        }
        let y = runtime.withWorkspace { ws in layer(x, ws).copied() }
        return [Result(way: "Linear", output: y, tolerance: .products)]
    }

    private func norm(_ runtime: Runtime) throws -> [Result] {
        let epsilon = try number("eps")
        let isImage = ["batch_norm", "layer_norm_channels", "group_norm"].contains(op)
        let input = isImage ? try images() : try tensor("input")
        let width = try shape("weight")[0]
        let apply: (Tensor, Workspace) -> Tensor
        switch op {
        case "batch_norm":
            let norm = try layer(runtime) { w in
                let norm = try BatchNorm(width, epsilon: epsilon, w)
                return (PackedVector(norm.scale, in: w.loader.memory), PackedVector(norm.shift, in: w.loader.memory))
            }
            apply = { $1.affine($0, scale: norm.0, shift: norm.1) }
        case "group_norm":
            let groups = integers("groups")[0]
            let norm = try layer(runtime) { w in try GroupNorm(groups: groups, width, epsilon: epsilon, w) }
            apply = { norm($0, $1) }
        case "rms_norm":
            let weight = try layer(runtime) { w in PackedVector(try w.vector("weight", width), in: w.loader.memory) }
            apply = { $1.rmsNorm($0, weight: weight, epsilon: Float(epsilon)) }
        default:
            let norm = try layer(runtime) { w in try LayerNorm(width, epsilon: epsilon, w) }
            apply = { norm($0, $1) }
        }
        let y = runtime.withWorkspace { ws in
            (isImage ? ws.channelsFirst(apply(ws.channelsLast(input), ws)) : apply(input, ws)).copied()
        }
        let tolerance: Tolerance = name == "layer-norm-offset" ? .cancellation : .products
        return [Result(way: op, output: y.reshaped(to: Shape(try shape("output"))), tolerance: tolerance)]
    }

    private func attention(_ runtime: Runtime) throws -> [Result] {
        let (query, key, value) = (try tensor("query"), try tensor("key"), try tensor("value"))
        let heads = query.shape[1]
        let lengths = integers("lengths").map { Int32($0) }
        let mask = AttentionMask(
            isCausal: flag("causal"), keyLengths: lengths.isEmpty ? nil : lengths,
            bias: has("bias") ? try tensor("bias") : nil)
        let scale = Float(try number("scale"))
        let (q, k, v) = (Self.tokens(query), Self.tokens(key), Self.tokens(value))
        let apart = runtime.withWorkspace { ws in
            ws.attention(query: q, key: k, value: v, heads: heads, scale: scale, mask: mask).copied()
        }
        var results = [Result(way: "attention", output: Self.heads(apart, heads), tolerance: .products)]
        if query.shape == key.shape {
            let (rows, width) = (q.shape[0] * q.shape[1], q.shape[2])
            let (a, b, c) = (q.floats, k.floats, v.floats)
            let joined = (0..<rows).flatMap { row in
                [a, b, c].flatMap { $0[row * width..<(row + 1) * width] }
            }
            let qkv = Tensor(joined, shape: Shape(q.shape[0], q.shape[1], 3 * width))
            let y = runtime.withWorkspace { ws in ws.selfAttention(qkv, heads: heads, scale: scale, mask: mask).copied()
            }
            results.append(Result(way: "selfAttention", output: Self.heads(y, heads), tolerance: .products))
        }
        return results
    }

    /// `[B, heads, T, d]` to `[B, T, heads d]`.
    private static func tokens(_ x: Tensor) -> Tensor {
        let (batch, heads, tokens, size) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        return swapped(x, batch, heads, tokens, size, as: Shape(batch, tokens, heads * size))
    }

    /// `[B, T, heads d]` to `[B, heads, T, d]`.
    private static func heads(_ x: Tensor, _ heads: Int) -> Tensor {
        let (batch, tokens, size) = (x.shape[0], x.shape[1], x.shape[2] / heads)
        return swapped(x, batch, tokens, heads, size, as: Shape(batch, heads, tokens, size))
    }

    private static func swapped(_ x: Tensor, _ batch: Int, _ a: Int, _ b: Int, _ size: Int, as shape: Shape) -> Tensor {
        let values = x.floats
        return Tensor(shape: shape) { target in
            for image in 0..<batch {
                for i in 0..<a {
                    for j in 0..<b {
                        for c in 0..<size {
                            target[((image * b + j) * a + i) * size + c] = values[((image * a + i) * b + j) * size + c]
                        }
                    }
                }
            }
        }
    }

    private func pooling(_ runtime: Runtime) throws -> [Result] {
        let x = try images()
        if op == "global_avg_pool2d" {
            let y = runtime.withWorkspace { ws in ws.meanOverPixels(ws.channelsLast(x)).copied() }
            return [Result(way: "meanOverPixels", output: y, tolerance: .products)]
        }
        let (kernel, stride, padding) = (integers("kernel"), integers("stride"), integers("padding"))
        let window = Window(
            kernel: (kernel[0], kernel[1]), stride: (stride[0], stride[1]), paddingBefore: (padding[0], padding[1]),
            paddingAfter: (padding[0], padding[1]))
        let kind: Pooling = op == "max_pool2d" ? .maximum : flag("count_include_pad") ? .averageWithPadding : .average
        let y = runtime.withWorkspace { ws in
            ws.channelsFirst(ws.pooled(ws.channelsLast(x), kind, window: window, ceiling: flag("ceil_mode"))).copied()
        }
        return [Result(way: "pooled", output: y, tolerance: op == "max_pool2d" ? .exact : .products)]
    }

    private func interpolation(_ runtime: Runtime) throws -> [Result] {
        let method: Resampling.Method
        switch (text("mode"), flag("align_corners"), flag("antialias")) {
        case ("nearest", _, _): method = .nearest
        case ("bilinear", let corners, false): method = .bilinear(alignCorners: corners)
        case ("bicubic", let corners, false): method = .bicubic(alignCorners: corners)
        case ("bilinear", _, true): method = .bilinearAntialiased
        case ("bicubic", _, true): method = .bicubicAntialiased
        default: return []
        }
        let x = try images()
        let size = integers("size")
        let resampling = Resampling(
            method, height: x.shape[2], width: x.shape[3], outputHeight: size[0], outputWidth: size[1])
        let (whole, single) = runtime.withWorkspace { ws in
            let pixels = ws.channelsLast(x)
            let y = ws.resampled(pixels, resampling)
            let image = resampling.applied(
                to: pixels.reshaped(to: Shape(pixels.shape[1], pixels.shape[2], pixels.shape[3])))
            return (ws.channelsFirst(y).copied(), ws.channelsFirst(image.reshaped(to: y.shape)).copied())
        }
        let tolerance: Tolerance = method == .nearest ? .exact : .products
        return [
            Result(way: "resampled", output: whole, tolerance: tolerance),
            Result(way: "applied", output: single, tolerance: tolerance),
        ]
    }

    private func softmax(_ runtime: Runtime) throws -> [Result] {
        let x = try tensor("input")
        let y = runtime.withWorkspace { ws in ws.softmax(x).copied() }
        return [Result(way: "softmax", output: y, tolerance: .elementwise)]
    }
}
