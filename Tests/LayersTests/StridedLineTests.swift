import Layers
import TensorCore
import TestSupport
import Testing

/// A 1-D convolution of three taps, stride 2 and many channels goes by Winograd's algorithm, and gives what the
/// definition says.
@Suite struct StridedLineTests {
    private static let (channels, outputs) = (128, 160)
    /// Weight `index`, in the order of the file.
    private static func weight(_ index: Int) -> Float { Float(index * 37 % 129 - 64) / 512 }

    private struct Source: TensorSource {
        let location = "memory"
        let names = ["weight"]
        func info(_ name: String) -> TensorInfo? {
            name == "weight"
                ? TensorInfo(name: name, dtype: .float32, shape: [outputs, channels, 3], file: location) : nil
        }
        func read(
            _ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
        ) throws(TensorReadError) {
            let values = buffer.bindMemory(to: Float.self)
            for index in values.indices { values[index] = weight(index + offset / 4) }
        }
    }

    @Test(arguments: [(WeightType.float32, 1e-5), (.bfloat16, 0.03), (.int8, 0.03)])
    func sums(type: WeightType, tolerance: Double) throws {
        let (channels, outputs, frames) = (Self.channels, Self.outputs, 67)
        let runtime = Runtime(threads: 2, weights: type)
        let loader = WeightLoader(Source(), runtime: runtime)
        let layer = try Convolution1D(channels, outputs, kernel: 3, stride: 2, bias: false, Weights(loader))
        try loader.finish()
        let values = (0..<2 * frames * channels).map { Float(($0 * 31) % 29 - 14) / 14 }
        let x = Tensor(values, shape: [2, frames, channels])
        let y = runtime.withWorkspace { ws in layer(x, ws).floats }
        let steps = (frames - 3) / 2 + 1
        #expect(y.count == 2 * steps * outputs)
        var worst = 0.0
        for clip in 0..<2 {
            for step in 0..<steps {
                for output in 0..<outputs {
                    var sum = 0.0
                    for tap in 0..<3 {
                        let from = (clip * frames + 2 * step + tap) * channels
                        for c in 0..<channels {
                            sum += Double(values[from + c]) * Double(Self.weight((output * channels + c) * 3 + tap))
                        }
                    }
                    worst = max(worst, abs(sum - Double(y[(clip * steps + step) * outputs + output])))
                }
            }
        }
        #expect(worst <= tolerance, "\(worst)")
    }
}
