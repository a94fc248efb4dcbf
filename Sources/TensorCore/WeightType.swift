import CKernels

/// How the matrices of products and convolutions are held in memory.
///
/// Linear layers in int8 multiply integers: each row of their input is quantised to eight bits of its own range as it
/// is read, and the sums are exact. Other products widen narrower weights to fp32 as they read them; on
/// ``Tier/avx512BF16`` products and convolutions by bf16 round their input to bf16 instead and sum pairs of products in
/// fp32. Activations, norms and softmax are fp32 with all types, and results are as independent of batch and threads.
/// What a network keeps as vectors or tables (biases, norms, positions, depthwise kernels) stays fp32, and so do 3x3
/// convolutions that Winograd's algorithm computes (few weights, much work); the embeddings of a vocabulary are held in
/// bf16 beside weights in bf16 and in int8. Where bf16 is multiplied as it is, those convolutions, too, are in bf16,
/// attention rounds queries, keys, values and softmax's weights, and inverted residuals in bf16 round what they expand
/// and their depthwise kernels; first layers stay fp32 whose patches are too short to be worth rounding.
public enum WeightType: String, Sendable, CaseIterable {
    /// Single precision: the checkpoint's own values.
    case float32 = "fp32"
    /// Brain floats, rounded to the nearest, ties to even: half the memory, three significant digits.
    case bfloat16 = "bf16"
    /// Eight bits and a scale for each output, its largest magnitude / 127: a quarter of the memory.
    case int8

    /// The layout of its matrices.
    public var form: PackedMatrix.Form {
        switch self {
        case .float32: .plain
        case .bfloat16: .bfloat16
        case .int8: .int8
        }
    }
}
