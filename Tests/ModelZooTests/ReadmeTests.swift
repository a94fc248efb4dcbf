import Checkpoints
import Foundation
import ModelZoo
import Testing

/// What the README promises.
@Suite struct ReadmeTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The first cell of a family's table.
    private static let titles: [(family: AnyModel.Family, title: String)] = [
        (.imageClassifier, "image classifier"), (.dualEncoder, "dual encoder"), (.sentenceEncoder, "sentence encoder"),
        (.audioEncoder, "audio encoder"), (.gan, "GAN"), (.diffusion, "diffusion model"),
        (.latentDiffusion, "latent diffusion model"),
    ]

    @Test func everyFamilyHasATable() {
        #expect(Set(Self.titles.map(\.family)) == Set(AnyModel.Family.allCases))
    }

    /// The tables of architectures hold what the registry can load, name by name.
    @Test(arguments: AnyModel.Family.allCases) func tablesEqualTheRegistry(_ family: AnyModel.Family) throws {
        let title = try #require(Self.titles.first { $0.family == family }?.title)
        let text = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let start = try #require(lines.firstIndex { $0.hasPrefix("| \(title) | ") }, "no table of \(family)")
        let found = lines[start...].prefix { $0.hasPrefix("|") }.joined(separator: "\n")
        let expected = Self.table(title, family.architectures)
        #expect(found == expected, "the table should read:\n\(expected)")
    }

    private static func table(_ title: String, _ architectures: [SupportedArchitecture]) -> String {
        let libraries = SupportedArchitecture.Library.allCases.filter { library in
            architectures.contains { $0.names[library] != nil }
        }
        let header = [title] + libraries.map(\.rawValue) + ["paper"]
        let rows = architectures.map { architecture in
            let names = libraries.map { library in
                (architecture.names[library] ?? []).map { "`\($0)`" }.joined(separator: ", ")
            }
            let papers = architecture.papers.map { "[\($0)](https://arxiv.org/abs/\($0))" }
            return [architecture.name] + names + [papers.joined(separator: ", ")]
        }
        let rule = "|" + String(repeating: "---|", count: header.count)
        let lines = ([header] + rows).map {
            "| \($0.joined(separator: " | ")) |".replacingOccurrences(of: "|  |", with: "| |")
        }
        return ([lines[0], rule] + lines[1...]).joined(separator: "\n")
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "\(root.path)/zoo/resnet-cifar10/config.json")))
    func theExampleWorks() throws {
        // The README's example, with paths from the root.
        let classifier = try ImageClassifier(folder: Self.root.appendingPathComponent("zoo/resnet-cifar10").path)
        let image = try ImageDecoder.decode(path: Self.root.appendingPathComponent("samples/cat.webp").path)
        let predictions = try classifier.classify(image, top: 3)
        #expect(predictions.count == 3)
        #expect(predictions.first?.label == "cat")
        let features = try classifier.features([image])
        #expect(features.shape == [1, 256])
    }
}
