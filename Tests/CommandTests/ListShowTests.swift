import Checkpoints
import Foundation
import Testing

@testable import ZooCommand

@Suite struct ListShowTests {
    /// A registry with two good models, three broken folders and something else.
    private func registry() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.model("good-timm", from: Fixtures.timm)
        try scratch.model("good")
        try writeCard(scratch, "good")
        try scratch.model("broken-config")
        try scratch.write(Data("{".utf8), "broken-config/config.json")
        try scratch.model("broken-card")
        try scratch.write(Data(#"{"name": 1}"#.utf8), "broken-card/card.json")
        try scratch.model("broken-stray")
        try FileManager.default.removeItem(atPath: scratch.path + "/broken-stray/config.json")
        try scratch.write(Data(), "notes/readme.txt")
        return scratch
    }

    private func writeCard(_ scratch: Scratch, _ name: String, hash: String? = nil) throws {
        let weights = "\(scratch.path)/\(name)/model.safetensors"
        let card: [String: Any] = [
            "name": name, "task": "image-classification", "license": "Apache-2.0", "dataset": "noise",
            "paper": ["He et al. 2015"], "accuracy": ["top1": 0.875, "dataset": "8 pictures"],
            "sha256": ["model.safetensors": try hash ?? SHA256.hexadecimal(ofFile: weights)],
        ]
        try scratch.write(JSONSerialization.data(withJSONObject: card), "\(name)/card.json")
    }

    /// The lines about the models of the test's own registry; the program may find others.
    private func list(_ arguments: [String], _ scratch: Scratch) throws -> [String] {
        let outcome = try ZooBinary.run(["--registry", scratch.path, "list"] + arguments)
        #expect(outcome.code == 0 && outcome.errors.isEmpty)
        return outcome.lines.filter { $0.contains("good") || $0.contains("broken") }
    }

    @Test func aTableWithWhatIsBroken() throws {
        let scratch = try registry()
        defer { scratch.remove() }
        let lines = try list([], scratch)
        let good = try #require(lines.first { $0.hasPrefix("good ") })
        // Columns are as wide as the program's own models make them.
        let words = good.split(separator: " ").joined(separator: " ")
        #expect(words.contains("image-classification ResNet") && words.contains("87.5 % Apache-2.0"))
        let timm = try #require(lines.first { $0.hasPrefix("good-timm ") })
        #expect(timm.split(separator: " ").suffix(2) == ["-", "-"])
        let broken = lines.filter { $0.contains(" is broken: ") }
        #expect(broken.count == 3)
        for (line, part) in zip(broken, ["card.json: ", "config.json: ", "there is no config.json"]) {
            #expect(line.contains(scratch.path) && line.contains(part))
        }
    }

    @Test func jsonAndNames() throws {
        let scratch = try registry()
        defer { scratch.remove() }
        let objects = try list(["--json"], scratch).map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(objects.count == 5)
        let good = try #require(objects.first { $0["name"] as? String == "good" })
        #expect(
            Set(good.keys) == [
                "name", "folder", "task", "architecture", "layout", "parameters", "bytes", "top1", "accuracy",
                "measured_on", "license",
            ])
        #expect(good["accuracy"] as? [String: Double] == ["top1": 0.875])
        #expect(good["top1"] as? Double == 0.875 && good["layout"] as? String == "transformers")
        #expect(objects.filter { $0["error"] != nil }.count == 3)
        #expect(try list(["--names"], scratch) == ["broken-card", "broken-config", "good", "good-timm"])
    }

    @Test func theFirstFolderOfANameCounts() throws {
        let (first, second) = (try Scratch(), try Scratch())
        defer {
            first.remove()
            second.remove()
        }
        try first.model("same-name")
        try second.model("same-name", from: Fixtures.timm)
        try second.model("share/zoo/models/users-own")
        let environment = ["ZOO_MODELS": "\(first.path):\(second.path)", "XDG_DATA_HOME": second.path + "/share"]
        func layout(_ arguments: [String]) throws -> String? {
            let outcome = try ZooBinary.run(arguments + ["show", "same-name", "--json"], environment: environment)
            return try outcome.objects().first?["layout"] as? String
        }
        #expect(try layout([]) == "transformers")
        #expect(try layout(["--registry", second.path]) == "timm")
        #expect(try ZooBinary.run(["list", "--names"], environment: environment).lines.contains("users-own"))
    }

    @Test func foldersAboveTheProgramAndTheWorkingFolder() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.model("project/zoo/one")
        try scratch.model("elsewhere/zoo/two")
        try scratch.write(Data(), "project/build/zoo/no-model/readme.txt")
        let roots = RegistryRoots.find(
            named: ["/named"], environment: ["ZOO_MODELS": "/a::/b", "HOME": "/home/me"],
            program: scratch.path + "/project/build/release/zoo", workingFolder: scratch.path + "/elsewhere")
        #expect(
            roots == [
                "/named", "/a", "/b", scratch.path + "/project/zoo", scratch.path + "/elsewhere/zoo",
                "/home/me/.local/share/zoo/models",
            ])
        let names = try ZooBinary.run(["list", "--names"], folder: scratch.path + "/elsewhere").lines
        #expect(names.contains("two"))
    }

    @Test func facts() throws {
        let scratch = try registry()
        defer { scratch.remove() }
        let outcome = try ZooBinary.run(["show", scratch.path + "/good"])
        #expect(outcome.code == 0 && outcome.errors.isEmpty)
        for line in [
            "Architecture   ResNet", "Layout         transformers", "Input          3 x 24 x 24",
            "Labels         6: LABEL_0, LABEL_1, LABEL_2, LABEL_3, LABEL_4, LABEL_5",
            "Accuracy       87.5 % top-1 on 8 pictures", "Licence        Apache-2.0", "Papers         He et al. 2015",
        ] {
            #expect(outcome.lines.contains(line), "\(line)")
        }
        #expect(outcome.output.contains("Preprocessing  resize shortest edge to "))
        #expect(outcome.output.contains("(not checked)"))

        let object = try #require(try ZooBinary.run(["show", "--json", scratch.path + "/good"]).objects().first)
        #expect((object["flops"] as? Double ?? 0) > 1000 && (object["activation_bytes"] as? Int ?? 0) > 1000)
        #expect(object["input"] as? [Int] == [3, 24, 24] && (object["labels"] as? [String])?.count == 6)
        #expect((object["parameters"] as? Int ?? 0) > 1000 && (object["accuracy"] as? [String: Any])?.count == 2)
    }

    @Test func aModelThatDoesNotSayHowPicturesArePrepared() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.model("model")
        try FileManager.default.removeItem(atPath: model + "/preprocessor_config.json")
        let outcome = try ZooBinary.run(["show", model])
        #expect(outcome.code == 0 && outcome.output.contains("nothing says how images are prepared"))
    }

    @Test func severalFigures() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let weights = try scratch.model("good") + "/model.safetensors"
        let card: [String: Any] = [
            "name": "good", "task": "image-classification", "license": "Apache-2.0", "dataset": "noise",
            "paper": ["Radford et al. 2021"],
            "accuracy": ["retrieval_recall_at_1": 0.625, "measured_with": "zoo eval"],
            "sha256": ["model.safetensors": try SHA256.hexadecimal(ofFile: weights)],
        ]
        try scratch.write(JSONSerialization.data(withJSONObject: card), "good/card.json")
        let row = try #require(try list([], scratch).first { $0.hasPrefix("good ") })
        #expect(row.contains("retrieval recall at 1 62.5 %"))
        let shown = try ZooBinary.run(["show", scratch.path + "/good"])
        #expect(shown.lines.contains("Accuracy       62.5 % retrieval recall at 1"))
        let object = try #require(try ZooBinary.run(["show", "--json", scratch.path + "/good"]).objects().first)
        #expect(object["accuracy"] as? [String: Double] == ["retrieval_recall_at_1": 0.625])
        let listed = try list(["--json"], scratch).first ?? ""
        #expect(listed.contains(#""top1":null,"accuracy":{"retrieval_recall_at_1":0.625},"measured_on":null"#))
    }

    @Test func theHashOfTheWeights() throws {
        let scratch = try registry()
        defer { scratch.remove() }
        let good = try ZooBinary.run(["show", "--check", scratch.path + "/good"])
        #expect(good.code == 0 && good.output.contains("(as the card states)"))
        try writeCard(scratch, "good", hash: String(repeating: "0", count: 64))
        let bad = try ZooBinary.run(["show", "--check", scratch.path + "/good"])
        #expect(bad.code == 65 && bad.errors.contains("card.json states 0000"))
        let none = try ZooBinary.run(["show", "--check", scratch.path + "/good-timm"])
        #expect(none.code == 69 && none.errors.contains("no card.json"))
    }

    @Test func brokenModelsHaveTheirError() throws {
        let scratch = try registry()
        defer { scratch.remove() }
        for name in ["broken-card", "broken-config", "broken-stray"] {
            let outcome = try ZooBinary.run(["show", "\(scratch.path)/\(name)"])
            #expect(outcome.code == 69 && outcome.output.isEmpty && outcome.errors.contains(scratch.path))
        }
        let unknown = try ZooBinary.run(["--registry", scratch.path, "show", "goood"])
        #expect(unknown.code == 69 && unknown.errors.contains("good-timm"))
    }

    @Test func everyShippedModelLoads() throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: Fixtures.shipped)) ?? []
        for name in names.sorted() where !name.hasPrefix(".") {
            let outcome = try ZooBinary.run(["show", "--check", "\(Fixtures.shipped)/\(name)"])
            #expect(outcome.code == 0, "\(outcome.errors)")
        }
    }
}
