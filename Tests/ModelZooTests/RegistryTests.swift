import Checkpoints
import ModelZoo
import TestSupport
import Testing

/// Names of models, and the cards beside them.
@Suite struct RegistryTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["one/b", "one/a", "two/a", "two/c", "two/.hidden"] {
            try folder.write("{}", as: "\(name)/config.json")
        }
        try folder.write("no model", as: "one/notes.txt")
        try folder.makeFolder("two/empty")
    }

    private var registry: Registry { Registry(roots: [folder.path("one"), folder.path("none"), folder.path("two")]) }

    @Test func entriesAreSortedAndTheFirstFolderCounts() {
        let entries = registry.entries()
        #expect(entries.map(\.name).filter { $0 != ".hidden" } == ["a", "b", "c"])
        #expect(entries.first { $0.name == "a" }?.folder == folder.path("one/a"))
        #expect(Registry(roots: []).entries().isEmpty)
    }

    @Test func namesAndPathsAreFound() throws {
        #expect(try registry.find("c").folder == folder.path("two/c"))
        let path = folder.path("two/a")
        let entry = try registry.find(path)
        #expect(entry.name == path && entry.folder == path)
    }

    @Test func anUnknownNameSaysWhatThereIs() {
        let error = #expect(throws: RegistryError.self) { try registry.find("d") }
        guard case .unknown(let name, let known, let searched) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(name == "d")
        #expect(known.filter { $0 != ".hidden" } == ["a", "b", "c"])
        #expect(searched == registry.roots)
        let text = error?.description ?? ""
        #expect(text.contains("\"d\"") && text.contains("a, b, c") && text.contains("hf:org/name"))
        let nothing = #expect(throws: RegistryError.self) { try Registry(roots: ["x"]).find("d") }
        #expect(nothing?.description.contains("no models were found in x") == true)
    }

    @Test func aFolderWithoutAConfigurationIsNoModel() {
        for path in [folder.path("two/empty"), folder.path("none"), folder.path("one/notes.txt")] {
            let error = #expect(throws: RegistryError.self) { try registry.find(path) }
            guard case .notAModel(let found) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(found == path)
        }
    }

    @Test func aFileOfWeightsStandsForItsFolder() throws {
        let file = try folder.write("", as: "two/a/other.pth")
        let entry = try registry.find(file)
        #expect(entry.name == file && entry.folder == folder.path("two/a"))
        #expect(entry.weights == WeightChoice(file: file))
        #expect(try registry.find(folder.path("two/a")).weights == WeightChoice())
        // Without a configuration beside it, and of another kind, it is none.
        for name in ["two/empty/model.pth", "two/a/notes.txt", "two/a/other.json"] {
            let file = try folder.write("", as: name)
            #expect(throws: RegistryError.self) { try registry.find(file) }
        }
        #expect(throws: RegistryError.self) { try registry.find(folder.path("two/a/none.pth")) }
    }

    /// Wherever it lies: published repositories have one beside the folder's own `model_index.json`.
    @Test func aPipelineInOneFileIsAModel() throws {
        func write(_ tensor: String, as name: String) throws -> String {
            let tensor = StoredTensor(name: tensor, shape: [1], floats: [0])
            return try folder.write(Safetensors.serialized([tensor]), as: name)
        }
        for place in ["two/empty", "two/a"] {
            let file = try write("model.diffusion_model.out.2.bias", as: "\(place)/whole.safetensors")
            let entry = try registry.find(file)
            #expect(entry.isSingleFile && entry.name == file && entry.folder == file)
            #expect(entry.weights == WeightChoice(file: file))
            #expect(AnyModel.Family(folder: entry.folder) == .latentDiffusion)
        }
        #expect(try !registry.find(write("fc.weight", as: "two/a/model.safetensors")).isSingleFile)
        let other = try write("lora_unet_x.alpha", as: "two/empty/style.safetensors")
        let error = #expect(throws: RegistryError.self) { try registry.find(other) }
        guard case .notAPipeline(other, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let text = error?.description ?? ""
        #expect(text.contains("config.json") && text.contains("a LoRA, which is merged"), "\(text)")
    }

    @Test func theHuggingFaceCacheIsSearchedByTheEnvironmentGiven() throws {
        let commit = String(repeating: "0123456789", count: 4)
        let repository = "hub/models--org--tiny"
        try folder.write("{}", as: "\(repository)/snapshots/\(commit)/config.json")
        try folder.write(commit, as: "\(repository)/refs/main")
        let registry = Registry(roots: [], environment: ["HF_HOME": folder.path])
        let entry = try registry.find("hf:org/tiny")
        #expect(entry.name == "hf:org/tiny")
        #expect(entry.folder.hasSuffix("snapshots/\(commit)"))
        #expect(try registry.find("hf:org/tiny@\(commit)").folder == entry.folder)
        for name in ["hf:org/none", "hf:org/tiny@v2", "hf:../org", "hf:"] {
            let error = #expect(throws: RegistryError.self) { try registry.find(name) }
            guard case .cache = error else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
        }
        #expect(throws: RegistryError.self) { try Registry(roots: []).find("hf:org/tiny") }
    }

    private let card = """
        {"name": "a", "task": "image-classification", "license": "Apache-2.0", "dataset": "CIFAR-10",
         "paper": ["One", "Two"], "parameters": 5, "accuracy": {"top1": 0.93, "dataset": "CIFAR-10 test"},
         "sha256": {"model.safetensors": "ab"}}
        """

    @Test func cardsAreRead() throws {
        try folder.write(card, as: "one/a/card.json")
        let found = try #require(try registry.card(registry.find("a")))
        #expect(found.name == "a" && found.task == "image-classification" && found.license == "Apache-2.0")
        #expect(found.dataset == "CIFAR-10" && found.papers == ["One", "Two"])
        #expect(found.top1 == 0.93 && found.measuredOn == "CIFAR-10 test")
        #expect(found.figures == [found.headline] && found.headline.title == "top-1")
        #expect(found.hashes == ["model.safetensors": "ab"])
        #expect(try registry.card(registry.find("b")) == nil)
    }

    @Test func severalFiguresAreRead() throws {
        let several = card.replacing(
            #""top1": 0.93, "dataset": "CIFAR-10 test""#,
            with: #""zero_shot_top1": 0.8, "recall_at_1": 1, "measured_with": "zoo eval""#)
        try folder.write(several, as: "one/a/card.json")
        let found = try #require(try registry.card(registry.find("a")))
        #expect(found.figures.map(\.name) == ["zero_shot_top1", "recall_at_1"])
        #expect(found.figures.map(\.value) == [0.8, 1] && found.headline.title == "zero shot top1")
        #expect(found.top1 == nil && found.measuredOn == nil)
        // A plain top1 goes before the others, and says what it was measured on.
        try folder.write(card.replacing(#"{"top1""#, with: #"{"recall": 0.5, "top1""#), as: "one/a/card.json")
        #expect(try registry.card(registry.find("a"))?.headline.value == 0.93)
    }

    @Test(arguments: ["open_clip_config.json", "modules.json"])
    func otherConfigurationsMakeModels(file: String) throws {
        try folder.write("{}", as: "two/d/\(file)")
        #expect(registry.entries().map(\.name).contains("d"))
        #expect(try registry.find("d").folder == folder.path("two/d"))
        #expect(try registry.find(folder.path("two/d")).folder == folder.path("two/d"))
    }

    @Test(arguments: [
        ("\"task\"", "\"tusk\"", "task"), ("0.93", "93", "top1"), ("[\"One\", \"Two\"]", "[]", "paper"),
        (#""top1": 0.93, "#, "", "accuracy"), (#", "dataset": "CIFAR-10 test""#, "", "accuracy.dataset"),
        (#""top1": 0.93"#, #""top1": {"value": 0.93}"#, "accuracy.top1"),
        ("\"ab\"", "5", "model.safetensors"), ("{\"name\"", "{", "card.json"),
    ])
    func brokenCardsNameTheKey(old: String, new: String, key: String) throws {
        try folder.write(card.replacing(old, with: new), as: "one/a/card.json")
        let error = #expect(throws: (any Error).self) { try registry.card(registry.find("a")) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("card.json") && text.contains(key), "\(text)")
    }
}
