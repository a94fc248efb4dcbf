import Checkpoints
import Foundation
import JSON
import TensorCore
import TestSupport
import Testing

/// What a folder holds: one file, shards with an index, pickle or nothing.
@Suite struct CheckpointTests {
    @Test func oneFile() throws {
        let folder = try TemporaryFolder()
        try Safetensors.write([floats("a")], metadata: ["format": "pt"], to: folder.path("model.safetensors"))
        for checkpoint in [
            try Checkpoint.open(folder: folder.path), try Checkpoint.open(file: folder.path("model.safetensors")),
        ] {
            #expect(checkpoint.names == ["a"])
            #expect(checkpoint.files == [folder.path("model.safetensors")])
            #expect(checkpoint.metadata["format"]?.stringValue == "pt")
            #expect(checkpoint.notes.isEmpty)
            #expect(try checkpoint.bytes(of: "a") == Bytes.hex("0000803f"))
            #expect(checkpoint.info("b") == nil)
            let error = #expect(throws: TensorReadError.self) { try checkpoint.bytes(of: "b") }
            #expect(error?.tensor == "b")
        }
    }

    @Test func theFirstOfTheNames() throws {
        let folder = try TemporaryFolder()
        for (index, name) in Checkpoint.fileNames.enumerated().reversed() where name.hasSuffix(".safetensors") {
            try Safetensors.write([floats("t\(index)")], to: folder.path(name))
            #expect(try Checkpoint.open(folder: folder.path).names == ["t\(index)"])
        }
    }

    @Test func shards() throws {
        let folder = try TemporaryFolder()
        try writeShards(in: folder)
        for checkpoint in [
            try Checkpoint.open(folder: folder.path),
            try Checkpoint.open(file: folder.path("model.safetensors.index.json")),
        ] {
            #expect(checkpoint.names == ["a", "b", "c"])
            #expect(checkpoint.files == [folder.path("one.safetensors"), folder.path("two.safetensors")])
            #expect(checkpoint.info("b")?.file == folder.path("two.safetensors"))
            for (name, hex) in [("a", "0000803f"), ("b", "00000040"), ("c", "00004040")] {
                #expect(try checkpoint.bytes(of: name) == Bytes.hex(hex))
            }
            #expect(checkpoint.notes.isEmpty)
        }
    }

    /// IX01
    @Test(arguments: ["12.0", "11", "0", "1e3"])
    func totalSizeIsOnlyNoted(total: String) throws {
        let folder = try TemporaryFolder()
        try writeShards(in: folder, total: total)
        let checkpoint = try Checkpoint.open(folder: folder.path)
        #expect(checkpoint.notes.count == (total == "12.0" ? 0 : 1))
        #expect(checkpoint.notes.allSatisfy { $0.contains("12 bytes") })
    }

    @Test func shardsInTheHuggingFaceCache() throws {
        let folder = try TemporaryFolder()
        let commit = String(repeating: "a", count: 40)
        let snapshot = "models--x--y/snapshots/\(commit)"
        try folder.makeFolder("models--x--y/blobs")
        try Safetensors.write([floats("a")], to: folder.path("models--x--y/blobs/one"))
        try folder.link("\(snapshot)/one.safetensors", to: "../../blobs/one")
        try folder.write(#"{"weight_map":{"a":"one.safetensors"}}"#, as: "\(snapshot)/model.safetensors.index.json")
        let checkpoint = try Checkpoint.open(folder: folder.path(snapshot))
        #expect(try checkpoint.bytes(of: "a") == Bytes.hex("0000803f"))
        #expect(checkpoint.files == [folder.path("\(snapshot)/one.safetensors")])
    }

    @Test(arguments: [
        "../out.safetensors", "/etc/passwd", "/etc/x.safetensors", "sub/../../out.safetensors", "./one.safetensors",
        "sub//x.safetensors", #"C:\\x.safetensors"#, #"\\\\host\\x.safetensors"#, "C:x.safetensors", "one.bin", "one",
        "",
        ".", "..", #"one\u0000.safetensors"#, #"one\n.safetensors"#, "out-link.safetensors", "blob-link.safetensors",
        "none.safetensors", "loop.safetensors", "folder.safetensors",
    ])
    func shardNamesThatLeadElsewhere(name: String) throws {
        // IX01
        let folder = try TemporaryFolder()
        let model = try folder.makeFolder("model")
        for path in ["out.safetensors", "model/one.safetensors", "model/one.bin", "model/sub/x.safetensors"] {
            try folder.write(Safetensors.serialized([floats("a")]), as: path)
        }
        try folder.makeFolder("model/folder.safetensors")
        try folder.link("model/out-link.safetensors", to: "../out.safetensors")
        try folder.write(Safetensors.serialized([floats("a")]), as: "blobs/one")
        try folder.link("model/blob-link.safetensors", to: "../blobs/one")
        try folder.link("model/loop.safetensors", to: "loop.safetensors")
        try folder.write("{\"weight_map\":{\"a\":\"\(name)\"}}", as: "model/model.safetensors.index.json")
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(folder: model) }
        switch error {
        case .index(.value(_, let keyPath, _, _)): #expect(keyPath == "weight_map.a")
        case .file(let error): #expect(error.reason == .notRegular && name == "folder.safetensors")
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test func shardsInAFolderBelow() throws {
        let folder = try TemporaryFolder()
        try folder.write(Safetensors.serialized([floats("a")]), as: "sub/x.safetensors")
        try folder.write(#"{"weight_map":{"a":"sub/x.safetensors"}}"#, as: "model.safetensors.index.json")
        #expect(try Checkpoint.open(folder: folder.path).names == ["a"])
    }

    /// IX01: an index that contradicts its shards, and the key the error names.
    @Test(arguments: [
        (#"{"a":"one.safetensors","b":"two.safetensors"}"#, "weight_map.c"),
        (#"{"a":"one.safetensors","b":"two.safetensors","c":"one.safetensors"}"#, "weight_map.c"),
        (#"{"a":"one.safetensors","b":"two.safetensors","c":"two.safetensors","d":"two.safetensors"}"#, "weight_map.d"),
        (#"{"a":"one.safetensors","b":"two.safetensors","c":2}"#, "weight_map.c"),
        (#"{"a":"one.safetensors","b":"two.safetensors","c":null}"#, "weight_map.c"),
        (#"["one.safetensors"]"#, "weight_map"),
    ])
    func indexAndShardsDisagree(map: String, key: String) throws {
        let folder = try TemporaryFolder()
        try writeShards(in: folder)
        let index = try folder.write("{\"weight_map\":\(map)}", as: "model.safetensors.index.json")
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(folder: folder.path) }
        guard case .index(.value(let file, let keyPath, _, _)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(keyPath == key)
        #expect(file == index)
    }

    /// IX01
    @Test func aTensorInTwoShards() throws {
        let folder = try TemporaryFolder()
        try writeShards(in: folder)
        try Safetensors.write([floats("a"), floats("b")], to: folder.path("one.safetensors"))
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(folder: folder.path) }
        guard case .index(.value(_, "weight_map.b", _, let found)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found.contains("two.safetensors") && found.contains("one.safetensors"))
    }

    @Test(arguments: ["", "{", "[]", "{\"weight_map\":{\"a\":\"x\",\"a\":\"x\"}}", "{}", "{\"weight_map\":null}"])
    func brokenIndexes(text: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(text, as: "model.safetensors.index.json")
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(folder: folder.path) }
        guard case .index = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func aBrokenShardIsNamed() throws {
        let folder = try TemporaryFolder()
        try writeShards(in: folder)
        try folder.write(Bytes.file("{}", data: 1), as: "two.safetensors")
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(folder: folder.path) }
        guard case .safetensors(let error) = error else { return }
        #expect(error.file == folder.path("two.safetensors"))
        #expect(error.rule == .fileLength)
    }

    @Test func foldersWithoutWeights() throws {
        let folder = try TemporaryFolder()
        #expect(throws: CheckpointError.noWeights(folder: folder.path, other: [])) {
            try Checkpoint.open(folder: folder.path)
        }
        try folder.write("", as: "other.safetensors")
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(folder: folder.path) }
        #expect(error == .noWeights(folder: folder.path, other: ["other.safetensors"]))
        #expect(error?.description.contains("other.safetensors") == true)
        let missing = #expect(throws: CheckpointError.self) { try Checkpoint.open(folder: folder.path("none")) }
        guard case .file(let missing) = missing else {
            Issue.record("\(String(describing: missing))")
            return
        }
        #expect(missing.isNotFound)
    }

    private func floats(_ name: String) -> StoredTensor {
        StoredTensor(name: name, shape: [], floats: [["a": 1, "b": 2, "c": 3][name] ?? 0])
    }

    /// `a` in one shard, `b` and `c` in the other: 12 bytes.
    private func writeShards(in folder: TemporaryFolder, total: String = "12") throws {
        try Safetensors.write([floats("a")], to: folder.path("one.safetensors"))
        try Safetensors.write([floats("b"), floats("c")], to: folder.path("two.safetensors"))
        try folder.write(
            #"{"metadata":{"total_size":\#(total)},"#
                + #""weight_map":{"a":"one.safetensors","b":"two.safetensors","c":"two.safetensors"}}"#,
            as: "model.safetensors.index.json")
    }
}
