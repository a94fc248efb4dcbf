import Checkpoints
import TestSupport
import Testing

@Suite struct HFCacheTests {
    private let folder: TemporaryFolder
    private let cache: HFCache
    private let one = String(repeating: "1a", count: 20)
    private let two = "1a1a2" + String(repeating: "b", count: 35)

    init() throws {
        folder = try TemporaryFolder()
        for commit in [one, two] { try folder.makeFolder("models--org--name/snapshots/\(commit)") }
        try folder.write(one, as: "models--org--name/refs/main")
        try folder.write(two + "\n", as: "models--org--name/refs/pr/1")
        try folder.write("not a commit", as: "models--org--name/refs/broken")
        try folder.write(String(repeating: "c", count: 40), as: "models--org--name/refs/gone")
        try folder.makeFolder("models--gpt2/snapshots/not-a-commit")
        try folder.makeFolder("datasets--org--name")
        try folder.makeFolder("models--.hidden--x")
        cache = HFCache(folder: folder.path)
    }

    @Test func snapshots() throws {
        let place = folder.path("models--org--name/snapshots/")
        for reference in ["org/name", "org/name@main", "org/name@\(one)", "org/name@1a1a1"] {
            #expect(try cache.snapshot(reference) == place + one)
        }
        for reference in ["org/name@pr/1", "org/name@1a1a2", "org/name@\(two)"] {
            #expect(try cache.snapshot(reference) == place + two)
        }
    }

    @Test func repositories() throws {
        let found = try cache.repositories()
        #expect(found.map(\.name) == ["gpt2", "org/name"])
        #expect(found[1].commits == [one, two])
        #expect(found[1].revisions.map(\.name) == ["gone", "main", "pr/1"])
        #expect(found[1].revisions[2].commit == two)
        #expect(found[0].commits.isEmpty && found[0].revisions.isEmpty)
        #expect(try HFCache(folder: folder.path("none")).repositories().isEmpty)
        try folder.write("", as: "file")
        #expect(throws: CheckpointError.self) { try HFCache(folder: folder.path("file")).repositories() }
    }

    private func reason(_ reference: String) -> HFCacheError.Reason? {
        do {
            _ = try cache.snapshot(reference)
            return nil
        } catch {
            guard case .cache(let error) = error else { return nil }
            return error.reason
        }
    }

    @Test func whatIsNotThere() {
        #expect(reason("org/other") == .noRepository)
        #expect(reason("gpt2") == .noRevision("main", known: []))
        #expect(reason("org/name@1a1a") == .ambiguous("1a1a", commits: [one, two]))
        #expect(reason("org/name@none") == .noRevision("none", known: ["gone", "main", "pr/1", one, two]))
        #expect(reason("org/name@1a1") == .noRevision("1a1", known: ["gone", "main", "pr/1", one, two]))
        #expect(reason("org/name@gone") == .noSnapshot(commit: String(repeating: "c", count: 40)))
        #expect(reason("org/name@broken") == .damagedRevision(file: folder.path("models--org--name/refs/broken")))
        #expect(reason("org/name@pr") == .noRevision("pr", known: ["gone", "main", "pr/1", one, two]))
    }

    @Test(arguments: [
        "", "/", "a/b/c", "org/", "/name", "../name", "org/..", "a b", "org/na\0me", "org/-x", "org/x.", "a--b/c",
        "a..b/c",
        "org/näme", "org/name@", "org/name@../main", "org/name@a/../../x", "org/name@/etc", "org/name@a//b",
        "org/name@.x",
        "org/name@a b", "org/name@a\\b", "org/name@a\0", String(repeating: "a", count: 97), "~", "org/name@\n",
        "org/name@" + String(repeating: "a", count: 257),
    ])
    func namesThatAreNone(reference: String) {
        guard case .invalidReference = reason(reference) else {
            Issue.record("\(reference) was taken for a name: \(String(describing: reason(reference)))")
            return
        }
    }

    @Test(arguments: [
        (["HF_HUB_CACHE": "/hub", "HF_HOME": "/hf", "HOME": "/h"], "/hub"),
        (["HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/hf", "HOME": "/h"], "/old"),
        (["HF_HOME": "/hf", "XDG_CACHE_HOME": "/x", "HOME": "/h"], "/hf/hub"),
        (["XDG_CACHE_HOME": "/x", "HOME": "/h"], "/x/huggingface/hub"),
        (["HOME": "/h"], "/h/.cache/huggingface/hub"),
        (["HF_HUB_CACHE": "", "HF_HOME": "", "HOME": "/h"], "/h/.cache/huggingface/hub"),
        (["HF_HOME": "~/hf", "HOME": "/h"], "/h/hf/hub"), (["HF_HOME": "~", "HOME": "/h"], "/h/hub"),
        (["HF_HOME": "~other", "HOME": "/h"], "~other/hub"), (["HF_HOME": "/hf/"], "/hf/hub"),
    ])
    func foldersOfEnvironments(environment: [String: String], folder: String) throws {
        #expect(try HFCache(environment: environment).folder == folder)
    }

    @Test func anEnvironmentWithoutAHome() {
        let error = #expect(throws: CheckpointError.self) { try HFCache(environment: [:]) }
        #expect(error?.description.contains("HF_HOME") == true)
    }

    @Test func messagesSayWhatToDo() {
        let missing = #expect(throws: CheckpointError.self) { try cache.snapshot("org/other") }
        #expect(missing?.description.contains("\"org/other\"") == true)
        #expect(missing?.description.contains("zoo pull") == true)
        let revision = #expect(throws: CheckpointError.self) { try cache.snapshot("org/name@v2") }
        #expect(revision?.description.contains("main, pr/1") == true)
    }
}
