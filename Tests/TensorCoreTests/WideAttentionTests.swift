import TensorCore
import TestSupport
import Testing

/// One map of scores for values wider than keys gives each part of the values what a map of its own would.
@Suite struct WideAttentionTests {
    @Test(arguments: Tier.supported, [1, 3])
    func partsOfTheValues(tier: Tier, threads: Int) {
        var generator = SeededGenerator(seed: 12)
        let (batch, queries, keys, width, parts) = (2, 19, 7, 5, 3)
        let query = Tensor(generator.floats(batch * queries * width), shape: Shape(batch, queries, width))
        let key = Tensor(generator.floats(batch * keys * width), shape: Shape(batch, keys, width))
        let values = generator.floats(batch * keys * width * parts, scale: 2)
        let value = Tensor(values, shape: Shape(batch, keys, width * parts))
        let runtime = Runtime(threads: threads, tier: tier)
        let together = runtime.withWorkspace { ws in
            ws.attention(query: query, key: key, wideValue: value).copied()
        }
        #expect(together.shape == Shape(batch, queries, width * parts))
        let wide = together.floats
        for part in 0..<parts {
            let columns = part * width..<(part + 1) * width
            let narrow = (0..<batch * keys).flatMap { row in columns.map { values[row * width * parts + $0] } }
            let alone = runtime.withWorkspace { ws in
                ws.attention(
                    query: query, key: key, value: Tensor(narrow, shape: key.shape), heads: 1, scale: 1
                ).copied()
            }
            let found = (0..<batch * queries).flatMap { row in columns.map { wide[row * width * parts + $0] } }
            #expect(bitDifference(found, alone.floats) == nil, "part \(part)")
        }
    }
}
