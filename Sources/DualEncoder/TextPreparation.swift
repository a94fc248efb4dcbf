import Checkpoints
import JSON
import Synchronization
import Text

/// What a folder says of texts, read when it is first needed and kept.
final class TextPreparation: Sendable {
    private let folder: String
    private let rules: Tokenizer.Rules
    private let isMaskedByTokenizer: Bool
    private let kept = Mutex<(tokenizer: Tokenizer?, hidesPadding: Bool?)>((nil, nil))

    /// - Parameter isMaskedByTokenizer: whether the reference feeds the mask that the tokenizer gives.
    init(folder: String, _ layout: DualEncoderLayout, isMaskedByTokenizer: Bool) {
        self.folder = folder
        rules = layout == .openCLIP ? .openCLIP : .transformers
        self.isMaskedByTokenizer = isMaskedByTokenizer
    }

    func tokenizer() throws(DualEncoderError) -> Tokenizer {
        if let tokenizer = kept.withLock({ $0.tokenizer }) { return tokenizer }
        let tokenizer: Tokenizer
        do throws(TokenizerError) { tokenizer = try Tokenizer(folder: folder, rules: rules) } catch {
            throw .tokenizer(error)
        }
        kept.withLock { $0.tokenizer = tokenizer }
        return tokenizer
    }

    /// Whether the text tower is fed a mask that hides padding. In a tower that is not causal this changes the result,
    /// and `model_input_names` of `tokenizer_config.json` decides: the published SigLIP models name `input_ids` alone.
    /// Where the key is absent, transformers' SigLIP tokenizers give a mask.
    func hidesPadding() throws(DualEncoderError) -> Bool {
        if let known = kept.withLock({ $0.hidesPadding }) { return known }
        let result = try readHidesPadding()
        kept.withLock { $0.hidesPadding = result }
        return result
    }

    private func readHidesPadding() throws(DualEncoderError) -> Bool {
        let path = FileSystem.join(folder, "tokenizer_config.json")
        guard isMaskedByTokenizer, FileSystem.exists(path) else { return false }
        let config = try DualEncoder.readConfig(path)
        do throws(ConfigError) {
            return try config.optionalStrings("model_input_names", count: 0...16)?.contains("attention_mask") ?? true
        } catch { throw .config(error) }
    }
}
