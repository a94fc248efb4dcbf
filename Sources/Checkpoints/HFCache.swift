import JSON

/// The Hugging Face cache as huggingface_hub lays it out on disk; it is only read, and nothing is fetched.
///
///     models--<org>--<name>/refs/<revision>           the commit a branch or tag stands for
///     models--<org>--<name>/snapshots/<commit>/...    the files, links to ../../blobs/<hash>
public struct HFCache: Sendable {
    /// The folder that holds the repositories.
    public let folder: String

    /// A model in the cache.
    public struct Repository: Sendable, Equatable {
        /// `name` or `org/name`.
        public var name: String
        /// Branches and tags with their commits, sorted.
        public var revisions: [Revision]
        /// The commits whose files are there, sorted.
        public var commits: [String]
    }

    /// A branch or tag.
    public struct Revision: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// The commit it stands for, 40 hexadecimal digits.
        public var commit: String
    }

    /// The cache in a folder.
    public init(folder: String) { self.folder = folder }

    /// The cache that an environment names: `HF_HUB_CACHE` (formerly `HUGGINGFACE_HUB_CACHE`), else `hub` in `HF_HOME`,
    /// else `huggingface/hub` in `XDG_CACHE_HOME`, else in `.cache` in `HOME`. Empty values count as absent; a leading
    /// `~` is `HOME`.
    public init(environment: [String: String]) throws(CheckpointError) {
        func value(_ key: String) -> String? { environment[key].flatMap { $0.isEmpty ? nil : $0 } }
        func folder(_ key: String) -> String? {
            guard let text = value(key), let home = value("HOME") else { return value(key) }
            if text == "~" { return home }
            return text.hasPrefix("~/") ? FileSystem.join(home, String(text.dropFirst(2))) : text
        }
        if let hub = folder("HF_HUB_CACHE") ?? folder("HUGGINGFACE_HUB_CACHE") {
            self.init(folder: hub)
        } else if let home = folder("HF_HOME") {
            self.init(folder: FileSystem.join(home, "hub"))
        } else if let cache = folder("XDG_CACHE_HOME") ?? value("HOME").map({ FileSystem.join($0, ".cache") }) {
            self.init(folder: FileSystem.join(cache, "huggingface/hub"))
        } else {
            throw .cache(HFCacheError(reference: "", folder: "", reason: .noHome))
        }
    }

    /// The folder with the files of a model.
    ///
    /// - Parameter reference: `name` or `org/name`, with `@revision` or without (then `main`). A revision is a branch,
    ///   a tag, a commit, or the first digits, four at least, of the only commit that starts so.
    public func snapshot(_ reference: String) throws(CheckpointError) -> String {
        do { return try locate(reference) } catch { throw .cache(error) }
    }

    /// The models in the cache, sorted by name; none where there is no such folder.
    public func repositories() throws(CheckpointError) -> [Repository] {
        guard FileSystem.exists(folder) else { return [] }
        let names: [String]
        do { names = try FileSystem.list(folder).names } catch { throw .file(error) }
        var result: [Repository] = []
        for entry in names where entry.hasPrefix("models--") {
            let name = entry.dropFirst("models--".count).split(separator: "--", omittingEmptySubsequences: false)
                .joined(separator: "/")
            guard (try? RepositoryReference(name)) != nil else { continue }
            let repository = FileSystem.join(folder, entry)
            result.append(
                Repository(name: name, revisions: revisions(of: repository), commits: commits(of: repository)))
        }
        return result.sorted { $0.name.precedesByBytes($1.name) }
    }
}

extension HFCache {
    private func locate(_ text: String) throws(HFCacheError) -> String {
        func failure(_ reason: HFCacheError.Reason) -> HFCacheError {
            HFCacheError(reference: text, folder: folder, reason: reason)
        }
        let reference: RepositoryReference
        do { reference = try RepositoryReference(text) } catch { throw failure(.invalidReference(error.reason)) }
        let repository = FileSystem.join(folder, reference.folderName)
        guard FileSystem.isDirectory(repository) else { throw failure(.noRepository) }
        let commit: String
        let file = FileSystem.join(repository, "refs/\(reference.revision)")
        let known = commits(of: repository)
        if FileSystem.isRegularFile(file) {
            guard let stored = Self.commit(in: file) else { throw failure(.damagedRevision(file: file)) }
            commit = stored
        } else {
            let matches = reference.isCommitPrefix ? known.filter { $0.hasPrefix(reference.revision) } : []
            guard matches.count <= 1 else { throw failure(.ambiguous(reference.revision, commits: matches)) }
            guard let match = matches.first else {
                throw failure(
                    .noRevision(reference.revision, known: revisions(of: repository).map(\.name) + known))
            }
            commit = match
        }
        let snapshot = FileSystem.join(repository, "snapshots/\(commit)")
        guard FileSystem.isDirectory(snapshot) else { throw failure(.noSnapshot(commit: commit)) }
        return snapshot
    }

    /// The commit that a file of `refs` holds.
    private static func commit(in file: String) -> String? {
        guard let bytes = try? FileSystem.read(file, limit: 64) else { return nil }
        let digits = bytes.last == 0x0A ? bytes.dropLast() : bytes[...]
        let text = String(decoding: digits, as: UTF8.self)
        return RepositoryReference.isCommit(text) ? text : nil
    }

    private func commits(of repository: String) -> [String] {
        let names = (try? FileSystem.list(FileSystem.join(repository, "snapshots")))?.names ?? []
        return names.filter(RepositoryReference.isCommit)
    }

    /// Branches and tags; a name may hold slashes, as `refs/pr/1` does.
    private func revisions(of repository: String) -> [Revision] {
        var result: [Revision] = []
        func collect(_ folder: String, _ prefix: String, _ depth: Int) {
            for name in (try? FileSystem.list(folder))?.names ?? [] {
                let path = FileSystem.join(folder, name)
                if FileSystem.isRegularFile(path) {
                    if let commit = Self.commit(in: path) {
                        result.append(Revision(name: prefix + name, commit: commit))
                    }
                } else if depth < 8, FileSystem.isDirectory(path) {
                    collect(path, prefix + name + "/", depth + 1)
                }
            }
        }
        collect(FileSystem.join(repository, "refs"), "", 0)
        return result
    }
}
