/// What names a model in the cache: `name` or `org/name`, and a revision.
///
/// Every part becomes part of a path, so only what the hub itself allows is taken.
package struct RepositoryReference {
    /// A text that is no reference.
    package struct Refusal: Error {
        /// What is not as the hub has it.
        package var reason: String
    }

    /// The folder of the repository in the cache.
    package let folderName: String
    /// `name` or `org/name`.
    package let name: String
    /// A branch, a tag, a commit or its first digits.
    package let revision: String

    private static let longestName = 96
    private static let longestRevision = 256
    private static let shortestPrefix = 4

    package init(_ text: String) throws(Refusal) {
        let halves = text.utf8.split(separator: UInt8(ascii: "@"), maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2 else { throw Refusal(reason: "more than one '/'") }
        for part in parts { try Self.check(name: part) }
        folderName = (["models"] + parts.map { String(Substring($0)) }).joined(separator: "--")
        name = parts.map { String(Substring($0)) }.joined(separator: "/")
        revision = halves.count == 2 ? String(Substring(halves[1])) : "main"
        try Self.check(revision: revision)
    }

    /// Whether the revision may be the start of a commit.
    var isCommitPrefix: Bool {
        (Self.shortestPrefix...40).contains(revision.utf8.count) && Self.isHexadecimal(revision)
    }

    /// Whether a text is a whole commit.
    package static func isCommit(_ text: String) -> Bool { text.utf8.count == 40 && isHexadecimal(text) }

    private static func isHexadecimal(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
    }

    /// The hub's own rule (huggingface_hub, `validate_repo_id`).
    private static func check(name: Substring.UTF8View) throws(Refusal) {
        guard !name.isEmpty else { throw Refusal(reason: "a part of the name is empty") }
        guard name.count <= longestName else {
            throw Refusal(reason: "a part of the name is longer than \(longestName)")
        }
        let dash = UInt8(ascii: "-")
        let dot = UInt8(ascii: ".")
        for byte in name {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), dash, dot:
                continue
            default: throw Refusal(reason: "a name holds letters, digits, '-', '_' and '.' only")
            }
        }
        for edge in [name.first, name.last] where edge == dash || edge == dot {
            throw Refusal(reason: "a name neither starts nor ends with '-' or '.'")
        }
        for (first, second) in zip(name, name.dropFirst()) where first == second && (first == dash || first == dot) {
            throw Refusal(reason: "a name holds neither '--' nor '..'")
        }
    }

    private static func check(revision: String) throws(Refusal) {
        guard !revision.isEmpty else { throw Refusal(reason: "the revision is empty") }
        guard revision.utf8.count <= longestRevision else {
            throw Refusal(reason: "the revision is longer than \(longestRevision)")
        }
        guard revision.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw Refusal(reason: "the revision holds a character that is not allowed")
        }
        for part in revision.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        where part.isEmpty || part.first == UInt8(ascii: ".") {
            throw Refusal(reason: "a part of the revision is empty or starts with '.'")
        }
    }
}
