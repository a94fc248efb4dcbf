import CKernels
import TestSupport
import Testing

/// Self-attention over dense `[batch][tokens][heads * headSize]` whose scores depend on distances, and its reference.
private struct RelativeProblem {
    var tokens: Int
    var headSize: Int
    var batch = 1
    var heads = 2
    /// `[heads][2 tokens - 1]`, the bias of query i and key j at tokens - 1 + j - i.
    var table: [Float]?
    /// Places in the table instead of distances: for each of two variants, which take turns, those of all tokens.
    var placed: (queries: [Int32], keys: [Int32])?
    /// `[batch][tokens][heads]`.
    var gate: [Float]?
    /// `[2 tokens - 1][heads * headSize]`, the key of query i and key j's distance in row tokens - 1 - i + j.
    var positions: [Float]?
    var contentBias: [Float]
    var positionBias: [Float]
    var lengths: [Int32]?
    var query, key, value: [Float]

    var width: Int { heads * headSize }
    var places: Int { 2 * tokens - 1 }
    var scale: Float { 1 / Float(headSize).squareRoot() }

    init(tokens: Int, headSize: Int, batch: Int = 1) {
        (self.tokens, self.headSize, self.batch) = (tokens, headSize, batch)
        var generator = SeededGenerator(seed: UInt64(tokens))
        let (count, width) = (batch * tokens * 2 * headSize, 2 * headSize)
        (query, key, value) = (generator.floats(count, scale: 2), generator.floats(count), generator.floats(count))
        (contentBias, positionBias) = (generator.floats(width), generator.floats(width))
    }

    mutating func addGates() {
        var generator = SeededGenerator(seed: 3)
        table = generator.floats(heads * places, scale: 2)
        gate = generator.floats(batch * tokens * heads, scale: 2)
    }

    mutating func addPlaces() {
        var generator = SeededGenerator(seed: 5)
        table = generator.floats(heads * places, scale: 2)
        let numbers = (0..<4 * tokens).map { _ in Int32.random(in: 0..<Int32(tokens), using: &generator) }
        placed = (Array(numbers[..<(2 * tokens)]), Array(numbers[(2 * tokens)...]))
    }

    mutating func addPositions() {
        var generator = SeededGenerator(seed: 4)
        positions = generator.floats(places * width)
    }

    private func score(_ b: Int, _ h: Int, _ i: Int, _ j: Int) -> Double {
        var sum = 0.0
        for d in h * headSize..<(h + 1) * headSize {
            let (q, k) = (
                Double(query[(b * tokens + i) * width + d]), Double(key[(b * tokens + j) * width + d])
            )
            guard let positions else {
                sum += q * k
                continue
            }
            let p = Double(positions[(tokens - 1 - i + j) * width + d])
            sum += (q + Double(contentBias[d])) * k + (q + Double(positionBias[d])) * p
        }
        sum *= Double(scale)
        guard let table else { return sum }
        if let placed {
            let start = b % 2 * tokens
            return sum + Double(table[h * places + Int(placed.queries[start + i] + placed.keys[start + j])])
        }
        let factor = gate.map { Double($0[(b * tokens + i) * heads + h]) } ?? 1
        return sum + factor * Double(table[h * places + tokens - 1 + j - i])
    }

    var expected: [Double] {
        var out = [Double](repeating: 0, count: batch * tokens * width)
        for b in 0..<batch {
            for h in 0..<heads {
                for i in 0..<tokens {
                    let keys = lengths.map { Int($0[b]) } ?? tokens
                    let scores = (0..<keys).map { score(b, h, i, $0) }
                    let most = scores.max() ?? 0
                    let weights = scores.map { exponential($0 - most) }
                    let total = weights.reduce(0, +)
                    for j in 0..<keys {
                        for d in h * headSize..<(h + 1) * headSize {
                            out[(b * tokens + i) * width + d] +=
                                weights[j] / total * Double(value[(b * tokens + j) * width + d])
                        }
                    }
                }
            }
        }
        return out
    }

    func withArguments<Result>(_ body: (Int, (UnsafeMutablePointer<Float>) -> ck_attention) -> Result) -> Result {
        let arrays = [query, key, value, table ?? [], gate ?? [], positions ?? [], contentBias, positionBias]
        let guarded = arrays.enumerated().map { GuardedFloats($1, offset: $0) }
        let at = guarded.map { UnsafePointer<Float>($0.pointer) }
        let numbers = [lengths ?? [], placed?.queries ?? [], placed?.keys ?? [], [0, 1]]
        let starts = (0..<4).map { numbers[..<$0].reduce(0) { $0 + $1.count } }
        return numbers.flatMap(\.self).withUnsafeBufferPointer { numbers in
            let integers = starts.map { start in numbers.baseAddress.map { $0 + start } }
            var a = ck_attention()
            (a.batch, a.heads, a.queries, a.keys, a.head_dim) = (batch, heads, tokens, tokens, headSize)
            (a.q, a.k, a.v) = (at[0], at[1], at[2])
            (a.q_batch, a.q_head, a.q_row) = (tokens * width, headSize, width)
            (a.k_batch, a.k_head, a.k_row) = (tokens * width, headSize, width)
            (a.v_batch, a.v_head, a.v_row) = (tokens * width, headSize, width)
            (a.out_batch, a.out_head, a.out_row) = (tokens * width, headSize, width)
            a.scale = scale
            a.key_lengths = lengths == nil ? nil : integers[0]
            if table != nil {
                (a.bias, a.bias_row, a.bias_head) = (at[3] + tokens - 1, -1, places)
            }
            if placed != nil {
                a.bias = at[3]
                (a.query_places, a.key_places, a.place_variants) = (integers[1], integers[2], integers[3])
                a.place_period = 2
            }
            if gate != nil {
                (a.bias_gate, a.gate_batch, a.gate_head, a.gate_row) = (at[4], tokens * heads, 1, heads)
            }
            if positions != nil {
                (a.position_keys, a.position_head, a.position_row) = (at[5], headSize, width)
                (a.query_bias, a.position_bias) = (at[6], at[7])
            }
            let filled = a
            return withExtendedLifetime(guarded) {
                body(ck_attention_scratch(&a)) { out in
                    var arguments = filled
                    arguments.out = out
                    return arguments
                }
            }
        }
    }

    func failures() -> [String] {
        withArguments { scratch, arguments in
            kernelFailures(
                .CK_OP_attention_run, outputs: batch * tokens * width, expected: expected, tolerance: 6e-6,
                scratchBytes: scratch, arguments: arguments)
        }
    }
}

@Suite("Attention kernel: distances")
struct RelativeAttentionKernelTests {
    @Test("biases of distances times a gate for each query", arguments: [1, 2, 15, 17, 31, 32, 33, 50, 65, 530])
    func gates(_ tokens: Int) {
        var problem = RelativeProblem(tokens: tokens, headSize: 16)
        problem.addGates()
        #expect(problem.failures() == [])
        problem.gate = nil
        #expect(problem.failures() == [])
    }

    @Test("biases of places, which differ between sequences", arguments: [1, 2, 15, 16, 17, 31, 33, 49, 65, 530])
    func places(_ tokens: Int) {
        var problem = RelativeProblem(tokens: tokens, headSize: 16, batch: tokens < 100 ? 3 : 1)
        problem.addPlaces()
        #expect(problem.failures() == [])
    }

    @Test("keys of distances", arguments: [1, 2, 15, 16, 17, 31, 32, 33, 34, 47, 63, 64, 65, 97, 511, 513, 540])
    func positions(_ tokens: Int) {
        var problem = RelativeProblem(tokens: tokens, headSize: 16)
        problem.addPositions()
        #expect(problem.failures() == [])
    }

    @Test("any head size", arguments: [1, 8, 15, 17, 33, 64, 80])
    func headSizes(_ size: Int) {
        var problem = RelativeProblem(tokens: 35, headSize: size)
        problem.addPositions()
        #expect(problem.failures() == [])
        problem.addGates()
        #expect(problem.failures() == [])
    }

    @Test("several clips, of different lengths")
    func batches() {
        var problem = RelativeProblem(tokens: 40, headSize: 24, batch: 3)
        problem.addGates()
        problem.lengths = [40, 1, 33]
        #expect(problem.failures() == [])
        problem.addPositions()
        #expect(problem.failures() == [])
    }
}
