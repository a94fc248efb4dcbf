import Checkpoints
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import ZooCommand

/// Encoded labels on disk.
@Suite struct ClassMatrixCacheTests {
    private let folder: TemporaryFolder
    private let clip = Fixtures.dual("transformers-clip")
    private let labels = ["cat", "red car", "small plane"]

    init() throws { folder = try TemporaryFolder() }

    private func cache() throws -> ClassMatrixCache {
        try #require(ClassMatrixCache(environment: ["XDG_CACHE_HOME": folder.path("cache")]))
    }

    private func classify(_ model: String, _ words: [String] = [], cache: String) throws -> ZooBinary.Result {
        try ZooBinary.run(
            ["classify", "-m", model, "-l", labels.joined(separator: ","), "--json", "\(clip)/ref/image.png"] + words,
            environment: ["XDG_CACHE_HOME": cache])
    }

    @Test func theFolderComesFromTheEnvironment() {
        #expect(
            ClassMatrixCache(environment: ["XDG_CACHE_HOME": "/c", "HOME": "/h"])?.folder == "/c/zoo/class-matrices")
        #expect(
            ClassMatrixCache(environment: ["XDG_CACHE_HOME": "relative", "HOME": "/h"])?.folder
                == "/h/.cache/zoo/class-matrices")
        #expect(ClassMatrixCache(environment: [:]) == nil)
    }

    @Test func matricesComeBackBitForBit() throws {
        let cache = try cache()
        let key = String(repeating: "a", count: 64)
        let matrix = Tensor([0.1, -0.2, 1e-20, 3], shape: Shape(2, 2))
        #expect(cache.matrix(key, rows: 2) == nil)
        try cache.store(matrix, key)
        #expect(cache.matrix(key, rows: 2)?.floats == matrix.floats)
        #expect(cache.matrix(key, rows: 3) == nil, "another number of labels")
        #expect(cache.matrix(String(repeating: "b", count: 64), rows: 2) == nil)
        let other = Tensor([1, 2, 3, 4], shape: Shape(2, 2))
        try cache.store(other, key)
        #expect(cache.matrix(key, rows: 2)?.floats == other.floats)
    }

    /// Whatever is wrong with a file, it is as if there were none.
    @Test func damagedFilesAreNotUsed() throws {
        let cache = try cache()
        let key = String(repeating: "a", count: 64)
        try cache.store(Tensor([1, 0, 0, 1], shape: Shape(2, 2)), key)
        let file = "\(cache.folder)/\(key).safetensors"
        let whole = try Data(contentsOf: URL(filePath: file))
        for cut in [0, 7, 20, whole.count - 1] {
            try whole.prefix(cut).write(to: URL(filePath: file))
            #expect(cache.matrix(key, rows: 2) == nil, "cut to \(cut)")
        }
        for place in stride(from: 0, to: whole.count, by: 3) {
            var bytes = whole
            bytes[place] ^= 0x10
            try bytes.write(to: URL(filePath: file))
            let found = cache.matrix(key, rows: 2)?.floats
            #expect(found == nil || found == [1, 0, 0, 1], "byte \(place)")
        }
        // Sound, but under another key.
        try whole.write(to: URL(filePath: "\(cache.folder)/\(String(repeating: "b", count: 64)).safetensors"))
        #expect(cache.matrix(String(repeating: "b", count: 64), rows: 2) == nil)
    }

    /// ST21: killed at any moment, a file is under its name whole or not at all.
    @Test func killedWhileItIsWritten() throws {
        let place = folder.path("killed")
        let written = "\(place)/zoo/class-matrices"
        var kills = 0
        for round in 0..<40 {
            let process = try ZooBinary.make(
                ["classify", "-m", clip, "-l", (0..<200).map { "\(round) \($0)" }.joined(separator: ","), "--json"]
                    + ["\(clip)/ref/image.png"], environment: ["XDG_CACHE_HOME": place])
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            usleep(UInt32(1000 + round * 1500))
            kill(process.processIdentifier, SIGKILL)
            ZooBinary.wait(for: process)
            if process.terminationReason == .uncaughtSignal { kills += 1 }
            for name in (try? FileManager.default.contentsOfDirectory(atPath: written)) ?? []
            where name.hasSuffix(".safetensors") {
                #expect(try Safetensors(file: "\(written)/\(name)").names == ["class_matrix"])
            }
        }
        #expect(kills > 0)
    }

    @Test func onlySoManyAreKept() throws {
        var cache = try cache()
        cache.fileLimit = 3
        let matrix = Tensor([1], shape: Shape(1, 1))
        let keys = (0..<6).map { String(repeating: "\($0)", count: 64) }
        for key in keys { try cache.store(matrix, key) }
        #expect(keys.map { cache.matrix($0, rows: 1) != nil } == [false, false, false, true, true, true])
    }

    /// Everything that decides the matrix is in its key, and every run gives the same one.
    @Test func keysTellInputsApart() throws {
        let model = folder.path("model")
        try FileManager.default.copyItem(atPath: clip, toPath: model)
        func key(_ labels: [String], _ templates: [String] = ["a {}"], tier: Tier = .portable) throws -> String {
            try #require(ClassMatrixCache.key(model: model, labels: labels, templates: templates, tier: tier))
        }
        var keys = [
            try key(["a", "b"]), try key(["b", "a"]), try key(["ab"]), try key(["a", "b"], ["a {}", "the {}"]),
            try key(["a", "b"], ["the {}"]), try key(["a", "b"], tier: .avx2), try key(["a", "b", "a {}"], []),
        ]
        #expect(try key(["a", "b"]) == keys[0])
        func change(_ name: String, _ body: (inout Data) -> Void) throws {
            let file = URL(filePath: "\(model)/\(name)")
            var data = try Data(contentsOf: file)
            body(&data)
            let date = try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate]
            try data.write(to: file)
            // Even where the time of change stays, as in archives.
            try FileManager.default.setAttributes([.modificationDate: date ?? Date.now], ofItemAtPath: file.path)
            keys.append(try key(["a", "b"]))
        }
        try change("vocab.json") { $0.append(0x20) }
        try change("config.json") { $0[1] = 0x20 }
        try change("model.safetensors") { $0[$0.count - 1] ^= 1 }
        try change("model.safetensors") { $0[$0.count / 2] ^= 1 }
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 5)], ofItemAtPath: "\(model)/model.safetensors")
        keys.append(try key(["a", "b"]))
        #expect(Set(keys).count == keys.count)
        // What is no part of the model has no say.
        try FileManager.default.removeItem(atPath: "\(model)/ref")
        try Data("x".utf8).write(to: URL(filePath: "\(model)/README.md"))
        #expect(try key(["a", "b"]) == keys.last)
        #expect(ClassMatrixCache.key(model: folder.path("none"), labels: ["a"], templates: [], tier: .portable) == nil)
    }

    /// A found matrix takes the place of the text tower: another one in its file gives other predictions.
    @Test func aFoundMatrixIsUsed() throws {
        let place = folder.path("cache")
        let first = try classify(clip, cache: place)
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(place)/zoo/class-matrices")
        #expect(first.code == 0 && names.count == 1)
        #expect(try classify(clip, cache: place).output == first.output)
        let key = String(try #require(names.first).dropLast(".safetensors".count))
        let cache = try cache()
        let matrix = try #require(cache.matrix(key, rows: labels.count))
        #expect(matrix.shape == Shape(3, 20))
        let turned = (0..<3).flatMap { matrix.rows((2 - $0)..<(3 - $0)).floats }
        try cache.store(Tensor(turned, shape: matrix.shape), key)
        func logits(_ run: ZooBinary.Result) throws -> [Double] {
            let entries = try #require(try run.objects().first?["predictions"] as? [[String: Any]])
            let pairs = entries.compactMap { entry in
                (entry["index"] as? Int).flatMap { index in (entry["logit"] as? Double).map { (index, $0) } }
            }
            return pairs.sorted { $0.0 < $1.0 }.map(\.1)
        }
        #expect(try logits(classify(clip, cache: place)) == logits(first).reversed())
        #expect(try classify(clip, ["--no-cache"], cache: place).output == first.output)
        // One of another width is not.
        try cache.store(Tensor(zeros: Shape(3, 19)), key)
        #expect(try classify(clip, cache: place).output == first.output)
    }

    @Test func aCacheThatCannotBeUsedIsNoError() throws {
        let reference = try classify(clip, ["--no-cache"], cache: folder.path("none"))
        #expect(reference.code == 0 && reference.errors.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: folder.path("none")), "--no-cache leaves nothing behind")
        let file = try folder.write("a file", as: "file")
        for place in [file, "/dev/null", "/proc/none"] {
            let run = try classify(clip, cache: place)
            #expect(run.code == 0 && run.output == reference.output, "\(place): \(run.errors)")
            #expect(run.errors.contains("will be encoded again next time"), "\(run.errors)")
        }
        let homeless = try ZooBinary.run(
            ["classify", "-m", clip, "-l", labels.joined(separator: ","), "--json", "\(clip)/ref/image.png"],
            environment: ["HOME": ""])
        #expect(homeless.code == 0 && homeless.output == reference.output && homeless.errors.isEmpty)
    }
}
