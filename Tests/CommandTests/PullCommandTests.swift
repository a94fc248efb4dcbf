import Foundation
import HubTestSupport
import Testing

/// `zoo pull`, `zoo cache`, and the fetching on first use.
@Suite struct PullCommandTests {
    @Test func pullsThenRuns() throws {
        let runs = try HubRuns(StubHub(try HubRuns.model()))
        defer { runs.scratch.remove() }
        let dry = try runs.run("pull", "--dry-run", "--json", "org/name")
        #expect(dry.code == 0)
        #expect(try dry.objects().first?["dry_run"] as? Bool == true)
        #expect(!FileManager.default.fileExists(atPath: runs.repository))
        let pulled = try runs.run("pull", "org/name")
        #expect(pulled.code == 0, "\(pulled.errors)")
        #expect(pulled.lines == ["\(runs.repository)/snapshots/\(runs.stub.model.commit)"])
        #expect(pulled.errors.isEmpty)
        let object = try #require(try runs.run("pull", "--json", "hf:org/name@main").objects().first)
        #expect(object["fetched_bytes"] as? Int == 0 && object["commit"] as? String == runs.stub.model.commit)
        let shown = try runs.run("--offline", "show", "--json", "hf:org/name")
        #expect(shown.code == 0, "\(shown.errors)")
    }

    @Test func firstUse() throws {
        let runs = try HubRuns(StubHub(try HubRuns.model()))
        defer { runs.scratch.remove() }
        let refused = try runs.run("show", "hf:org/name")
        #expect(refused.code == 69)
        #expect(refused.errors.contains("zoo pull org/name"))
        let offline = try runs.run("--offline", "--yes", "show", "hf:org/name")
        #expect(offline.code == 69 && offline.errors.contains("no connection"))
        #expect(runs.stub.server.requests.isEmpty)
        let fetched = try runs.run("--yes", "show", "--json", "hf:org/name")
        #expect(fetched.code == 0, "\(fetched.errors)")
        #expect(try fetched.objects().first?["architecture"] != nil)
    }

    @Test func aliases() throws {
        var runs = try HubRuns(StubHub(try HubRuns.model()))
        defer { runs.scratch.remove() }
        let hash = runs.stub.model.hash("model.safetensors")
        func write(_ hash: String) throws {
            let text = """
                {"models": {"mine": {"repository": "org/name", "files": ["*.json", "model.safetensors"],
                 "sha256": {"model.safetensors": "\(hash)"}, "license": "mit"}}}
                """
            try runs.scratch.write(Data(text.utf8), "config/zoo/models.json")
        }
        runs.environment["XDG_CONFIG_HOME"] = "\(runs.scratch.path)/config"
        try write(String(repeating: "0", count: 64))
        let other = try runs.run("pull", "mine")
        #expect(other.code == 65 && other.errors.contains("the registry states"))
        #expect(!FileManager.default.fileExists(atPath: runs.repository))
        try write(hash)
        let before = try runs.run("show", "mine")
        #expect(before.code == 0 && before.output.contains("zoo pull mine") && before.output.contains("mit"))
        #expect(try runs.run("pull", "mine").code == 0)
        let after = try runs.run("show", "--json", "mine")
        #expect(after.code == 0, "\(after.errors)")
        try runs.scratch.write(Data(#"{"models": {"x": {"repo": "a/b"}}}"#.utf8), "config/zoo/models.json")
        let wrong = try runs.run("list", "--published")
        #expect(wrong.code == 69 && wrong.errors.contains("models.x.repo"))
    }

    @Test func publishedModels() throws {
        let result = try ZooBinary.run(["list", "--published", "--json"])
        let models = try result.objects()
        #expect(models.count > 50)
        let names = models.compactMap { $0["name"] as? String }
        #expect(Set(names).count == models.count && names.contains("resnet50"))
        let shown = try ZooBinary.run(["show", "resnet50"])
        #expect(shown.code == 0 && shown.output.contains("timm/resnet50.a1_in1k") && shown.output.contains("81.2 %"))
    }

    @Test func cache() throws {
        let runs = try HubRuns(StubHub(try HubRuns.model()))
        defer { runs.scratch.remove() }
        #expect(try runs.run("cache", "list").code == 0)
        #expect(try runs.run("pull", "org/name").code == 0)
        let listed = try #require(try runs.run("cache", "list", "--json").objects().first)
        #expect(listed["name"] as? String == "org/name")
        #expect(try runs.run("cache", "list").output.contains("complete"))
        #expect(try runs.run("cache", "verify").output.contains("org/name: sound"))
        // Damage that leaves the size alone is what only a hash shows.
        let blob = "\(runs.repository)/blobs/\(runs.stub.model.hash("model.safetensors"))"
        let file = try #require(FileHandle(forUpdatingAtPath: blob))
        try file.write(contentsOf: Data("damage".utf8))
        try file.close()
        let damaged = try runs.run("cache", "verify", "--remove-damaged", "org/name")
        #expect(damaged.code == 65 && damaged.output.contains("damaged"))
        #expect(try runs.run("cache", "list").output.contains("without model.safetensors"))
        #expect(try runs.run("pull", "org/name").code == 0)
        #expect(runs.has("model.safetensors"))
        #expect(try runs.run("cache", "remove", "org/name").code == 2)
        #expect(runs.has("model.safetensors"))
        #expect(try runs.run("cache", "remove", "org/other").code == 66)
        #expect(try runs.run("--yes", "cache", "remove", "org/name@main").code == 0)
        #expect(!FileManager.default.fileExists(atPath: runs.repository))
    }
}
