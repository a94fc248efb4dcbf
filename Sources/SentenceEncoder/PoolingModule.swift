import Checkpoints
import JSON
import TensorCore

/// How the tokens of a sentence become its vector: `1_Pooling/config.json` of a sentence-transformers folder.
struct PoolingModule: Sendable {
    /// What is put side by side.
    let modes: [TokenPooling]
    /// Width of a token as the configuration has it.
    let width: Int
    /// Whether a prompt's tokens count.
    let includesPrompt: Bool
    /// For messages: a file and a key that say the width.
    private let config: Config

    /// The names since version 5, and the flags before, in the order in which vectors are put side by side.
    private static let names: [(name: String, flag: String, mode: TokenPooling)] = [
        ("cls", "pooling_mode_cls_token", .first), ("max", "pooling_mode_max_tokens", .maximum),
        ("mean", "pooling_mode_mean_tokens", .mean),
        ("mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens", .meanBySquareRoot),
        ("weightedmean", "pooling_mode_weightedmean_tokens", .weightedMean),
        ("lasttoken", "pooling_mode_lasttoken", .last),
    ]
    private static let widthKeys = ["embedding_dimension", "word_embedding_dimension"]

    init(folder: String) throws(SentenceEncoderError) {
        let config = try Config.read(FileSystem.join(folder, "config.json"))
        self.config = config
        do throws(ConfigError) {
            try config.expectOnly(
                Set(Self.widthKeys + ["pooling_mode", "include_prompt"] + Self.names.map(\.flag)))
            width = try config.int(Self.widthKey(config), in: 1...16384)
            includesPrompt = try config.bool("include_prompt", default: true)
            modes = try Self.modes(config)
        } catch { throw .config(error) }
    }

    private static func widthKey(_ config: Config) -> String {
        config.has(widthKeys[1]) && !config.has(widthKeys[0]) ? widthKeys[1] : widthKeys[0]
    }

    private static func modes(_ config: Config) throws(ConfigError) -> [TokenPooling] {
        let known = Dictionary(names.map { ($0.name, $0.mode) }, uniquingKeysWith: { first, _ in first })
        if let list = config.value("pooling_mode")?.arrayValue {
            guard !list.isEmpty, list.count <= names.count else {
                throw config.failure("pooling_mode", expected: "1 to \(names.count) modes", found: "\(list.count)")
            }
            var modes: [TokenPooling] = []
            for element in list {
                let single = Config(file: config.file, object: ["pooling_mode": element], keyPath: config.keyPath)
                modes.append(try single.choice("pooling_mode", known))
            }
            return modes
        }
        if let mode = try config.optionalChoice("pooling_mode", known) { return [mode] }
        let flags = names.filter { config.has($0.flag) }
        // The class's default where the configuration says nothing at all.
        guard !flags.isEmpty else { return [.mean] }
        var modes: [TokenPooling] = []
        for entry in flags where try config.bool(entry.flag) { modes.append(entry.mode) }
        guard !modes.isEmpty else {
            throw config.failure("pooling_mode", expected: "at least one mode", found: "every flag false")
        }
        return modes
    }

    /// Refuses tokens of another width than the configuration speaks of.
    func check(width: Int) throws(SentenceEncoderError) {
        guard width != self.width else { return }
        throw .config(
            config.failure(Self.widthKey(config), expected: "the transformer's width \(width)", found: "\(self.width)"))
    }
}
