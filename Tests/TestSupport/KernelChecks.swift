public import CKernels

/// Runs an operation on tiers in 1, 2, 3, 8 and 64 parts, its output behind canaries at an odd alignment.
///
/// - Parameters:
///   - outputs: floats that the operation writes, all of them.
///   - expected: a reference in double precision.
///   - tolerance: bound of `mismatch`.
///   - tiers: which; every runnable one with kernels of its own for fp32 where left out.
///   - arguments: the operation's arguments for an output at the given address.
/// - Returns: what went wrong, empty where each tier is within the tolerance, gives the same bits for any number of
///   parts, the fused tiers agree bit for bit, and nothing outside output and scratch was written.
public func kernelFailures<Arguments>(
    _ op: ck_op, outputs: Int, expected: [Double], tolerance: Double, scratchBytes: Int = 0,
    tiers: [ck_tier] = ck_tier.runnable, arguments: (UnsafeMutablePointer<Float>) -> Arguments
) -> [String] {
    var failures: [String] = []
    var fused: [Float]?
    for tier in tiers {
        var whole: [Float]?
        for parts in [1, 2, 3, 8, 64] {
            let output = GuardedFloats(outputs, offset: parts)
            let inScratch = runKernel(op, tier, arguments(output.pointer), parts: parts, scratchBytes: scratchBytes)
            let values = output.values
            if !inScratch { failures.append("tier \(tier.rawValue), \(parts) parts: wrote outside its scratch") }
            if !output.isIntact { failures.append("tier \(tier.rawValue), \(parts) parts: wrote outside its output") }
            if let whole {
                if let difference = bitDifference(values, whole) {
                    failures.append("tier \(tier.rawValue), \(parts) parts against 1: \(difference)")
                }
            } else {
                whole = values
                if let error = mismatch(values, expected, tolerance: tolerance) {
                    failures.append("tier \(tier.rawValue): \(error)")
                }
            }
        }
        guard let whole, ck_tier.bitEqual.contains(tier) else { continue }
        if let fused, let difference = bitDifference(whole, fused) {
            failures.append("tier \(tier.rawValue) against the tier before: \(difference)")
        }
        fused = whole
    }
    return failures
}

/// The output of an operation in one part on one tier.
public func kernelOutput<Arguments>(
    _ op: ck_op, _ tier: ck_tier, outputs: Int, scratchBytes: Int = 0,
    arguments: (UnsafeMutablePointer<Float>) -> Arguments
) -> [Float] {
    let output = GuardedFloats(outputs)
    runKernel(op, tier, arguments(output.pointer), scratchBytes: scratchBytes)
    return output.values
}

extension ck_activation {
    /// Every activation.
    public static var all: [ck_activation] {
        [
            .CK_ACT_NONE, .CK_ACT_RELU, .CK_ACT_RELU6, .CK_ACT_GELU, .CK_ACT_GELU_TANH, .CK_ACT_QUICK_GELU,
            .CK_ACT_SILU,
            .CK_ACT_SIGMOID, .CK_ACT_TANH, .CK_ACT_HARDSWISH, .CK_ACT_HARDSIGMOID, .CK_ACT_LEAKY_RELU,
        ]
    }
}
