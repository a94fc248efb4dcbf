import Foundation
import Testing

@testable import ZooCommand

@Suite struct EvalTests {
    /// A folder for each of the six labels, with four pictures each; names in mixed case.
    private func pictures() throws -> Scratch {
        let scratch = try Scratch()
        for label in 0..<6 {
            for seed in 0..<4 { try scratch.picture("set/Label_\(label)/\(seed).png", seed: UInt64(label * 10 + seed)) }
        }
        return scratch
    }

    private func evaluate(_ scratch: Scratch, _ arguments: [String] = []) throws -> ZooBinary.Result {
        try ZooBinary.run(["eval", Fixtures.resnet, scratch.path + "/set"] + arguments)
    }

    @Test func theFiguresAreThoseOfClassify() throws {
        let scratch = try pictures()
        defer { scratch.remove() }
        let single = try ZooBinary.run(
            ["classify", "--json", "--top", "6", "--model", Fixtures.resnet, scratch.path + "/set"])
        var (top1, top5, wrong) = (0, 0, [String: Int]())
        for object in try single.objects() {
            let path = try #require(object["input"] as? String)
            let truth = URL(filePath: path).deletingLastPathComponent().lastPathComponent.uppercased()
            let labels = try #require(object["predictions"] as? [[String: Any]]).compactMap { $0["label"] as? String }
            top1 += labels[0] == truth ? 1 : 0
            top5 += labels.prefix(5).contains(truth) ? 1 : 0
            if labels[0] != truth { wrong["\(truth)>\(labels[0])", default: 0] += 1 }
        }
        let outcome = try evaluate(scratch, ["--json", "--batch", "5"])
        let report = try #require(try outcome.objects().first)
        #expect(outcome.code == 0 && outcome.lines.count == 1 && outcome.errors.isEmpty)
        #expect(report["images"] as? Int == 24 && report["failed"] as? Int == 0)
        #expect(report["top1"] as? Double == Double(top1) / 24 && report["top5"] as? Double == Double(top5) / 24)
        #expect((report["images_per_second"] as? Double ?? 0) > 0)
        let confusions = try #require(report["confusions"] as? [[String: Any]])
        var found: [String: Int] = [:]
        for row in confusions {
            found["\(row["label"] as? String ?? "")>\(row["predicted"] as? String ?? "")"] = row["count"] as? Int
        }
        let counts = confusions.compactMap { $0["count"] as? Int }
        #expect(wrong.count <= 10 ? found == wrong : found.allSatisfy { wrong[$0.key] == $0.value })
        #expect(counts == counts.sorted(by: >) && !counts.isEmpty)
    }

    @Test func forPeople() throws {
        let scratch = try pictures()
        defer { scratch.remove() }
        let outcome = try evaluate(scratch, ["--limit", "2"])
        #expect(outcome.code == 0 && outcome.lines.contains("Pictures    12 of 6 classes"))
        #expect(outcome.output.contains("\nTop-1       ") && outcome.output.contains("\nTop-5       "))
        #expect(outcome.output.contains("\nSpeed       ") && outcome.output.contains("Taken for"))
    }

    @Test func foldersThatAreNotTheLabels() throws {
        let scratch = try pictures()
        defer { scratch.remove() }
        let manager = FileManager.default
        try manager.moveItem(atPath: scratch.path + "/set/Label_3", toPath: scratch.path + "/set/zebra")
        let outcome = try evaluate(scratch)
        #expect(outcome.code == 65 && outcome.output.isEmpty)
        #expect(outcome.errors.contains("LABEL_3") && outcome.errors.contains("zebra"))
        try manager.moveItem(atPath: scratch.path + "/set/zebra", toPath: scratch.path + "/set/LABEL_3")
        try manager.createDirectory(atPath: scratch.path + "/empty", withIntermediateDirectories: true)
        #expect(try evaluate(scratch).code == 0)
        for name in try manager.contentsOfDirectory(atPath: scratch.path + "/set/LABEL_3") {
            try manager.removeItem(atPath: "\(scratch.path)/set/LABEL_3/\(name)")
        }
        let empty = try evaluate(scratch)
        #expect(empty.code == 65 && empty.errors.contains("no pictures"))
        #expect(try ZooBinary.run(["eval", Fixtures.resnet, scratch.path + "/gone"]).code == 66)
    }

    @Test func aBadPictureIsReported() throws {
        let scratch = try pictures()
        defer { scratch.remove() }
        let path = try scratch.write(Data("no picture".utf8), "set/Label_2/bad.png")
        let outcome = try evaluate(scratch, ["--json"])
        #expect(outcome.code == 65 && outcome.errors.contains(path))
        let report = try #require(try outcome.objects().first)
        #expect(report["images"] as? Int == 24 && report["failed"] as? Int == 1)
    }
}
