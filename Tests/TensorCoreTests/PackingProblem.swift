import CKernels
import TestSupport
import Testing

/// Weights in half precision with a scale for each row, to be packed for one of Winograd's algorithms.
struct PackingProblem {
    let rows, channels, taps: Int
    let form: ck_form
    private let halves: [UInt16]
    private let scale: [Float]

    init(rows: Int, channels: Int, taps: Int, form: ck_form) {
        var generator = SeededGenerator(seed: 3)
        (self.rows, self.channels, self.taps, self.form) = (rows, channels, taps, form)
        halves = generator.floats(rows * channels * taps).map { Float16($0).bitPattern }
        scale = generator.floats(rows)
    }

    /// A tap of the first row's first channel, scaled.
    func value(_ tap: Int) -> Float { Float(Float16(bitPattern: halves[tap])) * scale[0] }

    /// Expects the same bits of every tier, however the rows are cut.
    ///
    /// - Returns: the first value; of brain floats the first of a pair.
    func expectSameInPieces(_ size: Int, pack: (ck_tier, inout ck_pack) -> Void) -> Float {
        let whole = packed(.CK_PORTABLE, [0, rows], size, pack)
        for tier in ck_tier.runnable {
            for cuts in [[0, rows], [0, 1, rows], [0, 16, 40, 69, rows], [0, 64, rows]] {
                let out = packed(tier, cuts, size, pack)
                #expect(out.isIntact)
                #expect(bitDifference(out.values, whole.values) == nil)
            }
        }
        let bits = whole.values[0].bitPattern
        return Float(bitPattern: form == .CK_FORM_F32 ? bits : bits << 16)
    }

    private func packed(
        _ tier: ck_tier, _ cuts: [Int], _ size: Int, _ pack: (ck_tier, inout ck_pack) -> Void
    ) -> GuardedFloats {
        let out = GuardedFloats(size)
        halves.withUnsafeBufferPointer { halves in
            scale.withUnsafeBufferPointer { scale in
                for (first, last) in zip(cuts, cuts.dropFirst()) {
                    var p = ck_pack()
                    (p.packed, p.n, p.k, p.row, p.rows) = (out.pointer, rows, taps * channels, first, last - first)
                    (p.channels, p.taps, p.storage, p.form) = (channels, taps, .CK_STORE_F16, form)
                    p.source = halves.baseAddress.map { UnsafeRawPointer($0 + first * channels * taps) }
                    p.scale = scale.baseAddress.map { $0 + first }
                    pack(tier, &p)
                }
            }
        }
        return out
    }
}
