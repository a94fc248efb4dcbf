import Foundation
import Testing

/// The map of the catalogue in `Tests/README.md` and the tests say the same.
@Suite struct CatalogueMapTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let tests = root.appending(path: "Tests")

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: tests.appending(path: path), encoding: .utf8)
    }

    /// A case and the files that are said to test it.
    private static func rows() throws -> [(id: String, files: [String])] {
        try text("README.md").split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard line.hasPrefix("| "), cells.count == 3, isCase(cells[0]) else { return nil }
            return (cells[0], cells[2].split(separator: " ").map(String.init))
        }
    }

    private static func isCase(_ word: some StringProtocol) -> Bool {
        word.count == 4 && word.prefix(2).allSatisfy { $0.isASCII && $0.isUppercase }
            && word.suffix(2).allSatisfy { $0.isASCII && $0.isNumber }
    }

    @Test func everyRowHoldsInItsFiles() throws {
        let rows = try Self.rows()
        #expect(rows.count > 60)
        #expect(Set(rows.map(\.id)).count == rows.count, "a case has two rows")
        for row in rows {
            #expect(!row.files.isEmpty, "\(row.id) names no file")
            for file in row.files {
                let text = try Self.text(file)
                #expect(text.contains(row.id), "\(file) has no \(row.id)")
            }
        }
    }

    /// No case of a family of the catalogue is left out: it has a row, or the text below says why it has none.
    @Test(arguments: [
        ("ST", 23), ("IX", 1), ("CF", 5), ("TK", 7), ("IM", 13), ("AU", 11), ("OS", 7), ("NU", 9),
    ])
    func everyCaseIsNamed(family: String, count: Int) throws {
        let text = try Self.text("README.md")
        for number in 1...count {
            let id = family + (number < 10 ? "0" : "") + "\(number)"
            #expect(text.contains(id), "\(id)")
        }
    }

    @Test func everyCaseOfATestHasARow() throws {
        let known = Set(try Self.rows().map(\.id))
        let families = Set(known.map { $0.prefix(2) })
        let paths = FileManager.default.enumerator(atPath: Self.tests.path)?.compactMap { $0 as? String } ?? []
        for path in paths where path.hasSuffix(".swift") && !path.contains("Fixtures/") {
            let words = try Self.text(path).split { !$0.isLetter && !$0.isNumber }
            for word in words where Self.isCase(word) && families.contains(word.prefix(2)) {
                #expect(known.contains(String(word)), "\(path) names \(word), which has no row")
            }
        }
    }

    /// OS07: nothing is timed by the clock on the wall, which may be set.
    @Test func onlyClocksThatAreNeverSet() throws {
        let sources = Self.root.appending(path: "Sources")
        let paths = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String } ?? []
        var files = 0
        for path in paths where path.hasSuffix(".swift") || path.hasSuffix(".c") || path.hasSuffix(".h") {
            let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
            files += 1
            for clock in ["CLOCK_REALTIME", "gettimeofday", "SuspendingClock"] {
                #expect(!text.contains(clock), "\(path) uses \(clock)")
            }
        }
        #expect(files > 100)
    }
}
