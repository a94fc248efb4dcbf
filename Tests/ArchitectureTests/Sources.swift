import Foundation

/// The package's own text, found from where this file lies.
enum SourceTree {
    /// The package's folder.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    /// A text file of the package.
    struct File: Sendable {
        /// The path below the package's folder.
        var path: String
        var lines: [String]

        /// The folder of `Sources` it lies in.
        var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

        /// The modules it imports.
        var imports: [String] {
            lines.filter { $0.first?.isWhitespace == false }.compactMap { line in
                let words = line.split(separator: " ")
                guard let place = words.firstIndex(of: "import"), place <= 1, place + 1 < words.count else {
                    return nil
                }
                return String(words[place + 1])
            }
        }
    }

    /// The files of a folder whose names end so, fixtures left out.
    static func files(in folder: String, endings: [String]) -> [File] {
        let start = root.appending(path: folder)
        let paths = FileManager.default.enumerator(atPath: start.path)?.compactMap { $0 as? String } ?? []
        return paths.sorted().filter { path in
            !path.contains("Fixtures/") && endings.contains { path.hasSuffix($0) }
        }.compactMap { path in
            guard let text = try? String(contentsOf: start.appending(path: path), encoding: .utf8) else { return nil }
            return File(
                path: "\(folder)/\(path)",
                lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        }
    }

    static let swift = files(in: "Sources", endings: [".swift"])
    static let c = files(in: "Sources", endings: [".c", ".h", ".inc", ".def"])
    static let tests = files(in: "Tests", endings: [".swift"])

    /// A text file at the package's top.
    static func text(_ name: String) throws -> String {
        try String(contentsOf: root.appending(path: name), encoding: .utf8)
    }
}
