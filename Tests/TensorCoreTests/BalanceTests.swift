import TensorCore
import TestSupport
import Testing

/// Layers whose weights are sizes only.
private struct PlannedLayers {
    let ws: Workspace
    let memory = WeightMemory(isPlanned: true)

    func linear(_ x: Tensor, _ outputs: Int, _ activation: Activation = .none) -> Tensor {
        let matrix = PackedMatrix(outputs: outputs, inputs: x.shape[-1], in: memory)
        return ws.linear(x, matrix, activation: activation)
    }

    func convolution(_ x: Tensor, _ outputs: Int, _ kernel: Int, stride: Int = 1) -> Tensor {
        let matrix = PackedMatrix(outputs: outputs, inputs: x.shape[3] * kernel * kernel, in: memory)
        return ws.convolution(x, [matrix], window: Window(kernel, stride: stride, padding: kernel / 2))
    }

    func depthwise(_ x: Tensor, _ kernel: Int, stride: Int = 1) -> Tensor {
        let weight = PackedVector([Float](repeating: 0, count: kernel * kernel * x.shape[3]), in: memory)
        return ws.depthwiseConvolution(x, weight, window: Window(kernel, stride: stride, padding: kernel / 2))
    }

    func norm(_ x: Tensor) -> Tensor { ws.layerNorm(x, weight: nil, bias: nil, epsilon: 1e-5) }

    /// A block of a transformer.
    func transformer(batch: Int, tokens: Int, width: Int, heads: Int, isCausal: Bool = false) {
        let x = Tensor(zeros: [batch, tokens, width])
        let y = ws.selfAttention(linear(norm(x), 3 * width), heads: heads, mask: AttentionMask(isCausal: isCausal))
        let z = ws.added(x, linear(y, width))
        _ = ws.added(z, linear(linear(norm(z), 4 * width, .gelu), width))
    }

    /// A bottleneck of ResNet.
    func bottleneck(_ side: Int, _ width: Int) {
        let x = Tensor(zeros: [1, side, side, 4 * width])
        _ = convolution(convolution(convolution(x, width, 1), width, 3), 4 * width, 1)
    }

    /// An inverted residual of MobileNetV2.
    func invertedResidual(_ side: Int, _ inputs: Int, _ outputs: Int, stride: Int) {
        let x = Tensor(zeros: [1, side, side, inputs])
        _ = convolution(depthwise(convolution(x, 6 * inputs, 1), 3, stride: stride), outputs, 1)
    }

    /// A block of ConvNeXt.
    func inverted(_ side: Int, _ width: Int) {
        let x = norm(depthwise(Tensor(zeros: [1, side, side, width]), 7))
        _ = linear(linear(x, 4 * width, .gelu), width)
    }

    /// A residual block of a diffusion model's UNet with attention.
    func denoiser(batch: Int, side: Int, width: Int) {
        let x = Tensor(zeros: [batch, side, side, width])
        let y = ws.groupNorm(x, groups: 32, weight: nil, bias: nil, epsilon: 1e-5, activation: .silu)
        let z = ws.added(x, convolution(y, width, 3))
        let tokens = z.reshaped(to: [batch, side * side, width])
        _ = ws.selfAttention(linear(tokens, 3 * width), heads: 1)
        _ = convolution(ws.sideBySide(z, x), width, 3)
    }

    /// A step of DCGAN's generator.
    func upsampling(_ side: Int, _ inputs: Int, _ outputs: Int) {
        let kernel = TransposedKernel(
            nil, channels: inputs, outputs: outputs, kernel: 4, stride: 2, padding: 1, in: memory, tier: .best)
        _ = ws.transposedConvolution(Tensor(zeros: [1, side, side, inputs]), kernel)
    }
}

@Suite struct BalanceTests {
    private static let networks: [(name: String, layers: @Sendable (PlannedLayers) -> Void)] = [
        ("ViT-B/16", { $0.transformer(batch: 1, tokens: 197, width: 768, heads: 12) }),
        ("CLIP ViT-B/32, image", { $0.transformer(batch: 1, tokens: 50, width: 768, heads: 12) }),
        ("CLIP ViT-B/32, text", { $0.transformer(batch: 1, tokens: 77, width: 512, heads: 8, isCausal: true) }),
        ("CLIP ViT-B/32, texts", { $0.transformer(batch: 80, tokens: 77, width: 512, heads: 8, isCausal: true) }),
        ("MiniLM-L6", { $0.transformer(batch: 32, tokens: 64, width: 384, heads: 12) }),
        ("wav2vec 2.0, 10 s", { $0.transformer(batch: 1, tokens: 499, width: 768, heads: 12) }),
        ("wav2vec 2.0, 30 s", { $0.transformer(batch: 1, tokens: 1499, width: 768, heads: 12) }),
        (
            "ResNet-50",
            { layers in
                for (side, width) in [(56, 64), (28, 128), (14, 256), (7, 512)] { layers.bottleneck(side, width) }
            }
        ),
        (
            "MobileNetV2",
            { layers in
                for (side, inputs, outputs, stride) in [
                    (112, 16, 24, 2), (56, 24, 24, 1), (56, 24, 32, 2), (28, 32, 32, 1), (28, 32, 64, 2),
                    (14, 64, 64, 1), (14, 96, 96, 1), (14, 96, 160, 2), (7, 160, 160, 1), (7, 160, 320, 1),
                ] {
                    layers.invertedResidual(side, inputs, outputs, stride: stride)
                }
            }
        ),
        (
            "ConvNeXt-T",
            { layers in
                for (side, width) in [(56, 96), (28, 192), (14, 384), (7, 768)] { layers.inverted(side, width) }
            }
        ),
        ("DDPM, 16 pictures", { $0.denoiser(batch: 16, side: 16, width: 256) }),
        (
            "DCGAN",
            { layers in
                for (side, width) in [(4, 512), (8, 256), (16, 128)] { layers.upsampling(side, width, width / 2) }
            }
        ),
    ]

    private struct Refusal: Error {
        let reason: Int
    }

    private func balances(_ threads: [Int], of layers: (PlannedLayers) -> Void) -> [Balance] {
        let runtime = Runtime(threads: 1)
        return runtime.balances(threads: threads) { _ = runtime.plan { ws in layers(PlannedLayers(ws: ws)) } }
    }

    @Test func threadsOfAllLargeNetworksHaveFourFifthsToDo() {
        for network in Self.networks {
            for balance in balances([2, 8, 16, 32, 64], of: network.layers) {
                #expect(balance.ratio >= 0.8, "\(network.name), \(balance.threads) threads: \(balance.ratio)")
                #expect(balance.ratio <= 1 + 1e-9, "\(network.name), \(balance.threads) threads: \(balance.ratio)")
            }
        }
    }

    @Test func theCountIsOfEveryOperation() throws {
        let found = balances([1, 4]) { $0.bottleneck(14, 256) }
        let (one, four) = (try #require(found.first), try #require(found.last))
        #expect(one.threads == 1 && four.threads == 4 && one.all.jobs == 3 && four.all.unshared == 0)
        #expect(one.ratio == 1 && one.all.unshared == 3 && one.all.whole == four.all.whole)
        #expect(Set(four.kinds.keys) == ["convolution 1x1", "convolution 3x3"])
        #expect(four.kinds["convolution 1x1"]?.jobs == 2)
        #expect(four.kinds.values.reduce(0) { $0 + $1.slowest } == four.all.slowest)
        // Two products of 196 rows, 256 and 1024 wide: all cycles are operations, 64 of them in each.
        #expect(one.kinds["convolution 1x1"]?.whole == Double(2 * 2 * 196 * 256 * 1024 / 64))
        #expect(one.touched == [one.touchedAlone] && four.touched.count == 4)
        let most = try #require(four.touched.max())
        #expect(most < four.touchedAlone && four.touched.reduce(0, +) >= four.touchedAlone)
    }

    @Test func whatIsTooSmallToShareKeepsTheOthersWaiting() throws {
        let balance = try #require(balances([8]) { _ = $0.linear(Tensor(zeros: [4, 64]), 64) }.first)
        #expect(balance.all.jobs == 1 && balance.all.unshared == 1)
        #expect(balance.ratio == 1.0 / 8)
        let nothing = try #require(balances([8]) { _ in }.first)
        #expect(nothing.all.jobs == 0 && nothing.ratio == 1)
    }

    @Test func plansAreCountedOnlyWhereAskedFor() {
        let runtime = Runtime(threads: 2)
        #expect(runtime.plan { ws in PlannedLayers(ws: ws).bottleneck(14, 64) }.flops > 0)
        #expect(runtime.balances(threads: [2]) {}.first?.all.jobs == 0)
        do throws(Refusal) {
            _ = try runtime.balances(threads: [2]) { () throws(Refusal) in throw Refusal(reason: 7) }
            Issue.record("what planning throws is thrown")
        } catch {
            #expect(error.reason == 7)
        }
    }

    /// NU01
    @Test func groupNormsOfOnePictureAreSharedByManyThreads() throws {
        var random = SeededGenerator(seed: 4)
        let (batch, channels) = (1, 128)
        let x = Tensor(random.floats(batch * 1024 * channels, scale: 2), shape: [batch, 32, 32, channels])
        let addend = Tensor(random.floats(batch * channels), shape: [batch, channels])
        func norm(_ x: Tensor, inPlace: Bool, _ ws: Workspace) -> Tensor {
            ws.groupNorm(
                x, groups: 32, weight: nil, bias: nil, epsilon: 1e-5, activation: .silu, inPlace: inPlace,
                adding: addend)
        }
        func results(_ threads: Int) -> [[Float]] {
            Runtime(threads: threads).withWorkspace { ws in
                let moments = ws.groupMoments(x, groups: 32, adding: addend)
                let given = ws.groupNorm(
                    x, groups: 32, weight: nil, bias: nil, epsilon: 1e-5, activation: .silu, adding: addend,
                    moments: moments)
                let apart = norm(x, inPlace: false, ws)
                return [given, apart, norm(x.copied(), inPlace: true, ws)].map { $0.copied().floats }
            }
        }
        let expected = results(1)
        for threads in [1, 2, 3, 7, 64] {
            for found in results(threads) {
                #expect(bitDifference(found, expected[0]) == nil, "\(threads) threads")
            }
        }
        let found = balances([1, 2, 64]) { _ = norm(Tensor(zeros: x.shape), inPlace: true, $0.ws) }
        #expect(found.map(\.all.jobs) == [1, 1, 2] && found.map(\.all.unshared) == [1, 0, 0])
        #expect(try #require(found.last).ratio > 0.8)
    }

    /// NU01
    @Test func rowsThatNoKernelMovesDoNotDependOnThreads() {
        var random = SeededGenerator(seed: 3)
        func tensor(_ shape: Shape) -> Tensor { Tensor(random.floats(shape.elementCount), shape: shape) }
        let (tokens, prefix, addend) = (tensor([3, 97, 256]), tensor([2, 256]), tensor([99, 256]))
        let (first, places) = (tensor([3, 2, 256]), tensor([97, 256]))
        let pictures = (tensor([2, 32, 32, 24]), tensor([2, 32, 32, 40]))
        let ids = (0..<3 * 97).map { $0 * 7 % 97 }
        let sequences = PackedSequences(lengths: [97, 90, 104])
        let rows = tensor([sequences.rowCount, 256])
        func results(_ threads: Int) -> [[Float]] {
            Runtime(threads: threads).withWorkspace { ws in
                [
                    ws.prefixed(tokens, by: prefix, adding: addend), ws.prefixed(tokens, by: nil, adding: nil),
                    ws.joined(first, tokens, adding: addend), ws.joined(tokens, first),
                    ws.embedded(ids, shape: [3, 97], table: places, adding: places),
                    ws.sideBySide(pictures.0, pictures.1), ws.unfolded(pictures.1, side: 2),
                    ws.folded(ws.unfolded(pictures.1, side: 2), side: 2, height: 32, width: 32), ws.unitRows(rows),
                    ws.pooled(rows, TokenPooling.allCases, sequences: sequences),
                ].map { $0.copied().floats }
            }
        }
        let expected = results(1)
        #expect(expected[7] == pictures.1.floats)
        for threads in [2, 3, 8, 64] {
            for (index, found) in results(threads).enumerated() {
                #expect(bitDifference(found, expected[index]) == nil, "result \(index), \(threads) threads")
            }
        }
    }
}
