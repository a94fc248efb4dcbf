import Glibc

/// What changes the file system beyond the writing of a file.
extension FileSystem {
    /// Makes a folder and those above it that are missing.
    package static func makeFolder(_ path: String) throws(FileError) {
        try FileError.check(path, for: "make")
        var folder = path.hasPrefix("/") ? "/" : ""
        for name in path.split(separator: "/") {
            folder = join(folder, String(name))
            guard mkdir(folder, 0o777) != 0, errno != EEXIST else { continue }
            throw FileError.last("make", folder)
        }
        guard isDirectory(path) else {
            throw FileError(path: path, operation: "make", reason: .system(code: ENOTDIR))
        }
    }

    /// Gives a file or folder another name in the same file system; nothing that is there is replaced but an empty
    /// folder by a folder, and a file by a file.
    package static func move(_ path: String, to target: String) throws(FileError) {
        guard rename(path, target) == 0 else { throw FileError.last("make", target) }
    }

    /// Makes a symbolic link, in place of what is there; the path never shows anything between.
    package static func link(_ path: String, to target: String) throws(FileError) {
        if linkTarget(path) == target { return }
        let sibling = "\(path).\(String(UInt64.random(in: .min ... .max), radix: 36)).tmp"
        guard symlink(target, sibling) == 0 else { throw FileError.last("make", path) }
        guard rename(sibling, path) == 0 else {
            let error = FileError.last("make", path)
            unlink(sibling)
            throw error
        }
    }

    /// Where a symbolic link leads; `nil` where there is none.
    package static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        return count > 0 ? String(validating: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    /// Takes a file or link away, or a folder with all that is in it; links are not followed.
    ///
    /// - Returns: whether there was anything.
    @discardableResult
    package static func remove(_ path: String) throws(FileError) -> Bool {
        var info = stat()
        guard lstat(path, &info) == 0 else {
            if errno == ENOENT { return false }
            throw FileError.last("remove", path)
        }
        guard info.st_mode & S_IFMT == S_IFDIR else {
            guard unlink(path) == 0 || errno == ENOENT else { throw FileError.last("remove", path) }
            return true
        }
        let listing = try list(path)
        for name in listing.names { try remove(join(path, name)) }
        guard rmdir(path) == 0 || errno == ENOENT else { throw FileError.last("remove", path) }
        return true
    }

    /// Bytes that this user may still write where a path is, or where its nearest folder that exists is.
    package static func freeBytes(at path: String) throws(FileError) -> Int {
        var place = path
        while true {
            var info = statvfs()
            if statvfs(place.isEmpty ? "." : place, &info) == 0 {
                let (bytes, overflow) = UInt(info.f_bavail).multipliedReportingOverflow(by: UInt(info.f_frsize))
                return overflow ? .max : Int(clamping: bytes)
            }
            guard errno == ENOENT, !place.isEmpty, place != "/" else { throw FileError.last("measure", path) }
            let slash = place.lastIndex(of: "/")
            place = slash.map { $0 == place.startIndex ? "/" : String(place[..<$0]) } ?? ""
        }
    }

    /// What a path itself is, links not followed.
    package struct Entry: Sendable, Equatable {
        /// Whether it is a symbolic link.
        package var isLink: Bool
        /// Whether it is a regular file.
        package var isFile: Bool
        /// Bytes of a file.
        package var bytes: Int
        /// Seconds since 1970 of the last change of its contents.
        package var changed: Int
    }

    /// What a path itself is; `nil` where there is nothing.
    package static func entry(_ path: String) -> Entry? {
        var info = stat()
        guard !path.isEmpty, !path.utf8.contains(0), lstat(path, &info) == 0 else { return nil }
        let kind = info.st_mode & S_IFMT
        return Entry(
            isLink: kind == S_IFLNK, isFile: kind == S_IFREG, bytes: Int(info.st_size), changed: info.st_mtim.tv_sec)
    }
}
