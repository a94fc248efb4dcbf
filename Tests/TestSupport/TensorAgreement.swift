public import TensorCore

extension Tier {
    /// Every tier that this CPU can run.
    public static var everySupported: [Tier] { allCases.filter(\.isSupported) }

    /// Those with kernels of their own for fp32: the others have some for products by int8 and bf16 weights alone.
    public static var supported: [Tier] {
        everySupported.filter { ![.avx2VNNI, .avx512VNNI, .avx512BF16].contains($0) }
    }

    /// The tiers that promise the same bits.
    public static var bitEqual: [Tier] { [.avx2, .avx512].filter(\.isSupported) }
}

extension Float {
    /// How far an output may be from the reference's, as a part of the reference's largest value.
    public static let parity: Float = 1e-4
}

/// `nil` where every value is within `tolerance` of the reference's scale, otherwise the worst one.
public func mismatch(_ found: Tensor, _ reference: Tensor, tolerance: Float = .parity) -> String? {
    guard found.shape == reference.shape else { return "shape \(found.shape), expected \(reference.shape)" }
    let (a, b) = (found.floats, reference.floats)
    let scale = b.reduce(0) { max($0, abs($1)) }
    var worst: (index: Int, error: Float)?
    // A NaN is no number's neighbour: written so that it counts as an error.
    for index in a.indices where !(abs(a[index] - b[index]) <= tolerance * scale) {
        let error = abs(a[index] - b[index])
        if worst.map({ error > $0.error }) ?? true { worst = (index, error) }
    }
    return worst.map { "element \($0.index): \(a[$0.index]), expected \(b[$0.index]), scale \(scale)" }
}
