import TensorCore

/// Token ids checked against a text tower, in parts that one pass takes.
struct TextBatch {
    /// Texts that are computed together.
    struct Part {
        /// The texts' places in the batch.
        var texts: [Int]
        /// `[texts, T]`.
        var shape: Shape
        /// `texts * T` numbers.
        var ids: [Int]
        /// The pooled token of each text.
        var places: [Int]
        /// 0 or minus infinity for each key, `[texts, 1, T, T]`; `nil` where nothing is hidden.
        var hidden: Tensor?
    }

    /// Tokens that one pass takes: enough for all threads, few enough for their activations to stay in the caches.
    private static let tokensAtATime = 512

    /// Number of texts.
    let count: Int
    private let tokens: Int
    private let ids: [Int]
    private let places: [Int]
    /// For each token whether it is seen; empty where all are.
    private let seen: [Bool]
    private let isCausal: Bool

    /// Checks the ids and finds the tokens to pool.
    ///
    /// - Parameter needsAll: whether the states of all tokens are wanted, not those of the pooled ones alone.
    /// - Throws: ``DualEncoderError/input(expected:found:)``.
    init(
        _ inputIDs: Tensor, _ attentionMask: Tensor?, _ c: TextTransformer.Configuration, needsAll: Bool = false
    ) throws(DualEncoderError) {
        let shape = inputIDs.shape
        guard inputIDs.dtype == .int64, shape.rank == 2, (1...c.contextLength).contains(shape[1]) else {
            throw .input(
                expected: "I64 [batch, 1 to \(c.contextLength)]", found: "\(inputIDs.dtype.rawValue) \(shape)")
        }
        (count, tokens) = (shape[0], shape[1])
        var ids: [Int] = []
        for (index, id) in inputIDs.integers.enumerated() {
            guard id >= 0, id < c.vocabularyCount else {
                throw .input(
                    expected: "token ids of 0 to \(c.vocabularyCount - 1)",
                    found: "\(id) at [\(index / tokens), \(index % tokens)]")
            }
            ids.append(Int(id))
        }
        self.ids = ids
        isCausal = c.isCausal
        var places: [Int] = []
        for text in 0..<count {
            guard let place = c.place(in: ids[text * tokens..<(text + 1) * tokens]) else {
                throw .input(expected: "\(c.endDescription) in every text", found: "text \(text) without it")
            }
            places.append(place)
        }
        self.places = places
        let counting = places.map { c.isCausal && !needsAll ? $0 + 1 : shape[1] }
        seen = try Self.seen(attentionMask, shape, counting, isCausal: c.isCausal)
    }

    /// Reads a mask; one that hides none of the first tokens, as many as are counted of each text, counts as none.
    private static func seen(
        _ mask: Tensor?, _ shape: Shape, _ counting: [Int], isCausal: Bool
    ) throws(DualEncoderError) -> [Bool] {
        guard let mask else { return [] }
        guard mask.dtype == .int64, mask.shape == shape else {
            throw .input(expected: "an attention mask I64 \(shape)", found: "\(mask.dtype.rawValue) \(mask.shape)")
        }
        let values = mask.integers
        if let index = values.firstIndex(where: { $0 != 0 && $0 != 1 }) {
            throw .input(expected: "an attention mask of 0 and 1", found: "\(values[index]) at \(index)")
        }
        var hides = false
        for (text, count) in counting.enumerated() {
            let row = values[text * shape[1]..<(text + 1) * shape[1]]
            // A token that sees nothing has no state: the first of a causal tower, all of another.
            guard isCausal ? row.first == 1 : row.contains(1) else {
                throw .input(
                    expected: isCausal ? "an attention mask that shows the first token" : "an attention mask with a 1",
                    found: "none for text \(text)")
            }
            hides = hides || row.prefix(count).contains(0)
        }
        return hides ? values.map { $0 == 1 } : []
    }

    /// All texts at their full length.
    var whole: Part { part(Array(0..<count), tokens: tokens) }

    /// The texts in parts. In a causal tower, what follows the pooled token does not matter, and texts are cut behind
    /// it; texts of like lengths go together.
    var parts: [Part] {
        let lengths = places.map { isCausal ? $0 + 1 : tokens }
        let order = (0..<count).sorted { lengths[$0] != lengths[$1] ? lengths[$0] < lengths[$1] : $0 < $1 }
        var parts: [Part] = []
        var rest = order[...]
        while let first = rest.first {
            var taken: [Int] = []
            var longest = lengths[first]
            for text in rest {
                guard taken.isEmpty || lengths[text] * (taken.count + 1) <= Self.tokensAtATime else { break }
                taken.append(text)
                longest = lengths[text]
            }
            rest = rest.dropFirst(taken.count)
            parts.append(part(taken, tokens: longest))
        }
        return parts
    }

    private func part(_ texts: [Int], tokens length: Int) -> Part {
        Part(
            texts: texts, shape: Shape(texts.count, length),
            ids: texts.flatMap { ids[$0 * tokens..<$0 * tokens + length] }, places: texts.map { places[$0] },
            hidden: seen.isEmpty ? nil : hidden(texts, tokens: length))
    }

    private func hidden(_ texts: [Int], tokens length: Int) -> Tensor {
        Tensor(shape: Shape(texts.count, 1, length, length)) { values in
            for (row, text) in texts.enumerated() {
                for key in 0..<length where !seen[text * tokens + key] {
                    for query in 0..<length { values[(row * length + query) * length + key] = -.infinity }
                }
            }
        }
    }
}

extension TextTransformer.Configuration {
    /// The pooled token in words.
    var endDescription: String {
        switch pooling {
        case .firstEqual(let id): "the end-of-text token \(id)"
        case .largest, .first, .last: "a token"
        }
    }
}
