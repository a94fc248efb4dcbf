import CKernels
import TestSupport
import Testing

/// A problem with q, k, v side by side in one tensor of `[batch][tokens][3 heads headSize]` where queries == keys, else
/// in three, and its reference.
private struct AttentionProblem {
    var batch = 1
    var heads = 2
    var queries: Int
    var keys: Int
    var headSize: Int
    var isCausal = false
    var lengths: [Int32]?
    var bias: [Float]?  // [heads][queries][keys]
    var query: [Float]
    var key: [Float]
    var value: [Float]
    var form = ck_form.CK_FORM_F32
    /// Floats between two tokens beyond heads * headSize.
    var gap = 3

    var row: Int { heads * headSize + gap }
    var outputs: Int { batch * queries * heads * headSize }
    var scale: Float { 1 / Float(headSize).squareRoot() }

    init(
        queries: Int, keys: Int, headSize: Int, batch: Int = 1, heads: Int = 2, isCausal: Bool = false,
        lengths: [Int32]? = nil, seed: UInt64 = 1
    ) {
        self.batch = batch
        self.heads = heads
        self.queries = queries
        self.keys = keys
        self.headSize = headSize
        self.isCausal = isCausal
        self.lengths = lengths
        var generator = SeededGenerator(seed: seed)
        let row = heads * headSize + gap
        query = generator.floats(batch * queries * row, scale: 2)
        key = generator.floats(batch * keys * row, scale: 2)
        value = generator.floats(batch * keys * row)
    }

    func isSeen(_ b: Int, _ i: Int, _ j: Int) -> Bool {
        (!isCausal || j <= i + keys - queries) && (lengths.map { j < Int($0[b]) } ?? true)
    }

    var expected: [Double] {
        var out = [Double](repeating: 0, count: outputs)
        for b in 0..<batch {
            for h in 0..<heads {
                for i in 0..<queries {
                    var scores = [Double](repeating: -.infinity, count: keys)
                    for j in 0..<keys where isSeen(b, i, j) {
                        var sum = 0.0
                        for d in 0..<headSize {
                            sum +=
                                Double(query[(b * queries + i) * row + h * headSize + d])
                                * Double(key[(b * keys + j) * row + h * headSize + d])
                        }
                        scores[j] = sum * Double(scale) + Double(bias?[(h * queries + i) * keys + j] ?? 0)
                    }
                    let most = scores.max() ?? -.infinity
                    guard most > -.infinity else { continue }
                    var total = 0.0
                    for j in 0..<keys {
                        scores[j] = exponential(scores[j] - most)
                        total += scores[j]
                    }
                    for j in 0..<keys where scores[j] > 0 {
                        for d in 0..<headSize {
                            out[((b * queries + i) * heads + h) * headSize + d] +=
                                scores[j] / total * Double(value[(b * keys + j) * row + h * headSize + d])
                        }
                    }
                }
            }
        }
        return out
    }

    /// Calls `body` with the arguments' maker and the scratch they need.
    func withArguments<Result>(
        _ body: (Int, (UnsafeMutablePointer<Float>) -> ck_attention) -> Result
    ) -> Result {
        // Starts at odd addresses: nothing promises that heads are aligned.
        let (q, k, v) = (
            GuardedFloats(query, offset: 1), GuardedFloats(key, offset: 2), GuardedFloats(value, offset: 3)
        )
        let lengthValues = lengths ?? [0]
        let biasValues = bias ?? [0]
        return lengthValues.withUnsafeBufferPointer { lengthBuffer in
            biasValues.withUnsafeBufferPointer { biasBuffer in
                var a = ck_attention()
                (a.batch, a.heads, a.queries, a.keys, a.head_dim) = (batch, heads, queries, keys, headSize)
                (a.q, a.k, a.v) = (UnsafePointer(q.pointer), UnsafePointer(k.pointer), UnsafePointer(v.pointer))
                (a.q_batch, a.q_head, a.q_row) = (queries * row, headSize, row)
                (a.k_batch, a.k_head, a.k_row) = (keys * row, headSize, row)
                (a.v_batch, a.v_head, a.v_row) = (keys * row, headSize, row)
                (a.out_batch, a.out_head, a.out_row) = (queries * heads * headSize, headSize, heads * headSize)
                a.scale = scale
                a.form = form
                a.causal = isCausal ? 1 : 0
                a.key_lengths = lengths == nil ? nil : lengthBuffer.baseAddress
                if bias != nil {
                    a.bias = biasBuffer.baseAddress
                    (a.bias_head, a.bias_row) = (queries * keys, keys)
                }
                let filled = a
                return withExtendedLifetime((q, k, v)) {
                    body(ck_attention_scratch(&a)) { out in
                        var arguments = filled
                        arguments.out = out
                        return arguments
                    }
                }
            }
        }
    }

    /// The problem whose scaled queries, keys and values are the nearest brain floats, but for a rounding of fp32.
    var rounded: AttentionProblem {
        var problem = self
        problem.query = query.map { ($0 * scale).roundedToBrainFloat / scale }
        problem.key = key.map(\.roundedToBrainFloat)
        problem.value = value.map(\.roundedToBrainFloat)
        return problem
    }

    func failures(tolerance: Double = attentionTolerance, tiers: [ck_tier] = ck_tier.runnable) -> [String] {
        withArguments { scratch, arguments in
            kernelFailures(
                .CK_OP_attention_run, outputs: outputs, expected: expected, tolerance: tolerance, scratchBytes: scratch,
                tiers: tiers, arguments: arguments)
        }
    }

    func output(_ tier: ck_tier) -> [Float] {
        withArguments { scratch, arguments in
            kernelOutput(
                .CK_OP_attention_run, tier, outputs: outputs, scratchBytes: scratch, arguments: arguments)
        }
    }
}

/// Values are of size 1 and scores of size up to 4 sqrt(d): a few rounding errors of the scores.
private let attentionTolerance = 4e-6

@Suite("Attention kernel")
struct AttentionKernelTests {
    @Test("any number of queries and keys", arguments: [1, 2, 15, 16, 17, 31, 32, 33, 47, 50, 65, 97])
    func tokens(_ count: Int) {
        #expect(AttentionProblem(queries: count, keys: count, headSize: 32).failures() == [])
        #expect(AttentionProblem(queries: count, keys: 23, headSize: 16).failures() == [])
        #expect(AttentionProblem(queries: 5, keys: count, headSize: 16).failures() == [])
    }

    @Test("any head size", arguments: [1, 2, 8, 15, 16, 17, 24, 31, 33, 40, 48, 64, 72, 80, 96, 127, 128, 256])
    func headSizes(_ size: Int) {
        #expect(AttentionProblem(queries: 35, keys: 35, headSize: size).failures() == [])
    }

    @Test("more keys than a block", arguments: [511, 512, 513, 1025, 1100])
    func keyBlocks(_ keys: Int) {
        #expect(AttentionProblem(queries: 19, keys: keys, headSize: 64, heads: 1).failures() == [])
        #expect(AttentionProblem(queries: 40, keys: keys, headSize: 16, heads: 1, isCausal: true).failures() == [])
    }

    @Test("causal, queries before, at and past the keys' end", arguments: [1, 16, 33, 77])
    func causal(_ count: Int) {
        #expect(AttentionProblem(queries: count, keys: count, headSize: 64, heads: 3, isCausal: true).failures() == [])
        #expect(AttentionProblem(queries: count, keys: count + 21, headSize: 16, isCausal: true).failures() == [])
        // Here the first queries see no key.
        #expect(AttentionProblem(queries: count + 9, keys: count, headSize: 16, isCausal: true).failures() == [])
    }

    @Test("key lengths, a length of 0 and one past the end included; hidden keys may be anything")
    func keyLengths() {
        var problem = AttentionProblem(queries: 21, keys: 37, headSize: 32, batch: 5, lengths: [37, 0, 1, 16, 99])
        for j in 16..<37 {
            for d in 0..<problem.row {
                problem.key[(3 * 37 + j) * problem.row + d] = .nan
                problem.value[(3 * 37 + j) * problem.row + d] = .nan
            }
        }
        #expect(problem.failures() == [])
        problem.isCausal = true
        #expect(problem.failures() == [])
    }

    @Test("additive bias; minus infinity hides a key, a row of it gives zeros", arguments: [20, 33, 530])
    func bias(_ keys: Int) {
        var problem = AttentionProblem(queries: 35, keys: keys, headSize: 16)
        var generator = SeededGenerator(seed: 9)
        var bias = generator.floats(2 * 35 * keys, scale: 3)
        for i in stride(from: 0, to: bias.count, by: 7) { bias[i] = -.infinity }
        for j in 0..<keys { bias[(35 + 4) * keys + j] = -.infinity }
        problem.bias = bias
        #expect(problem.failures() == [])
        let zeros = problem.output(.CK_PORTABLE)[(4 * 2 + 1) * 16..<(4 * 2 + 2) * 16]
        #expect(zeros.allSatisfy { $0 == 0 })
        problem.isCausal = true
        #expect(problem.failures() == [])
    }

    @Test("no queries, no keys")
    func empty() {
        #expect(AttentionProblem(queries: 0, keys: 5, headSize: 16).failures() == [])
        #expect(AttentionProblem(queries: 5, keys: 0, headSize: 16).failures() == [])
    }

    @Test("an image's result does not depend on the batch", arguments: ck_tier.runnable)
    func batch(_ tier: ck_tier) {
        let problem = AttentionProblem(queries: 50, keys: 50, headSize: 32, batch: 3, heads: 3)
        let all = problem.output(tier)
        for b in 0..<3 {
            var one = problem
            let image = 50 * problem.row
            one.batch = 1
            one.query = Array(problem.query[b * image..<(b + 1) * image])
            one.key = Array(problem.key[b * image..<(b + 1) * image])
            one.value = Array(problem.value[b * image..<(b + 1) * image])
            let size = one.outputs
            #expect(bitDifference(one.output(tier), Array(all[b * size..<(b + 1) * size])) == nil)
        }
    }

    @Test("a NaN in a query or a key reaches what depends on it and nothing else", arguments: ck_tier.runnable)
    func notANumber(_ tier: ck_tier) {
        let clean = AttentionProblem(queries: 40, keys: 40, headSize: 32)
        var problem = clean
        problem.query[17 * problem.row + 5] = .nan  // head 0, query 17
        let (got, want) = (problem.output(tier), clean.output(tier))
        for i in got.indices {
            let isHit = i / 64 == 17 && i % 64 < 32
            #expect(isHit ? got[i].isNaN : got[i] == want[i], "element \(i)")
        }
        problem = clean
        problem.key[3 * problem.row + 40] = .nan  // head 1, every query
        let all = problem.output(tier)
        #expect(all.indices.allSatisfy { all[$0].isNaN == ($0 % 64 >= 32) })
    }

    /// NU07
    @Test("scores far apart neither overflow nor vanish")
    func largeScores() {
        var problem = AttentionProblem(queries: 17, keys: 600, headSize: 16)
        for i in problem.query.indices { problem.query[i] *= 100 }
        #expect(problem.failures(tolerance: 2e-4) == [])  // scores of size 800: their own rounding is 1e-4
    }

    /// Beside narrow weights: one tier rounds the operands, the others take them as they are.
    @Test("the form of the weights around it changes no bit where brain floats are not multiplied")
    func narrowElsewhere() {
        let wide = AttentionProblem(queries: 37, keys: 41, headSize: 24)
        for form in [ck_form.CK_FORM_BF16, .CK_FORM_I8] {
            var narrow = wide
            narrow.form = form
            for tier in ck_tier.runnable { #expect(bitDifference(narrow.output(tier), wide.output(tier)) == nil) }
        }
    }
}

/// Attention of brain floats: its scores are those of rounded queries and keys; a weight's rounding, half a unit in the
/// last of eight bits, is what is left. Values are of size 1.
@Suite("Attention of brain floats", .enabled(if: ck_tier_supported(.CK_AVX512_BF16) != 0))
struct BrainFloatAttentionTests {
    private func failures(_ problem: AttentionProblem) -> [String] {
        var narrow = problem
        narrow.form = .CK_FORM_BF16
        let expected = problem.rounded.expected
        return narrow.withArguments { scratch, arguments in
            kernelFailures(
                .CK_OP_attention_run, outputs: problem.outputs, expected: expected, tolerance: 1.0 / 512,
                scratchBytes: scratch, tiers: [.CK_AVX512_BF16], arguments: arguments)
        }
    }

    @Test("any number of queries and keys", arguments: [1, 2, 15, 16, 17, 31, 32, 33, 47, 50, 65, 97])
    func tokens(_ count: Int) {
        #expect(failures(AttentionProblem(queries: count, keys: count, headSize: 32)) == [])
        #expect(failures(AttentionProblem(queries: count, keys: 23, headSize: 16)) == [])
        #expect(failures(AttentionProblem(queries: 5, keys: count, headSize: 16)) == [])
    }

    @Test("any head size", arguments: [1, 2, 8, 15, 16, 17, 24, 31, 33, 40, 48, 64, 72, 80, 96, 127, 128, 256])
    func headSizes(_ size: Int) {
        #expect(failures(AttentionProblem(queries: 35, keys: 35, headSize: size)) == [])
    }

    @Test("more keys than a block, and blocks of queries that share them", arguments: [511, 512, 513, 1025, 1100])
    func keyBlocks(_ keys: Int) {
        #expect(failures(AttentionProblem(queries: 19, keys: keys, headSize: 64, heads: 1)) == [])
        #expect(failures(AttentionProblem(queries: 40, keys: keys, headSize: 16, heads: 1, isCausal: true)) == [])
        #expect(failures(AttentionProblem(queries: 300, keys: keys, headSize: 33)) == [])
    }

    @Test("causal, key lengths and biases; hidden keys may be anything", arguments: [33, 530])
    func masks(_ keys: Int) {
        #expect(failures(AttentionProblem(queries: 40, keys: keys, headSize: 24, isCausal: true)) == [])
        var problem = AttentionProblem(queries: 21, keys: keys, headSize: 32, batch: 3, lengths: [11, 0, 999])
        for j in 11..<keys {
            for d in 0..<problem.row {
                problem.key[j * problem.row + d] = .nan
                problem.value[j * problem.row + d] = .nan
            }
        }
        #expect(failures(problem) == [])
        problem = AttentionProblem(queries: 35, keys: keys, headSize: 16)
        var generator = SeededGenerator(seed: 9)
        var bias = generator.floats(2 * 35 * keys, scale: 3)
        for i in stride(from: 0, to: bias.count, by: 7) { bias[i] = -.infinity }
        for j in 0..<keys { bias[(35 + 4) * keys + j] = -.infinity }
        problem.bias = bias
        #expect(failures(problem) == [])
    }

    @Test("no queries, no keys")
    func empty() {
        #expect(failures(AttentionProblem(queries: 0, keys: 5, headSize: 16)) == [])
        #expect(failures(AttentionProblem(queries: 5, keys: 0, headSize: 16)) == [])
    }
}
