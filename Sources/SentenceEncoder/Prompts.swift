import Checkpoints
import JSON

/// How two vectors of an encoder are meant to be compared.
public enum SimilarityFunction: String, Sendable, CaseIterable {
    /// The cosine of their angle.
    case cosine
    /// The inner product.
    case dot
    /// The negative Euclidean distance.
    case euclidean
    /// The negative sum of absolute differences.
    case manhattan
}

/// What goes before a text: `config_sentence_transformers.json`.
struct Prompts: Sendable {
    /// The prompts in the order of the file.
    var texts: [(name: String, text: String)] = []
    /// The prompt of a text for which none is named.
    var standard: String?
    /// How vectors are meant to be compared, where the file says.
    var similarity: SimilarityFunction?

    /// No prompts.
    init() {}

    /// Reads the file of a folder; without one there are no prompts.
    init(folder: String) throws(SentenceEncoderError) {
        let path = FileSystem.join(folder, "config_sentence_transformers.json")
        guard FileSystem.exists(path) else { return }
        let config = try Config.read(path)
        do throws(ConfigError) {
            _ = try config.choice("model_type", ["SentenceTransformer": ()], default: ())
            if let prompts = try config.optionalObject("prompts") {
                // A prompt without a text is an empty one.
                for name in prompts.keys { texts.append((name, try prompts.string(name, default: ""))) }
            }
            standard = try config.optionalString("default_prompt_name")
            if let standard, !texts.contains(where: { $0.name == standard }) {
                throw config.failure("default_prompt_name", expected: "the name of a prompt")
            }
            let known = Dictionary(
                SimilarityFunction.allCases.map { ($0.rawValue, $0) }, uniquingKeysWith: { first, _ in first })
            similarity = try config.optionalChoice("similarity_fn_name", known)
        } catch { throw .config(error) }
    }

    /// The text that goes before others.
    ///
    /// - Parameter name: of a prompt; `nil` takes the standard one, or nothing where there is none.
    func text(_ name: String?) throws(SentenceEncoderError) -> String {
        guard let name = name ?? standard else { return "" }
        if let prompt = texts.first(where: { $0.name == name }) { return prompt.text }
        let known = texts.map(\.name).joined(separator: ", ")
        throw .input(
            expected: texts.isEmpty ? "no name of a prompt, as the model has none" : "one of the prompts \(known)",
            found: "the prompt \"\(name)\"")
    }
}
