import Foundation
import Testing

/// The rules of ARCHITECTURE.md and CONTRIBUTING.md that can be read off the files.
@Suite struct ArchitectureTests {
    /// What each module may import of the package: the arrows, which point one way.
    static let arrows: [String: Set<String>] = [
        "Files": [],
        "JSON": [],
        "Randomness": [],
        "Arguments": [],
        "TensorCore": ["CKernels", "CPlatform"],
        "Layers": ["TensorCore"],
        "Checkpoints": ["Files", "TensorCore", "JSON", "CLibMD"],
        "Media": ["JSON", "CImageCodecs"],
        "Audio": ["Files", "CLibSndFile"],
        "Text": ["Files", "JSON", "CLibZ"],
        "CTC": ["Files", "JSON"],
        "Hub": ["Files", "JSON", "Checkpoints", "CHub"],
        "ImageClassifiers": families.union(["Media"]),
        "DualEncoder": families.union(["Media", "Text"]),
        "SentenceEncoder": families.union(["Text"]),
        "AudioEncoder": families.union(["Audio", "CTC"]),
        "GAN": families.union(["Randomness"]),
        "Diffusion": families.union(["Randomness"]),
        // Put together of two other families: a text tower and what samples.
        "LatentDiffusion": families.union(["Randomness", "Text", "Diffusion", "DualEncoder"]),
        "VectorIndex": ["Files", "TensorCore"],
        "ModelZoo": families.union([
            "Media", "Text", "Audio", "CTC", "ImageClassifiers", "DualEncoder", "SentenceEncoder", "AudioEncoder",
            "GAN", "Diffusion", "LatentDiffusion", "Randomness", "Hub",
        ]),
        "ZooCommand": [
            "ModelZoo", "ImageClassifiers", "DualEncoder", "SentenceEncoder", "AudioEncoder", "GAN", "Diffusion",
            "LatentDiffusion",
            "Randomness", "VectorIndex", "Text", "Layers", "Media", "Audio", "CTC", "Hub", "Checkpoints", "Files",
            "JSON", "TensorCore", "Arguments",
        ],
        "zoo": ["ZooCommand"],
        "bench": ["TensorCore", "Arguments", "JSON"],
    ]

    /// What a family of models may import: no other family, but for the one exception above.
    private static let families: Set<String> = ["Files", "TensorCore", "Layers", "Checkpoints", "JSON"]

    /// Modules of C, and maps of the system's libraries.
    private static let cModules: Set<String> = [
        "CKernels", "CPlatform", "CImageCodecs", "CLibPNG", "CLibJPEG", "CLibWebP", "CLibSndFile", "CLibMD", "CLibZ",
        "CHub",
    ]

    /// What comes with the toolchain and may be imported everywhere; Foundation is not among it.
    private static let system: Set<String> = ["Glibc", "Swift", "Synchronization"]

    @Test func thereIsSomethingToCheck() {
        #expect(SourceTree.swift.count > 100)
        #expect(SourceTree.c.count > 20)
        #expect(SourceTree.tests.count > 30)
    }

    @Test func everyModuleHasItsPlace() {
        let known = Set(Self.arrows.keys).union(Self.cModules)
        for module in Set((SourceTree.swift + SourceTree.c).map(\.module)) {
            #expect(known.contains(module), "\(module) is not in the table of arrows")
        }
    }

    @Test func importsFollowTheArrows() {
        for file in SourceTree.swift {
            let allowed = (Self.arrows[file.module] ?? []).union(Self.system)
            for imported in file.imports { #expect(allowed.contains(imported), "\(file.path) imports \(imported)") }
        }
    }

    @Test func arrowsPointOneWay() {
        // Taking away what needs nothing that is left, again and again, leaves nothing: there is no circle.
        var left = Self.arrows
        while let free = left.first(where: { $0.value.allSatisfy { left[$0] == nil } }) { left[free.key] = nil }
        #expect(left.isEmpty, "in a circle: \(left.keys.sorted())")
    }

    @Test func thePackageDeclaresTheSameArrows() throws {
        // One target a piece: its name and its dependencies.
        let pieces = try SourceTree.text("Package.swift").components(separatedBy: "arget(").dropFirst()
        var declared: [String: Set<String>] = [:]
        for piece in pieces {
            guard let name = Self.quoted(after: "name:", in: piece).first else { continue }
            declared[name] = Set(Self.quoted(after: "dependencies: [", in: piece, until: "]"))
        }
        for (module, allowed) in Self.arrows where module != "bench" {
            let found = try #require(declared[module], "\(module) is not in Package.swift")
            #expect(found.isSubset(of: allowed), "\(module) depends on \(found.subtracting(allowed))")
        }
        #expect(declared["zoo-bench"] == Self.arrows["bench"])
    }

    /// The strings in quotes after a mark: the first, or all before `end`.
    private static func quoted(after mark: String, in text: String, until end: String? = nil) -> [String] {
        guard let start = text.range(of: mark) else { return [] }
        var rest = text[start.upperBound...]
        if let end, let stop = rest.range(of: end) { rest = rest[..<stop.lowerBound] }
        let parts = rest.split(separator: "\"", omittingEmptySubsequences: false)
        return stride(from: 1, to: parts.count, by: 2).map { String(parts[$0]) }
    }

    @Test func onlyTensorCoreKnowsTheKernels() {
        for file in SourceTree.swift where file.imports.contains("CKernels") { #expect(file.module == "TensorCore") }
    }

    @Test func noFlagsThatForbidDependingOnUs() throws {
        #expect(try !SourceTree.text("Package.swift").contains("unsafeFlags"))
    }

    @Test func filesAreShort() {
        for file in SourceTree.swift + SourceTree.tests {
            // The empty piece after the last line feed is no line.
            #expect(file.lines.count - 1 <= 400, "\(file.path) has \(file.lines.count - 1) lines")
        }
    }

    @Test func linesAreShort() {
        // Swift code is left to the formatter, which does not look at comments.
        for file in SourceTree.swift + SourceTree.tests + SourceTree.c {
            for (number, line) in file.lines.enumerated() where line.count > 120 {
                guard !file.path.hasSuffix(".swift") || line.drop(while: \.isWhitespace).hasPrefix("//") else {
                    continue
                }
                Issue.record("\(file.path):\(number + 1) has \(line.count) columns")
            }
        }
    }

    @Test func nothingIsLeftForLater() {
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]
        for file in SourceTree.swift + SourceTree.tests + SourceTree.c {
            for (number, line) in file.lines.enumerated() where marks.contains(where: line.contains) {
                Issue.record("\(file.path):\(number + 1): \(line)")
            }
        }
    }

    @Test func noPathsOfTheMachineItWasWrittenOn() {
        let places = ["/wo" + "rk/", "/ro" + "ot/"]
        for file in SourceTree.swift + SourceTree.tests + SourceTree.c {
            for (number, line) in file.lines.enumerated() where places.contains(where: line.contains) {
                Issue.record("\(file.path):\(number + 1): \(line)")
            }
        }
    }

    @Test func testsAreSwiftTesting() {
        for file in SourceTree.tests { #expect(!file.imports.contains("XCTest"), "\(file.path)") }
    }

    @Test func everyArchitectureIsInTheReadme() throws {
        let tables = SourceTree.swift.filter { $0.path.hasSuffix("/Architectures.swift") }
        #expect(tables.count >= 3)
        let names = tables.flatMap(\.lines).flatMap { line in
            line.contains(" name: \"") || line.contains("(name: \"")
                ? Self.quoted(after: "name:", in: line).prefix(1) : []
        }
        #expect(names.count >= 12, "\(names)")
        let rows = try SourceTree.text("README.md").split(separator: "\n").filter { $0.hasPrefix("| ") }
        for name in names {
            #expect(rows.contains { $0.hasPrefix("| \(name) ") }, "\(name) has no row in the README's table")
        }
    }

    @Test func everyFixtureFolderSaysWhereItIsFrom() {
        let start = SourceTree.root.appending(path: "Tests")
        let suites = (try? FileManager.default.contentsOfDirectory(atPath: start.path)) ?? []
        for suite in suites.sorted() {
            let folder = start.appending(path: "\(suite)/Fixtures")
            guard FileManager.default.fileExists(atPath: folder.path) else { continue }
            #expect(
                FileManager.default.fileExists(atPath: folder.appending(path: "README.md").path), "\(suite)/Fixtures")
        }
    }
}
