import Foundation
import JSON
import Testing

@testable import ZooCommand

/// Runs that are stopped, killed and cut in parts end with the same bytes.
@Suite struct EmbedResumeTests {
    private let scratch: Scratch
    private let model = ["--model", Fixtures.dual("transformers-clip")]

    init() throws { scratch = try Scratch() }

    /// Pictures of which one is damaged.
    private func pictures(_ count: Int) throws -> String {
        for seed in 1...count { try scratch.picture("set/\(seed + 100).png", seed: UInt64(seed)) }
        try scratch.write(Data("no picture".utf8), "set/105.png")
        return "\(scratch.path)/set"
    }

    private func contents(_ name: String) throws -> Data {
        try Data(contentsOf: URL(filePath: "\(scratch.path)/\(name)"))
    }

    private var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: scratch.path)) ?? []).sorted()
    }

    /// OS05
    @Test(arguments: ["npy", "jsonl"])
    func killedAtAnyMoment(format: String) throws {
        defer { scratch.remove() }
        let set = try pictures(60)
        let options = ["--batch", "2", "--threads", "1"] + model
        _ = try ZooBinary.run(["embed", set, "-o", "\(scratch.path)/whole.\(format)"] + options)
        let arguments = ["embed", set, "-o", "\(scratch.path)/again.\(format)"] + options
        var kills = 0
        for round in 0..<200 {
            let process = try ZooBinary.make(arguments)
            process.standardError = FileHandle.nullDevice
            try process.run()
            usleep(UInt32(2000 + round * 1500))
            kill(process.processIdentifier, SIGKILL)
            ZooBinary.wait(for: process)
            if process.terminationReason == .exit { break }
            kills += 1
        }
        let last = try ZooBinary.run(arguments)
        #expect(kills > 0 && last.code == 65)
        #expect(try contents("again.\(format)") == contents("whole.\(format)"))
        if format == "npy" { #expect(try contents("again.ids.jsonl") == contents("whole.ids.jsonl")) }
        let sidecars = format == "npy" ? ["again.ids.jsonl", "whole.ids.jsonl"] : []
        #expect(names == (["again.\(format)", "set", "whole.\(format)"] + sidecars).sorted())
    }

    /// OS05
    @Test func stoppedAndContinued() throws {
        defer { scratch.remove() }
        let picture = try scratch.picture("a.png", seed: 1)
        let list = String(repeating: picture + "\n", count: 20_000)
        let listFile = try scratch.write(Data(list.utf8), "list")
        let process = try ZooBinary.make(["embed", "-", "-o", "\(scratch.path)/v.npy", "--batch", "1"] + model)
        let errors = Pipe()
        process.standardInput = FileHandle(forReadingAtPath: listFile)
        process.standardError = errors
        try process.run()
        func size() -> Int {
            let found = try? FileManager.default.attributesOfItem(atPath: scratch.path + "/v.npy.partial")
            return (found?[.size] as? Int) ?? 0
        }
        while size() < 4000, process.isRunning { usleep(1000) }
        process.interrupt()
        ZooBinary.wait(for: process)
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(process.terminationStatus == 130 && text.contains("the same command goes on from there"))
        #expect(names == ["a.png", "list", "v.npy.partial"])
        // Another list is another command; it neither goes on nor throws away what is there.
        let other = try ZooBinary.run(["embed", picture, "-o", "\(scratch.path)/v.npy"] + model)
        #expect(other.code == 2 && other.errors.contains("other inputs") && names.contains("v.npy.partial"))
        let again = try ZooBinary.run(["embed", picture, "-o", "\(scratch.path)/v.npy", "--restart"] + model)
        #expect(again.code == 0 && names == ["a.png", "list", "v.ids.jsonl", "v.npy"])
    }

    @Test func aJournalIsOfOneCommand() throws {
        defer { scratch.remove() }
        let set = try pictures(6)
        let path = "\(scratch.path)/v.jsonl"
        let arguments = ["embed", set, "-o", path]
        // A file of another kind is not touched.
        try scratch.write(Data("notes".utf8), "v.jsonl.partial")
        let foreign = try ZooBinary.run(arguments + model)
        #expect(try foreign.code == 2 && contents("v.jsonl.partial") == Data("notes".utf8))
        #expect(foreign.errors.contains("--restart"))
        // Only the beginning of a manifest, as a kill leaves it, is the same as nothing.
        try scratch.write(Data("{\"format\":\"zoo-embed-partial-1\",\"mod".utf8), "v.jsonl.partial")
        #expect(try ZooBinary.run(arguments + model).code == 65)
        let reference = try contents("v.jsonl")
        #expect(reference.count > 1000)
        // A second run of a complete file makes it again.
        #expect(try ZooBinary.run(arguments + model).code == 65)
        #expect(try contents("v.jsonl") == reference)
    }

    @Test func tornJournals() throws {
        defer { scratch.remove() }
        let path = scratch.path + "/v.npy.partial"
        let manifest: JSONObject = ["format": "zoo-embed-partial-1", "model": "a"]
        let outcomes: [Result<[Float], Failure>] = [
            .success([1, 2, 3]), .failure(Failure("broken", .badData)), .success([4, -0.0, .leastNonzeroMagnitude]),
            .failure(Failure("gone: é", .inputNotFound)), .success([7, 8, 9]),
        ]
        func open(restarts: Bool = false) throws -> EmbeddingJournal {
            try EmbeddingJournal(path, manifest: manifest, limit: outcomes.count, restarts: restarts)
        }
        func check(_ journal: EmbeddingJournal) throws {
            var found = 0
            try journal.forEach { index, outcome in
                found += 1
                switch (outcome, outcomes[index]) {
                case (.success(let a), .success(let b)): #expect(a.map(\.bitPattern) == b.map(\.bitPattern))
                case (.failure(let a), .failure(let b)): #expect(a.message == b.message && a.exitCode == b.exitCode)
                default: Issue.record("outcome \(index) is of the other kind")
                }
            }
            #expect(found == journal.tally.total)
        }
        do {
            let journal = try open()
            try journal.append(Array(outcomes[..<2]))
            try journal.append(Array(outcomes[2...]))
            #expect(journal.rows == 3 && journal.width == 3 && journal.tally.exitCode == .inputNotFound)
            // Nobody else writes it meanwhile.
            #expect(throws: Failure.self) { try open() }
            try check(journal)
        }
        let whole = try contents("v.npy.partial")
        for length in 0...whole.count {
            try scratch.write(whole.prefix(length), "v.npy.partial")
            let journal = try open()
            try check(journal)
            try journal.append(Array(outcomes[journal.tally.total...]))
            try check(journal)
            #expect(try contents("v.npy.partial") == whole, "cut at \(length)")
        }
        // A byte that changes takes its record and what follows with it.
        let start = JSONValue.object(manifest).serializedBytes().count + 1
        for place in start..<whole.count {
            var changed = whole
            changed[changed.startIndex + place] ^= 0x10
            try scratch.write(changed, "v.npy.partial")
            let journal = try open()
            try check(journal)
            #expect(journal.tally.total < outcomes.count)
        }
        #expect(try open(restarts: true).tally.total == 0)
    }

    @Test(arguments: ["npy", "jsonl"])
    func killedWhileTheFilesWereWritten(format: String) throws {
        defer { scratch.remove() }
        let files = try #require(EmbeddingFiles("\(scratch.path)/v.\(format)"))
        func write() throws {
            let journal = try EmbeddingJournal(files.partial, manifest: ["model": "a"], limit: 3, restarts: false)
            let outcomes: [Result<[Float], Failure>] = [
                .success([1, -0.5]), .failure(Failure("broken\nfile", .badData)), .success([3e-9, 16_777_216]),
            ]
            try journal.append(Array(outcomes[journal.tally.total...]))
            let written = try files.write(journal, names: ["a", "b\"", "é"], model: "tiny")
            #expect(try written.vectors.bytes == contents("v.\(format)").count)
        }
        try write()
        let reference = try names.map { try contents($0) }
        #expect(names.contains("v.\(format).partial"))
        if format == "jsonl" {
            let text = try String(contentsOfFile: files.path, encoding: .utf8)
            #expect(
                text == """
                    {"input":"a","model":"tiny","embedding":[1.0,-0.5]}
                    {"input":"b\\"","error":"broken; file"}
                    {"input":"é","model":"tiny","embedding":[3e-09,16777216.0]}

                    """)
        }
        // Any of the files may be there, old, whole or begun under another name.
        try scratch.write(Data("old".utf8), "v.\(format)")
        for name in ["v.\(format).1abc.incomplete", "v.\(format).shard.json.9z.incomplete"] {
            try scratch.write(Data("begun".utf8), name)
        }
        try write()
        #expect(try names.map { try contents($0) } == reference)
    }

    @Test(arguments: ["npy", "jsonl"], [1, 2, 3, 7, 13])
    func mergedPartsAreTheWhole(format: String, count: Int) throws {
        defer { scratch.remove() }
        let set = try pictures(10)
        _ = try ZooBinary.run(["embed", set, "-o", "\(scratch.path)/whole.\(format)"] + model)
        var parts: [String] = []
        for index in 1...count {
            let part = "\(scratch.path)/part\(index).\(format)"
            let outcome = try ZooBinary.run(["embed", set, "--shard", "\(index)/\(count)", "-o", part] + model)
            #expect(outcome.code == 0 || outcome.code == 65)
            parts.append(part)
        }
        let merged = try ZooBinary.run(["merge", "\(scratch.path)/all.\(format)"] + parts.reversed())
        #expect(merged.code == 0 && merged.output.isEmpty && merged.errors.isEmpty)
        #expect(try contents("all.\(format)") == contents("whole.\(format)"))
        if format == "npy" { #expect(try contents("all.ids.jsonl") == contents("whole.ids.jsonl")) }
    }

    @Test func partsThatDoNotBelongTogether() throws {
        defer { scratch.remove() }
        let set = try pictures(4)
        func part(_ shard: String, _ name: String, _ options: [String] = []) throws -> String {
            let path = "\(scratch.path)/\(name).npy"
            _ = try ZooBinary.run(["embed", set, "--shard", shard, "-o", path] + model + options)
            return path
        }
        let (one, two) = (try part("1/2", "one"), try part("2/2", "two"))
        let (third, raw) = (try part("2/3", "third"), try part("2/2", "raw", ["--no-normalize"]))
        let out = "\(scratch.path)/all.npy"
        func refused(_ parts: [String], _ code: Int32, _ words: String) throws {
            let outcome = try ZooBinary.run(["merge", out] + parts)
            #expect(outcome.code == code && outcome.errors.contains(words), "\(outcome.errors)")
            #expect(!names.contains { $0.hasPrefix("all.") })
        }
        try refused([one], 65, "part 2 of 2 missing")
        try refused([one, two, one], 65, "both part 1")
        try refused([one, third], 65, "of 2 parts, the other of 3")
        try refused([one, raw], 65, "they differ in \"options\"")
        try refused([one, "\(scratch.path)/none.npy"], 66, "no none.npy.shard.json")
        try refused([one, "\(scratch.path)/x.jsonl"], 2, "is no npy as OUT is")
        var bytes = try contents("two.npy")
        bytes[bytes.count - 1] ^= 1
        try scratch.write(bytes, "two.npy")
        try refused([one, two], 65, "not what its manifest says")
        try scratch.write(Data("{}".utf8), "two.npy.shard.json")
        try refused([one, two], 65, "format")
        #expect(try ZooBinary.run(["merge", one, one, two]).code == 2)
        // The same file, spelled in another way.
        let before = try Data(contentsOf: URL(filePath: one))
        #expect(try ZooBinary.run(["merge", "\(scratch.path)/./one.npy", one, two]).code == 2)
        #expect(try Data(contentsOf: URL(filePath: one)) == before)
    }

    @Test(arguments: [0, 1, 2, 10, 99, 1000], [1, 2, 3, 7, 100])
    func shardsCoverEverythingOnce(total: Int, count: Int) {
        let ranges = (1...count).map { EmbeddingShard(index: $0, count: count).range(of: total) }
        #expect(ranges.flatMap { Array($0) } == Array(0..<total))
        let lengths = ranges.map(\.count)
        #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) <= 1)
    }
}
