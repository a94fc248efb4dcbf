import Checkpoints
import DualEncoder
import Foundation
import ImageClassifiers
import Media
import SentenceEncoder
import TensorCore
import Testing

@testable import ZooCommand

@Suite struct EmbedTests {
    private static let clip = Fixtures.dual("transformers-clip")
    private let model = ["--model", EmbedTests.clip]

    private func vectors(_ path: String) throws -> (shape: [Int], rows: [[Float]]) {
        let array = try NPY(file: path, limit: 1 << 24)
        #expect(array.element == .float32 && array.shape.count == 2)
        let (values, width) = (array.floats(), array.shape[1])
        return (array.shape, (0..<array.shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) })
    }

    private func inputs(_ path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
            #expect(object?.count == 1)
            return object?["input"] ?? ""
        }
    }

    private func embeddings(_ outcome: ZooBinary.Result) throws -> [[Float]] {
        try outcome.objects().map { object in
            #expect(Set(object.keys) == ["input", "model", "embedding"])
            return try #require(object["embedding"] as? [NSNumber]).map { $0.floatValue }
        }
    }

    private func length(_ vector: [Float]) -> Double {
        vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    @Test func picturesAsAnArray() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let pictures = try (1...5).map { try scratch.picture("set/\($0).png", seed: $0) }
        let outcome = try ZooBinary.run(["embed", "\(scratch.path)/set", "-o", "\(scratch.path)/v.npy"] + model)
        #expect(outcome.code == 0 && outcome.output.isEmpty && outcome.errors.isEmpty)
        let found = try vectors("\(scratch.path)/v.npy")
        #expect(try inputs("\(scratch.path)/v.ids.jsonl") == pictures)
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(names.sorted() == ["set", "v.ids.jsonl", "v.npy"])

        let encoder = try DualEncoder(folder: Self.clip)
        let images = try pictures.map { try ImageDecoder.decode(path: $0) }
        let expected = try encoder.embed(images: images)
        #expect(found.shape == expected.shape.dimensions)
        #expect(zip(found.rows.joined(), expected.floats).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(found.rows.allSatisfy { abs(length($0) - 1) < 1e-6 })

        _ = try ZooBinary.run(["embed", "--no-normalize", "-o", "\(scratch.path)/r.npy"] + model + pictures)
        let raw = try encoder.embed(images: images, normalized: false)
        #expect(try vectors("\(scratch.path)/r.npy").rows.flatMap { $0 } == raw.floats)
    }

    @Test func linesAndArraysHaveTheSameBits() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let pictures = try (1...4).map { try scratch.picture("\($0).png", seed: $0) }
        let lines = try ZooBinary.run(["embed"] + model + pictures)
        #expect(lines.code == 0 && lines.lines.allSatisfy { $0.hasPrefix("{\"input\":\"") })
        _ = try ZooBinary.run(["embed", "-o", "\(scratch.path)/v.npy"] + model + pictures)
        _ = try ZooBinary.run(["embed", "-o", "\(scratch.path)/v.jsonl"] + model + pictures)
        #expect(try embeddings(lines) == vectors("\(scratch.path)/v.npy").rows)
        #expect(try String(contentsOfFile: "\(scratch.path)/v.jsonl", encoding: .utf8) == lines.output)
    }

    @Test func neitherBatchesNorThreadsMatter() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let pictures = try (1...9).map { try scratch.picture("\($0).png", seed: $0, width: 20 + 3 * Int($0)) }
        let texts = ["a cat", "", "a photo of a very small dog", "é", "cat, dog and 12 planes!", "A"]
        for arguments in [pictures, texts.flatMap { ["--text", $0] }] {
            let reference = try ZooBinary.run(["embed", "--batch", "1", "--threads", "1"] + model + arguments)
            #expect(reference.code == 0 && reference.lines.count == (arguments == pictures ? 9 : 6))
            for (batch, threads) in [(2, 2), (5, 1), (256, 3)] {
                let other = try ZooBinary.run(
                    ["embed", "--batch", "\(batch)", "--threads", "\(threads)"] + model + arguments)
                #expect(other.output == reference.output, "batch \(batch), threads \(threads)")
            }
        }
    }

    @Test func texts() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let texts = ["a cat", " two\r", "", "日本 \u{2028} 🙂"]
        let words = try ZooBinary.run(["embed"] + texts.flatMap { ["--text", $0] } + model)
        let objects = try words.objects()
        #expect(words.code == 0 && objects.map { $0["input"] as? String } == texts)
        let expected = try DualEncoder(folder: Self.clip).embed(texts: texts)
        #expect(zip(try embeddings(words).joined(), expected.floats).allSatisfy { abs($0 - $1) < 1e-6 })

        // Words that stand alone beside a text are texts, too.
        let mixed = try ZooBinary.run(["embed", "--text", texts[0], texts[1], texts[3]] + model)
        #expect(try mixed.objects().map { $0["input"] as? String } == [texts[0], texts[1], texts[3]])

        // Lines end at LF and nowhere else, with or without one at the end.
        for ending in ["", "\n"] {
            let file = try scratch.write(Data((texts.joined(separator: "\n") + ending).utf8), "t.txt")
            #expect(try ZooBinary.run(["embed", "--text-from", file] + model).output == words.output)
        }
        let piped = try ZooBinary.run(["embed", "--text-from", "-"] + model, input: texts.joined(separator: "\n"))
        #expect(piped.output == words.output)
    }

    @Test func textsThatAreTooLongOrNoText() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let long = String(repeating: "cat ", count: 500)
        let bytes = Data("a\n".utf8) + Data([0xFF, 0xFE, 0x0A]) + Data("\(long)\nb\n".utf8)
        let file = try scratch.write(bytes, "t.txt")
        let outcome = try ZooBinary.run(["embed", "--text-from", file] + model)
        let objects = try outcome.objects()
        #expect(outcome.code == 65 && objects.map { $0["error"] == nil } == [true, false, false, true])
        #expect(objects[1]["input"] as? String == "\(file):2" && objects[2]["input"] as? String == long)
        #expect(outcome.errors == "zoo: 2 of 4 inputs could not be embedded\n")
        let cut = try ZooBinary.run(["embed", "--truncate", "--text-from", file] + model)
        #expect(try cut.code == 65 && cut.objects().map { $0["error"] == nil } == [true, false, true, true])
    }

    @Test func sentencesAndTheirPrompts() throws {
        let folder = Fixtures.sentence("e5")
        let encoder = try SentenceEncoder(folder: folder)
        let texts = ["how far is the moon", "384,400 km"]
        let plain = try ZooBinary.run(["embed", "--model", folder, "--text"] + texts)
        #expect(plain.code == 0)
        #expect(try embeddings(plain).flatMap { $0 } == encoder.embed(texts).floats)
        let prompted = try ZooBinary.run(["embed", "--model", folder, "--prompt", "query", "--text"] + texts)
        #expect(try embeddings(prompted).flatMap { $0 } == encoder.embed(texts, prompt: "query").floats)
        #expect(prompted.output != plain.output)
        let unknown = try ZooBinary.run(["embed", "--model", folder, "--prompt", "poem", "--text", "a"])
        #expect(unknown.code == 2 && unknown.errors.contains("no prompt \"poem\", it has \"document\""))
    }

    @Test(arguments: [Fixtures.resnet, Fixtures.vit])
    func featuresOfClassifiers(folder: String) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let picture = try scratch.picture("a.png", seed: 3)
        let classifier = try ImageClassifier(folder: folder)
        let output = try classifier.outputs(classifier.pixelValues([ImageDecoder.decode(path: picture)]))
        func embed(_ options: [String]) throws -> [Float] {
            let outcome = try ZooBinary.run(["embed", "--model", folder, picture] + options)
            #expect(outcome.code == 0)
            return try embeddings(outcome)[0]
        }
        #expect(try embed([]) == output.features.floats && embed(["--pool", "model"]) == output.features.floats)
        #expect(abs(length(try embed(["--normalize"])) - 1) < 1e-6)
        // Feature maps come as [1, C, H, W], tokens as [1, T, C].
        let map = output.featureMap
        let values = map.floats
        let channels = map.shape.rank == 4 ? map.shape[1] : map.shape[2]
        let positions = values.count / channels
        let channel = (0..<channels).map { channel in
            (0..<positions).map {
                map.shape.rank == 4 ? values[channel * positions + $0] : values[$0 * channels + channel]
            }
        }
        #expect(try embed(["--pool", "max"]) == channel.map { $0.max() ?? 0 })
        #expect(try embed(["--pool", "first"]) == channel.map { $0[0] })
        let means = channel.map { Float($0.reduce(0.0) { $0 + Double($1) } / Double(positions)) }
        #expect(try embed(["--pool", "mean"]) == means)
    }

    @Test func badFilesAmongGoodOnes() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let good = try scratch.picture("a.png", seed: 1)
        let cut = try scratch.write(Data(Data(contentsOf: URL(filePath: good)).prefix(300)), "b.png")
        let last = try scratch.picture("c.png", seed: 2)
        let inputs = [good, cut, "\(scratch.path)/none.png", last]
        let array = try ZooBinary.run(["embed", "-o", "\(scratch.path)/v.npy"] + model + inputs)
        let errors = array.errors.split(separator: "\n")
        #expect(array.code == 66 && errors.count == 3 && errors[0].contains("b.png") && errors[1].contains("none.png"))
        #expect(errors[2] == "zoo: 2 of 4 inputs could not be embedded")
        #expect(try vectors("\(scratch.path)/v.npy").rows.count == 2)
        #expect(try self.inputs("\(scratch.path)/v.ids.jsonl") == [good, last])

        let lines = try ZooBinary.run(["embed", "-o", "\(scratch.path)/v.jsonl"] + model + [good, cut, last])
        let text = try String(contentsOfFile: "\(scratch.path)/v.jsonl", encoding: .utf8)
        #expect(lines.code == 65 && text.split(separator: "\n").count == 3)
        #expect(text.split(separator: "\n")[1].hasPrefix("{\"input\":\"\(cut)\",\"error\":\""))
        // Where all fail there is an array of no rows.
        let none = try ZooBinary.run(["embed", "-o", "\(scratch.path)/n.npy"] + model + [cut])
        #expect(try none.code == 65 && vectors("\(scratch.path)/n.npy").shape == [0, 0])
    }

    @Test func wrongUsage() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let picture = try scratch.picture("a.png", seed: 1)
        let text = try scratch.write(Data("a\n".utf8), "t.txt")
        let sentence = ["--model", Fixtures.sentence("minilm")]
        let classifier = ["--model", Fixtures.resnet]
        for arguments in [
            model, model + ["--text-from", text, picture], model + ["--text", "a", "--text-from", text],
            model + [picture, "-o", "v.txt"], model + [picture, "-o", ".npy"], model + [picture, "--restart"],
            model + [picture, "--shard", "0/2"], model + [picture, "--shard", "3/2"],
            model + [picture, "--shard", "1"],
            model + [picture, "--shard", "1/2/3"], model + [picture, "--shard", "+1/2"],
            model + [picture, "--truncate"],
            model + [picture, "--normalize", "--no-normalize"], model + [picture, "--pool", "mean"],
            model + [picture, "--prompt", "query"], sentence + [picture], sentence + ["--text", "a", "--no-normalize"],
            sentence + ["--text", "a", "--pool", "max"], classifier + ["--text", "a"],
        ] {
            let outcome = try ZooBinary.run(["embed"] + arguments)
            #expect(outcome.code == 2 && outcome.output.isEmpty && outcome.errors.hasPrefix("zoo: "), "\(arguments)")
        }
        try FileManager.default.createDirectory(atPath: scratch.path + "/empty", withIntermediateDirectories: true)
        #expect(try ZooBinary.run(["embed", scratch.path + "/empty"] + model).code == 66)
        let empty = try scratch.write(Data(), "empty.txt")
        #expect(try ZooBinary.run(["embed", "--text-from", empty] + model).code == 65)
        #expect(try ZooBinary.run(["embed", "--model", "nothing-of-the-kind", picture]).code == 69)
        let nowhere = try ZooBinary.run(["embed", picture, "-o", scratch.path + "/no/v.npy"] + model)
        #expect(nowhere.code == 74 && nowhere.errors.contains("No such file"))
    }
}
