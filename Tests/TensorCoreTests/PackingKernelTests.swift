import CKernels
import TestSupport
import Testing

private let panel = Int(CK_PANEL)

/// A weight of `[rows][channels][taps]` as packed by the format's definition, the product of its value and its row's
/// scale rounded to float.
private func packed(_ weight: [Float], rows: Int, channels: Int, taps: Int, scale: [Float]? = nil) -> [Float] {
    let k = channels * taps
    var out = [Float](repeating: 0, count: ck_packed_floats(rows, k, .CK_FORM_F32))
    for row in 0..<rows {
        for channel in 0..<channels {
            for tap in 0..<taps {
                let value = weight[(row * channels + channel) * taps + tap] * (scale?[row] ?? 1)
                out[row / panel * panel * k + (tap * channels + channel) * panel + row % panel] = value
            }
        }
    }
    return out
}

/// Packs in pieces that start at the given rows.
private func pack(
    _ tier: ck_tier, _ source: UnsafeRawPointer, storage: ck_storage = .CK_STORE_F32, rows: Int, channels: Int,
    taps: Int, scale: [Float]? = nil, pieces: [Int] = [0]
) -> (values: [Float], isIntact: Bool) {
    let k = channels * taps
    let out = GuardedFloats(ck_packed_floats(rows, k, .CK_FORM_F32))
    let size = storage == .CK_STORE_F32 ? 4 : 2
    let scales = GuardedFloats(scale ?? [], offset: 1)
    for (i, first) in pieces.enumerated().reversed() {
        let last = i + 1 < pieces.count ? pieces[i + 1] : rows
        var p = ck_pack()
        (p.packed, p.n, p.k, p.row, p.rows) = (out.pointer, rows, k, first, last - first)
        (p.channels, p.taps, p.storage, p.source) = (channels, taps, storage, source + first * k * size)
        p.scale = scale == nil ? nil : UnsafePointer(scales.pointer + first)
        ck_pack_weights(tier, &p)
    }
    return (out.values, out.isIntact)
}

@Suite("Packing kernels")
struct PackingKernelTests {
    @Test("any rows, channels and taps", arguments: ck_tier.runnable)
    func shapes(_ tier: ck_tier) {
        var generator = SeededGenerator(seed: 5)
        for rows in [1, 15, 16, 17, 31, 32, 33, 48, 50, 64, 100] {
            for channels in [1, 3, 15, 16, 17, 33, 64] {
                for taps in [1, 2, 9, 16] {
                    let weight = generator.floats(rows * channels * taps)
                    let got = weight.withUnsafeBytes { bytes in
                        bytes.baseAddress.map { pack(tier, $0, rows: rows, channels: channels, taps: taps) }
                    }
                    #expect(got?.isIntact == true)
                    #expect(got?.values == packed(weight, rows: rows, channels: channels, taps: taps))
                }
            }
        }
    }

    @Test("in pieces from any row, with a scale", arguments: ck_tier.runnable)
    func pieces(_ tier: ck_tier) {
        var generator = SeededGenerator(seed: 6)
        for taps in [1, 9] {
            let (rows, channels) = (85, 20)
            let weight = generator.floats(rows * channels * taps)
            let scale = generator.floats(rows)
            for pieces in [[0, 1], [0, 16], [0, 32, 64], [0, 7, 31, 33, 50], [0, 84], [0, 80, 81]] {
                let got = weight.withUnsafeBytes { bytes in
                    bytes.baseAddress.map {
                        pack(tier, $0, rows: rows, channels: channels, taps: taps, scale: scale, pieces: pieces)
                    }
                }
                #expect(got?.isIntact == true)
                #expect(got?.values == packed(weight, rows: rows, channels: channels, taps: taps, scale: scale))
            }
        }
    }

    @Test("half precision and bfloat16 at odd addresses", arguments: ck_tier.runnable)
    func storages(_ tier: ck_tier) {
        var generator = SeededGenerator(seed: 7)
        let (rows, channels, taps) = (37, 19, 9)
        let halves = generator.floats(rows * channels * taps).map { Float16($0) }
        let half = pack16(tier, halves.map(\.bitPattern), .CK_STORE_F16, rows: rows, channels: channels, taps: taps)
        #expect(half == packed(halves.map { Float($0) }, rows: rows, channels: channels, taps: taps))
        let brains = generator.floats(rows * channels * taps).map { UInt16($0.bitPattern >> 16) }
        let brain = pack16(tier, brains, .CK_STORE_BF16, rows: rows, channels: channels, taps: taps)
        let expected = brains.map { Float(bitPattern: UInt32($0) << 16) }
        #expect(brain == packed(expected, rows: rows, channels: channels, taps: taps))
    }

    private func pack16(
        _ tier: ck_tier, _ values: [UInt16], _ storage: ck_storage, rows: Int, channels: Int, taps: Int
    ) -> [Float] {
        withOddCopy(values) { pack(tier, $0, storage: storage, rows: rows, channels: channels, taps: taps).values }
    }

    /// NU06
    @Test("every half-precision and bfloat16 number becomes its float", arguments: ck_tier.runnable)
    func toFloat(_ tier: ck_tier) {
        let patterns = (0...UInt16.max).map { $0 }
        func converted(_ storage: ck_storage) -> [Float] {
            let out = GuardedFloats(patterns.count, offset: 1)
            withOddCopy(patterns) { ck_to_float(tier, out.pointer, $0, storage, patterns.count) }
            #expect(out.isIntact)
            return out.values
        }
        #expect(bitDifference(converted(.CK_STORE_F16), patterns.map { Float(Float16(bitPattern: $0)) }) == nil)
        let brains = patterns.map { Float(bitPattern: UInt32($0) << 16) }
        #expect(bitDifference(converted(.CK_STORE_BF16), brains) == nil)
    }

    @Test("any number of elements", arguments: [0, 1, 7, 15, 16, 17, 33])
    func counts(_ count: Int) {
        var generator = SeededGenerator(seed: 8)
        let values = generator.floats(count)
        for tier in ck_tier.runnable {
            let out = GuardedFloats(count, offset: 2)
            withOddCopy(values) { ck_to_float(tier, out.pointer, $0, .CK_STORE_F32, count) }
            #expect(out.isIntact)
            #expect(out.values == values)
        }
    }
}

/// Calls `body` with a copy of the values' bytes one byte past an aligned address.
private func withOddCopy<Element, Result>(_ values: [Element], _ body: (UnsafeRawPointer) -> Result) -> Result {
    let size = values.count * MemoryLayout<Element>.stride
    let copy = UnsafeMutableRawPointer.allocate(byteCount: size + 1, alignment: 64)
    defer { copy.deallocate() }
    values.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(start: copy + 1, count: size).copyMemory(from: bytes)
    }
    return body(copy + 1)
}
