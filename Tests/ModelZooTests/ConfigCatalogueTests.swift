import Foundation
import ModelZoo
import TensorCore
import TestSupport
import Testing

/// `config.json` files that have broken other loaders, by the catalogue's names (see `Tests/README.md`), through the
/// door that every family shares.
@Suite struct ConfigCatalogueTests {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    private static let runtime = Runtime(threads: 1)

    /// A model of each family.
    enum Model: String, CaseIterable {
        case vit = "ImageClassifiersTests/Fixtures/transformers-vit"
        case resnet = "ImageClassifiersTests/Fixtures/transformers-resnet-bottleneck"
        case clip = "DualEncoderTests/Fixtures/transformers-clip"
        case minilm = "SentenceEncoderTests/Fixtures/minilm"
        case roberta = "SentenceEncoderTests/Fixtures/roberta"
        case wav2vec = "AudioEncoderTests/Fixtures/wav2vec2-large"
    }

    /// A value in a model's configuration, written as JSON or as what is none.
    struct Case: Sendable, CustomTestStringConvertible {
        let id: String
        let model: Model
        /// The key, with dots between levels.
        let key: String
        let value: String
        /// What the error names: the key, unless something else gives the contradiction away.
        let named: String
        var testDescription: String { "\(id): \(model), \(key) = \(value)" }

        init(_ id: String, _ model: Model, _ key: String, _ value: String, names named: String? = nil) {
            (self.id, self.model, self.key, self.value) = (id, model, key, value)
            self.named = named ?? key.split(separator: ".").last.map(String.init) ?? key
        }
    }

    private static let widths: [(Model, String)] = [
        (.vit, "hidden_size"), (.clip, "text_config.hidden_size"), (.clip, "vision_config.hidden_size"),
        (.minilm, "hidden_size"), (.wav2vec, "hidden_size"),
    ]

    /// What no number may be, for a width of every family.
    private static let numbers: [Case] = widths.flatMap { model, key in
        ["0", "-1", "1e400", "NaN", "2147483648", "9223372036854775808", "\"768\"", "768.5", "[]"].map {
            value in
            // A text that is no JSON has no keys yet.
            let isText = value == "1e400" || value == "NaN"
            return Case("CF01", model, key, value, names: isText ? "config.json: line" : nil)
        }
    }

    private static let relations: [Case] = [
        Case("CF01", .vit, "num_attention_heads", "5"), Case("CF01", .minilm, "num_attention_heads", "5"),
        Case("CF01", .clip, "text_config.num_attention_heads", "5"),
        Case("CF01", .wav2vec, "num_attention_heads", "3"),
        Case("CF01", .vit, "num_hidden_layers", "1000000000"), Case("CF01", .minilm, "num_hidden_layers", "1000000000"),
        Case("CF01", .clip, "vision_config.num_hidden_layers", "1000000000"),
        Case("CF01", .wav2vec, "num_hidden_layers", "1000000000"),
        // Fewer tokens than the numbers of the special ones.
        Case("CF01", .clip, "text_config.vocab_size", "10", names: "eos_token_id"),
        Case("CF01", .roberta, "pad_token_id", "100000"),
        Case("CF01", .minilm, "vocab_size", "1", names: "word_embeddings"),
        Case("CF01", .vit, "patch_size", "0"), Case("CF01", .clip, "vision_config.patch_size", "0"),
        Case("CF01", .vit, "image_size", "0"), Case("CF01", .clip, "vision_config.image_size", "0"),
        Case("CF01", .wav2vec, "conv_stride", "[5, 2, 0]"),
        Case("CF01", .wav2vec, "conv_kernel", "[10, 3, 0]", names: "conv_"),
        Case("CF01", .resnet, "depths", "[1, 2, 1, 0]"), Case("CF01", .resnet, "hidden_sizes", "[16, 0, 24, 32]"),
        // A patch larger than the image.
        Case("CF01", .vit, "patch_size", "25"), Case("CF01", .clip, "vision_config.patch_size", "25"),
    ]

    @Test(arguments: numbers + relations)
    func refusedByName(hostile: Case) throws {
        let folder = try copy(hostile.model) { Self.edited($0, hostile.key, hostile.value) }
        let error = #expect(throws: ModelError.self) {
            try AnyModel(folder: folder.path, runtime: Self.runtime, plansOnly: true)
        }
        let words = error?.description ?? ""
        #expect(words.contains(hostile.named), "\(words)")
        #expect(words.utf8.count < 2000)
    }

    /// CF02, CF04: fields that name code, files or hosts are not followed. The files they name are watched: nothing
    /// opens them.
    @Test(arguments: [Model.vit, .clip, .minilm, .wav2vec])
    func nothingIsFollowed(model: Model) throws {
        let trap = try TemporaryFolder()
        for name in ["modeling.py", "kernels.so", "vocab.json", "template.jinja"] { try trap.write("{}", as: name) }
        let watch = try Watch(trap.path)
        let fields = [
            #""auto_map": {"AutoModel": "\#(trap.path)/modeling.Model", "AutoConfig": "\#(trap.path)/modeling.py"}"#,
            #""_attn_implementation": "\#(trap.path)/kernels.so""#, #""_attn_implementation_internal": "evil/kernels""#,
            #""trust_remote_code": true"#, #""_name_or_path": "\#(trap.path)""#,
            #""vocab_file": "\#(trap.path)/vocab.json""#, #""tokenizer_file": "\#(trap.path)/vocab.json""#,
            #""base_model_name_or_path": "http://127.0.0.1:1/evil""#, #""url": "file://\#(trap.path)/vocab.json""#,
            #""chat_template": "{% include '\#(trap.path)/template.jinja' %}{{ ''.__class__ }}""#,
            #""quantization_config_file": "../../../etc/passwd""#,
        ]
        let folder = try copy(model) { "{\(fields.joined(separator: ", ")), \($0.dropFirst())" }
        let plain = try AnyModel(
            folder: Self.tests.path + "/" + model.rawValue, runtime: Self.runtime, plansOnly: true)
        let loaded = try AnyModel(folder: folder.path, runtime: Self.runtime, plansOnly: true)
        #expect(loaded.parameterCount == plain.parameterCount)
        _ = try loaded.preprocessing()
        #expect(watch.openings.isEmpty, "\(watch.openings)")
        // The watch does see what is opened.
        _ = try String(contentsOfFile: trap.path("vocab.json"), encoding: .utf8)
        #expect(watch.openings.contains("vocab.json"))
    }

    /// CF03: too large, too deep, a key twice.
    @Test(arguments: [Model.vit, .clip, .minilm, .wav2vec])
    func sizeDepthAndDuplicates(model: Model) throws {
        let texts: [(String, (String) -> String)] = [
            ("nested deeper than 128", { "{\"x\": \(String(repeating: "[", count: 100_000)), \($0.dropFirst())" }),
            ("occurs twice", { "{\"model_type\": \"vit\", \($0.dropFirst())" }),
        ]
        let large = try copy(model) { $0 }
        #expect(truncate(large.path("config.json"), 100 << 20) == 0)
        let error = #expect(throws: ModelError.self) {
            try AnyModel(folder: large.path, runtime: Self.runtime, plansOnly: true)
        }
        #expect(error?.description.contains("the limit is") == true, "\(error?.description ?? "nothing")")
        for (words, edit) in texts {
            let folder = try copy(model, edit)
            let error = #expect(throws: ModelError.self) {
                try AnyModel(folder: folder.path, runtime: Self.runtime, plansOnly: true)
            }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "nothing")")
        }
    }

    /// A folder with links to a model's files but for its configuration, which is edited.
    private func copy(_ model: Model, _ edit: (String) -> String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let source = Self.tests.appending(path: model.rawValue)
        for name in try FileManager.default.contentsOfDirectory(atPath: source.path) where name != "config.json" {
            try folder.link(name, to: source.appending(path: name).path)
        }
        let text = try String(contentsOf: source.appending(path: "config.json"), encoding: .utf8)
        try folder.write(edit(text.trimmingCharacters(in: .whitespacesAndNewlines)), as: "config.json")
        return folder
    }

    /// A configuration's text with another value for a key; what the value says need not be JSON.
    private static func edited(_ text: String, _ key: String, _ value: String) -> String {
        let path = key.split(separator: ".").map(String.init)
        // A section begins at its own key; its text goes on to the key inside.
        var start = text.startIndex
        for part in path {
            guard let found = text.range(of: "\"\(part)\":", range: start..<text.endIndex) else {
                // The reference leaves defaults out; the top level takes the key in front.
                return path.count == 1 ? "{\"\(key)\": \(value), \(text.dropFirst())" : text
            }
            start = found.upperBound
        }
        // The old value ends where nothing is open any more.
        var depth = 0
        var isText = false
        var end = start
        while end < text.endIndex {
            let character = text[end]
            if character == "\"" { isText.toggle() }
            if !isText {
                if "[{".contains(character) { depth += 1 }
                if depth == 0, ",}".contains(character) { break }
                if "]}".contains(character) { depth -= 1 }
            }
            end = text.index(after: end)
        }
        return text[..<start] + " " + value + text[end...]
    }
}

/// Sees which files of a folder are opened (inotify).
private final class Watch {
    private let descriptor: Int32
    private var seen: [String] = []

    init(_ folder: String) throws {
        descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        try #require(descriptor >= 0)
        try #require(inotify_add_watch(descriptor, folder, UInt32(IN_OPEN | IN_ACCESS)) >= 0)
    }

    deinit { close(descriptor) }

    /// The names of the files that have been opened so far.
    var openings: [String] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return seen }
            var place = 0
            // An event: descriptor, mask, cookie and the length of the name, 4 bytes each, and the name.
            while place + 16 <= count {
                let length = buffer[place + 12..<place + 16].reversed().reduce(0) { $0 << 8 | Int($1) }
                let name = buffer[place + 16..<place + 16 + length].prefix { $0 != 0 }
                seen.append(String(decoding: name, as: UTF8.self))
                place += 16 + length
            }
        }
    }
}
