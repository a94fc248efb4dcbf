import Checkpoints
import Foundation
import Hub
import HubTestSupport
import TestSupport
import Testing

/// What is fetched, and how it lies in the cache.
@Suite struct PullTests {
    @Test(arguments: [true, false])
    func layout(listsHashes: Bool) throws {
        var model = StubHub.Model()
        model.listsHashes = listsHashes
        let fixture = try HubFixture(StubHub(model))
        let folder = try fixture.pull()
        let snapshot = "snapshots/\(model.commit)"
        #expect(folder == "\(fixture.repository)/\(snapshot)")
        #expect(fixture.isWhole())
        let hashes = ["1_Pooling/config.json", "config.json", "model.safetensors"].map { model.hash($0) }
        let expected =
            hashes.map { "blobs/\($0)" } + [
                "refs/main", "\(snapshot)/1_Pooling/config.json -> ../../../blobs/\(hashes[0])",
                "\(snapshot)/config.json -> ../../blobs/\(hashes[1])",
                "\(snapshot)/model.safetensors -> ../../blobs/\(hashes[2])",
            ] + (listsHashes ? ["trees/\(model.commit).json"] : [])
        #expect(fixture.layout == expected.sorted())
        #expect(try FileSystem.read("\(fixture.repository)/refs/main", limit: 64) == Array(model.commit.utf8))
        let names = try FileSystem.list(fixture.folder.path("hub")).names
        #expect(names == [".locks", "CACHEDIR.TAG", "models--org--name"])
        #expect(try HFCache(folder: fixture.folder.path("hub")).snapshot("org/name") == folder)
    }

    @Test func secondTimeFetchesNothing() throws {
        let fixture = try HubFixture(StubHub())
        try fixture.pull()
        let before = fixture.stub.server.requests.count
        try fixture.pull()
        // The branch is asked about, nothing else.
        #expect(fixture.stub.server.requests.count == before + 1)
        #expect(fixture.stub.store.requests.count == 1)
        try fixture.pull("org/name@\(fixture.stub.model.commit)")
        #expect(fixture.stub.server.requests.count == before + 1)
    }

    @Test func offlineOpensNothing() throws {
        var fixture = try HubFixture(StubHub())
        let other = try HubFixture(fixture.stub)
        fixture.environment["HF_HUB_OFFLINE"] = "1"
        #expect(fixture.failure()?.contains("no connection may be opened") == true)
        #expect(throws: HubError.self) { try other.hub(isOffline: true).plan("org/name") }
        #expect(fixture.stub.server.requests.isEmpty)
        fixture.environment["HF_HUB_OFFLINE"] = nil
        try fixture.pull()
        let before = fixture.stub.server.requests.count
        fixture.environment["HF_HUB_OFFLINE"] = "1"
        #expect(fixture.failure() == nil)
        #expect(fixture.failure("org/name@\(fixture.stub.model.commit)") == nil)
        #expect(fixture.stub.server.requests.count == before)
    }

    @Test func selections() throws {
        let fixture = try HubFixture(StubHub())
        let hub = try fixture.hub()
        func names(_ included: [String], _ excluded: [String] = []) throws -> [String] {
            try hub.plan("org/name", FileSelection(included: included, excluded: excluded)).files.map(\.name)
        }
        #expect(try names([]) == ["config.json", "model.safetensors", "1_Pooling/config.json"])
        #expect(try names([], ["*.safetensors"]) == ["config.json", "1_Pooling/config.json"])
        #expect(try names(["*.md", "1_Pooling/"]) == ["README.md", "1_Pooling/config.json"])
        #expect(try names(["*"], ["[!c]*"]) == ["config.json"])
        #expect(throws: HubError.self) { try names(["*.bin"]) }
        #expect(!FileSystem.exists(fixture.repository))
    }

    @Test(arguments: [
        (["config.json", "pytorch_model.bin", "tf_model.h5"], ["config.json", "pytorch_model.bin"]),
        (["config.json", "pytorch_model.bin", "model.safetensors"], ["config.json", "model.safetensors"]),
        (
            [
                "config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors", "onnx/model.onnx",
            ],
            [
                "config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors",
            ]
        ),
        (
            ["open_clip_config.json", "open_clip_model.safetensors", "model.safetensors", "vocab.json"],
            ["open_clip_config.json", "open_clip_model.safetensors", "vocab.json"]
        ),
        (
            ["config.json", "modules.json", "model.safetensors", "2_Dense/config.json", "2_Dense/model.safetensors"],
            ["config.json", "modules.json", "model.safetensors", "2_Dense/config.json", "2_Dense/model.safetensors"]
        ),
        (["config.json", "2_Dense/pytorch_model.bin"], ["config.json", "2_Dense/pytorch_model.bin"]),
        (
            [
                "model_index.json", "README.md", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
                "unet/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.fp16.safetensors",
                "scheduler/scheduler_config.json", "text_encoder/config.json", "text_encoder/model.safetensors",
                "tokenizer/vocab.json", "safety_checker/config.json", "safety_checker/model.safetensors",
                "v1-5-pruned.safetensors",
            ],
            [
                "model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
                "scheduler/scheduler_config.json", "text_encoder/config.json", "text_encoder/model.safetensors",
                "tokenizer/vocab.json",
            ]
        ),
        (
            [
                "model_index.json", "config.json", "diffusion_pytorch_model.bin", "scheduler_config.json",
                "images/0.png",
            ],
            ["model_index.json", "config.json", "diffusion_pytorch_model.bin", "scheduler_config.json"]
        ),
    ])
    func whatCanBeRead(names: [String], wanted: [String]) throws {
        var model = StubHub.Model()
        model.files = names.map { ($0, Array($0.utf8)) }
        let fixture = try HubFixture(StubHub(model))
        #expect(try fixture.hub().plan("org/name").files.map(\.name) == wanted)
    }

    @Test func newRevisionFetchesWhatChanged() throws {
        let fixture = try HubFixture(StubHub())
        try fixture.pull()
        var model = fixture.stub.model
        model.commit = String(repeating: "f", count: 40)
        model.files[1].bytes += Array(" ".utf8)
        let later = try StubHub(model)
        var second = fixture
        second.environment["HF_ENDPOINT"] = later.server.address
        try second.pull()
        #expect(later.store.requests.isEmpty)
        #expect(try FileSystem.read("\(fixture.repository)/refs/main", limit: 64) == Array(model.commit.utf8))
        let cache = try #require(try HFCache(folder: fixture.folder.path("hub")).repositories().first)
        #expect(cache.commits.count == 2)
    }

    @Test func eventsAddUp() throws {
        let stub = try StubHub { place, request, before, reply in
            var reply = reply
            if case .contents = place, before < 3 { reply.cutAfter = 20_000 }
            return reply
        }
        let fixture = try HubFixture(stub)
        let hub = try fixture.hub()
        let plan = try hub.plan("org/name")
        #expect(plan.bytesToFetch == plan.bytes)
        var events: [PullEvent] = []
        _ = try hub.pull(plan) { events.append($0) }
        let advanced = events.reduce(0) { sum, event in
            guard case .advanced(let bytes) = event else { return sum }
            return sum + bytes
        }
        #expect(advanced == plan.bytes)
        #expect(events.contains { if case .waits = $0 { true } else { false } })
        #expect(events.last == .ended(file: "1_Pooling/config.json"))
        #expect(try hub.plan("org/name").bytesToFetch == 0)
    }

    @Test func cancelledAndTakenUp() throws {
        let stub = try StubHub { place, request, before, reply in
            var reply = reply
            if case .contents = place, before == 0 { reply.cutAfter = 50_000 }
            return reply
        }
        let fixture = try HubFixture(stub)
        let plan = try fixture.hub().plan("org/name")
        nonisolated(unsafe) var goesOn = true
        let hub = try fixture.hub { goesOn }
        #expect(throws: HubError.self) {
            try hub.pull(plan) { event in
                if case .waits = event { goesOn = false }
            }
        }
        #expect(fixture.remains.count == 2)
        goesOn = true
        try fixture.pull()
        #expect(fixture.isWhole() && fixture.remains.isEmpty)
        #expect(fixture.stub.store.requests.last?.start == 50_000)
    }

    @Test(arguments: ["", "/", "a/b/c", "../x", "org/name@../x", "org/name@"])
    func namesThatAreNone(reference: String) throws {
        let fixture = try HubFixture(StubHub())
        #expect(throws: HubError.self) { try fixture.hub().plan(reference) }
        #expect(fixture.stub.server.requests.isEmpty)
    }
}
