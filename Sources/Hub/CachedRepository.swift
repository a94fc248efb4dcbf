import Checkpoints
import Glibc
import JSON

/// A model's folders in the cache, as huggingface_hub lays them out.
struct CachedRepository: Sendable {
    /// The cache's folder.
    let cache: String
    /// `models--org--name`.
    let folderName: String

    /// The model's folder.
    var folder: String { FileSystem.join(cache, folderName) }
    /// The folder of contents by their hash.
    var blobs: String { FileSystem.join(folder, "blobs") }

    /// The contents of a hash.
    func blob(_ hash: ContentHash) -> String { FileSystem.join(blobs, hash.description) }

    /// The files of a commit.
    func snapshot(_ commit: String) -> String { FileSystem.join(folder, "snapshots/\(commit)") }

    /// A file of a commit.
    func path(_ file: String, of commit: String) -> String { FileSystem.join(snapshot(commit), file) }

    /// The listing of a commit.
    func tree(_ commit: String) -> String { FileSystem.join(folder, "trees/\(commit).json") }

    /// Makes the folders, and the tag by which backup programs know a cache (bford.info/cachedir).
    func prepare() throws(FileError) {
        try FileSystem.makeFolder(blobs)
        let tag = FileSystem.join(cache, "CACHEDIR.TAG")
        guard !FileSystem.exists(tag) else { return }
        let text = """
            Signature: 8a477f597d28d172789f06886806bc55
            # This file marks a cache folder; what is in it can be fetched again.

            """
        try FileSystem.write(Array(text.utf8), to: tag)
    }

    /// Whether a file of a commit is there with its contents.
    func has(_ file: RepositoryFile, in commit: String) -> Bool {
        guard let size = file.bytes else { return false }
        return bytes(path(file.name, of: commit)) == size
    }

    /// Whether the contents of a file are there, for whichever commit.
    func hasBlob(_ file: RepositoryFile) -> Bool {
        guard let hash = file.hash, let size = file.bytes else { return false }
        return bytes(blob(hash)) == size
    }

    /// The size of a regular file, links followed.
    func bytes(_ path: String) -> Int? {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(info.st_size)
    }

    /// Shows a blob as a file of a commit.
    func show(_ file: String, as hash: ContentHash, in commit: String) throws(FileError) {
        let place = path(file, of: commit)
        guard let slash = place.lastIndex(of: "/") else { return }
        try FileSystem.makeFolder(String(place[..<slash]))
        let depth = file.utf8.count { $0 == UInt8(ascii: "/") }
        try FileSystem.link(place, to: String(repeating: "../", count: depth + 2) + "blobs/\(hash)")
    }

    /// Keeps the listing of a commit, by which the Python tools tell whether a snapshot is whole.
    func keep(_ listing: RepositoryListing) throws(FileError) {
        guard let stored = listing.stored, !FileSystem.exists(tree(listing.commit)) else { return }
        try FileSystem.makeFolder(FileSystem.join(folder, "trees"))
        try FileSystem.write(stored.serializedBytes(), to: tree(listing.commit))
    }

    /// The commit that a branch or tag stands for in the cache.
    func commit(of revision: String) -> String? {
        guard let bytes = try? FileSystem.read(FileSystem.join(folder, "refs/\(revision)"), limit: 64) else {
            return nil
        }
        let text = String(decoding: bytes.last == 0x0A ? bytes.dropLast() : bytes[...], as: UTF8.self)
        return RepositoryReference.isCommit(text) ? text : nil
    }

    /// Notes the commit that a branch or tag stands for.
    func note(_ revision: String, standsFor commit: String) throws(FileError) {
        guard revision != commit, self.commit(of: revision) != commit else { return }
        let path = FileSystem.join(folder, "refs/\(revision)")
        if let slash = path.lastIndex(of: "/") { try FileSystem.makeFolder(String(path[..<slash])) }
        try FileSystem.write(Array(commit.utf8), to: path)
    }
}
