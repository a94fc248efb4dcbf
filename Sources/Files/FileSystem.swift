import Glibc

/// The few things the project asks of the file system. Paths are UTF-8; relative ones are relative to the working
/// folder.
public enum FileSystem {
    /// The names in a folder.
    public struct Listing: Sendable, Equatable {
        /// The names, sorted by their bytes, without `.` and `..`.
        public var names: [String]
        /// Names that are not UTF-8 and so cannot be opened by a string; repaired, for messages.
        public var unreadable: [String]
    }

    /// A whole file of at most `limit` bytes.
    ///
    /// - Throws: ``FileError``, also where the path is no regular file (a pipe would block, a device never end).
    public static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let file = try RegularFile(path)
        guard file.size <= limit else {
            throw FileError(path: path, operation: "read", reason: .tooLarge(bytes: file.size, limit: limit))
        }
        return try file.bytes(at: 0, count: file.size)
    }

    /// The names in a folder.
    public static func list(_ path: String) throws(FileError) -> Listing {
        try FileError.check(path, for: "list")
        guard let folder = opendir(path) else { throw FileError.last("list", path) }
        defer { closedir(folder) }
        var listing = Listing(names: [], unreadable: [])
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                guard errno == 0 else { throw FileError.last("list", path) }
                break
            }
            let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
            let name = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
            if let text = String(validatingCString: name) {
                if text != "." && text != ".." { listing.names.append(text) }
            } else {
                listing.unreadable.append(String(cString: name))
            }
        }
        listing.names.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        listing.unreadable.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return listing
    }

    /// Whether anything is at the path, links followed.
    public static func exists(_ path: String) -> Bool { mode(path) != nil }

    /// Whether a folder, or a link to one, is at the path.
    public static func isDirectory(_ path: String) -> Bool { mode(path) == S_IFDIR }

    /// Whether a regular file, or a link to one, is at the path.
    public static func isRegularFile(_ path: String) -> Bool { mode(path) == S_IFREG }

    /// The absolute path without links, `.` and `..`; what it names must exist.
    public static func resolve(_ path: String) throws(FileError) -> String {
        try FileError.check(path, for: "resolve")
        guard let resolved = realpath(path, nil) else { throw FileError.last("resolve", path) }
        defer { free(resolved) }
        guard let text = String(validatingCString: resolved) else {
            throw FileError(path: path, operation: "resolve", reason: .system(code: EILSEQ))
        }
        return text
    }

    /// The path of a name in a folder.
    public static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty || folder.utf8.last == UInt8(ascii: "/") ? folder + name : folder + "/" + name
    }

    /// The part of a path after the last slash.
    public static func lastComponent(_ path: String) -> String {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"))
        return parts.last.map { String(Substring($0)) } ?? path
    }

    /// The part of a path before its last slash: `.` for a bare name, `/` for one at the root.
    public static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Writes a whole file: under another name first, so that the path never shows a part of it.
    public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        var file = try AtomicFile(path)
        try file.append(bytes)
        try file.commit()
    }

    private static func mode(_ path: String) -> mode_t? {
        var info = stat()
        guard !path.isEmpty, !path.utf8.contains(0), stat(path, &info) == 0 else { return nil }
        return info.st_mode & S_IFMT
    }
}
