package import Layers
package import TensorCore

/// The nearest pixels of a picture that is made larger, and a 3x3 convolution of the result.
///
/// Tensors: those of `conv`.
package struct Upsample2D: Sendable {
    private let place: String
    private let convolution: Convolution

    /// - Parameters:
    ///   - channels: of the picture, before and after.
    ///   - pixels: of the larger pictures that the layer is made for, where that is known.
    ///   - w: the layer's place in the checkpoint.
    package init(_ channels: Int, pixels: Int? = nil, _ w: Weights) throws(WeightError) {
        place = w("conv").path
        convolution = try Convolution(
            channels, channels, kernel: 3, padding: .symmetric(1), pixels: pixels, w("conv"))
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`.
    ///   - size: the result's; twice that of x where left out.
    ///   - pass: where it is computed.
    /// - Returns: `[B, H', W', channels]`.
    package func callAsFunction(_ x: Tensor, size: (height: Int, width: Int)? = nil, _ pass: UNetPass) -> Tensor {
        let (height, width) = size ?? (2 * x.shape[1], 2 * x.shape[2])
        let resampling = Resampling(
            .nearest, height: x.shape[1], width: x.shape[2], outputHeight: height, outputWidth: width)
        return pass.checked(convolution(pass.ws.resampled(x, resampling), pass.ws), place)
    }
}
