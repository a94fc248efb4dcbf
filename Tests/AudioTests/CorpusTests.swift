import Audio
import Foundation
import Testing

/// Runs over collections of odd and broken files that are not part of the repository: the `.flac` files below the
/// folder in `ZOO_TEST_CORPUS`, for instance of the IETF's flac-test-files.
@Suite(.enabled(if: corpusFolder != nil, "the environment variable ZOO_TEST_CORPUS names no folder"))
struct CorpusTests {
    /// AU09
    @Test func flacIsDecodedOrRefused() throws {
        let folder = try #require(corpusFolder)
        let names = try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }
        var decoded = 0
        for name in names.sorted() where name.hasSuffix(".flac") {
            let start = ContinuousClock.now
            do {
                let reader = try AudioReader(path: folder + "/" + name)
                let found = try samples(of: reader)
                #expect(!found.isEmpty && found.allSatisfy { $0.isFinite && abs($0) < 4 }, "\(name)")
                decoded += 1
            } catch {
                #expect(error is AudioError, "\(name): \(error)")
                print("refused: \(name): \(error)")
            }
            #expect(ContinuousClock.now - start < .seconds(10), "\(name) takes long")
        }
        print("decoded: \(decoded)")
        #expect(decoded > 0)
    }
}

private let corpusFolder: String? = ProcessInfo.processInfo.environment["ZOO_TEST_CORPUS"]
