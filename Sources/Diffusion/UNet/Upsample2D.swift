import Layers
import TensorCore

/// Every pixel four times, and a 3x3 convolution of the result.
///
/// Tensors: those of `conv`.
struct Upsample2D: Sendable {
    private let place: String
    private let convolution: Convolution

    init(_ channels: Int, _ w: Weights) throws(WeightError) {
        place = w("conv").path
        convolution = try Convolution(channels, channels, kernel: 3, padding: .symmetric(1), w("conv"))
    }

    func callAsFunction(_ x: Tensor, _ pass: UNetPass) -> Tensor {
        pass.checked(convolution(Resizing.repeated(x, pass.ws), pass.ws), place)
    }
}
