import Layers
import TensorCore
import TestSupport
import Testing

/// A convolution of one channel whose norm is known beforehand, against the two layers that it stands for.
@Suite struct NormalizedSignalConvolutionTests {
    private static let outputs = 40
    private static let kernel = 10
    private static let stride = 5

    /// Weights that differ from output to output, from file order: multiples of 1/64.
    private struct Source: TensorSource {
        let location = "memory"
        let shapes = [
            "conv.weight": [outputs, 1, kernel], "conv.bias": [outputs], "norm.weight": [outputs],
            "norm.bias": [outputs],
        ]
        var names: [String] { shapes.keys.sorted() }
        func info(_ name: String) -> TensorInfo? {
            shapes[name].map { TensorInfo(name: name, dtype: .float32, shape: $0, file: location) }
        }
        func read(
            _ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
        ) throws(TensorReadError) {
            let values = buffer.bindMemory(to: Float.self)
            for index in values.indices {
                let place = index + offset / 4 + name.utf8.count * 31
                values[index] = Float(place * 37 % 129 - 64) / 64
            }
        }
    }

    /// Sound that is no noise: an offset, two tones, and steps.
    private func sound(_ count: Int) -> Tensor {
        var generator = SeededGenerator(seed: 3)
        let noise = generator.floats(count, scale: 0.1)
        let samples = noise.indices.map { (index: Int) -> Float in noise[index] + (index / 40 % 2 == 0 ? 0.9 : 0.2) }
        return Tensor(samples, shape: Shape(1, count, 1))
    }

    private func layer(_ runtime: Runtime, activation: Activation = .gelu) throws -> NormalizedSignalConvolution {
        let loader = WeightLoader(Source(), runtime: runtime)
        let w = Weights(loader)
        let layer = try NormalizedSignalConvolution(
            Self.outputs, kernel: Self.kernel, stride: Self.stride, bias: true, epsilon: 1e-5, activation: activation,
            w("conv"), norm: w("norm"))
        try loader.finish()
        return layer
    }

    @Test(arguments: [10, 14, 64, 30_007], [1, 3])
    func theTwoLayers(samples: Int, threads: Int) throws {
        let runtime = Runtime(threads: threads)
        let loader = WeightLoader(Source(), runtime: runtime)
        let w = Weights(loader)
        let convolution = try Convolution1D(
            1, Self.outputs, kernel: Self.kernel, stride: Self.stride, w("conv"))
        let norm = try GroupNorm(groups: Self.outputs, Self.outputs, epsilon: 1e-5, activation: .gelu, w("norm"))
        try loader.finish()
        let layer = try layer(runtime)
        let x = sound(samples)
        let (found, expected) = runtime.withWorkspace { ws in
            (layer(x, layer.normalization(of: x, ws), ws).copied(), norm(convolution(x, ws), ws).copied())
        }
        #expect(found.shape == Shape(1, (samples - Self.kernel) / Self.stride + 1, Self.outputs))
        // One frame's variance is 0: the norm multiplies rounding errors by 316, the root of 1 / epsilon.
        let tolerance = found.shape[1] == 1 ? 1e-4 : 1e-5
        #expect(mismatch(found.floats, expected.floats.map(Double.init), tolerance: tolerance) == nil)
    }

    /// Parts of a signal, each normalised as the whole is, and any number of threads.
    @Test func partsHaveTheBitsOfTheWhole() throws {
        let x = sound(9_000)
        var results: [[Float]] = []
        for (threads, count) in [(1, 5_000), (2, 64), (3, 700)] {
            let runtime = Runtime(threads: threads)
            let layer = try layer(runtime)
            results.append(
                runtime.withWorkspace { ws in
                    let normalization = layer.normalization(of: x, ws)
                    let frames = (9_000 - Self.kernel) / Self.stride + 1
                    return ws.inParts(frames, of: count) { frames in
                        let first = frames.lowerBound * Self.stride
                        let last = (frames.upperBound - 1) * Self.stride + Self.kernel
                        let part = x.reshaped(to: Shape(9_000, 1)).rows(first..<last)
                        let y = layer(part.reshaped(to: Shape(1, part.count, 1)), normalization, ws)
                        return y.reshaped(to: Shape(y.shape[1], y.shape[2]))
                    }.floats
                })
        }
        #expect(results[0].count == 1_799 * Self.outputs)
        #expect(bitDifference(results[1], results[0]) == nil)
        #expect(bitDifference(results[2], results[0]) == nil)
    }

    /// Where all samples are equal the variance is 0, and what is left is the norm's bias.
    @Test func silence() throws {
        let runtime = Runtime(threads: 2)
        let layer = try layer(runtime, activation: .none)
        let x = Tensor([Float](repeating: 0.7, count: 5_000), shape: [1, 5_000, 1])
        let y = runtime.withWorkspace { ws in layer(x, layer.normalization(of: x, ws), ws).copied() }
        let bias = (0..<Self.outputs).map { (output: Int) -> Double in
            let place = (output + 9 * 31) * 37
            return Double(place % 129 - 64) / 64
        }
        let expected = (0..<y.shape[1]).flatMap { _ in bias }
        #expect(mismatch(y.floats, expected, tolerance: 1e-3) == nil)
    }
}
