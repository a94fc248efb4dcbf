import Layers
import TensorCore
import Testing

extension LayerFixture {
    /// A convolution's arguments for both axes; a signal has one row.
    private struct Geometry {
        var kernel: [Int]
        var stride: [Int]
        /// Before and after each axis.
        var padding: [Int]
        var dilation: [Int]

        var window: Window {
            Window(
                kernel: (kernel[0], kernel[1]), stride: (stride[0], stride[1]), paddingBefore: (padding[0], padding[2]),
                paddingAfter: (padding[1], padding[3]), dilation: (dilation[0], dilation[1]))
        }

        /// Whether the layer can say it: the same on both axes and all sides.
        var isSquare: Bool {
            [kernel, stride, padding, dilation].allSatisfy { values in values.allSatisfy { $0 == values[0] } }
        }
    }

    private func geometry() throws -> Geometry {
        let isSignal = op == "conv1d"
        let size = try Array(shape("weight").dropFirst(2))
        return Geometry(
            kernel: isSignal ? [1] + size : size, stride: isSignal ? [1] + integers("stride") : integers("stride"),
            padding: isSignal ? [0, 0] + integers("padding") : integers("padding"),
            dilation: isSignal ? [1] + integers("dilation") : integers("dilation"))
    }

    func convolution(_ runtime: Runtime) throws -> [Result] {
        guard let activation else { return [] }
        let geometry = try geometry()
        let x = try images()
        let (channels, outputs, groups) = (x.shape[1], try shape("weight")[0], integers("groups")[0])
        let outputShape = Shape(try shape("output"))
        func result(_ way: String, _ apply: (Tensor, Workspace) -> Tensor) -> Result {
            let y = runtime.withWorkspace { ws in ws.channelsFirst(apply(ws.channelsLast(x), ws)).copied() }
            // Another number of elements is left as it is, for the comparison to report.
            let output = y.count == outputShape.elementCount ? y.reshaped(to: outputShape) : y
            return Result(way: way, output: output, tolerance: .products)
        }
        func bias(_ w: Weights) throws -> PackedVector? {
            has("bias") ? PackedVector(try w.vector("bias", outputs), in: w.loader.memory) : nil
        }
        var results: [Result] = []
        if geometry.isSquare, op == "conv2d" {
            let layer = try layer(runtime) { w in
                try Convolution(
                    channels, outputs, kernel: geometry.kernel[0], stride: geometry.stride[0],
                    padding: .symmetric(geometry.padding[0]), dilation: geometry.dilation[0], groups: groups,
                    bias: has("bias"), activation: activation, w)
            }
            results.append(result("Convolution") { layer($0, $1) })
        }
        if groups == channels, outputs == channels, groups > 1 {
            let (taps, vector) = try layer(runtime) { w in
                (try depthwise(w, channels, geometry.kernel), try bias(w))
            }
            results.append(
                result("depthwiseConvolution") {
                    $1.depthwiseConvolution($0, taps, window: geometry.window, bias: vector, activation: activation)
                })
        }
        let size = op == "conv1d" ? [geometry.kernel[1]] : geometry.kernel
        let (kernel, vector) = try layer(runtime) { w in
            (try w.kernel(outputs: outputs, channels: channels, size: size, groups: groups), try bias(w))
        }
        results.append(
            result("convolution") {
                $1.convolution($0, kernel, window: geometry.window, bias: vector, activation: activation)
            })
        return results
    }

    /// `[C, 1, height, width]` to `[taps, C]`.
    private func depthwise(_ w: Weights, _ channels: Int, _ kernel: [Int]) throws -> PackedVector {
        let values = try w.tensor("weight", shape: [channels, 1] + kernel).floats
        let taps = kernel[0] * kernel[1]
        let turned = (0..<taps).flatMap { tap in (0..<channels).map { values[$0 * taps + tap] } }
        return PackedVector(turned, in: w.loader.memory)
    }

    func transposedConvolution(_ runtime: Runtime) throws -> [Result] {
        let (stride, padding, more) = (integers("stride"), integers("padding"), integers("output_padding"))
        let shape = try shape("weight")
        // Square kernels of one group without dilation are what the networks here have.
        let isOffered =
            op == "conv_transpose2d" && integers("groups") == [1] && integers("dilation") == [1, 1]
            && [stride, padding, more, Array(shape[2...])].allSatisfy { pair in pair[0] == pair[1] }
        guard isOffered else { return [] }
        let x = try images()
        let (kernel, bias) = try layer(runtime) { w in
            let weight = try w.tensor("weight", shape: shape).floats
            let kernel = TransposedKernel(
                weight, channels: shape[0], outputs: shape[1], kernel: shape[2], stride: stride[0], padding: padding[0],
                outputPadding: more[0], in: w.loader.memory, tier: runtime.tier)
            return (kernel, PackedVector(kernel.repeated(try w.vector("bias", shape[1])), in: w.loader.memory))
        }
        let y = runtime.withWorkspace { ws in
            ws.channelsFirst(ws.transposedConvolution(ws.channelsLast(x), kernel, bias: bias)).copied()
        }
        var results = [Result(way: "transposedConvolution", output: y, tolerance: .products)]
        let layers = try layer(runtime) { w in
            let inPhases = try TransposedConvolution(
                shape[0], shape[1], kernel: shape[2], stride: stride[0], padding: padding[0], outputPadding: more[0], w)
            let isPoint = x.shape[2] == 1 && x.shape[3] == 1 && padding[0] == 0 && more[0] == 0
            return [inPhases]
                + (isPoint ? [try TransposedConvolution(point: shape[0], shape[1], kernel: shape[2], w)] : [])
        }
        for (index, layer) in layers.enumerated() {
            let y = runtime.withWorkspace { ws in ws.channelsFirst(layer(ws.channelsLast(x), ws)).copied() }
            results.append(Result(way: "TransposedConvolution \(index)", output: y, tolerance: .products))
        }
        return results
    }
}
