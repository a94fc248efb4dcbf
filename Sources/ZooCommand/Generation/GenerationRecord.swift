import Arguments
import Checkpoints
import JSON
import Media
import ModelZoo

/// What a picture's file says of how it was made, enough to make it again.
///
/// The words of the command line that have a say in the pixels stand in one text as JSON; the identities of the model
/// and of files that were read stand beside them, so that a picture is not made again from something else.
struct GenerationRecord: Equatable {
    /// What a picture is made from.
    struct Identity: Equatable {
        /// Of the model's content, as ``ModelIdentity``.
        var weights: String
        /// SHA-256 of the files that are read, one after another; `nil` where none is.
        var inputs: String?
    }

    private static let keyword = "zoo generate"
    private static let weightsKeyword = "weights"
    private static let inputsKeyword = "inputs"

    /// The options and their values, `--seeds=3`.
    let words: [String]
    let identity: Identity

    /// The texts of a picture's file.
    ///
    /// - Parameters:
    ///   - model: as it was named.
    ///   - seed: of the picture, or those of several in one.
    ///   - facts: what else is worth saying, such as the scheduler.
    ///   - isReplayable: whether the words are enough to make the picture again.
    func texts(model: String, seed: String, facts: [PNGText], isReplayable: Bool) -> [PNGText] {
        var texts = [
            PNGText("Software", "zoo \(ZooCommand.version)"), PNGText("model", model),
            PNGText(Self.weightsKeyword, identity.weights), PNGText("seed", seed),
        ]
        texts += facts
        if let inputs = identity.inputs { texts.append(PNGText(Self.inputsKeyword, inputs)) }
        let list = JSONValue.array(words.map { JSONValue($0) }).serialized()
        return isReplayable ? texts + [PNGText(Self.keyword, list)] : texts
    }

    /// The record in a picture's file.
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - options: those that a record may hold; the words of others are refused, as a picture may come from anywhere.
    /// - Throws: ``Failure`` where the file is no picture of `zoo generate`.
    init(of path: InputPath, options: [any OptionDeclaration]) throws(Failure) {
        let file: [UInt8]
        do throws(FileError) { file = try FileSystem.read(path.text, limit: ImageLimits().fileBytes) } catch {
            throw Failure(error)
        }
        func text(_ keyword: String) throws(Failure) -> String? {
            do throws(ImageError) { return try PNGText.read(keyword, in: file) } catch {
                throw Failure("\(path.shown): \(error.problem)", .badData)
            }
        }
        guard let list = try text(Self.keyword), let weights = try text(Self.weightsKeyword) else {
            throw Failure("\(path.shown): no picture of 'zoo generate': it does not say how it was made", .badData)
        }
        guard let values = (try? JSONValue.parse(list))?.arrayValue else {
            throw Failure("\(path.shown): what it says of how it was made is no list of options", .badData)
        }
        var words: [String] = []
        for value in values {
            guard let word = value.stringValue,
                options.contains(where: { option in
                    let specification = option.specification
                    return specification.form == .flag
                        ? word == specification.name : word.hasPrefix("\(specification.name)=")
                })
            else {
                throw Failure("\(path.shown): says it was made with an option that pictures do not record", .badData)
            }
            words.append(word)
        }
        self.init(words: words, identity: Identity(weights: weights, inputs: try text(Self.inputsKeyword)))
    }

    init(words: [String], identity: Identity) {
        self.words = words
        self.identity = identity
    }
}

extension GenerationRecord.Identity {
    /// What the files are now.
    ///
    /// - Parameters:
    ///   - entry: the model.
    ///   - files: that are read besides.
    ///   - tokenizer: the folder that the command line names for a model in one file.
    /// - Throws: ``FileError`` where one cannot be read.
    init(_ entry: Registry.Entry, files: [InputPath], tokenizer: String?) throws(FileError) {
        weights = try ModelIdentity.ofContent(entry.folder, entry.weights, tokenizer: tokenizer)
        guard !files.isEmpty else { return }
        var hash = SHA256()
        for file in files { hash.update(try FileSystem.read(file.text, limit: ImageLimits().fileBytes)) }
        inputs = hash.hexadecimal()
    }

    /// Says what a picture that is to be made again was made from instead.
    ///
    /// - Parameters:
    ///   - found: what there is now.
    ///   - model: its name.
    func failure(found: Self, _ model: String) -> Failure {
        let (what, was, now) =
            found.weights != weights
            ? (
                "\(printable(model)) has other weights or settings than the picture was made with", weights,
                found.weights
            )
            : ("a file that the picture was made from has another content", inputs ?? "none", found.inputs ?? "none")
        return Failure("\(what): expected \(was.prefix(16)), found \(now.prefix(16))", .badData)
    }
}
