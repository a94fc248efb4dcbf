import Checkpoints
import JSON
import ModelZoo
import TestSupport
import Testing

/// Models by short names: the table, and files of one's own.
@Suite struct PublishedModelTests {
    @Test func theTableIsSound() {
        let models = PublishedModel.wellKnown
        #expect(models.count > 50)
        #expect(Set(models.map(\.name)).count == models.count)
        #expect(Set(models.map(\.repository)).count == models.count)
        for model in models {
            #expect(model.repository.split(separator: "/").count == 2)
            #expect(model.accuracy.map { (0.5...1).contains($0.value) } ?? true)
            #expect(!model.name.contains { "/:@ ".contains($0) })
        }
    }

    @Test func aFileOfOnesOwn() throws {
        let text = """
            {"models": {"mine": {"repository": "org/name", "revision": "v1", "files": ["a", "b"], "task": "t",
              "sha256": {"a": "\(String(repeating: "AB", count: 32))"}, "license": "mit",
              "accuracy": {"name": "top1", "value": 0.5, "dataset": "mine"},
              "preprocessing": {"size": 224, "crop": 0.875, "interpolation": "bicubic"}},
             "other": {"repository": "org/other"}}}
            """
        let models = try PublishedModel.entries(Config(file: "models.json", bytes: Array(text.utf8)))
        #expect(models.map(\.name) == ["mine", "other"])
        #expect(models[0].reference == "org/name@v1" && models[1].reference == "org/other")
        #expect(models[0].hashes == ["a": String(repeating: "ab", count: 32)])
        #expect(models[0].accuracy?.value == 0.5 && models[0].preprocessing?.size == 224)
        #expect(models[1].files.isEmpty && models[1].license == nil)
    }

    @Test(arguments: [
        ("[]", "an object"), (#"{}"#, "models"), (#"{"models": {}, "x": 1}"#, "x"),
        (#"{"models": {"a": {}}}"#, "models.a.repository"),
        (#"{"models": {"a": {"repository": 1}}}"#, "models.a.repository"),
        (#"{"models": {"a/b": {"repository": "o/n"}}}"#, "a name without"),
        (#"{"models": {"": {"repository": "o/n"}}}"#, "a name without"),
        (#"{"models": {"a": {"repository": "o/n", "repo": 1}}}"#, "models.a.repo"),
        (#"{"models": {"a": {"repository": "o/n", "sha256": {"f": "abc"}}}}"#, "64 hexadecimal digits"),
        (#"{"models": {"a": {"repository": "o/n", "accuracy": {"name": "x", "value": 81, "dataset": "d"}}}}"#, "value"),
        (#"{"models": {"a": {"repository": "o/n"}, "a": {"repository": "o/n"}}}"#, "twice"),
    ])
    func filesThatAreWrong(text: String, words: String) {
        do {
            _ = try PublishedModel.entries(Config(file: "models.json", bytes: Array(text.utf8)))
            Issue.record("taken: \(text)")
        } catch { #expect("\(error)".contains(words), "\(error)") }
    }

    @Test func foldersGoFirst() throws {
        let folder = try TemporaryFolder()
        try folder.write("{}", as: "models/resnet50/config.json")
        let registry = Registry(
            roots: [folder.path("models")], environment: ["HF_HUB_CACHE": folder.path("hub"), "HOME": folder.path])
        #expect(try registry.find("resnet50").folder == folder.path("models/resnet50"))
        let error = #expect(throws: RegistryError.self) { try registry.find("resnet18") }
        #expect(error?.description.contains("zoo pull timm/resnet18.a1_in1k") == true)
        let commit = String(repeating: "a", count: 40)
        try folder.write(commit, as: "hub/models--timm--resnet18.a1_in1k/refs/main")
        try folder.write("{}", as: "hub/models--timm--resnet18.a1_in1k/snapshots/\(commit)/config.json")
        #expect(try registry.find("resnet18").folder.hasSuffix(commit))
    }
}
