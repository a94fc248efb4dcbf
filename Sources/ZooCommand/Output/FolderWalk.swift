import Glibc

/// The files of a folder and everything below it that have one of some extensions, in the bytewise order of their
/// paths. One folder is read at a time, when its turn comes.
///
/// Names that begin with a dot are passed over. Links are followed; a folder that has been seen, by whatever name, is
/// not entered again, so loops end and nothing comes twice. What is neither a file nor a folder is passed over.
struct FolderWalk: Sendable {
    private let extensions: [String]
    /// What is still to come, the next last.
    private var pending: [Entry]
    private var seen: Set<Identity> = []

    private struct Entry: Sendable {
        let path: InputPath
        let isFolder: Bool
    }

    /// What makes a folder the same under another name.
    private struct Identity: Hashable, Sendable {
        let device: UInt
        let number: UInt
    }

    /// The walk through `folder`, which may be a link or hidden itself. `extensions` are in lower case, without dots.
    init(_ folder: InputPath, extensions: [String]) {
        self.extensions = extensions
        pending = [Entry(path: folder, isFolder: true)]
    }

    /// The next file, or a folder that could not be read; nil at the end.
    mutating func next() -> Result<InputPath, InputError>? {
        while let entry = pending.popLast() {
            guard entry.isFolder else { return .success(entry.path) }
            do throws(InputError) {
                try enter(entry.path)
            } catch {
                return .failure(error)
            }
        }
        return nil
    }

    private mutating func enter(_ folder: InputPath) throws(InputError) {
        guard let directory = folder.withCString({ opendir($0) }) else {
            throw InputError(path: folder, reason: .system(errno))
        }
        defer { closedir(directory) }
        var status = stat()
        guard fstat(dirfd(directory), &status) == 0 else { throw InputError(path: folder, reason: .system(errno)) }
        let identity = Identity(device: UInt(status.st_dev), number: UInt(status.st_ino))
        guard seen.insert(identity).inserted else { return }

        var found: [(key: [UInt8], entry: Entry)] = []
        while true {
            errno = 0
            guard let record = readdir(directory) else {
                guard errno == 0 else { throw InputError(path: folder, reason: .system(errno)) }
                break
            }
            let name = FolderWalk.name(of: record)
            guard let first = name.first, first != UInt8(ascii: ".") else { continue }
            let path = folder.appending(name)
            var status = stat()
            // A link to nowhere, or a file that is gone by now.
            guard path.withCString({ stat($0, &status) }) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                // With the slash that follows a folder's name in the paths below it, so that the order is theirs.
                found.append((name + [slash], Entry(path: path, isFolder: true)))
            } else if status.st_mode & S_IFMT == S_IFREG, path.hasExtension(in: extensions) {
                found.append((name, Entry(path: path, isFolder: false)))
            }
        }
        found.sort { $1.key.lexicographicallyPrecedes($0.key) }
        pending += found.map(\.entry)
    }

    /// The name in a record; the record may be shorter than its type says, so only what is there is read.
    private static func name(of record: UnsafeMutablePointer<dirent>) -> [UInt8] {
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
        let start = (UnsafeRawPointer(record) + offset).assumingMemoryBound(to: CChar.self)
        return UnsafeBufferPointer(start: start, count: strlen(start)).map(UInt8.init(bitPattern:))
    }
}
