import Foundation
import ModelZoo
import Testing

/// What the README promises.
@Suite struct ReadmeTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func tableListsEveryArchitecture() throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let header = try #require(lines.firstIndex { $0.hasPrefix("| architecture | transformers |") })
        let rows = lines[(header + 2)...].prefix { $0.hasPrefix("|") }
        let names = rows.compactMap { row in
            row.split(separator: "|").first.map { $0.split(separator: "(")[0].trimmingCharacters(in: .whitespaces) }
        }
        #expect(names == ImageClassifier.architectures)
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
