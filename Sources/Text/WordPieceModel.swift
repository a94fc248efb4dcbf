/// WordPiece (Wu et al., 2016) as BERT uses it: from the left, the longest token that fits, those within a word
/// spelled with a prefix. A word that cannot be spelled as a whole is the unknown token.
struct WordPieceModel: TokenModel {
    let vocabulary: Vocabulary
    /// The unknown token.
    let unknown: Int
    /// What is before a token that does not start a word, such as `##`.
    let prefix: [UInt8]
    /// Words of more scalars are unknown at once.
    let wordLimit: Int

    func tokenize(_ word: Range<Int>, of text: NormalizedText, into tokens: inout [ModelToken]) {
        guard word.count <= wordLimit else {
            tokens.append(ModelToken(id: unknown, range: word))
            return
        }
        // The prefix, then the word's bytes; `ends` says where each scalar's end.
        var bytes = prefix
        var ends: [Int] = []
        for position in word {
            bytes.append(contentsOf: UTF8.encode(text.scalars[position]) ?? UTF8.encodedReplacementCharacter)
            ends.append(bytes.count)
        }
        let firstToken = tokens.count
        var start = 0
        while start < word.count {
            guard let (id, end) = longestToken(&bytes, ends, from: start) else {
                tokens.removeSubrange(firstToken...)
                tokens.append(ModelToken(id: unknown, range: word))
                return
            }
            tokens.append(ModelToken(id: id, range: (word.lowerBound + start)..<(word.lowerBound + end)))
            start = end
        }
    }

    private func longestToken(_ bytes: inout [UInt8], _ ends: [Int], from start: Int) -> (id: Int, end: Int)? {
        var first = start == 0 ? prefix.count : ends[start - 1]
        if start > 0 {
            // What is before this place is spelled already, and gives room to the prefix; a word's first scalar may be
            // shorter than it, so there is room for it at the front, too.
            first -= prefix.count
            for (offset, byte) in prefix.enumerated() { bytes[first + offset] = byte }
        }
        for end in stride(from: ends.count, to: start, by: -1) {
            let id = bytes.withUnsafeBytes { bytes in
                vocabulary.id(of: UnsafeRawBufferPointer(rebasing: bytes[first..<ends[end - 1]]))
            }
            if let id { return (id, end) }
        }
        return nil
    }
}
