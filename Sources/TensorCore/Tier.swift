import CKernels

/// An instruction-set tier: one build of every kernel.
///
/// One binary holds all tiers of its architecture; the best one the CPU can run is chosen when a ``Runtime`` is made.
/// fp32 results of ``avx2`` and ``avx512`` are the same bits; the kernels of ``neon`` give them, too, but for numbers
/// below 2^-126 that would round to it, which are 0 there. A tier with VNNI differs from the one without in the speed
/// of products by int8 weights alone, and ``avx512BF16`` from ``avx512VNNI`` in products and convolutions by weights in
/// bf16 alone: it rounds what they multiply to bf16, too.
public enum Tier: String, Sendable, CaseIterable, Comparable {
    /// Any CPU; double precision stands in for fused multiply-adds, so its last bits may differ from the other tiers'.
    case portable
    /// arm64 Advanced SIMD.
    case neon
    /// x86-64 with AVX2, FMA and F16C.
    case avx2
    /// And AVX-VNNI.
    case avx2VNNI = "avx2-vnni"
    /// x86-64 with AVX-512 F, BW, VL and DQ.
    case avx512
    /// And AVX-512 VNNI.
    case avx512VNNI = "avx512-vnni"
    /// And AVX512-BF16.
    case avx512BF16 = "avx512-bf16"

    /// Whether this build has the tier and this CPU can run it.
    public var isSupported: Bool { ck_tier_supported(kernelTier) != 0 }

    /// The fastest tier this CPU can run: ``avx512BF16`` is not, where a CPU has its instructions but is slow at them.
    public static var best: Tier { allCases.last { ck_tier_preferred($0.kernelTier) != 0 } ?? .portable }

    /// The highest tier that this CPU can run and that is no higher than `limit`.
    public static func best(upTo limit: Tier) -> Tier {
        allCases.last { $0.isSupported && $0 <= limit } ?? .portable
    }

    /// Whether products and convolutions by weights in bf16 multiply brain floats, and do not widen them.
    public var multipliesBFloat16: Bool { self == .avx512BF16 }

    /// Orders tiers from the most general to the most capable.
    public static func < (a: Tier, b: Tier) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .portable: 0
        case .neon: 1
        case .avx2: 2
        case .avx2VNNI: 3
        case .avx512: 4
        case .avx512VNNI: 5
        case .avx512BF16: 6
        }
    }

    /// The kernels' own name for the tier.
    var kernelTier: ck_tier {
        switch self {
        case .portable: .CK_PORTABLE
        case .neon: .CK_NEON
        case .avx2: .CK_AVX2
        case .avx2VNNI: .CK_AVX2_VNNI
        case .avx512: .CK_AVX512
        case .avx512VNNI: .CK_AVX512_VNNI
        case .avx512BF16: .CK_AVX512_BF16
        }
    }
}
