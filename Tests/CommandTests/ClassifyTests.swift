import Foundation
import ModelZoo
import Testing

@testable import ZooCommand

@Suite struct ClassifyTests {
    private let model = ["--model", Fixtures.resnet]

    @Test func aPictureAsBars() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let picture = try scratch.picture("a.png", seed: 1)
        let outcome = try ZooBinary.run(["classify", "--top", "3"] + model + [picture])
        #expect(outcome.code == 0 && outcome.errors.isEmpty)
        #expect(outcome.lines.count == 4 && outcome.lines.first == picture)
        #expect(outcome.lines.dropFirst().allSatisfy { $0.hasPrefix("  LABEL_") && $0.contains(" %") })
        #expect(outcome.lines[1].contains("█"))
        let ascii = try ZooBinary.run(["classify"] + model + [picture], environment: ["LANG": "C"])
        #expect(ascii.lines[1].contains("#") && ascii.output.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test func severalAsATable() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for seed in 1...4 { try scratch.picture("set/\(seed).png", seed: UInt64(seed)) }
        let outcome = try ZooBinary.run(["classify"] + model + [scratch.path + "/set"])
        #expect(outcome.code == 0 && outcome.lines.count == 6)
        #expect(outcome.lines[0].split(separator: " ") == ["Input", "Class", "Score", "Runner-up"])
        #expect(outcome.lines[2].contains("/set/1.png") && outcome.lines[5].contains("/set/4.png"))
        let one = try ZooBinary.run(["classify", "--top", "1"] + model + [scratch.path + "/set"])
        #expect(!one.output.contains("Runner-up"))
    }

    @Test func jsonLines() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let pictures = try (1...3).map { try scratch.picture("\($0).png", seed: $0) }
        let outcome = try ZooBinary.run(["classify", "--json"] + model + pictures)
        let objects = try outcome.objects()
        #expect(outcome.code == 0 && objects.map { $0["input"] as? String } == pictures)
        for (object, line) in zip(objects, outcome.lines) {
            #expect(line.hasPrefix("{\"input\":\"") && Set(object.keys) == ["input", "model", "predictions"])
            #expect(object["model"] as? String == Fixtures.resnet)
            let predictions = try #require(object["predictions"] as? [[String: Any]])
            #expect(predictions.count == 5)
            #expect(predictions.allSatisfy { Set($0.keys) == ["label", "index", "score"] })
            let scores = predictions.compactMap { $0["score"] as? Double }
            #expect(scores == scores.sorted(by: >) && scores.allSatisfy { (0...1).contains($0) })
            for prediction in predictions {
                let index = try #require(prediction["index"] as? Int)
                #expect(prediction["label"] as? String == "LABEL_\(index)")
            }
        }
    }

    @Test func resultsDependOnNeitherBatchNorThreads() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for seed in 1...11 { try scratch.picture("set/\(seed).png", seed: UInt64(seed), width: 20 + seed * 3) }
        let arguments = ["classify", "--json", "--top", "6", scratch.path + "/set"]
        for fixture in [Fixtures.resnet, Fixtures.vit] {
            let reference = try ZooBinary.run(arguments + ["--model", fixture, "--batch", "1", "--threads", "1"])
            #expect(reference.code == 0 && reference.lines.count == 11)
            for (batch, threads) in [(2, 2), (3, 1), (16, 3), (256, 2)] {
                let other = try ZooBinary.run(
                    arguments + ["--model", fixture, "--batch", "\(batch)", "--threads", "\(threads)"])
                #expect(other.output == reference.output, "batch \(batch), threads \(threads)")
            }
        }
    }

    @Test func pathsFromStandardInput() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let pictures = try (1...3).map { try scratch.picture("set/\($0) a.png", seed: $0) }
        let direct = try ZooBinary.run(["classify", "--json"] + model + pictures)
        let lines = try ZooBinary.run(["classify", "--json", "-"] + model, input: pictures.joined(separator: "\n"))
        #expect(lines.output == direct.output && lines.code == 0)
        let zeros = try ZooBinary.run(
            ["classify", "--json", "--null", "-"] + model, input: pictures.joined(separator: "\0"))
        #expect(zeros.output == direct.output)
        let folder = try ZooBinary.run(["classify", "--json", "-"] + model, input: "\(scratch.path)/set\n")
        #expect(folder.output == direct.output)
    }

    @Test func anAnswerComesBeforeTheNextQuestion() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let process = try ZooBinary.make(["classify", "--json", "-"] + model)
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        for seed in 1...3 {
            let picture = try scratch.picture("\(seed).png", seed: UInt64(seed))
            try input.fileHandleForWriting.write(contentsOf: Data("\(picture)\n".utf8))
            let answer = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            #expect(answer.contains("/\(seed).png") && answer.hasSuffix("\n"))
        }
        try input.fileHandleForWriting.close()
        ZooBinary.wait(for: process)
        #expect(process.terminationStatus == 0)
    }

    @Test func badFilesAmongGoodOnes() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let good = try scratch.picture("a.png", seed: 1)
        let cut = try scratch.write(Data(Data(contentsOf: URL(filePath: good)).prefix(400)), "b.png")
        let text = try scratch.write(Data("no picture".utf8), "c.jpg")
        let empty = try scratch.write(Data(), "d.webp")
        let last = try scratch.picture("e.png", seed: 2)
        let inputs = [good, cut, text, empty, last]

        let json = try ZooBinary.run(["classify", "--json"] + model + inputs)
        let objects = try json.objects()
        #expect(json.code == 65 && objects.map { $0["input"] as? String } == inputs)
        #expect(objects.map { $0["error"] != nil } == [false, true, true, true, false])
        #expect(Set(objects[1].keys) == ["input", "error"] && objects[0]["predictions"] != nil)
        #expect((objects[1]["error"] as? String)?.contains("PNG") == true)

        let people = try ZooBinary.run(["classify"] + model + inputs)
        let errors = people.errors.split(separator: "\n")
        #expect(people.code == 65 && people.lines.count == 4)
        #expect(errors.count == 4 && errors.allSatisfy { $0.hasPrefix("zoo: ") })
        #expect(errors[0].contains(cut) && errors[3] == "zoo: 3 of 5 inputs could not be classified")
        #expect(try ZooBinary.run(["classify", "--quiet"] + model + inputs).errors.split(separator: "\n").count == 3)
    }

    @Test func aMissingInput() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let good = try scratch.picture("a.png", seed: 1)
        let gone = scratch.path + "/gone\u{1B}.png"
        let outcome = try ZooBinary.run(["classify", "--json"] + model + [gone, good])
        #expect(outcome.code == 66 && outcome.lines.count == 2 && outcome.errors.hasPrefix("zoo: 1 of 2"))
        let people = try ZooBinary.run(["classify"] + model + [gone])
        #expect(
            people.code == 66 && people.errors == "zoo: \(scratch.path)/gone\\u{1b}.png: No such file or directory\n")
    }

    @Test func noPictures() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write(Data(), "set/note.txt")
        let outcome = try ZooBinary.run(["classify"] + model + [scratch.path + "/set"])
        #expect(outcome.code == 66 && outcome.output.isEmpty && outcome.errors.contains("no pictures in"))
        #expect(try ZooBinary.run(["classify", "-"] + model).code == 66)
    }

    @Test func aNameThatIsNotText() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let good = try scratch.picture("a.png", seed: 1)
        let name = Array("\(scratch.path)/set/".utf8) + [0xFF] + Array(".png".utf8)
        try FileManager.default.createDirectory(atPath: scratch.path + "/set", withIntermediateDirectories: true)
        #expect(InputPath(name).withCString { link(good, $0) } == 0)
        let outcome = try ZooBinary.run(["classify", "--json"] + model + [scratch.path + "/set"])
        #expect(outcome.code == 0 && outcome.output.contains("\u{FFFD}.png"))
    }

    @Test func theModelThatIsUsedWhereNoneIsNamed() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.model("models/resnet-cifar10")
        let picture = try scratch.picture("a.png", seed: 1)
        let outcome = try ZooBinary.run(["--registry", scratch.path + "/models", "classify", "--json", picture])
        #expect(outcome.code == 0)
        #expect(try outcome.objects().first?["model"] as? String == "resnet-cifar10")
        #expect(throws: Failure.self) {
            try ClassifyCommand.fallback("resnet-cifar10", Registry(roots: [scratch.path]))
        }
    }

    @Test func modelsThatCannotBeUsed() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let picture = try scratch.picture("a.png", seed: 1)
        let broken = try scratch.model("broken")
        let weights = try Data(contentsOf: URL(filePath: broken + "/model.safetensors"))
        try scratch.write(Data(weights.prefix(weights.count - 1)), "broken/model.safetensors")
        let unprepared = try scratch.model("unprepared")
        try FileManager.default.removeItem(atPath: unprepared + "/preprocessor_config.json")
        for (name, part) in [
            ("no-such-model", "no model is called"), (scratch.path, "not a model folder"),
            (broken, "model.safetensors"),
            (unprepared, "preprocessor_config.json"), ("hf:no/such", "no/such"),
        ] {
            let outcome = try ZooBinary.run(["classify", "--model", name, picture])
            #expect(outcome.code == 69 && outcome.output.isEmpty, "\(name)")
            #expect(outcome.errors.hasPrefix("zoo: ") && outcome.errors.contains(part), "\(outcome.errors)")
        }
    }

    @Test func writingFails() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let picture = try scratch.picture("a.png", seed: 1)
        let full = try ZooBinary.run(
            ["classify", "--json"] + model + [picture], output: FileHandle(forWritingAtPath: "/dev/full"))
        #expect(full.code == 74 && full.errors == "zoo: cannot write to standard output: No space left on device\n")
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let gone = try ZooBinary.run(["classify", "--json"] + model + [picture], output: pipe.fileHandleForWriting)
        #expect(gone.wasSignalled && gone.code == SIGPIPE && gone.errors.isEmpty)
    }
}
