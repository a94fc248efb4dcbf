import Checkpoints
import Foundation
import JSON
import TensorCore
import TestSupport
import Testing

@Suite struct SafetensorsReadingTests {
    @Test func entriesInfoAndBytes() throws {
        let source = try Safetensors(bytes: CatalogueID.small, file: "small")
        #expect(source.names == ["a", "b"])
        #expect(source.location == "small")
        #expect(source.metadata["format"]?.stringValue == "pt")
        #expect(source.info("a") == TensorInfo(name: "a", dtype: .float32, shape: [2], file: "small"))
        #expect(source.info("c") == nil)
        #expect(source.entry("b")?.offset == 176)
        #expect(try source.bytes(of: "a") == Bytes.counting(8))
        #expect(try source.bytes(of: "b") == [9, 10, 11, 12])
    }

    @Test func partsOfATensor() throws {
        let source = try Safetensors(bytes: CatalogueID.small, file: "small")
        var part = [UInt8](repeating: 0, count: 3)
        try part.withUnsafeMutableBytes { try source.read("a", at: 5, into: $0) }
        #expect(part == [6, 7, 8])
        // Nothing at the very end is fine, one byte past it is not.
        try source.read("a", at: 8, into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
        for offset in [-1, 6, 8, 9, .max, .min] {
            #expect(throws: TensorReadError.self) {
                try part.withUnsafeMutableBytes { try source.read("a", at: offset, into: $0) }
            }
        }
        let error = #expect(throws: TensorReadError.self) { try source.bytes(of: "none") }
        #expect(error?.tensor == "none")
        #expect(error?.file == "small")
    }

    @Test func typesThatCannotBeRead() throws {
        let bytes = Bytes.file(entries: entry("t", "C64", "[1]", "[0,8]"), data: 8)
        let source = try Safetensors(bytes: bytes, file: "complex")
        #expect(source.names == ["t"])
        #expect(source.info("t") == nil)
        #expect(source.entry("t")?.type == .complex64)
        let error = #expect(throws: TensorReadError.self) { try source.bytes(of: "t") }
        #expect(error?.reason.contains("C64") == true)
    }

    @Test func notAFile() throws {
        // ST19
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
        try folder.makeFolder("folder")
        try folder.link("loop", to: "loop")
        let reasons: [(String, FileError.Reason)] = [
            (folder.path("pipe"), .notRegular), (folder.path("folder"), .notRegular), ("/dev/zero", .notRegular),
            (folder.path("loop"), .system(code: ELOOP)), (folder.path("none"), .system(code: ENOENT)),
            ("", .invalidPath), (folder.path("a\0b"), .invalidPath),
        ]
        for (path, reason) in reasons {
            #expect(throws: CheckpointError.file(FileError(path: path, operation: "open", reason: reason))) {
                try Safetensors(file: path)
            }
        }
    }

    @Test(.enabled(if: geteuid() != 0, "everything is readable for the superuser"))
    func unreadable() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(CatalogueID.small, as: "secret")
        #expect(chmod(path, 0) == 0)
        #expect(throws: CheckpointError.file(FileError(path: path, operation: "open", reason: .system(code: EACCES)))) {
            try Safetensors(file: path)
        }
    }

    /// ST18, OS03: what was there when the file was opened is gone; reading says so.
    @Test func aFileThatShrinksWhileOpen() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(CatalogueID.small, as: "small.safetensors")
        let source = try Safetensors(file: path)
        #expect(try source.bytes(of: "b") == [9, 10, 11, 12])
        #expect(truncate(path, 170) == 0)
        let error = #expect(throws: TensorReadError.self) { try source.bytes(of: "b") }
        #expect(error?.reason.contains("cut short at byte 176") == true)
        // A part that is still there is not trusted either.
        #expect(throws: TensorReadError.self) { try source.bytes(of: "a") }
    }

    @Test func nonFiniteValues() throws {
        // ST23: NaN, infinities and subnormal numbers load; who asks is told where they are.
        let half = Float16(0.5).bitPattern
        let tensors = [
            StoredTensor(name: "fine", shape: [3], floats: [1, .leastNonzeroMagnitude, -.greatestFiniteMagnitude]),
            StoredTensor(name: "nan", shape: [2, 2], floats: [0, 1, 2, .nan]),
            StoredTensor(name: "infinite", shape: [3], floats: [0, -.infinity, .nan]),
            StoredTensor(
                name: "half", dtype: .float16, shape: [2], bytes: littleEndian([half, Float16.infinity.bitPattern])),
            StoredTensor(name: "bfloat", dtype: .bfloat16, shape: [2], bytes: littleEndian([UInt16(0x7F7F), 0xFF80])),
            StoredTensor(name: "double", dtype: .float64, shape: [1], bytes: littleEndian([Double.nan.bitPattern])),
            StoredTensor(name: "integers", dtype: .int64, shape: [1], bytes: [UInt8](repeating: 0xFF, count: 8)),
            StoredTensor(name: "empty", shape: [0, 3], floats: []),
        ]
        let source = try Safetensors(bytes: Safetensors.serialized(tensors), file: "values")
        let expected = ["nan": 3, "infinite": 1, "half": 1, "bfloat": 1, "double": 0]
        for tensor in tensors {
            let hit = try source.firstNonFinite(of: tensor.name)
            #expect(hit?.index == expected[tensor.name])
            #expect(hit == nil || hit?.tensor == tensor.name)
        }
        #expect(throws: TensorReadError.self) { try source.firstNonFinite(of: "none") }
    }

    @Test func aNonFiniteValueFarInside() throws {
        // More than the piece that is scanned at a time.
        var values = [Float](repeating: 1, count: 600_000)
        values[524_289] = .infinity
        let tensor = StoredTensor(name: "t", shape: [600_000], floats: values)
        let source = try Safetensors(bytes: Safetensors.serialized([tensor]), file: "long")
        #expect(try source.firstNonFinite(of: "t")?.index == 524_289)
    }

    private func littleEndian<Bits: FixedWidthInteger>(_ values: [Bits]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    }
}
