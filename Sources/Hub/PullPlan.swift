import Checkpoints

/// What a pull will do.
public struct PullPlan: Sendable {
    /// `name` or `org/name`.
    public let name: String
    /// The branch, tag or commit that was asked for.
    public let revision: String
    /// The commit it stands for.
    public let commit: String
    /// The folder of the commit's files, in the cache.
    public let folder: String
    /// The wanted files in the order of the hub.
    public let files: [File]
    let repository: CachedRepository
    let listing: RepositoryListing

    /// A file that is wanted.
    public struct File: Sendable {
        /// The path in the repository.
        public let name: String
        /// Bytes.
        public let bytes: Int
        /// The hash of the contents.
        public let hash: ContentHash
        /// Whether its contents are in the cache.
        public let isCached: Bool
    }

    /// Bytes of all wanted files.
    public var bytes: Int { files.reduce(0) { $0 + $1.bytes } }
    /// Bytes of the files that are not in the cache.
    public var bytesToFetch: Int { files.reduce(0) { $0 + ($1.isCached ? 0 : $1.bytes) } }
}

/// What happens while a plan is carried out.
public enum PullEvent: Sendable, Equatable {
    /// A file begins, with how many of the bytes that were to be fetched are there already.
    case began(file: String, bytes: Int, present: Int)
    /// So many more bytes of it are there; fewer than none where some were thrown away.
    case advanced(Int)
    /// The file is whole and in its place.
    case ended(file: String)
    /// A wait before another try.
    case waits(seconds: Double, reason: String)
    /// Another process fetches the file, too.
    case waitsForAnother(file: String)
}
