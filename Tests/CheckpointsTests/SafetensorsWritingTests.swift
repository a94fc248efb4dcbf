import Checkpoints
import JSON
import TensorCore
import TestSupport
import Testing

@Suite struct SafetensorsWritingTests {
    /// Files of `safetensors.torch.save` (safetensors 0.8.0, torch 2.13): the header's text and the data.
    struct Golden: Sendable {
        var header: String
        var data: String
        var metadata: [String: String] = [:]
        var tensors: [StoredTensor]
    }

    private static func stored(_ name: String, _ dtype: DType, _ shape: [Int], _ hex: String) -> StoredTensor {
        StoredTensor(name: name, dtype: dtype, shape: shape, bytes: Bytes.hex(hex))
    }

    static let goldens = [
        Golden(header: "{}      ", data: "", tensors: []),
        Golden(
            header: #"{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}  "#, data: "",
            tensors: [StoredTensor(name: "x", shape: [0], floats: [])]),
        Golden(
            header: #"{"__metadata__":{"format":"pt"},"a":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},"#
                + #""b.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[16,32]},"#
                + #""e":{"dtype":"BF16","shape":[2],"data_offsets":[32,36]},"#
                + #""c":{"dtype":"F16","shape":[1],"data_offsets":[36,38]},"#
                + #""d":{"dtype":"U8","shape":[],"data_offsets":[38,39]},"#
                + #""f":{"dtype":"BOOL","shape":[1],"data_offsets":[39,40]}}      "#,
            data: "0100000000000000ffffffffffffffff0000803f000000400000404000008040803f004000380301",
            metadata: ["format": "pt"],
            tensors: [
                stored("f", .bool, [1], "01"), stored("e", .bfloat16, [2], "803f0040"), stored("d", .uint8, [], "03"),
                StoredTensor(name: "b.weight", shape: [2, 2], floats: [1, 2, 3, 4]), stored("c", .float16, [1], "0038"),
                stored("a", .int64, [2], "0100000000000000ffffffffffffffff"),
            ]),
        Golden(
            header:
                "{\"tab\\t\\\"quote\\\\ \u{E9}\u{1F600}/\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}     ",
            data: "0000803f",
            tensors: [StoredTensor(name: "tab\t\"quote\\ \u{E9}\u{1F600}/", shape: [1], floats: [1])]),
        Golden(
            header: #"{"r":{"dtype":"U64","shape":[1],"data_offsets":[0,8]},"y":{"dtype":"F64","shape":[2],"#
                + #""data_offsets":[8,24]},"s":{"dtype":"U32","shape":[1],"data_offsets":[24,28]},"#
                + #""w":{"dtype":"I32","shape":[1],"data_offsets":[28,32]},"#
                + #""t":{"dtype":"U16","shape":[1],"data_offsets":[32,34]},"#
                + #""x":{"dtype":"I16","shape":[1],"data_offsets":[34,36]},"#
                + #""v":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[36,37]},"#
                + #""u":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[37,38]},"#
                + #""z":{"dtype":"I8","shape":[1],"data_offsets":[38,39]}}    "#,
            data: "0900000000000000000000000000f03f0000000000000040070000000200000001000100383c01",
            tensors: [
                stored("z", .int8, [1], "01"), stored("y", .float64, [2], "000000000000f03f0000000000000040"),
                stored("x", .int16, [1], "0100"), stored("w", .int32, [1], "02000000"),
                stored("v", .float8e4m3, [1], "38"), stored("u", .float8e5m2, [1], "3c"),
                stored("t", .uint16, [1], "0100"), stored("s", .uint32, [1], "07000000"),
                stored("r", .uint64, [1], "0900000000000000"),
            ]),
    ]

    @Test(arguments: goldens.indices)
    func sameBytesAsTheReference(index: Int) throws {
        // R15, ST22
        let golden = Self.goldens[index]
        let expected = Bytes.file(Array(golden.header.utf8), data: Bytes.hex(golden.data))
        #expect(try Safetensors.serialized(golden.tensors, metadata: golden.metadata) == expected)
        let folder = try TemporaryFolder()
        let path = folder.path("written.safetensors")
        try Safetensors.write(golden.tensors, metadata: golden.metadata, to: path)
        #expect(try FileSystem.read(path, limit: 1 << 20) == expected)
        #expect(folder.names == ["written.safetensors"])
    }

    @Test(arguments: goldens.indices)
    func readsTheReferencesFiles(index: Int) throws {
        let golden = Self.goldens[index]
        let bytes = Bytes.file(Array(golden.header.utf8), data: Bytes.hex(golden.data))
        let source = try Safetensors(bytes: bytes, file: "golden")
        #expect(source.names.count == golden.tensors.count)
        for tensor in golden.tensors {
            #expect(source.info(tensor.name)?.dtype == tensor.dtype)
            #expect(source.info(tensor.name)?.shape == tensor.shape)
            #expect(try source.bytes(of: tensor.name) == tensor.bytes)
        }
        for (key, value) in golden.metadata { #expect(source.metadata[key]?.stringValue == value) }
    }

    @Test func metadataInTheOrderOfKeys() throws {
        let bytes = try Safetensors.serialized([], metadata: ["b": "2", "a": "1", "c": "\u{1}"])
        let text = String(decoding: bytes.dropFirst(8), as: UTF8.self)
        #expect(text.hasPrefix(#"{"__metadata__":{"a":"1","b":"2","c":"\u0001"}}"#))
    }

    @Test func writtenOverTheFileThatIsRead() throws {
        // ST20: who has the old file open keeps it.
        let folder = try TemporaryFolder()
        let path = folder.path("model.safetensors")
        try Safetensors.write([StoredTensor(name: "old", shape: [2], floats: [1, 2])], to: path)
        let old = try Safetensors(file: path)
        try Safetensors.write([StoredTensor(name: "new", shape: [1], floats: [3])], to: path)
        #expect(try old.bytes(of: "old") == Bytes.hex("0000803f00000040"))
        #expect(try Safetensors(file: path).names == ["new"])
        #expect(folder.names == ["model.safetensors"])
    }

    @Test func refusesWhatReadersRefuse() throws {
        let float = [UInt8](repeating: 0, count: 4)
        func tensor(_ name: String, _ shape: [Int], _ bytes: [UInt8]) -> StoredTensor {
            StoredTensor(name: name, dtype: .float32, shape: shape, bytes: bytes)
        }
        let refused: [(SafetensorsError.Rule, [StoredTensor])] = [
            (.duplicateName, [tensor("a", [1], float), tensor("a", [1], float)]),
            (.span, [tensor("a", [2], float)]), (.span, [tensor("a", [0], float)]),
            (.entryForm, [tensor("a", [-1], float)]),
            (.elementCount, [tensor("a", [.max, 2], float)]),
            (.limit, [tensor("a", [Int](repeating: 1, count: 9), float)]),
            (.limit, [tensor(String(repeating: "a", count: 1025), [1], float)]),
        ]
        let folder = try TemporaryFolder()
        for (rule, tensors) in refused {
            let error = #expect(throws: CheckpointError.self) {
                try Safetensors.write(tensors, to: folder.path("refused.safetensors"))
            }
            guard case .safetensors(let error) = error else {
                Issue.record("\(String(describing: error)) instead of \(rule)")
                continue
            }
            #expect(error.rule == rule)
        }
        #expect(throws: CheckpointError.self) {
            try Safetensors.serialized([tensor("__metadata__", [1], float)], metadata: ["a": "b"])
        }
        #expect(folder.names.isEmpty)
    }

    @Test func nowhereToWrite() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("none/model.safetensors")
        let error = #expect(throws: CheckpointError.self) { try Safetensors.write([], to: path) }
        guard case .file(let error) = error else { return }
        #expect(error.isNotFound)
        #expect(error.path == path)
    }
}
