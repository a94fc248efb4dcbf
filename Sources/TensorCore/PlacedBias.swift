import CKernels

/// Biases of attention by the places of query and key: a table for each head in which the place of the query plus the
/// place of the key is where their bias stands. Tokens of a grid whose bias depends on their distance need no matrix of
/// all pairs this way.
public struct PlacedBias: Sendable {
    /// Where queries and keys stand in the table; several variants where sequences of a batch differ.
    public struct Places: Sendable, Equatable {
        let queries: [Int32]
        let keys: [Int32]
        let variants: [Int32]
        /// Tokens of a sequence.
        let tokens: Int
        /// The elements a table must have.
        let tableCount: Int

        /// Places for sequences of equal length.
        ///
        /// - Parameters:
        ///   - queries: for each variant the places of a sequence's queries.
        ///   - keys: for each variant the places of its keys, as many.
        ///   - variants: the variant of each sequence; sequence b has that of number b modulo the count.
        /// - Precondition: sums are not negative, and there is a variant for every number.
        public init(queries: [[Int]], keys: [[Int]], variants: [Int] = [0]) {
            let tokens = queries.first?.count ?? 0
            precondition(
                queries.count == keys.count && !variants.isEmpty && (queries + keys).allSatisfy { $0.count == tokens }
                    && variants.allSatisfy(queries.indices.contains), "places of \(tokens) tokens")
            var (low, high) = (0, -1)
            for (own, other) in zip(queries, keys) {
                low = min(low, (own.min() ?? 0) + (other.min() ?? 0))
                high = max(high, (own.max() ?? 0) + (other.max() ?? -1))
            }
            precondition(low >= 0 && high < 1 << 30, "places from \(low) to \(high)")
            self.queries = queries.flatMap { $0.map(Int32.init) }
            self.keys = keys.flatMap { $0.map(Int32.init) }
            self.variants = variants.map(Int32.init)
            self.tokens = tokens
            tableCount = high + 1
        }
    }

    /// `[heads, elements]`.
    public let table: Tensor
    /// Where queries and keys stand in it.
    public let places: Places

    /// A table with the places in it.
    ///
    /// - Precondition: the table reaches as far as the places do.
    public init(table: Tensor, places: Places) {
        precondition(
            table.shape.rank == 2 && table.shape[1] >= places.tableCount,
            "biases \(table.shape) for \(places.tableCount) places")
        self.table = table
        self.places = places
    }

    func fits(heads: Int, queries: Int, keys: Int) -> Bool {
        table.shape[0] == heads && places.tokens == queries && places.tokens == keys
    }
}

extension PlacedBias? {
    /// Calls `body` with the arguments pointing at the places, if any.
    func withPlaces(_ arguments: inout ck_attention, _ body: (inout ck_attention) -> Void) {
        guard let places = self?.places else { return body(&arguments) }
        places.queries.withUnsafeBufferPointer { queries in
            places.keys.withUnsafeBufferPointer { keys in
                places.variants.withUnsafeBufferPointer { variants in
                    arguments.query_places = queries.baseAddress
                    arguments.key_places = keys.baseAddress
                    arguments.place_variants = variants.baseAddress
                    body(&arguments)
                }
            }
        }
    }
}
