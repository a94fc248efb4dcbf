import Checkpoints
public import Text

/// Where the tokenizer of a latent diffusion model is read from, and what holds of it whatever its files say.
public struct TokenizerPlace: Sendable {
    /// What fills rows up behind a prompt.
    public enum Padding: Sendable, Equatable {
        /// The token that the folder's files name.
        case asWritten
        /// The end token, as of Stable Diffusion 1.x.
        case end
        /// A token of the vocabulary, such as 0 of Stable Diffusion 2.x.
        case id(Int)
    }

    /// The folder that holds the tokenizer; `nil` where none was found, which is an error once the tokenizer is wanted.
    public var folder: String?
    /// What fills rows up.
    public var padding: Padding
    /// The tokens of the text encoder's table, which are as many as the tokenizer's; `nil` compares nothing.
    public var vocabularyCount: Int?
    /// The folder or file of the model, for messages.
    public var model: String

    /// A place.
    ///
    /// - Parameters:
    ///   - folder: holds the tokenizer; `nil` where none was found.
    ///   - padding: what fills rows up.
    ///   - vocabularyCount: the tokens of the text encoder's table; `nil` compares nothing.
    ///   - model: the folder or file of the model, for messages.
    public init(folder: String?, padding: Padding = .asWritten, vocabularyCount: Int? = nil, model: String) {
        (self.folder, self.padding, self.vocabularyCount, self.model) = (folder, padding, vocabularyCount, model)
    }

    /// Reads the tokenizer.
    ///
    /// - Throws: ``LatentDiffusionError``: its case `tokenizer` where the folder holds none that can be read, and
    ///   `singleFile` where there is no folder, or the tokenizer does not fit the text encoder.
    public func read() throws(LatentDiffusionError) -> Tokenizer {
        guard let folder else {
            throw .singleFile(.noTokenizer(file: model, searched: Self.folders(beside: model)))
        }
        let tokenizer: Tokenizer
        do throws(TokenizerError) { tokenizer = try Tokenizer(folder: folder, rules: .transformers) } catch {
            throw .tokenizer(error)
        }
        if let vocabularyCount, tokenizer.vocabularyCount != vocabularyCount {
            throw .singleFile(
                .contents(
                    file: folder,
                    expected: "a tokenizer of \(vocabularyCount) tokens, as the text encoder of \(model) has",
                    found: "\(tokenizer.vocabularyCount)"))
        }
        switch padding {
        case .asWritten: return tokenizer
        case .id(let id): return tokenizer.padding(with: id)
        case .end:
            guard let end = tokenizer.endID else {
                throw .singleFile(.contents(file: folder, expected: "a tokenizer with an end token", found: "none"))
            }
            return tokenizer.padding(with: end)
        }
    }

    /// The files that make a tokenizer of CLIP's, and say of it what else there is.
    public static let files = [
        "added_tokens.json", "merges.txt", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
        "vocab.json",
    ]

    /// The folder of the tokenizer that lies beside a model's file: a folder `tokenizer`, or the file's own.
    ///
    /// - Parameter file: the model's.
    /// - Returns: `nil` where neither holds `vocab.json` with `merges.txt`, or `tokenizer.json`.
    public static func folder(beside file: String) -> String? {
        folders(beside: file).first { folder in
            func has(_ name: String) -> Bool { FileSystem.isRegularFile(FileSystem.join(folder, name)) }
            return has("tokenizer.json") || has("vocab.json") && has("merges.txt")
        }
    }

    private static func folders(beside file: String) -> [String] {
        let folder = FileSystem.folder(of: file)
        return [FileSystem.join(folder, "tokenizer"), folder]
    }
}
