import CKernels

/// A function applied to every value.
public enum Activation: String, Sendable, CaseIterable {
    /// The value itself.
    case none
    /// max(0, x).
    case relu
    /// min(max(0, x), 6).
    case relu6
    /// x/2 (1 + erf(x / sqrt 2)), PyTorch's `gelu`.
    case gelu
    /// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), PyTorch's `gelu(approximate="tanh")`.
    case geluTanh
    /// x sigmoid(1.702 x), as OpenAI's CLIP has it.
    case quickGELU
    /// x sigmoid(x), also called swish.
    case silu
    /// 1 / (1 + exp(-x)).
    case sigmoid
    /// The hyperbolic tangent.
    case tanh
    /// x relu6(x + 3) / 6.
    case hardswish
    /// relu6(x + 3) / 6.
    case hardsigmoid
    /// max(x, 0.2 x), PyTorch's `leaky_relu` with the slope that generators have.
    case leakyReLU

    /// Whether a product applies it before a sum leaves the registers, and so may round what comes out of it.
    public var isInRegisters: Bool {
        switch self {
        case .none, .relu, .relu6, .hardswish: true
        case .gelu, .geluTanh, .quickGELU, .silu, .sigmoid, .tanh, .hardsigmoid, .leakyReLU: false
        }
    }

    var kernelActivation: ck_activation {
        switch self {
        case .none: .CK_ACT_NONE
        case .relu: .CK_ACT_RELU
        case .relu6: .CK_ACT_RELU6
        case .gelu: .CK_ACT_GELU
        case .geluTanh: .CK_ACT_GELU_TANH
        case .quickGELU: .CK_ACT_QUICK_GELU
        case .silu: .CK_ACT_SILU
        case .sigmoid: .CK_ACT_SIGMOID
        case .tanh: .CK_ACT_TANH
        case .hardswish: .CK_ACT_HARDSWISH
        case .hardsigmoid: .CK_ACT_HARDSIGMOID
        case .leakyReLU: .CK_ACT_LEAKY_RELU
        }
    }
}
