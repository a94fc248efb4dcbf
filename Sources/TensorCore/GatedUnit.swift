import CKernels

/// How one half of the channels gates the other (Shazeer 2020, arXiv:2002.05202).
public enum GatedUnit: Sendable {
    /// The first half times the sigmoid of the second: GLU, PyTorch's `glu`.
    case sigmoid
    /// silu of the first half times the second: SwiGLU.
    case silu
    /// The first half times gelu of the second: GEGLU.
    case gelu

    var kernelGate: ck_gate {
        switch self {
        case .sigmoid: CK_GATE_SIGMOID
        case .silu: CK_GATE_SILU
        case .gelu: CK_GATE_GELU
        }
    }
}
