import CKernels
import TestSupport
import Testing

private let sizes = [0, 1, 2, 15, 16, 17, 31, 32, 33, 61, 97]

@Suite("Gated units and rotations")
struct GateKernelTests {
    @Test("gated linear units: any width", arguments: sizes)
    func gatedUnits(_ c: Int) {
        var generator = SeededGenerator(seed: UInt64(c))
        for rows in [0, 1, 5] {
            let values = generator.floats(rows * 2 * c, scale: 4)
            let x = GuardedFloats(values, offset: 3)
            let expected = (0..<rows * c).map { index in
                let (row, column) = (index / max(c, 1), index % max(c, 1))
                let gate = Double(values[row * 2 * c + c + column])
                return Double(values[row * 2 * c + column]) / (1 + exponential(-gate))
            }
            let failures = kernelFailures(.CK_OP_glu_run, outputs: rows * c, expected: expected, tolerance: 1e-6) {
                ck_glu(rows: rows, c: c, input: UnsafePointer(x.pointer), output: $0, gate: CK_GATE_SIGMOID)
            }
            #expect(failures == [], "\(rows) rows")
        }
    }

    @Test("gates through silu: any width", arguments: sizes)
    func swishGates(_ c: Int) {
        var generator = SeededGenerator(seed: UInt64(c))
        let rows = 3
        let values = generator.floats(rows * 2 * c, scale: 4)
        let x = GuardedFloats(values, offset: 1)
        let expected = (0..<rows * c).map { index in
            let start = index / max(c, 1) * 2 * c + index % max(c, 1)
            let gate = Double(values[start])
            return gate / (1 + exponential(-gate)) * Double(values[start + c])
        }
        let failures = kernelFailures(.CK_OP_glu_run, outputs: rows * c, expected: expected, tolerance: 1e-6) {
            ck_glu(rows: rows, c: c, input: UnsafePointer(x.pointer), output: $0, gate: CK_GATE_SILU)
        }
        #expect(failures == [])
    }

    @Test("gates through gelu: any width", arguments: sizes)
    func geluGates(_ c: Int) {
        var generator = SeededGenerator(seed: UInt64(c))
        let rows = 3
        let values = generator.floats(rows * 2 * c, scale: 4)
        let x = GuardedFloats(values, offset: 1)
        let expected = (0..<rows * c).map { index in
            let start = index / max(c, 1) * 2 * c + index % max(c, 1)
            let gate = Double(values[start + c])
            return Double(values[start]) * gate / 2 * (1 + errorFunction(gate / 2.0.squareRoot()))
        }
        let failures = kernelFailures(.CK_OP_glu_run, outputs: rows * c, expected: expected, tolerance: 1e-6) {
            ck_glu(rows: rows, c: c, input: UnsafePointer(x.pointer), output: $0, gate: CK_GATE_GELU)
        }
        #expect(failures == [])
    }

    @Test("rows in another order: any width", arguments: sizes)
    func gatheredRows(_ c: Int) {
        var generator = SeededGenerator(seed: UInt64(c))
        let index: [Int32] = [3, -1, 0, 3, 2, -1, 1]
        for batch in [0, 1, 3] {
            let values = generator.floats(batch * 4 * c)
            let x = GuardedFloats(values, offset: 1)
            let expected = (0..<batch * index.count * c).map { place in
                let (row, column) = (place / max(c, 1), place % max(c, 1))
                let from = Int(index[row % index.count])
                return from < 0 ? 0 : Double(values[(row / index.count * 4 + from) * c + column])
            }
            let failures = index.withUnsafeBufferPointer { index in
                kernelFailures(
                    .CK_OP_gather_rows_run, outputs: expected.count, expected: expected, tolerance: 0
                ) { output in
                    ck_gather_rows(
                        batch: batch, rows: index.count, in_rows: 4, c: c, index: index.baseAddress,
                        input: UnsafePointer(x.pointer), output: output)
                }
            }
            #expect(failures == [], "\(batch)")
        }
    }

    @Test("rotations: any width of a head", arguments: sizes)
    func rotations(_ half: Int) {
        var generator = SeededGenerator(seed: UInt64(half))
        for (batch, tokens, heads) in [(1, 1, 1), (2, 5, 3), (0, 3, 2)] {
            let width = 2 * heads * half
            let values = generator.floats(batch * tokens * width)
            let (cosines, sines) = (generator.floats(tokens * half), generator.floats(tokens * half))
            let (x, c, s) = (GuardedFloats(values, offset: 1), GuardedFloats(cosines), GuardedFloats(sines, offset: 2))
            let expected = values.indices.map { index in
                let (row, column) = (index / width, index % width)
                let (head, place) = (column / (2 * half), column % (2 * half))
                let angle = row % tokens * half + place % half
                let start = row * width + head * 2 * half + place % half
                let (a, b) = (Double(values[start]), Double(values[start + half]))
                return place < half
                    ? a * Double(cosines[angle]) - b * Double(sines[angle])
                    : b * Double(cosines[angle]) + a * Double(sines[angle])
            }
            let failures = kernelFailures(
                .CK_OP_rotate_run, outputs: values.count, expected: expected, tolerance: 1e-6
            ) { output in
                ck_rotate(
                    batch: batch, tokens: tokens, heads: heads, half: half, input: UnsafePointer(x.pointer),
                    cosines: UnsafePointer(c.pointer), sines: UnsafePointer(s.pointer), output: output)
            }
            #expect(failures == [], "\(batch) x \(tokens) x \(heads)")
        }
    }

    @Test("layer norm: every activation", arguments: ck_activation.all)
    func normalizedAndActivated(_ activation: ck_activation) {
        var generator = SeededGenerator(seed: 8)
        let (rows, c) = (11, 37)
        let (values, gamma, beta) = (generator.floats(rows * c, scale: 3), generator.floats(c), generator.floats(c))
        let (x, g, b) = (GuardedFloats(values, offset: 1), GuardedFloats(gamma, offset: 2), GuardedFloats(beta))
        let expected = values.indices.map { index in
            let row = values[index / c * c..<(index / c + 1) * c].map(Double.init)
            let mean = row.reduce(0, +) / Double(c)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(c)
            let normal = (Double(values[index]) - mean) / (variance + 1e-5).squareRoot()
            return activation(normal * Double(gamma[index % c]) + Double(beta[index % c]))
        }
        let failures = kernelFailures(
            .CK_OP_layer_norm_run, outputs: values.count, expected: expected, tolerance: 2e-6
        ) { output in
            var a = ck_layer_norm()
            (a.rows, a.c, a.in_ld, a.out_ld) = (rows, c, c, c)
            (a.input, a.output, a.eps, a.activation) = (UnsafePointer(x.pointer), output, 1e-5, activation)
            (a.gamma, a.beta) = (UnsafePointer(g.pointer), UnsafePointer(b.pointer))
            return a
        }
        #expect(failures == [])
    }
}
