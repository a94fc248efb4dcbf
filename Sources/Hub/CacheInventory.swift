public import Checkpoints

/// A model in the cache, with what of it is there.
public struct CachedModel: Sendable {
    /// `name` or `org/name`.
    public var name: String
    /// Its folder.
    public var folder: String
    /// Bytes on the disk: contents, and what is on its way.
    public var bytes: Int
    /// Branches and tags with the commits they stand for.
    public var revisions: [HFCache.Revision]
    /// The commits of which files are there, sorted.
    public var snapshots: [Snapshot]
    /// Files that are not complete, sorted by their paths.
    public var partials: [Partial]

    /// The files of a commit.
    public struct Snapshot: Sendable, Equatable {
        /// The commit, 40 hexadecimal digits.
        public var commit: String
        /// The files that are there.
        public var files: [String]
        /// Bytes of them; contents that several commits share count for each.
        public var bytes: Int
        /// Files whose contents are gone.
        public var missing: [String]
        /// Files that Zoo would read and that were never fetched, where the commit's listing is known.
        public var unfetched: [String]
    }

    /// A file on its way.
    public struct Partial: Sendable, Equatable {
        /// Where it lies.
        public var path: String
        /// Bytes of it that are there.
        public var bytes: Int
        /// Whether nobody writes it any more.
        public var isAbandoned: Bool
    }
}

/// What a check of a model in the cache finds.
public enum CacheFinding: Sendable, Equatable, CustomStringConvertible {
    /// The contents of a hash have another one.
    case damaged(path: String, found: String)
    /// A file of a commit whose contents are gone.
    case missing(commit: String, file: String)
    /// Contents that cannot be read, and why.
    case unreadable(path: String, reason: String)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .damaged(let path, let found): "\(path): damaged, its hash is \(found)"
        case .missing(let commit, let file): "\(file) of commit \(commit.prefix(8)) is missing"
        case .unreadable(_, let reason): reason
        }
    }
}

extension HFCache {
    /// Every model in the cache with what of it is there, sorted by name.
    public func inventory() throws(CheckpointError) -> [CachedModel] {
        try repositories().map { repository in
            let place = CachedRepository(
                cache: folder,
                folderName: (["models"] + repository.name.split(separator: "/").map(String.init)).joined(
                    separator: "--"))
            let snapshots = repository.commits.map { Self.snapshot($0, place) }
            var bytes = 0
            var partials: [CachedModel.Partial] = []
            for name in (try? FileSystem.list(place.blobs))?.names ?? [] {
                let path = FileSystem.join(place.blobs, name)
                guard let entry = FileSystem.entry(path) else { continue }
                bytes += entry.isFile ? entry.bytes : 0
                guard name.hasSuffix(PartialFile.ending) else { continue }
                partials.append(
                    CachedModel.Partial(
                        path: path, bytes: entry.bytes, isAbandoned: PartialFile.isAbandoned(path)))
            }
            return CachedModel(
                name: repository.name, folder: place.folder, bytes: bytes, revisions: repository.revisions,
                snapshots: snapshots, partials: partials)
        }
    }

    private static func snapshot(_ commit: String, _ place: CachedRepository) -> CachedModel.Snapshot {
        var snapshot = CachedModel.Snapshot(commit: commit, files: [], bytes: 0, missing: [], unfetched: [])
        func collect(_ folder: String, _ prefix: String, _ depth: Int) {
            for name in (try? FileSystem.list(folder))?.names ?? [] {
                let path = FileSystem.join(folder, name)
                if let bytes = place.bytes(path) {
                    snapshot.files.append(prefix + name)
                    snapshot.bytes += bytes
                } else if FileSystem.linkTarget(path) != nil {
                    snapshot.missing.append(prefix + name)
                } else if depth < 32 {
                    collect(path, prefix + name + "/", depth + 1)
                }
            }
        }
        collect(place.snapshot(commit), "", 0)
        if let listing = RepositoryListing(stored: place.tree(commit), commit: commit) {
            let there = Set(snapshot.files + snapshot.missing)
            snapshot.unfetched = FileSelection().apply(to: listing.files).map(\.name).filter { !there.contains($0) }
        }
        return snapshot
    }

    /// Hashes all contents of a model anew.
    ///
    /// - Parameters:
    ///   - model: of ``inventory()``.
    ///   - proceeds: asked between two pieces; `false` ends the check with what was found so far.
    ///   - advanced: told of the bytes of each file that was hashed.
    /// - Returns: what is wrong, nothing where nothing is.
    public func verify(
        _ model: CachedModel, proceeds: () -> Bool = { true }, advanced: (Int) -> Void = { _ in }
    ) -> [CacheFinding] {
        var findings = model.snapshots.flatMap { snapshot in
            snapshot.missing.map { CacheFinding.missing(commit: snapshot.commit, file: $0) }
        }
        let blobs = FileSystem.join(model.folder, "blobs")
        for name in (try? FileSystem.list(blobs))?.names ?? [] {
            guard let hash = ContentHash(name) else { continue }
            let path = FileSystem.join(blobs, name)
            do throws(FileError) {
                guard let found = try hash.found(inFile: path, proceeds: proceeds) else { return findings }
                if found != name { findings.append(.damaged(path: path, found: found)) }
                advanced(FileSystem.entry(path)?.bytes ?? 0)
            } catch { findings.append(.unreadable(path: path, reason: error.description)) }
        }
        return findings
    }

    /// Takes damaged contents away, so that they are fetched again.
    public func discard(_ finding: CacheFinding) throws(FileError) {
        guard case .damaged(let path, _) = finding else { return }
        try FileSystem.remove(path)
    }

    /// Takes a model away, or one commit of it with the contents that no other commit shows.
    ///
    /// - Parameters:
    ///   - model: of ``inventory()``.
    ///   - commit: the commit; `nil` takes all.
    public func remove(_ model: CachedModel, commit: String? = nil) throws(FileError) {
        guard let commit, model.snapshots.contains(where: { $0.commit != commit }) else {
            // What shows the model goes first: what is left of a removal that breaks off is not mistaken for it.
            for part in ["refs", "snapshots"] { try FileSystem.remove(FileSystem.join(model.folder, part)) }
            try FileSystem.remove(model.folder)
            try FileSystem.remove(FileSystem.join(folder, ".locks/\(FileSystem.lastComponent(model.folder))"))
            return
        }
        for revision in model.revisions where revision.commit == commit {
            try FileSystem.remove(FileSystem.join(model.folder, "refs/\(revision.name)"))
        }
        func blobs(of snapshot: CachedModel.Snapshot) -> Set<String> {
            let start = FileSystem.join(model.folder, "snapshots/\(snapshot.commit)")
            return Set(
                (snapshot.files + snapshot.missing).compactMap { file in
                    FileSystem.linkTarget(FileSystem.join(start, file)).map(FileSystem.lastComponent)
                })
        }
        let kept = model.snapshots.filter { $0.commit != commit }.reduce(into: Set<String>()) {
            $0.formUnion(blobs(of: $1))
        }
        let gone = model.snapshots.filter { $0.commit == commit }.reduce(into: Set<String>()) {
            $0.formUnion(blobs(of: $1))
        }
        try FileSystem.remove(FileSystem.join(model.folder, "snapshots/\(commit)"))
        try FileSystem.remove(FileSystem.join(model.folder, "trees/\(commit).json"))
        for blob in gone.subtracting(kept) where ContentHash(blob) != nil {
            try FileSystem.remove(FileSystem.join(model.folder, "blobs/\(blob)"))
        }
    }

    /// Takes files away that nobody completes any more.
    ///
    /// - Returns: their bytes.
    @discardableResult
    public func prune(_ model: CachedModel) throws(FileError) -> Int {
        var bytes = 0
        for partial in model.partials where partial.isAbandoned && PartialFile.isAbandoned(partial.path) {
            try FileSystem.remove(partial.path)
            try FileSystem.remove(PartialFile.notePath(partial.path))
            bytes += partial.bytes
        }
        let blobs = FileSystem.join(model.folder, "blobs")
        for name in (try? FileSystem.list(blobs))?.names ?? [] where PartialFile.isOrphan(FileSystem.join(blobs, name))
        {
            try FileSystem.remove(FileSystem.join(blobs, name))
        }
        return bytes
    }
}
