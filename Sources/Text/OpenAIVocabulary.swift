import Files

/// `bpe_simple_vocab_16e6.txt.gz`, the merges that CLIP was trained with (openai/CLIP, clip/simple_tokenizer.py). The
/// vocabulary follows from them: the byte alphabet, the same with `</w>`, what each merge makes, and two specials.
enum OpenAIVocabulary {
    static let fileName = "bpe_simple_vocab_16e6.txt.gz"
    /// What ends a word.
    static let suffix = "</w>"
    /// The file goes on after the merges of CLIP's vocabulary of 49,408 tokens.
    private static let mergeCount = 49152 - 256 - 2

    /// Reads the merges of a folder.
    ///
    /// - Parameter specials: the spellings of the start and the end token.
    static func tables(folder: String, specials: [String]) throws(TokenizerError) -> ModelTables {
        let path = FileSystem.join(folder, fileName)
        return try tables(GzipFile.read(path), file: path, specials: specials)
    }

    static func tables(_ bytes: [UInt8], file: String, specials: [String]) throws(TokenizerError) -> ModelTables {
        var tables = ModelTables(file: file, mergeFile: file)
        let lines = try VocabularyFiles.lines(of: bytes, file: file, first: mergeCount + 1)
        // The first line names the version.
        for (position, line) in lines.enumerated().dropFirst().prefix(mergeCount) {
            let parts = line.splitAtSpaces()
            tables.merges.append(try VocabularyFiles.merge(parts, file: file, line: position + 1))
        }
        func append(_ token: String, line: Int) {
            tables.entries.append(ModelTables.Entry(token: token, id: tables.entries.count, line: line))
        }
        // The alphabet in the order of its table: the bytes that stand for themselves come first.
        let alphabet = ByteLevelPreTokenizer.alphabet
        let order = alphabet.filter { $0.value < 256 } + alphabet.filter { $0.value >= 256 }
        for scalar in order { append(String(scalar), line: 0) }
        for scalar in order { append(String(scalar) + suffix, line: 0) }
        for merge in tables.merges { append(merge.left + merge.right, line: merge.line) }
        for special in specials { append(special, line: 0) }
        return tables
    }
}
