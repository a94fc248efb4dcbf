import Checkpoints
import Foundation
import TensorCore
import TestSupport
import Testing

@Suite struct SafetensorsFormatTests {
    /// What a reader makes of a file.
    private enum Outcome: Equatable {
        case tensors([[UInt8]])
        case refusal(SafetensorsError.Rule)
        case other(String)

        init(_ read: () throws -> Safetensors) {
            do { self = .tensors(try read().names.map { Array($0.utf8) }) } catch CheckpointError.safetensors(let error)
            {
                self = .refusal(error.rule)
            } catch { self = .other("\(error)") }
        }

        init(_ verdict: HandMadeFile.Verdict) {
            switch verdict {
            case .loads(let names): self = .tensors(names.map { Array($0.utf8) })
            case .breaks(let rule): self = .refusal(rule)
            }
        }
    }

    @Test func everyCaseHasItsFiles() {
        for id in CatalogueID.allCases where !id.isAboutWriting && !id.isAboutPaths && id != .ST14 {
            #expect(!id.files.isEmpty, "\(id) has no file")
        }
        let broken = CatalogueID.allFiles.compactMap { file in
            if case .breaks(let rule) = file.verdict { rule } else { nil }
        }
        for rule in SafetensorsError.Rule.allCases { #expect(broken.contains(rule), "no file breaks \(rule.rawValue)") }
    }

    @Test(arguments: CatalogueID.allFiles)
    func inMemory(file: HandMadeFile) throws {
        #expect(Outcome { try Safetensors(bytes: file.bytes, file: "made.safetensors") } == Outcome(file.verdict))
    }

    @Test(arguments: CatalogueID.allFiles)
    func onDisk(file: HandMadeFile) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(file.bytes, as: "made.safetensors")
        #expect(Outcome { try Safetensors(file: path) } == Outcome(file.verdict))
    }

    @Test(arguments: CatalogueID.allFiles)
    func messages(file: HandMadeFile) {
        guard case .breaks(let rule) = file.verdict else { return }
        let error = #expect(throws: CheckpointError.self) {
            try Safetensors(bytes: file.bytes, file: "made.safetensors")
        }
        guard case .safetensors(let error) = error else { return }
        #expect(error.description.hasPrefix("made.safetensors: byte \(error.offset)"))
        #expect(error.description.hasSuffix("[\(rule.rawValue)]"))
        #expect((0...file.bytes.count).contains(error.offset), "byte \(error.offset) of \(file.bytes.count)")
        #expect(error.description.utf8.count < 1000)
    }

    @Test func theTensorIsNamed() {
        let bytes = Bytes.file(entries: entry("first", "[1]", "[0,1]") + "," + entry("second", "[3]", "[1,2]"), data: 2)
        let error = #expect(throws: CheckpointError.self) { try Safetensors(bytes: bytes, file: "f") }
        guard case .safetensors(let error) = error else { return }
        #expect(error.tensor == "second")
        #expect(error.expected.contains("3 bytes"))
    }

    @Test func headerAtTheLimit() throws {
        // R2: exactly 100,000,000 bytes are fine.
        var header = [UInt8](repeating: 0x20, count: Safetensors.headerLimit)
        for (index, byte) in "{\(entry("[2]", "[0,2]"))}".utf8.enumerated() { header[index] = byte }
        #expect(try Safetensors(bytes: Bytes.file(header, data: [1, 2]), file: "limit").names == ["t"])
    }

    @Test func aMillionTensors() throws {
        // ST14, and one more than that.
        func file(_ count: Int) -> [UInt8] {
            var header: [UInt8] = [0x7B]
            header.reserveCapacity(count * 64)
            for index in 0..<count {
                if index > 0 { header.append(0x2C) }
                header.append(contentsOf: entry(String(index), "[]", "[\(index),\(index + 1)]").utf8)
            }
            header.append(0x7D)
            return Bytes.file(header, data: [UInt8](repeating: 7, count: count))
        }
        let source = try Safetensors(bytes: file(1_000_000), file: "million")
        #expect(source.names.count == 1_000_000)
        #expect(source.entry("999999")?.byteCount == 1)
        #expect(try source.bytes(of: "123456") == [7])
        #expect(Outcome { try Safetensors(bytes: file(1_000_001), file: "million") } == .refusal(.limit))
    }

    @Test func aSparseGigabyteAfterTheData() throws {
        // ST06
        let folder = try TemporaryFolder()
        let path = try folder.write(CatalogueID.small, as: "sparse.safetensors")
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: 1 << 30)
        try handle.close()
        #expect(Outcome { try Safetensors(file: path) } == .refusal(.fileLength))
    }

    @Test func unalignedData() throws {
        // ST17
        let values: [Double] = [0.5, -3.25]
        for shift in 0..<8 {
            let header = "{\(entry("t", "F64", "[2]", "[0,16]"))}" + String(repeating: " ", count: shift)
            let data = values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
            }
            let source = try Safetensors(bytes: Bytes.file(Array(header.utf8), data: data), file: "shifted")
            #expect(try source.bytes(of: "t") == data)
        }
    }

    @Test func flippedBits() throws {
        var random = SeededGenerator(seed: 24)
        var loaded = 0
        for _ in 0..<3000 {
            var bytes = CatalogueID.small
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            do {
                let source = try Safetensors(bytes: bytes, file: "flipped")
                loaded += 1
                // What passes the rules can be read to its last byte.
                for name in source.names where source.info(name) != nil {
                    #expect(try source.bytes(of: name).count == source.info(name)?.byteCount)
                }
            } catch CheckpointError.safetensors {}
        }
        // Flips in data and names do no harm.
        #expect((50..<500).contains(loaded), "\(loaded) of 3000")
    }

    @Test func randomBytes() {
        var random = SeededGenerator(seed: 25)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let length = UInt64(max(0, bytes.count - Int.random(in: 0...3, using: &random)))
            #expect(throws: CheckpointError.self) {
                try Safetensors(bytes: Bytes.file(length: length, bytes), file: "noise")
            }
        }
    }
}
