import Files
import TensorCore
import TestSupport
import Testing

@testable import VectorIndex

@Suite struct IndexFileTests {
    private let folder: TemporaryFolder
    private let runtime = Runtime(threads: 2)

    init() throws { folder = try TemporaryFolder() }

    private func bytes(_ fixture: VectorFixture) throws -> [UInt8] {
        let path = folder.path("made.index")
        try fixture.write(to: path)
        return try FileSystem.read(path, limit: 1 << 20)
    }

    /// Opens and loads the bytes as an index.
    private func load(_ bytes: [UInt8]) throws {
        let path = try folder.write(bytes, as: "tried.index")
        _ = try VectorIndex(IndexFile(path), runtime: runtime)
    }

    @Test func whatIsWrittenIsRead() throws {
        let fixture = VectorFixture(count: 100, width: 5)
        let path = folder.path("a.index")
        try fixture.write(to: path)
        let file = try IndexFile(path)
        #expect(
            file.path == path && file.description == fixture.description
                && file.entries == fixture.entries)
        #expect(try file.vectors(0..<100) == fixture.rows.flatMap { $0 })
        #expect(try file.vectors(7..<9) == fixture.rows[7] + fixture.rows[8])
        #expect(try file.vectors(3..<3).isEmpty)
        #expect(folder.names == ["a.index"])
    }

    @Test func theLayoutIsAsDocumented() throws {
        let bytes = try bytes(VectorFixture(count: 2, width: 3))
        #expect(
            bytes.starts(with: Array("ZOOINDEX".utf8) + [1, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]))
        // Name, identity and folder, and two entries of 4 + 8 + 8 bytes and a path of 16.
        let table = 4 + 4 + 4 + 8 + 4 + 7 + 2 * (20 + 16)
        #expect(Int(bytes[24]) == table && bytes[25..<64].allSatisfy { $0 == 0 })
        #expect(bytes.count == 64 + (table + 63) / 64 * 64 + 2 * 3 * 4)
        #expect(bytes[64..<72].elementsEqual([4, 0, 0, 0] + Array("tiny".utf8)))
    }

    @Test func everyLengthButTheRightOneIsRefused() throws {
        let bytes = try bytes(VectorFixture(count: 3, width: 4))
        for length in 0..<bytes.count {
            #expect(throws: VectorIndexError.self) { try load(Array(bytes[..<length])) }
        }
        #expect(throws: VectorIndexError.self) { try load(bytes + [0]) }
        try load(bytes)
    }

    @Test func everyChangedByteIsHarmless() throws {
        let bytes = try bytes(VectorFixture(count: 3, width: 4))
        let table = 64..<64 + Int(bytes[24])
        let vectors = bytes.count - 3 * 4 * 4
        for place in bytes.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF, bytes[place] ^ 1, bytes[place] ^ 0x80] as [UInt8] {
                guard value != bytes[place] else { continue }
                var changed = bytes
                changed[place] = value
                do {
                    try load(changed)
                    // A name, a size, a time or the last digits of a number may change unseen, nothing else.
                    #expect(table.contains(place) || place >= vectors, "byte \(place) set to \(value)")
                } catch is VectorIndexError {}
            }
        }
    }

    @Test func hugeClaimsTakeNoMemory() throws {
        let bytes = try bytes(VectorFixture(count: 3, width: 4))
        for (place, claim) in [
            (16, UInt64.max), (16, 1 << 62), (24, .max), (24, 1 << 40), (16, 1 << 40),
        ] {
            var changed = bytes
            changed.replaceSubrange(
                place..<place + 8, with: withUnsafeBytes(of: (claim as UInt64).littleEndian, Array.init))
            #expect(throws: VectorIndexError.self) { try load(changed) }
        }
        for length in [UInt32.max, 1 << 20, 4097] {
            var changed = bytes
            changed.replaceSubrange(64..<68, with: withUnsafeBytes(of: length.littleEndian, Array.init))
            #expect(throws: VectorIndexError.self) { try load(changed) }
        }
        #expect(throws: VectorIndexError.self) { try IndexFile(folder.path) }
        #expect(throws: VectorIndexError.self) { try IndexFile(folder.path("nothing.index")) }
    }

    @Test(arguments: ["/a.png", "a//b.png", "../a.png", "a/./b.png", "a/..", "", "a\0b"])
    func pathsThatLeadElsewhere(path: String) throws {
        let description = VectorFixture(count: 0, width: 2).description
        let entry = IndexEntry(path: Array(path.utf8), size: 0, modified: 0)
        #expect(throws: VectorIndexError.self) {
            _ = try IndexWriter(folder.path("x.index"), description: description, entries: [entry])
        }
        // A file that says so all the same is refused when it is read.
        let table = IndexLayout.table(description, [entry])
        let layout = try #require(IndexLayout(width: 2, count: 1, tableBytes: table.count))
        var bytes = layout.header + table
        bytes += [UInt8](repeating: 0, count: layout.vectorsOffset - bytes.count)
        withUnsafeBytes(of: (Float(1), Float(0))) { bytes += Array($0) }
        #expect(throws: VectorIndexError.self) { try load(bytes) }
    }

    @Test func entriesOutOfOrder() throws {
        let fixture = VectorFixture(count: 3, width: 2)
        for entries in [Array(fixture.entries.reversed()), [fixture.entries[0], fixture.entries[0]]] {
            #expect(throws: VectorIndexError.self) {
                _ = try IndexWriter(
                    folder.path("x.index"), description: fixture.description, entries: entries)
            }
        }
        #expect(folder.names.isEmpty)
    }

    @Test func vectorsThatAreNone() throws {
        let fixture = VectorFixture(count: 2, width: 2)
        for row in [
            [0, 0], [.nan, 1], [2, 0], [.infinity, 0], [1], [1, 0, 0], [1, 0, 1, 0, 1, 0],
        ] as [[Float]] {
            #expect(throws: VectorIndexError.self) {
                var writer = try IndexWriter(
                    folder.path("x.index"), description: fixture.description, entries: fixture.entries)
                try writer.append(row)
            }
        }
        for width in [0, -1, 65_537] {
            var description = fixture.description
            description.width = width
            #expect(throws: VectorIndexError.self) {
                _ = try IndexWriter(folder.path("x.index"), description: description, entries: [])
            }
        }
        #expect(folder.names.isEmpty)
    }

    @Test func theOldFileStaysUntilTheNewOneIsWhole() throws {
        let path = folder.path("a.index")
        try VectorFixture(count: 3, width: 4).write(to: path)
        let before = try FileSystem.read(path, limit: 1 << 20)
        let other = VectorFixture(count: 5, width: 4, seed: 8)
        #expect(throws: VectorIndexError.self) {
            var writer = try IndexWriter(path, description: other.description, entries: other.entries)
            try writer.append(other.rows[0])
            try writer.finish()
        }
        #expect(try FileSystem.read(path, limit: 1 << 20) == before && folder.names == ["a.index"])
        try other.write(to: path)
        #expect(try IndexFile(path).entries.count == 5 && folder.names == ["a.index"])
    }
}
