import Foundation
import Media
import Testing

/// Runs over collections of odd and broken files that are not part of the repository: the folder in `ZOO_TEST_CORPUS`,
/// with one more file `pillow.tsv` made by `Scripts/fixtures/media_fixtures.py --corpus FOLDER`, of lines
/// `path TAB width TAB height TAB crc` for what Pillow opens and converts.
@Suite(.enabled(if: corpusFolder != nil, "the environment variable ZOO_TEST_CORPUS names no folder"))
struct CorpusTests {
    /// Files that Pillow reads and this package refuses by policy, or reads otherwise, by the reason.
    struct Differences {
        var refused: [String] = []
        var different: [String] = []
        var equal = 0
    }

    @Test func pixelsEqualPillowAndNothingTraps() throws {
        let folder = try #require(corpusFolder)
        let table = try String(contentsOfFile: folder + "/pillow.tsv", encoding: .utf8)
        var expected: [String: (width: Int, height: Int, crc: Int)] = [:]
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: "\t")
            guard fields.count == 4, let width = Int(fields[1]), let height = Int(fields[2]), let crc = Int(fields[3])
            else { continue }
            expected[String(fields[0])] = (width, height, crc)
        }
        let names = try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }
        var differences = Differences()
        for name in names.sorted() where name != "pillow.tsv" {
            do {
                let start = ContinuousClock.now
                let image = try ImageDecoder.decode(path: folder + "/" + name).rgb()
                #expect(ContinuousClock.now - start < .seconds(10), "\(name) takes long")
                guard let row = expected[name] else { continue }
                if row == (image.width, image.height, crc32(image.bytes)) {
                    differences.equal += 1
                } else {
                    differences.different.append(name)
                }
            } catch {
                if expected[name] != nil { differences.refused.append("\(name): \(error.problem)") }
            }
        }
        print("equal to Pillow: \(differences.equal); refused: \(differences.refused.count)")
        for line in differences.refused { print("refused: \(line)") }
        #expect(differences.different.isEmpty, "\(differences.different)")
        #expect(differences.equal > 0)
    }
}

private let corpusFolder: String? = ProcessInfo.processInfo.environment["ZOO_TEST_CORPUS"]
