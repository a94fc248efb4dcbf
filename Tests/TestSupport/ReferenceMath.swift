public import CKernels
import Glibc

/// e to the x in double precision.
public func exponential(_ x: Double) -> Double { exp(x) }

/// The error function in double precision.
public func errorFunction(_ x: Double) -> Double { erf(x) }

/// The hyperbolic tangent in double precision.
public func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }

extension ck_activation {
    /// The activation in double precision.
    public func callAsFunction(_ x: Double) -> Double {
        func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
        // The comparisons keep a NaN.
        func clamp6(_ x: Double) -> Double { x < 0 ? 0 : x > 6 ? 6 : x }
        switch self {
        case .CK_ACT_NONE: return x
        case .CK_ACT_RELU: return x < 0 ? 0 : x
        case .CK_ACT_RELU6: return clamp6(x)
        case .CK_ACT_GELU: return 0.5 * x * (1 + erf(x * 0.5.squareRoot()))
        case .CK_ACT_GELU_TANH: return 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .CK_ACT_QUICK_GELU: return x * sigmoid(1.702 * x)
        case .CK_ACT_SILU: return x * sigmoid(x)
        case .CK_ACT_SIGMOID: return sigmoid(x)
        case .CK_ACT_TANH: return tanh(x)
        case .CK_ACT_HARDSWISH: return x * clamp6(x + 3) / 6
        case .CK_ACT_HARDSIGMOID: return clamp6(x + 3) / 6
        case .CK_ACT_LEAKY_RELU: return x < 0 ? 0.2 * x : x
        }
    }
}
