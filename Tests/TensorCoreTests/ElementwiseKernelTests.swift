import CKernels
import TestSupport
import Testing

private let elementwiseTolerance = 1e-6
private let sizes = [0, 1, 2, 15, 16, 17, 31, 32, 33, 61, 97]

@Suite("Element-wise kernels")
struct ElementwiseKernelTests {
    @Test("affine by channel: any width, scale and shift or one or neither", arguments: sizes)
    func affine(_ c: Int) {
        var generator = SeededGenerator(seed: UInt64(c))
        for rows in [0, 1, 2, 5] {
            let (values, scale, shift) = (generator.floats(rows * c), generator.floats(c), generator.floats(c))
            let (x, s, t) = (GuardedFloats(values, offset: 1), GuardedFloats(scale, offset: 2), GuardedFloats(shift))
            for (hasScale, hasShift) in [(true, true), (true, false), (false, true), (false, false)] {
                let expected = values.indices.map {
                    Double(values[$0]) * (hasScale ? Double(scale[$0 % c]) : 1) + (hasShift ? Double(shift[$0 % c]) : 0)
                }
                let failures = kernelFailures(
                    .CK_OP_channel_affine_run, outputs: values.count, expected: expected,
                    tolerance: elementwiseTolerance
                ) { output in
                    var a = ck_channel_affine()
                    (a.rows, a.c, a.in_ld, a.input, a.output) = (rows, c, c, UnsafePointer(x.pointer), output)
                    a.scale = hasScale ? UnsafePointer(s.pointer) : nil
                    a.shift = hasShift ? UnsafePointer(t.pointer) : nil
                    return a
                }
                #expect(failures == [], "\(rows) rows, scale \(hasScale), shift \(hasShift)")
            }
        }
    }

    @Test("affine and add: every activation", arguments: ck_activation.all)
    func activations(_ activation: ck_activation) {
        var generator = SeededGenerator(seed: 4)
        let values = generator.floats(37 * 19, scale: 6)
        let x = GuardedFloats(values, offset: 5)
        let expected = values.map { activation(Double($0)) }
        let affine = kernelFailures(
            .CK_OP_channel_affine_run, outputs: values.count, expected: expected, tolerance: elementwiseTolerance
        ) { output in
            var a = ck_channel_affine()
            (a.rows, a.c, a.in_ld, a.input, a.output) = (19, 37, 37, UnsafePointer(x.pointer), output)
            a.activation = activation
            return a
        }
        #expect(affine == [])
        let add = kernelFailures(
            .CK_OP_add_run, outputs: values.count, expected: expected, tolerance: elementwiseTolerance
        ) { output in
            var a = ck_add()
            (a.n, a.a, a.output, a.activation) = (values.count, UnsafePointer(x.pointer), output, activation)
            return a
        }
        #expect(add == [])
    }

    @Test("add: any number of values", arguments: sizes + [1000, 4099])
    func add(_ n: Int) {
        var generator = SeededGenerator(seed: UInt64(n))
        let (left, right) = (generator.floats(n), generator.floats(n))
        let (a, b) = (GuardedFloats(left, offset: 1), GuardedFloats(right, offset: 6))
        let failures = kernelFailures(
            .CK_OP_add_run, outputs: n, expected: zip(left, right).map { Double($0) + Double($1) },
            tolerance: elementwiseTolerance
        ) { output in
            var arguments = ck_add()
            (arguments.n, arguments.a, arguments.b) = (n, UnsafePointer(a.pointer), UnsafePointer(b.pointer))
            arguments.output = output
            return arguments
        }
        #expect(failures == [])
    }

    @Test("gate: any width, with and without a shift", arguments: sizes, [false, true])
    func gate(_ c: Int, isShifted: Bool) {
        var generator = SeededGenerator(seed: UInt64(c))
        for (batch, pixels) in [(1, 1), (2, 7), (3, 1), (0, 4)] {
            let (values, gates) = (generator.floats(batch * pixels * c), generator.floats(batch * c))
            let shifts = generator.floats(c)
            let (x, g) = (GuardedFloats(values, offset: 1), GuardedFloats(gates, offset: 2))
            let s = GuardedFloats(shifts, offset: 3)
            let expected = values.indices.map {
                Double(values[$0]) * Double(gates[$0 / (pixels * c) * c + $0 % c])
                    + (isShifted ? Double(shifts[$0 % c]) : 0)
            }
            let failures = kernelFailures(
                .CK_OP_channel_gate_run, outputs: values.count, expected: expected, tolerance: elementwiseTolerance
            ) { output in
                var a = ck_channel_gate()
                (a.batch, a.pixels, a.c) = (batch, pixels, c)
                (a.input, a.gate, a.output) = (UnsafePointer(x.pointer), UnsafePointer(g.pointer), output)
                a.shift = isShifted ? UnsafePointer(s.pointer) : nil
                return a
            }
            #expect(failures == [], "batch \(batch), \(pixels) pixels")
        }
    }

    @Test(
        "affine by image: any width, with and without scale and noise, by image or the same for all", arguments: sizes)
    func imageAffine(_ c: Int) {
        var generator = SeededGenerator(seed: UInt64(c))
        for (batch, pixels, isByImage) in [(1, 1, true), (2, 7, true), (3, 2, false), (0, 4, true)] {
            let values = generator.floats(batch * pixels * c, scale: 2)
            let (scales, shifts) = (generator.floats(batch * c), generator.floats(batch * c))
            let noises = generator.floats(batch * pixels)
            let (x, s) = (GuardedFloats(values, offset: 1), GuardedFloats(scales, offset: 2))
            let (t, n) = (GuardedFloats(shifts, offset: 3), GuardedFloats(noises, offset: 5))
            for (hasScale, hasNoise) in [(true, true), (true, false), (false, true)] {
                let expected = values.indices.map { index in
                    let (image, pixel, channel) = (index / (pixels * c), index / c % pixels, index % c)
                    let shift = Double(shifts[(isByImage ? image * c : 0) + channel])
                    let noise = Double(noises[(isByImage ? image * pixels : 0) + pixel])
                    let sum =
                        Double(values[index]) * (hasScale ? Double(scales[image * c + channel]) : 1) + shift
                        + (hasNoise ? 0.75 * noise : 0)
                    return min(max(sum < 0 ? 0.2 * sum : sum, -0.25), 0.25)
                }
                let failures = kernelFailures(
                    .CK_OP_image_affine_run, outputs: values.count, expected: expected,
                    tolerance: elementwiseTolerance
                ) { output in
                    var a = ck_image_affine()
                    (a.batch, a.pixels, a.c) = (batch, pixels, c)
                    (a.input, a.shift, a.output) = (UnsafePointer(x.pointer), UnsafePointer(t.pointer), output)
                    a.scale = hasScale ? UnsafePointer(s.pointer) : nil
                    a.noise = hasNoise ? UnsafePointer(n.pointer) : nil
                    (a.shift_image, a.noise_image) = isByImage ? (c, pixels) : (0, 0)
                    (a.noise_strength, a.limit, a.activation) = (0.75, 0.25, .CK_ACT_LEAKY_RELU)
                    return a
                }
                #expect(failures == [], "batch \(batch), \(pixels) pixels")
            }
        }
    }

    @Test("in place", arguments: ck_tier.runnable)
    func inPlace(_ tier: ck_tier) {
        var generator = SeededGenerator(seed: 11)
        let (values, other) = (generator.floats(5 * 39), GuardedFloats(generator.floats(5 * 39)))

        func check<Arguments>(
            _ op: ck_op, _ make: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Arguments
        ) {
            let x = GuardedFloats(values)
            let apart = kernelOutput(op, tier, outputs: values.count) { make(x.pointer, $0) }
            runKernel(op, tier, make(x.pointer, x.pointer), parts: 3)
            #expect(bitDifference(x.values, apart) == nil)
        }
        check(.CK_OP_channel_affine_run) { x, y in
            var a = ck_channel_affine()
            (a.rows, a.c, a.in_ld, a.input) = (5, 39, 39, UnsafePointer(x))
            a.scale = UnsafePointer(other.pointer)
            (a.output, a.activation) = (y, .CK_ACT_SILU)
            return a
        }
        check(.CK_OP_channel_gate_run) { x, y in
            var a = ck_channel_gate()
            (a.batch, a.pixels, a.c, a.input, a.gate) = (1, 5, 39, UnsafePointer(x), UnsafePointer(other.pointer))
            a.output = y
            return a
        }
        check(.CK_OP_image_affine_run) { x, y in
            var a = ck_image_affine()
            (a.batch, a.pixels, a.c, a.input, a.shift) = (1, 5, 39, UnsafePointer(x), UnsafePointer(other.pointer))
            (a.limit, a.output) = (.infinity, y)
            return a
        }
        check(.CK_OP_add_run) { x, y in
            var a = ck_add()
            (a.n, a.a, a.b, a.output) = (5 * 39, UnsafePointer(x), UnsafePointer(other.pointer), y)
            return a
        }
    }

    @Test("a NaN passes through every activation", arguments: ck_tier.runnable)
    func notANumber(_ tier: ck_tier) {
        for activation in ck_activation.all {
            var values = [Float](repeating: 0.5, count: 21)
            values[3] = .nan
            values[20] = .nan
            let x = GuardedFloats(values)
            let got = kernelOutput(.CK_OP_add_run, tier, outputs: 21) { output in
                var a = ck_add()
                (a.n, a.a, a.output, a.activation) = (21, UnsafePointer(x.pointer), output, activation)
                return a
            }
            #expect(got.indices.allSatisfy { got[$0].isNaN == ($0 == 3 || $0 == 20) }, "\(activation)")
        }
    }

    @Test("the peak meter counts what it does", arguments: ck_tier.runnable)
    func peak(_ tier: ck_tier) {
        let one = ck_peak_fma(tier, 1)
        #expect(one > 0)
        #expect(ck_peak_fma(tier, 1000) == 1000 * one)
    }
}
