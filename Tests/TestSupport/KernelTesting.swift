public import CKernels

// Helpers of the kernel suites. Comparisons return `nil` or a description of the worst element, so that a failed
// `#expect(mismatch(...) == nil)` prints it.

extension ck_tier {
    /// Every tier that this build has and this CPU can run.
    public static var runnable: [ck_tier] {
        [.CK_PORTABLE, .CK_NEON, .CK_AVX2, .CK_AVX512].filter { ck_tier_supported($0) != 0 }
    }

    /// The runnable tiers with fused multiply-adds, which promise each other's bits.
    public static var bitEqual: [ck_tier] { runnable.filter { $0 != .CK_PORTABLE } }
}

/// A small deterministic generator (SplitMix64; Steele, Lea, Flood 2014).
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// A generator that always gives the same numbers for the same seed.
    public init(seed: UInt64) { state = seed }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A uniform value in -1 ..< 1 with 24 random bits.
    public mutating func float() -> Float { Float(Int32(truncatingIfNeeded: next() >> 40) - 0x80_0000) / 0x80_0000 }

    /// `count` uniform values in -scale ..< scale.
    public mutating func floats(_ count: Int, scale: Float = 1) -> [Float] {
        var values = [Float](repeating: 0, count: count)
        for i in 0..<count { values[i] = scale * float() }
        return values
    }
}

/// A run of floats between canaries, at a chosen distance from 64-byte alignment.
public final class GuardedFloats {
    /// The first float.
    public let pointer: UnsafeMutablePointer<Float>
    /// Number of floats between the canaries.
    public let count: Int
    private let storage: UnsafeMutableRawPointer
    private static let canaries = 32
    private static let canary = Float(bitPattern: 0x7FC0_ABCD)  // a NaN: reading it as data shows as well

    /// Floats that start `offset` floats past a 64-byte boundary, all of value `fill`.
    public init(_ count: Int, offset: Int = 0, fill: Float = .nan) {
        self.count = count
        let total = count + 2 * Self.canaries + offset
        storage = .allocate(byteCount: total * 4, alignment: 64)
        let floats = storage.bindMemory(to: Float.self, capacity: total)
        floats.initialize(repeating: Self.canary, count: total)
        pointer = floats + Self.canaries + offset
        pointer.update(repeating: fill, count: count)
    }

    /// A guarded copy of `values`.
    public convenience init(_ values: [Float], offset: Int = 0) {
        self.init(values.count, offset: offset)
        for (i, value) in values.enumerated() { pointer[i] = value }
    }

    deinit { storage.deallocate() }

    /// The floats between the canaries.
    public var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// Whether nothing was written outside.
    public var isIntact: Bool {
        (1...Self.canaries).allSatisfy {
            pointer[-$0].bitPattern == Self.canary.bitPattern
                && pointer[count + $0 - 1].bitPattern == Self.canary.bitPattern
        }
    }
}

/// Does all parts of an operation one after another, the last first, each with a scratch of NaNs of its own.
///
/// - Returns: whether the kernel stayed inside its scratch.
@discardableResult
public func runKernel<Arguments>(
    _ op: ck_op, _ tier: ck_tier, _ arguments: Arguments, parts: Int = 1, scratchBytes: Int = 0
) -> Bool {
    var intact = true
    for part in (0..<parts).reversed() {
        let scratch = GuardedFloats((scratchBytes + 3) / 4, offset: 0)
        withUnsafePointer(to: arguments) { ck_run(op, tier, $0, Int32(part), Int32(parts), scratch.pointer) }
        intact = intact && scratch.isIntact
    }
    return intact
}

/// `nil` where every element is within `tolerance` * max(1, |expected|) of the expected one; NaN matches only NaN and
/// an infinity only itself. Otherwise the worst element.
public func mismatch(_ actual: [Float], _ expected: [Double], tolerance: Double) -> String? {
    guard actual.count == expected.count else { return "\(actual.count) values, expected \(expected.count)" }
    var worst = 0.0
    var report: String?
    for (i, (a, e)) in zip(actual, expected).enumerated() {
        let error: Double
        if e.isNaN || e.isInfinite || a.isNaN || a.isInfinite {
            error = (e.isNaN && a.isNaN) || Double(a) == e ? 0 : .infinity
        } else {
            error = abs(Double(a) - e) / max(1, abs(e))
        }
        if error > tolerance, error > worst {
            worst = error
            report = "element \(i): \(a), expected \(e), error \(error) > \(tolerance)"
        }
    }
    return report
}

/// `nil` where both have the same bits (any NaN equals any NaN), otherwise the first difference.
public func bitDifference(_ a: [Float], _ b: [Float]) -> String? {
    guard a.count == b.count else { return "\(a.count) values against \(b.count)" }
    for i in a.indices where a[i].bitPattern != b[i].bitPattern && !(a[i].isNaN && b[i].isNaN) {
        return "element \(i) of \(a.count): \(a[i]) against \(b[i])"
    }
    return nil
}

extension Float {
    /// The nearest brain float, ties to even.
    public var roundedToBrainFloat: Float {
        Float(bitPattern: (bitPattern + 0x7fff + (bitPattern >> 16 & 1)) & 0xffff_0000)
    }
}

extension [Float] {
    /// The values as brain floats, two of them in the place of a float, the first one lower.
    public var pairs: [Float] {
        stride(from: 0, to: count, by: 2).map { index in
            let high = index + 1 < count ? self[index + 1].roundedToBrainFloat.bitPattern : 0
            return Float(bitPattern: high | self[index].roundedToBrainFloat.bitPattern >> 16)
        }
    }

    /// The first values of such pairs.
    public func unpaired(_ count: Int) -> [Float] {
        (0..<count).map { index in
            let bits = self[index / 2].bitPattern
            return Float(bitPattern: index % 2 == 0 ? bits << 16 : bits & 0xffff_0000)
        }
    }
}
