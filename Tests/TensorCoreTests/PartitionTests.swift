import CKernels
import TestSupport
import Testing

/// What the shares of an operation come to, together and at most.
private struct Shares {
    let whole: ck_share
    var sum = ck_share()
    var largest = ck_share()

    init(_ op: ck_op, _ arguments: some Any, parts: Int) {
        (whole, sum, largest) = withUnsafePointer(to: arguments) { pointer in
            var (sum, largest) = (ck_share(), ck_share())
            for part in 0..<parts {
                let own = ck_share_of(op, pointer, Int32(part), Int32(parts))
                sum.operations += own.operations
                sum.moved += own.moved
                sum.touched += own.touched
                largest.operations = max(largest.operations, own.operations)
                largest.moved = max(largest.moved, own.moved)
                largest.touched = max(largest.touched, own.touched)
            }
            return (ck_share_of(op, pointer, 0, 1), sum, largest)
        }
    }

    /// What is wrong with them where no work is done twice; empty where nothing is.
    var failures: [String] {
        func same(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-9 * max(a, b) }
        var failures: [String] = []
        if !same(sum.operations, whole.operations) { failures.append("\(sum.operations) of \(whole.operations)") }
        if !same(sum.moved, whole.moved) { failures.append("\(sum.moved) bytes moved of \(whole.moved)") }
        return failures + reach
    }

    /// What is wrong with the bytes that shares touch.
    var reach: [String] {
        let isWithin = largest.touched <= whole.touched * (1 + 1e-9) && sum.touched >= whole.touched * (1 - 1e-9)
        return isWithin ? [] : ["touch \(largest.touched) at most, \(sum.touched) together of \(whole.touched)"]
    }
}

@Suite("Partition")
struct PartitionTests {
    private static let counts = [1, 2, 3, 5, 8, 16, 31, 32, 64, 200]

    private static func product(_ m: Int, _ n: Int, _ k: Int) -> ck_gemm {
        var a = ck_gemm()
        (a.m, a.n, a.k, a.lda, a.ldc) = (m, n, k, k, n)
        return a
    }

    private static func convolution(
        _ height: Int, _ width: Int, _ channels: Int, _ outputs: Int, kernel: (h: Int, w: Int), stride: Int = 1,
        groups: Int = 1, batch: Int = 1
    ) -> ck_conv2d {
        var a = ck_conv2d()
        (a.batch, a.in_h, a.in_w, a.in_c, a.out_c, a.groups) = (batch, height, width, channels, outputs, groups)
        (a.kernel_h, a.kernel_w, a.stride_h, a.stride_w) = (kernel.h, kernel.w, stride, stride)
        (a.pad_h, a.pad_w, a.dilation_h, a.dilation_w) = (kernel.h / 2, kernel.w / 2, 1, 1)
        (a.out_h, a.out_w) = ((height - 1) / stride + 1, (width - 1) / stride + 1)
        (a.in_col, a.in_row, a.in_image) = (channels, width * channels, height * width * channels)
        (a.out_col, a.out_row, a.out_image) = (outputs, a.out_w * outputs, a.out_h * a.out_w * outputs)
        return a
    }

    private static func depthwise(_ side: Int, _ channels: Int, kernel: Int, stride: Int = 1) -> ck_depthwise2d {
        var a = ck_depthwise2d()
        (a.batch, a.in_h, a.in_w, a.channels) = (1, side, side, channels)
        (a.kernel_h, a.kernel_w, a.stride_h, a.stride_w) = (kernel, kernel, stride, stride)
        (a.pad_h, a.pad_w, a.dilation_h, a.dilation_w) = (kernel / 2, kernel / 2, 1, 1)
        (a.out_h, a.out_w) = ((side - 1) / stride + 1, (side - 1) / stride + 1)
        return a
    }

    private static func invertedResidual(
        _ side: Int, _ channels: Int, _ inner: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1
    ) -> ck_inverted_residual {
        var a = ck_inverted_residual()
        a.depthwise = depthwise(side, inner, kernel: kernel, stride: stride)
        (a.expand, a.project) = (product(0, inner, channels), product(0, outputs, inner))
        return a
    }

    private static func attention(_ batch: Int, _ heads: Int, _ tokens: Int, _ size: Int) -> ck_attention {
        var a = ck_attention()
        (a.batch, a.heads, a.queries, a.keys, a.head_dim) = (batch, heads, tokens, tokens, size)
        return a
    }

    private static func groupNorm(_ batch: Int, _ pixels: Int, _ c: Int, groups: Int) -> ck_group_norm {
        var a = ck_group_norm()
        (a.batch, a.pixels, a.c, a.groups) = (batch, pixels, c, groups)
        return a
    }

    @Test("products are done once", arguments: counts)
    func products(_ parts: Int) {
        for m in [0, 1, 3, 49, 197, 2048] {
            for n in [1, 10, 32, 33, 1000] {
                for k in [1, 64, 3072] {
                    let shares = Shares(.CK_OP_gemm_run, Self.product(m, n, k), parts: parts)
                    #expect(shares.failures == [], "\(m) x \(n) x \(k)")
                    #expect(shares.whole.operations == Double(2 * m * k * ((n + 31) / 32 * 32)))
                }
            }
        }
    }

    @Test("convolutions are done once", arguments: counts)
    func convolutions(_ parts: Int) {
        let problems = [
            Self.convolution(7, 9, 20, 33, kernel: (3, 3)), Self.convolution(14, 14, 96, 40, kernel: (1, 1)),
            Self.convolution(28, 28, 24, 48, kernel: (3, 3), stride: 2, groups: 4, batch: 3),
            Self.convolution(1, 999, 16, 64, kernel: (1, 3), stride: 2),
            Self.convolution(224, 224, 3, 64, kernel: (7, 7), stride: 2), Self.convolution(5, 5, 8, 8, kernel: (5, 5)),
        ]
        for (index, problem) in problems.enumerated() {
            #expect(Shares(.CK_OP_conv2d_run, problem, parts: parts).failures == [], "problem \(index)")
        }
        for (side, channels, outputs) in [(8, 32, 64), (7, 512, 512), (32, 128, 96), (1, 32, 33)] {
            for kernel in [2, 3] {
                let problem = Self.convolution(side, side, channels, outputs, kernel: (kernel, kernel))
                let shares = Shares(.CK_OP_winograd_run, problem, parts: parts)
                // Parts that share tiles transform them each.
                #expect(shares.sum.operations >= shares.whole.operations * (1 - 1e-9) && shares.reach == [], "\(side)")
            }
        }
        for (width, channels, outputs) in [(3, 32, 33), (8193, 512, 512), (130, 512, 512)] {
            let problem = Self.convolution(1, width, channels, outputs, kernel: (1, 3), stride: 2)
            let shares = Shares(.CK_OP_winograd_line_run, problem, parts: parts)
            // Parts that share pairs make their rows each.
            #expect(shares.sum.operations >= shares.whole.operations * (1 - 1e-9) && shares.reach == [], "\(width)")
        }
        for (side, channels) in [(112, 32), (56, 96), (14, 184), (7, 960), (7, 24), (3, 5), (1, 1)] {
            for (kernel, stride) in [(3, 1), (3, 2), (5, 2), (7, 1)] {
                let problem = Self.depthwise(side, channels, kernel: kernel, stride: stride)
                #expect(
                    Shares(.CK_OP_depthwise2d_run, problem, parts: parts).failures == [],
                    "\(channels) channels of \(side) x \(side), kernel \(kernel), stride \(stride)")
            }
        }
    }

    @Test("of inverted residuals only rows that two parts need are done twice", arguments: counts)
    func invertedResiduals(_ parts: Int) {
        for (side, channels, inner, outputs) in [(112, 16, 96, 24), (28, 32, 192, 32), (7, 160, 960, 320)] {
            for (kernel, stride) in [(3, 1), (3, 2), (5, 1)] {
                var problem = Self.invertedResidual(side, channels, inner, outputs, kernel: kernel, stride: stride)
                let shares = Shares(.CK_OP_inverted_residual_run, problem, parts: parts)
                let cuts = min(parts, (side - 1) / stride + 1) - 1
                let overlap = Double(cuts * max(0, kernel - stride)) / Double(side)
                let done = shares.sum.operations / shares.whole.operations
                #expect(done > 1 - 1e-9 && done <= 1 + overlap && shares.reach == [], "\(side), \(kernel): \(done)")
                problem.expand = ck_gemm()
                #expect(Shares(.CK_OP_inverted_residual_run, problem, parts: parts).failures == [], "\(side)")
            }
        }
        // Four panels of channels, which are shared, too: a quarter of the cuts between rows.
        var gated = Self.invertedResidual(28, 40, 120, 40, kernel: 5)
        (gated.project, gated.in_pairs) = (ck_gemm(), 1)
        let shared = Shares(.CK_OP_inverted_residual_run, gated, parts: parts)
        let cuts = (parts < 4 ? parts : min(parts / 4, 28)) - 1
        let done = shared.sum.operations / shared.whole.operations
        #expect(done > 1 - 1e-9 && done <= 1 + Double(4 * cuts) / 28 && shared.reach == [], "\(done)")
        // As much as its layers.
        let (block, layers) = (Self.invertedResidual(56, 24, 144, 24), Self.depthwise(56, 144, kernel: 3))
        let whole = Shares(.CK_OP_inverted_residual_run, block, parts: parts).whole.operations
        let middle = Shares(.CK_OP_depthwise2d_run, layers, parts: parts).whole.operations
        #expect(whole == middle + Double(2 * 56 * 56 * (24 * 160 + 144 * 32)))
    }

    @Test("attention is done once, but for the scores of few blocks of queries", arguments: counts)
    func attentions(_ parts: Int) {
        for (batch, heads, tokens, size) in [(1, 12, 197, 64), (3, 8, 77, 64), (1, 1, 256, 256), (1, 12, 1499, 64)] {
            var problem = Self.attention(batch, heads, tokens, size)
            let blocks = batch * heads * (tokens + 15) / 16
            let once = Shares(.CK_OP_attention_run, problem, parts: parts)
            guard parts < 2 * blocks else {
                // A share has some columns of the values, and all scores of its queries.
                let all = once.whole.operations, columns = min(4, size / 32)
                #expect(once.sum.operations > all && once.sum.operations < Double(columns) * all, "\(tokens) tokens")
                #expect(once.largest.operations * Double(blocks) < 0.8 * all && once.reach == [], "\(tokens) tokens")
                continue
            }
            #expect(once.failures == [], "\(tokens) tokens")
            // Smaller blocks look at fewer keys that are hidden from some of their queries.
            problem.causal = 1
            let shares = Shares(.CK_OP_attention_run, problem, parts: parts)
            let done = shares.sum.operations / shares.whole.operations
            #expect(done > 0.8 && done < 1 + 1e-9 && shares.reach == [], "\(tokens) tokens, causal: \(done)")
        }
    }

    @Test("rows, pixels and values are done once", arguments: counts)
    func rows(_ parts: Int) {
        for (rows, c) in [(0, 16), (1, 1), (49, 960), (50, 17), (197, 768), (3136, 96)] {
            var norm = ck_layer_norm()
            (norm.rows, norm.c) = (rows, c)
            #expect(Shares(.CK_OP_layer_norm_run, norm, parts: parts).failures == [])
            var softmax = ck_softmax()
            (softmax.rows, softmax.c) = (rows, c)
            #expect(Shares(.CK_OP_softmax_run, softmax, parts: parts).failures == [])
            var gate = ck_channel_gate()
            (gate.batch, gate.pixels, gate.c) = (2, rows, c)
            #expect(Shares(.CK_OP_channel_gate_run, gate, parts: parts).failures == [])
            var sum = ck_add()
            sum.n = rows * c
            #expect(Shares(.CK_OP_add_run, sum, parts: parts).failures == [])
            var mean = ck_mean_pixels()
            (mean.batch, mean.pixels, mean.c) = (2, rows, c)
            #expect(Shares(.CK_OP_mean_pixels_run, mean, parts: parts).failures == [])
            var layout = ck_transpose()
            (layout.batch, layout.rows, layout.cols) = (2, rows, c)
            #expect(Shares(.CK_OP_transpose_run, layout, parts: parts).failures == [])
        }
    }

    @Test("statistics of groups are found by as few as normalise them", arguments: counts)
    func groupNorms(_ parts: Int) {
        for (batch, pixels, c, groups) in [(1, 1024, 128, 32), (16, 64, 256, 32), (1, 999, 512, 512), (2, 5, 30, 3)] {
            var problem = Self.groupNorm(batch, pixels, c, groups: groups)
            // In place: nobody writes what another has yet to look at.
            #expect(Shares(.CK_OP_group_norm_run, problem, parts: parts).reach == [], "\(c) channels, in place")
            let output = UnsafeMutablePointer<Float>.allocate(capacity: 1)
            defer { output.deallocate() }
            problem.output = output
            let apart = Shares(.CK_OP_group_norm_run, problem, parts: parts)
            #expect(apart.sum.moved >= apart.whole.moved * (1 - 1e-9) && apart.reach == [], "\(c) channels")
            let places = [Double](repeating: 0, count: 2 * batch * groups)
            places.withUnsafeBufferPointer { places in
                problem.given = places.baseAddress
                let given = Shares(.CK_OP_group_norm_run, problem, parts: parts)
                #expect(given.reach == [], "\(c) channels, given statistics")
            }
        }
    }

    @Test("sums of group norms are found once", arguments: counts)
    func groupNormSums(_ parts: Int) {
        for (batch, pixels, c, groups) in [(1, 1024, 128, 32), (2, 64, 256, 32), (1, 999, 40, 5), (3, 5, 30, 3)] {
            var problem = Self.groupNorm(batch, pixels, c, groups: groups)
            var sums = [Float](repeating: 0, count: 1)
            sums.withUnsafeMutableBufferPointer { sums in
                problem.summed = sums.baseAddress
                let found = Shares(.CK_OP_group_norm_run, problem, parts: parts)
                #expect(found.failures == [], "\(c) channels")
                (problem.summed, problem.sums) = (nil, UnsafePointer(sums.baseAddress))
                let used = Shares(.CK_OP_group_norm_run, problem, parts: parts)
                #expect(used.sum.moved >= used.whole.moved * (1 - 1e-9) && used.reach == [], "\(c) channels, with sums")
            }
        }
    }

    @Test("a group norm is two operations where that spares the longest part enough", arguments: [1, 2, 8, 16, 32, 64])
    func groupNormSplit(_ parts: Int) {
        // Shapes of a network, and from how many threads on their norms are two, in place and else.
        let problems = [
            (1, 1024, 128, 16, 16), (1, 1024, 384, 64, 64), (1, 256, 256, 32, 256), (1, 64, 256, 256, 256),
            (16, 1024, 128, 256, 256), (1, 262_144, 128, 16, 16),
        ]
        for (batch, pixels, c, inPlace, apart) in problems {
            var problem = Self.groupNorm(batch, pixels, c, groups: 32)
            problem.activation = .CK_ACT_SILU
            var memory = [Float](repeating: 0, count: 1)
            memory.withUnsafeMutableBufferPointer { memory in
                let sums = batch * ((pixels + 127) / 128) * 2 * c
                for least in [inPlace, apart] {
                    let count = ck_group_norm_split(&problem, Int32(parts))
                    #expect(count == (parts >= least ? sums : 0), "\(pixels) pixels, \(c) channels, \(parts) parts")
                    if count > 0 {
                        var (first, second) = (problem, problem)
                        (first.summed, second.sums) = (memory.baseAddress, UnsafePointer(memory.baseAddress))
                        let longest = [first, second].reduce(0) {
                            $0 + Shares(.CK_OP_group_norm_run, $1, parts: parts).largest.moved
                        }
                        #expect(longest < Shares(.CK_OP_group_norm_run, problem, parts: parts).largest.moved)
                    }
                    problem.output = memory.baseAddress
                }
                let statistics = [Double](repeating: 0, count: 1)
                statistics.withUnsafeBufferPointer { problem.given = $0.baseAddress }
                #expect(ck_group_norm_split(&problem, Int32(parts)) == 0, "given statistics")
            }
        }
    }

    @Test("shares of large operations are nearly equal", arguments: [2, 8, 16, 32, 64])
    func equality(_ parts: Int) {
        func check(_ op: ck_op, _ arguments: some Any, _ name: String) {
            let shares = Shares(op, arguments, parts: parts)
            let mean = (shares.whole.operations + shares.whole.moved) / Double(parts)
            let balance = mean / (shares.largest.operations + shares.largest.moved)
            #expect(balance >= 0.8, "\(name) in \(parts) parts: \(balance)")
        }
        check(.CK_OP_gemm_run, Self.product(197, 768, 768), "projection of 197 tokens")
        check(.CK_OP_gemm_run, Self.product(50, 3072, 768), "projection of 50 tokens")
        check(.CK_OP_conv2d_run, Self.convolution(56, 56, 64, 256, kernel: (1, 1)), "1x1")
        check(
            .CK_OP_winograd_line_run, Self.convolution(1, 2051, 512, 512, kernel: (1, 3), stride: 2), "1x3, stride 2")
        var rounded = Self.convolution(28, 28, 128, 128, kernel: (3, 3))
        rounded.form = .CK_FORM_BF16
        check(.CK_OP_winograd_run, rounded, "3x3 in bf16")
        var kernels: Float = 0
        withUnsafeMutablePointer(to: &kernels) { kernels in
            var prepared = Self.convolution(56, 56, 128, 128, kernel: (3, 3))
            prepared.transformed = kernels
            check(.CK_OP_winograd_run, prepared, "3x3")
            check(.CK_OP_winograd_kernels_run, prepared, "kernels of 3x3")
            prepared = Self.convolution(33, 33, 256, 128, kernel: (2, 2))
            prepared.transformed = kernels
            check(.CK_OP_winograd_run, prepared, "2x2")
            check(.CK_OP_winograd_kernels_run, prepared, "kernels of 2x2")
        }
        check(.CK_OP_depthwise2d_run, Self.depthwise(112, 32, kernel: 3), "3x3 of 32 channels")
        check(.CK_OP_depthwise2d_run, Self.depthwise(56, 96, kernel: 7), "7x7 of 96 channels")
        check(.CK_OP_attention_run, Self.attention(1, 12, 499, 64), "attention of 499 tokens")
        check(.CK_OP_group_norm_run, Self.groupNorm(16, 256, 256, groups: 32), "group norm of 16 images")
    }
}
