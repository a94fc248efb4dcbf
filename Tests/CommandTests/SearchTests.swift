import DualEncoder
import Foundation
import Media
import Testing
import VectorIndex

@testable import ZooCommand

@Suite struct SearchTests {
    private let scratch: Scratch
    private let clip = Fixtures.dual("transformers-clip")
    private let index: String

    init() throws {
        scratch = try Scratch()
        index = "\(scratch.path)/photos.index"
    }

    private func pictures(_ seeds: ClosedRange<UInt64>) throws -> [String] {
        try seeds.map { try scratch.picture("set/\(100 + $0).png", seed: $0, width: 20 + 5 * Int($0)) }
    }

    /// Indexes the folder and gives the counts.
    private func update(_ options: [String] = [], code: Int32 = 0) throws -> [String: Int] {
        let outcome = try ZooBinary.run(["index", "\(scratch.path)/set", "-o", index, "--json"] + options)
        #expect(outcome.code == code, "\(outcome.errors)")
        let object = try #require(try outcome.objects().last)
        return object.compactMapValues { $0 as? Int }
    }

    private func contents(_ name: String) throws -> Data {
        try Data(contentsOf: URL(filePath: "\(scratch.path)/\(name)"))
    }

    @Test func whatIsIndexedIsFound() throws {
        defer { scratch.remove() }
        let paths = try pictures(1...12)
        let made = try ZooBinary.run(["index", "\(scratch.path)/set", "--output", index, "--model", clip])
        #expect(made.code == 0 && made.errors.isEmpty)
        #expect(made.output == "\(index): 12 pictures (12 new, 0 changed, 0 removed, 0 unchanged)\n")
        for (place, path) in paths.enumerated() where place % 5 == 0 {
            let outcome = try ZooBinary.run(["search", "--index", index, "--image", path, "--json", "--top", "3"])
            let hits = try outcome.objects()
            #expect(
                outcome.code == 0 && hits.count == 3 && hits.allSatisfy { Set($0.keys) == ["input", "score", "rank"] })
            #expect(hits.map { $0["rank"] as? Int } == [1, 2, 3])
            #expect((hits[0]["input"] as? String)?.hasSuffix("/set/\(101 + place).png") == true)
            #expect(abs(try #require(hits[0]["score"] as? Double) - 1) < 1e-5)
            let scores = hits.compactMap { $0["score"] as? Double }
            #expect(scores == scores.sorted(by: >))
        }
    }

    @Test func wordsByTheCosine() throws {
        defer { scratch.remove() }
        let paths = try pictures(1...8)
        _ = try update(["--model", clip])
        let encoder = try DualEncoder(folder: clip)
        let text = try encoder.embed(texts: ["a red car at night"]).floats
        let images = try encoder.embed(images: paths.map { try ImageDecoder.decode(path: $0) })
        let scores = paths.indices.map { row in
            zip(images.rows(row..<row + 1).floats, text).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        }
        let order = paths.indices.sorted { scores[$0] > scores[$1] }
        let reference = try ZooBinary.run([
            "search", "--index", index, "a red car at night", "--json", "--threads", "1",
        ])
        let hits = try reference.objects()
        #expect(hits.count == 8)
        for (hit, place) in zip(hits, order) {
            #expect((hit["input"] as? String)?.hasSuffix("/set/\(101 + place).png") == true)
            #expect(abs(try #require(hit["score"] as? Double) - scores[place]) < 1e-5)
        }
        let threads = try ZooBinary.run(["search", "--index", index, "a red car at night", "--json", "--threads", "3"])
        #expect(threads.output == reference.output)
        let table = try ZooBinary.run(["search", "--index", index, "a red car at night", "--top", "2"])
        #expect(table.lines.count == 4 && table.lines[0].split(separator: " ") == ["Rank", "Score", "Input"])
    }

    @Test func onlyWhatChangedIsTouched() throws {
        defer { scratch.remove() }
        _ = try pictures(1...6)
        try scratch.write(Data("no picture".utf8), "set/bad.png")
        let first = try update(["--model", clip], code: 65)
        #expect(first == ["entries": 6, "new": 6, "changed": 0, "removed": 0, "unchanged": 0, "failed": 1])
        let before = try FileManager.default.attributesOfItem(atPath: index)[.systemFileNumber] as? Int
        // The damaged one is tried again each time; nothing else is, and the index is not written anew.
        let second = try update(code: 65)
        #expect(second == ["entries": 6, "new": 0, "changed": 0, "removed": 0, "unchanged": 6, "failed": 1])
        #expect(try FileManager.default.attributesOfItem(atPath: index)[.systemFileNumber] as? Int == before)

        try FileManager.default.removeItem(atPath: "\(scratch.path)/set/bad.png")
        try FileManager.default.removeItem(atPath: "\(scratch.path)/set/102.png")
        try scratch.picture("set/104.png", seed: 50)
        try scratch.picture("set/below/a.png", seed: 51)
        try scratch.picture("set/000.png", seed: 52)
        let third = try update()
        #expect(third == ["entries": 7, "new": 2, "changed": 1, "removed": 1, "unchanged": 4, "failed": 0])
        let updated = try contents("photos.index")
        #expect(try update() == ["entries": 7, "new": 0, "changed": 0, "removed": 0, "unchanged": 7, "failed": 0])
        // Bit for bit what an index made from nothing would be.
        #expect(try update(["--rebuild"])["new"] == 7)
        #expect(try contents("photos.index") == updated)
        // One that was good and is damaged now leaves the index.
        try scratch.write(Data("no picture".utf8), "set/103.png")
        #expect(try update(code: 65)["removed"] == 1)
        #expect(try IndexFile(index).entries.count == 6)
    }

    @Test func anotherModelIsRefused() throws {
        defer { scratch.remove() }
        _ = try pictures(1...3)
        let copy = try scratch.model("model", from: clip)
        _ = try update(["--model", copy])
        let before = try contents("photos.index")
        let other = Fixtures.dual("transformers-clip-gelu")
        for arguments in [
            ["search", "--index", index, "a", "--model", other],
            ["index", "\(scratch.path)/set", "-o", index, "--model", other],
        ] {
            let outcome = try ZooBinary.run(arguments)
            #expect(outcome.code == 65 && outcome.errors.contains("was made with"), "\(outcome.errors)")
        }
        // The same name with other weights is another model.
        let weights = "\(scratch.path)/model/model.safetensors"
        var bytes = try Data(contentsOf: URL(filePath: weights))
        bytes[bytes.count - 3] ^= 1
        try bytes.write(to: URL(filePath: weights))
        let changed = try ZooBinary.run(["search", "--index", index, "a"])
        #expect(changed.code == 65 && changed.errors.contains("no longer the same"))
        #expect(try ZooBinary.run(["index", "\(scratch.path)/set", "-o", index]).code == 65)
        #expect(try contents("photos.index") == before)
        #expect(try update(["--rebuild", "--model", copy])["new"] == 3)
        #expect(try ZooBinary.run(["search", "--index", index, "a"]).code == 0)
    }

    /// Pictures of two folders can agree in name, size and time.
    @Test func anotherFolderIsRefused() throws {
        defer { scratch.remove() }
        _ = try pictures(1...2)
        _ = try update(["--model", clip])
        let before = try contents("photos.index")
        let other = "\(scratch.path)/other"
        try FileManager.default.copyItem(atPath: "\(scratch.path)/set", toPath: other)
        let outcome = try ZooBinary.run(["index", other, "-o", index])
        #expect(outcome.code == 65 && outcome.errors.contains("--rebuild"), "\(outcome.errors)")
        #expect(try contents("photos.index") == before)
        #expect(try ZooBinary.run(["index", other, "-o", index, "--rebuild"]).code == 0)
    }

    @Test func indexesAndQueriesThatAreNone() throws {
        defer { scratch.remove() }
        let paths = try pictures(1...3)
        _ = try update(["--model", clip])
        let bytes = try contents("photos.index")
        try scratch.write(bytes.dropLast(), "cut.index")
        try scratch.write(bytes + Data([0]), "long.index")
        let text = try scratch.write(Data("no picture".utf8), "text.png")
        for (arguments, code) in [
            (["--index", "\(scratch.path)/cut.index", "a"], 65), (["--index", "\(scratch.path)/long.index", "a"], 65),
            (["--index", "\(scratch.path)/none.index", "a"], 66), (["--index", index, "--image", text], 65),
            (["--index", index, "--image", "\(scratch.path)/none.png"], 66), (["--index", index], 2),
            (["--index", index, "a", "--image", paths[0]], 2), (["--index", index, "a", "b"], 2),
            (["--index", index, String(repeating: "cat ", count: 500)], 65),
            (["--index", index, "a", "--sheet", "sheet.jpg"], 2), (["a"], 2),
        ] as [([String], Int32)] {
            let outcome = try ZooBinary.run(["search"] + arguments)
            #expect(outcome.code == code && outcome.output.isEmpty && !outcome.errors.isEmpty, "\(arguments)")
        }
        let long = String(repeating: "cat ", count: 500)
        #expect(try ZooBinary.run(["search", "--index", index, "--truncate", long]).code == 0)
        #expect(try ZooBinary.run(["index", "\(scratch.path)/set", "-o", "\(scratch.path)/cut.index"]).code == 65)
        #expect(try ZooBinary.run(["index", "\(scratch.path)/none", "-o", index]).code == 66)
        #expect(try ZooBinary.run(["index", paths[0], "-o", index, "--model", clip]).code == 65)
        #expect(
            try ZooBinary.run(["index", "\(scratch.path)/set", "-o", "x.index", "--model", Fixtures.sentence("minilm")])
                .code == 2)
        #expect(try contents("photos.index") == bytes)
    }

    @Test func picturesByAClassifier() throws {
        defer { scratch.remove() }
        let paths = try pictures(1...4)
        _ = try update(["--model", Fixtures.resnet])
        let outcome = try ZooBinary.run(["search", "--index", index, "--image", paths[2], "--json", "--top", "1"])
        #expect((try outcome.objects().first?["input"] as? String)?.hasSuffix("/103.png") == true)
        let words = try ZooBinary.run(["search", "--index", index, "a dog"])
        #expect(words.code == 2 && words.errors.contains("takes no texts"))
    }

    @Test func namesThatAreNotText() throws {
        defer { scratch.remove() }
        let paths = try pictures(1...2)
        let raw = InputPath(Array("\(scratch.path)/set/".utf8) + [0xFF, 0x0A] + Array(".png".utf8))
        #expect(raw.withCString { rename(paths[1], $0) } == 0)
        _ = try update(["--model", clip])
        let sheet = "\(scratch.path)/sheet.png"
        let outcome = try ZooBinary.run(["search", "--index", index, "a", "--json", "--sheet", sheet])
        let found = try outcome.objects().compactMap { $0["input"] as? String }
        #expect(outcome.code == 0 && outcome.errors.isEmpty)
        #expect(found.contains { $0.hasSuffix("/set/\u{FFFD}\n.png") } && found.count == 2)
    }

    @Test func anInterruptedRunLeavesTheOldIndex() throws {
        defer { scratch.remove() }
        _ = try pictures(1...3)
        _ = try update(["--model", clip])
        let before = try contents("photos.index")
        // A thousand names of one picture: links count as pictures of their own.
        for number in 0..<1500 {
            try FileManager.default.createSymbolicLink(
                atPath: "\(scratch.path)/set/x\(number).png", withDestinationPath: "101.png")
        }
        let process = try ZooBinary.make(["index", "\(scratch.path)/set", "-o", index, "--batch", "1"])
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        usleep(50_000)
        process.interrupt()
        ZooBinary.wait(for: process)
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(process.terminationStatus == 130 && text.contains("the index is as it was"), "\(text)")
        #expect(try contents("photos.index") == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == ["photos.index", "set"])
    }
}
