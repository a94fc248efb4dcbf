import Checkpoints
import TestSupport
import Testing

@Suite struct HFCacheDamageTests {
    private static let commit = "0123456789abcdef0123456789abcdef01234567"

    /// A file of `refs` becomes part of a path, so anything but a commit is refused.
    @Test(arguments: [
        "", "0123", "../../../../etc/passwd/................", commit.uppercased(), " \(commit)", "\(commit)\n\n",
        "\(commit)0",
        String(repeating: "\u{E9}", count: 20), String(repeating: "a", count: 1000), String(commit.dropLast()) + "\0",
    ])
    func revisionsThatAreNoCommit(content: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(content, as: "models--org--name/refs/main")
        let error = #expect(throws: CheckpointError.self) { try HFCache(folder: folder.path).snapshot("org/name") }
        guard case .cache(let error)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error.reason == .damagedRevision(file: file))
        #expect(try HFCache(folder: folder.path).repositories().map(\.revisions.count) == [0])
    }

    /// A branch whose name looks like the start of a commit is the branch.
    @Test func branchesComeBeforeCommits() throws {
        let folder = try TemporaryFolder()
        let other = "abcd" + Self.commit.dropFirst(4)
        for commit in [Self.commit, other] { try folder.makeFolder("models--org--name/snapshots/\(commit)") }
        try folder.write(Self.commit, as: "models--org--name/refs/abcd")
        let place = folder.path("models--org--name/snapshots/")
        #expect(try HFCache(folder: folder.path).snapshot("org/name@abcd") == place + Self.commit)
        #expect(try HFCache(folder: folder.path).snapshot("org/name@abcd4") == place + other)
    }
}
