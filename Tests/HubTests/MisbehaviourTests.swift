import Checkpoints
import Foundation
import Hub
import HubTestSupport
import TestSupport
import Testing

/// A hub that misbehaves: the model is there all the same, or an error says why and nothing is to be seen.
@Suite struct MisbehaviourTests {
    @Test(arguments: Misbehaviour.all)
    func misbehaves(_ misbehaviour: Misbehaviour) throws {
        let stub = try StubHub(misbehaviour.model, change: misbehaviour.change)
        var fixture = try HubFixture(stub)
        fixture.environment["HF_TOKEN"] = "hf_secret"
        // A name that is refused is refused only where it is wanted.
        let selection = FileSelection(included: ["*config.json*", "*.safetensors"])
        let failure = fixture.failure("org/name", selection)
        switch misbehaviour.outcome {
        case .whole:
            #expect(failure == nil)
            #expect(fixture.isWhole() && fixture.remains.isEmpty)
        case .refused(let words):
            #expect(failure?.contains(words) == true, "\(failure ?? "no error")")
            #expect(!fixture.layout.contains { $0.hasPrefix("refs/") })
            // What is visible is whole.
            #expect(!fixture.layout.contains { $0.contains("model.safetensors") })
            #expect(failure?.contains("hf_secret") == false)
        }
        #expect(stub.store.requests.allSatisfy { $0.fields["authorization"] == nil })
        let outside = try FileSystem.list(fixture.folder.path).names
        #expect(outside == ["hub"] || outside.isEmpty)
    }

    @Test func idsAreUnique() {
        #expect(Set(Misbehaviour.all.map(\.id)).count == Misbehaviour.all.count)
        #expect(Misbehaviour.all.count > 70)
    }

    @Test func aHostWithoutAnAddressIsAskedForAgainAndNamed() throws {
        var fixture = try HubFixture(StubHub())
        fixture.environment["HF_ENDPOINT"] = "https://hub.invalid"
        let failure = fixture.failure()
        // The last of several tries says the same as the first.
        #expect(failure?.contains("resolve host") == true, "\(failure ?? "no error")")
    }

    @Test func whatWasResumedAndIsDamagedIsFetchedAnew() throws {
        let fixture = try HubFixture(StubHub())
        let hash = fixture.stub.model.hash("model.safetensors")
        let note = #"{"host":"","pid":1,"started":""}"#
        try fixture.folder.write(
            [UInt8](repeating: 7, count: 1000), as: "hub/models--org--name/blobs/\(hash).0a1b2c3d.incomplete")
        try fixture.folder.write(note, as: "hub/models--org--name/blobs/\(hash).0a1b2c3d.incomplete.json")
        try fixture.pull()
        #expect(fixture.isWhole() && fixture.remains.isEmpty)
        #expect(fixture.stub.store.requests.map(\.start) == [1000, nil])
    }

    @Test func whatOthersWriteIsLeftAlone() throws {
        let fixture = try HubFixture(StubHub())
        let hash = fixture.stub.model.hash("model.safetensors")
        // Of the Python tools, of a living process of this machine, of another machine: all of them fresh.
        let start = try String(contentsOfFile: "/proc/1/stat", encoding: .utf8).split(separator: ")").last ?? ""
        let ticks = start.split(separator: " ")[19]
        let host = ProcessInfo.processInfo.hostName
        for (digits, note) in [
            ("00000001", nil), ("00000002", #"{"host":"\#(host)","pid":1,"started":"\#(ticks)"}"#),
            ("00000003", #"{"host":"elsewhere","pid":1,"started":"1"}"#), ("00000004", "{"),
        ] {
            let name = "hub/models--org--name/blobs/\(hash).\(digits).incomplete"
            try fixture.folder.write([1, 2, 3], as: name)
            if let note { try fixture.folder.write(note, as: name + ".json") }
        }
        try fixture.pull()
        #expect(fixture.isWhole())
        #expect(fixture.stub.store.requests.map(\.start) == [nil])
        #expect(fixture.remains.count == 7)
    }

    @Test func blobWithoutItsLinkIsShownAgain() throws {
        let fixture = try HubFixture(StubHub())
        try fixture.pull()
        let link = "\(fixture.repository)/snapshots/\(fixture.stub.model.commit)/model.safetensors"
        try FileManager.default.removeItem(atPath: link)
        try fixture.pull()
        #expect(fixture.isWhole())
        #expect(fixture.stub.store.requests.count == 1)
    }

    @Test func blobOfAnotherSizeIsReplaced() throws {
        let fixture = try HubFixture(StubHub())
        try fixture.pull()
        let blob = "\(fixture.repository)/blobs/\(fixture.stub.model.hash("model.safetensors"))"
        #expect(truncate(blob, 10) == 0)
        try fixture.pull()
        #expect(fixture.isWhole())
    }

    @Test func withoutLocks() async throws {
        // Where a folder is in the place of its lock, a file is fetched without one.
        let fixture = try HubFixture(StubHub())
        let hash = fixture.stub.model.hash("model.safetensors")
        try fixture.folder.makeFolder("hub/.locks/models--org--name/\(hash).lock")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try fixture.pull() } }
            try await group.waitForAll()
        }
        #expect(fixture.isWhole() && fixture.remains.isEmpty)
    }

    @Test func odderFolders() throws {
        var fixture = try HubFixture(StubHub())
        fixture.environment["HF_HUB_CACHE"] = fixture.folder.path("ein Ordner für 模型/hub")
        let folder = try fixture.pull()
        #expect(FileSystem.isRegularFile("\(folder)/model.safetensors"))
    }
}
