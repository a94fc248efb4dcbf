import TensorCore
import TestSupport
import Testing

/// The operations on packed sequences against double precision and against each other.
@Suite struct OperationTests {
    @Test(arguments: Tier.supported)
    func relativeBiasIsABias(tier: Tier) {
        let runtime = Runtime(threads: 2, tier: tier)
        var generator = SeededGenerator(seed: 1)
        for (tokens, span) in [(1, 1), (7, 7), (16, 20), (33, 33), (70, 128), (600, 600)] {
            let (heads, width) = (3, 24)
            let qkv = Tensor(generator.floats(2 * tokens * 3 * width), shape: Shape(2, tokens, 3 * width))
            let distances = generator.floats(heads * (2 * span - 1))
            let bias = Tensor(shape: Shape(1, heads, tokens, tokens)) { values in
                for index in values.indices {
                    let (head, i, j) = (index / (tokens * tokens), index / tokens % tokens, index % tokens)
                    values[index] = distances[head * (2 * span - 1) + span - 1 + j - i]
                }
            }
            runtime.withWorkspace { ws in
                let expected = ws.selfAttention(qkv, heads: heads, mask: AttentionMask(bias: bias))
                let found = ws.selfAttention(
                    qkv.reshaped(to: Shape(2 * tokens, 3 * width)), heads: heads,
                    sequences: PackedSequences(lengths: [tokens, tokens]),
                    relativeBias: Tensor(distances, shape: Shape(heads, 2 * span - 1)))
                #expect(bitDifference(found.floats, expected.floats) == nil, "\(tokens) tokens")
            }
        }
    }

    @Test(arguments: Tier.supported)
    func attentionStaysInItsSequence(tier: Tier) {
        let runtime = Runtime(threads: 3, tier: tier)
        var generator = SeededGenerator(seed: 2)
        let (heads, width, lengths) = (2, 20, [1, 4, 4, 4, 31, 2, 530, 16])
        let rows = lengths.reduce(0, +)
        let qkv = Tensor(generator.floats(rows * 3 * width), shape: Shape(rows, 3 * width))
        let sequences = PackedSequences(lengths: lengths)
        #expect(sequences.groups.map(\.count) == [1, 3, 1, 1, 1, 1])
        runtime.withWorkspace { ws in
            let packed = ws.selfAttention(qkv, heads: heads, sequences: sequences)
            for span in sequences.spans {
                let alone = ws.selfAttention(
                    qkv.rows(span).reshaped(to: Shape(1, span.count, 3 * width)), heads: heads)
                #expect(bitDifference(packed.rows(span).floats, alone.floats) == nil, "\(span)")
            }
            // The same with padding whose values are not even numbers.
            let padded = Tensor(shape: Shape(8 * 530, 3 * width)) { values in
                values.update(repeating: .nan)
                for (row, span) in sequences.spans.enumerated() {
                    for (index, value) in qkv.rows(span).floats.enumerated() {
                        values[row * 530 * 3 * width + index] = value
                    }
                }
            }
            let layout = PackedSequences(lengths: lengths, paddedTo: 530)
            let found = ws.selfAttention(padded, heads: heads, sequences: layout)
            for (span, place) in zip(sequences.spans, layout.spans) {
                #expect(bitDifference(packed.rows(span).floats, found.rows(place).floats) == nil, "\(span)")
            }
        }
    }

    @Test(arguments: TokenPooling.allCases, [0, 2])
    func pooling(mode: TokenPooling, skipped: Int) {
        var generator = SeededGenerator(seed: 3)
        let (width, lengths) = (19, [3, 9, 9, 200])
        let x = Tensor(generator.floats(250 * width), shape: Shape(250, width)).rows(0..<221)
        let values = x.floats
        let layouts = [PackedSequences(lengths: lengths), PackedSequences(lengths: [3, 4, 200], paddedTo: 201)]
        Runtime(threads: 1).withWorkspace { ws in
            for sequences in layouts {
                let rows = sequences.rowCount
                let input = Tensor((0..<rows * width).map { values[$0 % values.count] }, shape: Shape(rows, width))
                let found = ws.pooled(input, [mode, .first], sequences: sequences, skipping: skipped)
                #expect(found.shape == Shape(sequences.spans.count, 2 * width))
                let floats = input.floats
                for (index, span) in sequences.spans.enumerated() {
                    for channel in 0..<width {
                        let tokens = span.dropFirst(skipped).map { Double(floats[$0 * width + channel]) }
                        let sum = tokens.reduce(0, +)
                        let weights = tokens.indices.map { Double($0 + 1 + skipped) }
                        let expected =
                            switch mode {
                            case .first: tokens[0]
                            case .last: tokens[tokens.count - 1]
                            case .maximum: tokens.max() ?? 0
                            case .mean: sum / Double(tokens.count)
                            case .meanBySquareRoot: sum / Double(tokens.count).squareRoot()
                            case .weightedMean:
                                zip(tokens, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
                            }
                        let value = Double(found.floats[index * 2 * width + channel])
                        #expect(abs(value - expected) <= 1e-5 * max(1, abs(expected)))
                    }
                }
            }
        }
    }

    @Test func aMaximumKeepsNaN() {
        let x = Tensor([1, .nan, 3, 2, 5, .nan], shape: [3, 2])
        Runtime(threads: 1).withWorkspace { ws in
            let found = ws.pooled(x, [.maximum], sequences: PackedSequences(lengths: [3])).floats
            #expect(found[0] == 5 && found[1].isNaN)
        }
    }

    /// NU09
    @Test func unitRows() {
        let x = Tensor([3, 4, 0, 0, 1e-20, 0, -2, 0, 1e30, 1e30], shape: [5, 2])
        Runtime(threads: 1).withWorkspace { ws in
            let found = ws.unitRows(x).floats
            let half = Float(0.5).squareRoot()
            for (a, b) in zip(found, [0.6, 0.8, 0, 0, 1e-8, 0, -1, 0, half, half]) { #expect(abs(a - b) < 1e-7) }
        }
    }

    @Test func packing() {
        let padded = PackedSequences(lengths: [2, 3, 1], paddedTo: 3)
        #expect(padded.groups.count == 1 && padded.groups[0].count == 3 && padded.groups[0].tokens == 3)
        #expect(padded.groups[0].seen == [2, 3, 1])
        #expect(padded.spans == [0..<2, 3..<6, 6..<7])
        #expect(padded.places == [0, 1, 2, 0, 1, 2, 0, 1, 2])
        #expect(PackedSequences(lengths: [3, 3], paddedTo: 3).groups[0].seen == nil)
        let packed = PackedSequences(lengths: [2, 2, 0, 3])
        #expect(packed.places == [0, 1, 0, 1, 0, 1, 2])
        #expect(packed.longest == 3 && packed.rowCount == 7)
    }
}
