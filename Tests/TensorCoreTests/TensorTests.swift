import TensorCore
import TestSupport
import Testing

@Suite struct ShapeTests {
    @Test func sizes() {
        let shape: Shape = [2, 3, 4]
        #expect(shape.rank == 3)
        #expect(shape.elementCount == 24)
        #expect(shape[0] == 2 && shape[2] == 4 && shape[-1] == 4 && shape[-3] == 2)
        #expect(shape.dimensions == [2, 3, 4])
        #expect(Array(shape) == [2, 3, 4])
        #expect(shape.description == "[2, 3, 4]")
        #expect(shape == Shape([2, 3, 4]) && shape == Shape(2, 3, 4))
        #expect(shape != [2, 3, 4, 1] && shape != [2, 3])
        #expect(Set([shape, Shape(2, 3, 4), Shape(4, 3, 2)]).count == 2)
    }

    @Test func edges() {
        let scalar: Shape = []
        #expect(scalar.rank == 0 && scalar.elementCount == 1 && scalar.description == "[]")
        #expect(Shape([1, 2, 3, 4, 5, 6]).elementCount == 720)
        #expect(Shape([1, 2, 3, 4, 5, 6])[5] == 6)
        #expect(Shape(0, 5).elementCount == 0)
        // A size of 0 is a size: these are different shapes.
        #expect(Shape([0]) != Shape([]))
        #expect(Shape([1, 0]) != Shape([1]))
    }

    @Test func moreThanAShapeCanHave() async {
        await #expect(processExitsWith: .failure) { _ = Shape([1, 1, 1, 1, 1, 1, 1]) }
        await #expect(processExitsWith: .failure) { _ = Shape([-1]) }
        await #expect(processExitsWith: .failure) { _ = Shape([2, 3])[2] }
    }
}

@Suite struct TensorTests {
    @Test func valuesAndShape() {
        let tensor = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        #expect(tensor.floats == [1, 2, 3, 4, 5, 6])
        #expect(tensor.count == 6 && tensor.dtype == .float32 && tensor.shape == [2, 3])
        #expect(Tensor(zeros: [2, 2]).floats == [0, 0, 0, 0])
        #expect(Tensor(zeros: []).floats == [0])
        #expect(Tensor(zeros: [3, 0]).floats == [])
        #expect(Tensor(integers: [.min, 7], shape: [2]).integers == [.min, 7])
        #expect(Tensor(integers: [7], shape: []).dtype == .int64)
    }

    @Test func filling() {
        struct Refusal: Error {}
        let tensor = Tensor(shape: [2, 2]) { values in
            #expect(values.allSatisfy { $0 == 0 })
            values[3] = 4
        }
        #expect(tensor.floats == [0, 0, 0, 4])
        #expect(throws: Refusal.self) { try Tensor(shape: [1]) { _ throws(Refusal) in throw Refusal() } }
        #expect(throws: Refusal.self) { try tensor.withFloats { _ throws(Refusal) in throw Refusal() } }
    }

    @Test func writingACopyLeavesTheOriginal() {
        let original = Tensor([1, 2, 3, 4], shape: [4])
        var copy = original
        copy.withMutableFloats { $0[0] = 9 }
        #expect(original.floats == [1, 2, 3, 4])
        #expect(copy.floats == [9, 2, 3, 4])
        // From here on the memory is the copy's own.
        let before = copy.withFloats { $0.baseAddress }
        copy.withMutableFloats { $0[1] = 8 }
        #expect(copy.withFloats { $0.baseAddress } == before)
        #expect(copy.floats == [9, 8, 3, 4])
    }

    @Test func viewsAreValues() {
        let original = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])
        var rows = original.rows(1..<3)
        var flat = original.reshaped(to: [6])
        #expect(rows.floats == [3, 4, 5, 6] && rows.shape == [2, 2])
        #expect(rows.rows(1..<2).floats == [5, 6])
        #expect(original.rows(1..<1).shape == [0, 2])
        #expect(Tensor(zeros: [0, 3]).rows(0..<0).count == 0)
        rows.withMutableFloats { $0[0] = 30 }
        flat.withMutableFloats { $0[5] = 60 }
        #expect(original.floats == [1, 2, 3, 4, 5, 6])
        #expect(rows.floats == [30, 4, 5, 6])
        #expect(flat.floats == [1, 2, 3, 4, 5, 60])
        #expect(original.copied().floats == original.floats)
        #expect(Tensor(integers: [1, 2, 3], shape: [3, 1]).rows(2..<3).integers == [3])
        #expect(Tensor(integers: [1, 2, 3], shape: [3, 1]).rows(1..<3).copied().integers == [2, 3])
    }

    @Test func nonFiniteValues() {
        #expect(Tensor([1, -.greatestFiniteMagnitude, .leastNonzeroMagnitude], shape: [3]).firstNonFinite == nil)
        #expect(Tensor([1, .nan, .infinity], shape: [3]).firstNonFinite == 1)
        #expect(Tensor([-.infinity], shape: [1]).firstNonFinite == 0)
        #expect(Tensor(zeros: [0]).firstNonFinite == nil)
    }

    @Test func memoryIsAligned() {
        // Small tensors, and ones that come in huge pages.
        for count in [1, 17, 1 << 21] {
            let address = Tensor(zeros: Shape([count])).withFloats { UInt(bitPattern: $0.baseAddress) }
            #expect(address % 64 == 0)
        }
    }

    @Test func wrongCountsTrap() async {
        await #expect(processExitsWith: .failure) { _ = Tensor([1, 2], shape: [3]) }
        await #expect(processExitsWith: .failure) { _ = Tensor(zeros: [2, 2]).reshaped(to: [3]) }
        await #expect(processExitsWith: .failure) { _ = Tensor(zeros: [2, 2]).rows(1..<3) }
        await #expect(processExitsWith: .failure) { _ = Tensor(integers: [1], shape: [1]).floats }
    }
}

@Suite struct ResamplingTests {
    /// The weights of a pixel add up to 1 but for their rounding.
    private let weightRounding: Float = 4e-6

    @Test func theSameSizeIsTheSameImage() {
        var random = SeededGenerator(seed: 3)
        let x = Tensor(random.floats(5 * 7 * 3), shape: [5, 7, 3])
        let methods: [Resampling.Method] = [
            .nearest, .bilinear(alignCorners: false), .bilinear(alignCorners: true), .bicubic(alignCorners: false),
            .bicubic(alignCorners: true), .bilinearAntialiased, .bicubicAntialiased,
        ]
        for method in methods {
            let same = Resampling(method, height: 5, width: 7, outputHeight: 5, outputWidth: 7).applied(to: x)
            #expect(mismatch(same.floats, x.floats.map(Double.init), tolerance: 1e-6) == nil, "\(method)")
            // A constant stays the constant, whatever the sizes.
            for (height, width) in [(1, 1), (2, 9), (11, 3), (40, 50)] {
                let constant = Tensor([Float](repeating: 0.75, count: 35), shape: [5, 7, 1])
                let resized = Resampling(method, height: 5, width: 7, outputHeight: height, outputWidth: width)
                    .applied(to: constant)
                #expect(resized.shape == [height, width, 1])
                #expect(
                    resized.floats.allSatisfy { abs($0 - 0.75) < weightRounding }, "\(method) to \(height) x \(width)")
            }
        }
    }

    @Test func blurring() {
        let constant = Tensor([Float](repeating: 1, count: 30), shape: [6, 5, 1])
        for (height, width) in [(3, 2), (12, 10)] {
            let mirrored = Resampling(
                .blurred(.mirrored), height: 6, width: 5, outputHeight: height, outputWidth: width)
            #expect(mirrored.applied(to: constant).floats.allSatisfy { abs($0 - 1) < weightRounding })
        }
        // Without the zeros outside, the outermost outputs lack a quarter, or an eighth where the size is halved.
        let row = Tensor([1, 1, 1, 1], shape: [1, 4, 1])
        let up = Resampling(.blurred(.zeros), height: 1, width: 4, outputHeight: 2, outputWidth: 8)
        #expect(up.applied(to: row).floats[..<8] == [0.5625, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 0.5625])
        let square = Tensor([Float](repeating: 1, count: 16), shape: [4, 4, 1])
        let down = Resampling(.blurred(.zeros), height: 4, width: 4, outputHeight: 2, outputWidth: 2)
        #expect(down.applied(to: square).floats == [Float](repeating: 0.875 * 0.875, count: 4))
    }

    @Test func inAWorkspaceAndOutside() {
        var random = SeededGenerator(seed: 4)
        let x = Tensor(random.floats(2 * 6 * 5 * 19), shape: [2, 6, 5, 19])
        let runtime = Runtime(threads: 2)
        let resampling = Resampling(.bicubicAntialiased, height: 6, width: 5, outputHeight: 4, outputWidth: 9)
        let batch = runtime.withWorkspace { ws in ws.resampled(x, resampling).copied() }
        for image in 0..<2 {
            let single = resampling.applied(to: x.rows(image..<image + 1).reshaped(to: [6, 5, 19]))
            let found = batch.rows(image..<image + 1).floats
            #expect(mismatch(found, single.floats.map(Double.init), tolerance: 1e-6) == nil)
        }
        #expect(resampling == Resampling(.bicubicAntialiased, height: 6, width: 5, outputHeight: 4, outputWidth: 9))
        #expect(resampling != Resampling(.bicubicAntialiased, height: 6, width: 5, outputHeight: 4, outputWidth: 8))
    }
}

@Suite struct WindowTests {
    @Test(arguments: [
        // Size, kernel, stride, padding, dilation, ceiling; what PyTorch's formula gives.
        ([7, 3, 2, 1, 1, 0], 4), ([8, 3, 2, 1, 1, 0], 4), ([8, 3, 2, 1, 1, 1], 5), ([7, 3, 2, 1, 1, 1], 4),
        ([6, 3, 2, 0, 1, 0], 2), ([6, 3, 2, 0, 1, 1], 3), ([4, 2, 2, 1, 1, 1], 3), ([5, 2, 3, 1, 1, 1], 2),
        ([9, 3, 1, 2, 2, 0], 9), ([2, 3, 1, 0, 1, 0], 0), ([1, 1, 5, 0, 1, 0], 1), ([3, 2, 4, 1, 1, 1], 1),
        ([2, 3, 2, 0, 1, 1], 1), ([1, 3, 2, 0, 1, 1], 0), ([1, 3, 3, 0, 1, 1], 1), ([2, 3, 1, 0, 1, 1], 0),
    ])
    func outputSizes(numbers: [Int], expected: Int) {
        let window = Window(numbers[1], stride: numbers[2], padding: numbers[3], dilation: numbers[4])
        let size = window.outputSize(height: numbers[0], width: numbers[0], ceiling: numbers[5] == 1)
        #expect(size.height == expected && size.width == expected)
    }

    @Test func equality() {
        #expect(Window(3, padding: 1) == Window(3).padded(before: (1, 1), after: (1, 1)))
        #expect(Window(3, padding: 1) != Window(3, padding: 1, dilation: 2))
    }
}
