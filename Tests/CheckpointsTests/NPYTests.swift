import Checkpoints
import TestSupport
import Testing

@Suite struct NPYTests {
    /// A file of `numpy.save` (NumPy 2.4.6): its header without the spaces, and its data.
    struct Golden: Sendable {
        var header: String
        /// Spaces at the header's end, before the line feed.
        var spaces: Int
        var data: String
        var element: NPY.Element
        var shape: [Int]
    }

    static let goldens = [
        Golden(
            header: "{'descr': '<f4', 'fortran_order': False, 'shape': (), }", spaces: 62, data: "0000c03f",
            element: .float32, shape: []),
        Golden(
            header: "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }", spaces: 60,
            data: "ffffffffffffffff00000000000000000100000000000000", element: .int64, shape: [3]),
        Golden(
            header: "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", spaces: 58,
            data: "000000000000803e0000003f0000403f0000803f0000a03f", element: .float32, shape: [2, 3]),
        Golden(
            header: "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4), }", spaces: 58, data: "",
            element: .float32,
            shape: [0, 4]),
        Golden(
            header: "{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", spaces: 60, data: "0100",
            element: .bool,
            shape: [2]),
        Golden(
            header: "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 1, 2), }", spaces: 52, data: "00010203",
            element: .uint8, shape: [1, 2, 1, 2]),
        Golden(
            header: "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 1), }", spaces: 58, data: "0038fffb",
            element: .float16, shape: [2, 1]),
        Golden(
            header: "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", spaces: 60, data: "9a9999999999b93f",
            element: .float64, shape: [1]),
        Golden(
            header: "{'descr': '<i4', 'fortran_order': False, 'shape': (1000000, 0), }", spaces: 52, data: "",
            element: .int32, shape: [1_000_000, 0]),
    ]

    private static let magic = Bytes.hex("934e554d5059")

    private static func file(_ golden: Golden) -> [UInt8] {
        let text = Array((golden.header + String(repeating: " ", count: golden.spaces) + "\n").utf8)
        return magic + [1, 0, UInt8(text.count), 0] + text + Bytes.hex(golden.data)
    }

    @Test(arguments: goldens.indices)
    func readsAndWritesNumPysBytes(index: Int) throws {
        let golden = Self.goldens[index]
        let bytes = Self.file(golden)
        let array = try NPY(bytes: bytes, file: "golden.npy")
        #expect(array == NPY(element: golden.element, shape: golden.shape, bytes: Bytes.hex(golden.data)))
        #expect(array.serialized() == bytes)
        #expect((bytes.count - array.bytes.count) % 64 == 0)
        let folder = try TemporaryFolder()
        try array.write(to: folder.path("a.npy"))
        #expect(try FileSystem.read(folder.path("a.npy"), limit: 1000) == bytes)
        #expect(try NPY(file: folder.path("a.npy"), limit: bytes.count) == array)
        #expect(throws: CheckpointError.self) { try NPY(file: folder.path("a.npy"), limit: bytes.count - 1) }
    }

    @Test func values() throws {
        #expect(try NPY(bytes: Self.file(Self.goldens[1]), file: "i8").integers() == [-1, 0, 1])
        #expect(try NPY(bytes: Self.file(Self.goldens[2]), file: "f4").floats() == [0, 0.25, 0.5, 0.75, 1, 1.25])
        #expect(try NPY(bytes: Self.file(Self.goldens[2]), file: "f4").integers() == nil)
        #expect(try NPY(bytes: Self.file(Self.goldens[4]), file: "b1").floats() == [1, 0])
        #expect(try NPY(bytes: Self.file(Self.goldens[6]), file: "f2").floats() == [0.5, -65504])
        #expect(try NPY(bytes: Self.file(Self.goldens[7]), file: "f8").floats() == [0.1])
        #expect(NPY([1, 2] as [Float], shape: [2, 1]).floats() == [1, 2])
        #expect(NPY([.min, .max] as [Int64], shape: [2]).integers() == [.min, .max])
        let ones = [UInt8](repeating: 0xFF, count: 8)
        #expect(NPY(element: .uint64, shape: [1], bytes: ones).integers() == nil)
        #expect(NPY(element: .int8, shape: [8], bytes: ones).integers() == [Int64](repeating: -1, count: 8))
        #expect(NPY(element: .uint16, shape: [4], bytes: ones).integers() == [Int64](repeating: 65535, count: 4))
        #expect(NPY(element: .int32, shape: [2], bytes: ones).floats() == [-1, -1])
        #expect(NPY(element: .uint32, shape: [2], bytes: ones).floats() == [4_294_967_296, 4_294_967_296])
        #expect(NPY(element: .int16, shape: [2, 2], bytes: ones).count == 4)
    }

    @Test func columnMajorOrder() throws {
        // numpy.save of numpy.asfortranarray([[0, 1, 2], [3, 4, 5]]).
        let text = Array(
            ("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }" + String(repeating: " ", count: 59) + "\n")
                .utf8)
        let data = Bytes.hex("00000000000040400000803f00008040000000400000a040")
        let array = try NPY(bytes: Self.magic + [1, 0, UInt8(text.count), 0] + text + data, file: "f")
        #expect(array.floats() == [0, 1, 2, 3, 4, 5])
        #expect(array.shape == [2, 3])
    }

    @Test(arguments: [2, 3] as [UInt8])
    func laterVersions(version: UInt8) throws {
        let text = Array(
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }" + String(repeating: " ", count: 58) + "\n")
                .utf8)
        let bytes = Self.magic + [version, 0, UInt8(text.count), 0, 0, 0] + text + Bytes.hex("000000000000803f")
        #expect(try NPY(bytes: bytes, file: "later").floats() == [0, 1])
    }

    @Test(arguments: [
        "{'descr': '<f4', 'fortran_order': False}", "{'descr': '<f4', 'shape': (1,)}",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (01,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9223372036854775807, 9223372036854775807)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)",
        "{'descr': '<f4", "", "[]", "{'descr': '\u{E9}', 'fortran_order': False, 'shape': (1,)}",
    ])
    func refusedHeaders(text: String) {
        let header = Array(text.utf8)
        let bytes = Self.magic + [1, 0, UInt8(header.count & 0xFF), UInt8(header.count >> 8)] + header + [0, 0, 0, 0]
        expectRefusal(of: bytes)
    }

    @Test func tooManyDimensions() throws {
        func file(_ rank: Int) -> [UInt8] {
            let shape = [String](repeating: "1", count: rank).joined(separator: ", ")
            let header = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (\(shape),)}".utf8)
            return Self.magic + [1, 0, UInt8(header.count & 0xFF), UInt8(header.count >> 8)] + header + [0, 0, 0, 0]
        }
        #expect(try NPY(bytes: file(64), file: "64").shape.count == 64)
        expectRefusal(of: file(65))
    }

    @Test func everyCutIsRefused() {
        let bytes = Self.file(Self.goldens[2])
        for count in 0..<bytes.count { expectRefusal(of: Array(bytes.prefix(count))) }
        expectRefusal(of: bytes + [0])
        expectRefusal(of: [0] + bytes)
        // A version that does not exist, and a header that is longer than the file.
        for (place, value) in [(6, 4), (6, 0), (7, 1), (9, 0xFF)] as [(Int, UInt8)] {
            var changed = bytes
            changed[place] = value
            expectRefusal(of: changed)
        }
    }

    @Test func flippedBits() {
        let bytes = Self.file(Self.goldens[2])
        var random = SeededGenerator(seed: 26)
        for _ in 0..<3000 {
            var changed = bytes
            changed[Int.random(in: 0..<128, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            do {
                let array = try NPY(bytes: changed, file: "flipped")
                #expect(array.count * array.element.byteCount == array.bytes.count)
            } catch {
                guard case .npy = error else {
                    Issue.record("\(error)")
                    return
                }
            }
        }
    }

    private func expectRefusal(of bytes: [UInt8]) {
        let error = #expect(throws: CheckpointError.self) { try NPY(bytes: bytes, file: "refused.npy") }
        guard case .npy(let error) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error.file == "refused.npy")
        #expect((0...bytes.count).contains(error.offset))
    }
}
