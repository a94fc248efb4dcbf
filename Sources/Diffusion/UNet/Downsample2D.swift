package import Layers
package import TensorCore

/// A 3x3 convolution of stride 2 that halves a picture.
///
/// Tensors: those of `conv`. A padding of 0 stands for a row below and a column on the right, as TensorFlow's `SAME`
/// has it for even sizes.
package struct Downsample2D: Sendable {
    private let place: String
    private let convolution: Convolution

    /// - Parameters:
    ///   - channels: of the picture, before and after.
    ///   - padding: 0 or 1.
    ///   - w: the layer's place in the checkpoint.
    package init(_ channels: Int, padding: Int, _ w: Weights) throws(WeightError) {
        place = w("conv").path
        convolution = try Convolution(
            channels, channels, kernel: 3, stride: 2,
            padding: padding == 0 ? .uneven(before: 0, after: 1) : .symmetric(padding), w("conv"))
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`.
    ///   - pass: where it is computed.
    /// - Returns: `[B, H', W', channels]`, half the size.
    package func callAsFunction(_ x: Tensor, _ pass: UNetPass) -> Tensor {
        pass.checked(convolution(x, pass.ws), place)
    }
}
