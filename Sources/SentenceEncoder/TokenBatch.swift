public import TensorCore

/// Sequences of token ids as a network reads them.
public struct TokenBatch: Sendable {
    /// The tokens' numbers, one sequence after another.
    public let ids: [Int]
    /// For each token the number of its segment, such as 1 in the second sentence of a pair; `nil` counts as zeros.
    public let types: [Int]?
    /// Where the sequences lie.
    public let sequences: PackedSequences

    /// A batch of the given parts.
    ///
    /// - Precondition: as many ids, and types where there are any, as the sequences have rows.
    public init(ids: [Int], types: [Int]? = nil, sequences: PackedSequences) {
        precondition(
            ids.count == sequences.rowCount && (types.map { $0.count == ids.count } ?? true),
            "\(ids.count) ids for \(sequences.rowCount) rows")
        (self.ids, self.types, self.sequences) = (ids, types, sequences)
    }

    /// The places of the tokens as RoBERTa counts them: `padding + 1` for a sequence's first token, one more for each
    /// that follows; a token whose id is `padding` has the place `padding` and is not counted.
    ///
    /// transformers' `create_position_ids_from_input_ids`.
    func placesWithoutPadding(_ padding: Int) -> [Int] {
        var result: [Int] = []
        result.reserveCapacity(ids.count)
        for group in sequences.groups {
            for _ in 0..<group.count {
                var place = padding
                for id in ids[result.count..<result.count + group.tokens] {
                    if id != padding { place += 1 }
                    result.append(id == padding ? padding : place)
                }
            }
        }
        return result
    }
}
