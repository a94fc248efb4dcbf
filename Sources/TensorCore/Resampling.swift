import Glibc

/// How an image or a grid is resized: for every output row and column the inputs it is made of.
///
/// The coordinates and weights are those of PyTorch's `torch.nn.functional.interpolate`
/// (aten/src/ATen/native/UpSample.h): computed in fp32 as there, so that results agree to rounding.
public struct Resampling: Sendable, Equatable {
    /// The interpolation between inputs.
    public enum Method: Sendable, Equatable {
        /// The nearest input, PyTorch's `nearest`.
        case nearest
        /// Linear; `alignCorners` maps the outermost pixels' centres onto each other.
        case bilinear(alignCorners: Bool)
        /// Cubic convolution with a = -0.75, without antialiasing, as PyTorch's `bicubic`.
        case bicubic(alignCorners: Bool)
        /// Linear over a support that widens when shrinking, PyTorch's `antialias=True`.
        case bilinearAntialiased
        /// Cubic convolution with a = -0.5 over a support that widens when shrinking, PyTorch's `antialias=True`.
        case bicubicAntialiased
        /// The mean of the inputs that an output covers, wholly or in part, PyTorch's `adaptive_avg_pool2d`.
        case adaptiveAverage
        /// Half or twice the size through the filter (1, 3, 3, 1), whose weights sum to 1 for an output: Zhang 2019
        /// (arXiv:1904.11486), as diffusers' `downsample_2d` and `upsample_2d` (zeros around the input) or
        /// `KDownsample2D` and `KUpsample2D` (mirrored at the border's pixels) have it.
        case blurred(BlurBorder)
    }

    /// What lies outside of an input that is blurred.
    public enum BlurBorder: Sendable, Equatable {
        /// Zeros.
        case zeros
        /// The input mirrored at its outermost pixels, PyTorch's `reflect`; for at least two of them.
        case mirrored
    }

    struct Axis: Sendable, Equatable {
        let inputSize: Int
        let outputSize: Int
        let taps: Int
        /// The first input of each output.
        let first: [Int32]
        /// `taps` weights for each output; taps past the input's end have weight 0.
        let weights: [Float]
    }

    let rows: Axis
    let columns: Axis

    /// Resizing of `height` x `width` to `outputHeight` x `outputWidth`.
    ///
    /// - Precondition: all sizes are at least 1.
    public init(
        _ method: Method, height: Int, width: Int, outputHeight: Int, outputWidth: Int
    ) {
        precondition(min(height, width, outputHeight, outputWidth) >= 1, "resampling of an empty image")
        rows = Self.axis(method, height, outputHeight)
        columns = Self.axis(method, width, outputWidth)
    }

    private static func axis(_ method: Method, _ inputSize: Int, _ outputSize: Int) -> Axis {
        switch method {
        case .nearest:
            let scale = Float(inputSize) / Float(outputSize)
            return collected(inputSize, outputSize) { output in
                [(min(Int((Float(output) * scale).rounded(.down)), inputSize - 1), 1)]
            }
        case .bilinear(let alignCorners):
            return collected(inputSize, outputSize) { output in
                let position = max(0, source(output, inputSize, outputSize, alignCorners, clamped: true))
                let low = min(Int(position), inputSize - 1)
                let fraction = position - Float(low)
                return [(low, 1 - fraction), (min(low + 1, inputSize - 1), fraction)]
            }
        case .bicubic(let alignCorners):
            return collected(inputSize, outputSize) { output in
                let position = source(output, inputSize, outputSize, alignCorners, clamped: false)
                let low = Int(position.rounded(.down))
                let t = position - Float(low)
                let weights = [
                    cubicOuter(t + 1, -0.75), cubicInner(t, -0.75), cubicInner(1 - t, -0.75), cubicOuter(2 - t, -0.75),
                ]
                return weights.enumerated().map { (min(max(low - 1 + $0.offset, 0), inputSize - 1), $0.element) }
            }
        case .blurred(let border):
            precondition(outputSize == 2 * inputSize || outputSize == inputSize / 2, "blurring to \(outputSize)")
            precondition(border == .zeros || inputSize > 1, "nothing to mirror")
            let isHalving = outputSize < inputSize
            return collected(inputSize, outputSize) { output in
                let taps: [(index: Int, weight: Float)] =
                    if isHalving {
                        [
                            (2 * output - 1, 0.125), (2 * output, 0.375), (2 * output + 1, 0.375),
                            (2 * output + 2, 0.125),
                        ]
                    } else {
                        [(output / 2, 0.75), (output % 2 == 0 ? output / 2 - 1 : output / 2 + 1, 0.25)]
                    }
                return taps.compactMap { index, weight in
                    if (0..<inputSize).contains(index) { return (index, weight) }
                    guard border == .mirrored else { return nil }
                    return (index < 0 ? -index : 2 * (inputSize - 1) - index, weight)
                }
            }
        case .adaptiveAverage:
            return collected(inputSize, outputSize) { output in
                let first = output * inputSize / outputSize
                let last = ((output + 1) * inputSize + outputSize - 1) / outputSize
                return (first..<last).map { ($0, 1 / Float(last - first)) }
            }
        case .bilinearAntialiased:
            return antialiased(inputSize, outputSize, support: 1) { max(0, 1 - abs($0)) }
        case .bicubicAntialiased:
            return antialiased(inputSize, outputSize, support: 2) { x in
                let x = abs(x)
                return x < 1 ? cubicInner(x, -0.5) : x < 2 ? cubicOuter(x, -0.5) : 0
            }
        }
    }

    /// The input position of an output pixel's centre.
    private static func source(
        _ output: Int, _ inputSize: Int, _ outputSize: Int, _ alignCorners: Bool, clamped: Bool
    ) -> Float {
        guard !alignCorners else {
            return outputSize > 1 ? Float(output) * (Float(inputSize - 1) / Float(outputSize - 1)) : 0
        }
        return (Float(output) + 0.5) * (Float(inputSize) / Float(outputSize)) - 0.5
    }

    /// Keys' cubic for |x| <= 1.
    private static func cubicInner(_ x: Float, _ a: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }
    /// Keys' cubic for 1 < |x| < 2.
    private static func cubicOuter(_ x: Float, _ a: Float) -> Float { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }

    private static func antialiased(
        _ inputSize: Int, _ outputSize: Int, support: Float, _ filter: (Float) -> Float
    ) -> Axis {
        let scale = Float(inputSize) / Float(outputSize)
        let widened = max(scale, 1)
        let reach = support * widened
        return collected(inputSize, outputSize) { output in
            let centre = scale * (Float(output) + 0.5)
            let low = max(Int(centre - reach + 0.5), 0)
            let high = min(Int(centre + reach + 0.5), inputSize)
            let raw = (low..<max(high, low + 1)).map { filter((Float($0) - centre + 0.5) / widened) }
            let total = raw.reduce(0, +)
            return raw.enumerated().map { (low + $0.offset, total == 0 ? $0.element : $0.element / total) }
        }
    }

    /// Gathers the inputs of every output into runs of equal length; inputs named twice (at a border) are summed.
    private static func collected(
        _ inputSize: Int, _ outputSize: Int, _ inputs: (Int) -> [(index: Int, weight: Float)]
    ) -> Axis {
        let all = (0..<outputSize).map(inputs)
        let spans = all.map { list in
            let indices = list.map(\.index)
            return (low: indices.min() ?? 0, high: indices.max() ?? 0)
        }
        let taps = min(spans.map { $0.high - $0.low + 1 }.max() ?? 1, inputSize)
        var first = [Int32](repeating: 0, count: outputSize)
        var weights = [Float](repeating: 0, count: outputSize * taps)
        for output in 0..<outputSize {
            let start = min(spans[output].low, inputSize - taps)
            first[output] = Int32(start)
            for (index, weight) in all[output] { weights[output * taps + index - start] += weight }
        }
        return Axis(inputSize: inputSize, outputSize: outputSize, taps: taps, first: first, weights: weights)
    }

    /// Resizes one small image or grid on the calling thread.
    ///
    /// - Parameter x: `[H, W, C]`.
    /// - Returns: `[H', W', C]`.
    public func applied(to x: Tensor) -> Tensor {
        precondition(
            x.shape.rank == 3 && x.shape[0] == rows.inputSize && x.shape[1] == columns.inputSize,
            "resampling: \(x.shape)")
        let channels = x.shape[2]
        return x.withFloats { input in
            Tensor(shape: Shape(rows.outputSize, columns.outputSize, channels)) { output in
                for row in 0..<rows.outputSize {
                    for column in 0..<columns.outputSize {
                        let target = (row * columns.outputSize + column) * channels
                        for i in 0..<rows.taps {
                            for j in 0..<columns.taps {
                                let weight =
                                    rows.weights[row * rows.taps + i] * columns.weights[column * columns.taps + j]
                                guard weight != 0 else { continue }
                                let pixel =
                                    (Int(rows.first[row]) + i) * columns.inputSize + Int(columns.first[column]) + j
                                for c in 0..<channels { output[target + c] += weight * input[pixel * channels + c] }
                            }
                        }
                    }
                }
            }
        }
    }
}
