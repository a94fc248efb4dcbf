import Glibc

/// A file being written that takes its name only when it is whole: a sibling is written, flushed to the disk and
/// renamed.
///
/// Who has the old file of that name open keeps it. Without ``commit()`` the sibling is removed.
package struct AtomicFile: ~Copyable {
    private let path: String
    private let sibling: String
    private let descriptor: Int32
    private var committed = false

    package init(_ path: String) throws(FileError) {
        try FileError.check(path, for: "write")
        var opened: Int32 = -1
        var sibling = ""
        repeat {
            sibling = "\(path).\(String(UInt64.random(in: .min ... .max), radix: 36)).incomplete"
            opened = open(sibling, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        } while opened < 0 && errno == EEXIST
        guard opened >= 0 else { throw FileError.last("write", path) }
        self.path = path
        self.sibling = sibling
        descriptor = opened
    }

    deinit {
        close(descriptor)
        if !committed { unlink(sibling) }
    }

    /// Appends bytes.
    package func append(_ bytes: [UInt8]) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError.last("write", path)
            }
            done += count
        }
    }

    /// Puts the file under its name, on the disk.
    package mutating func commit() throws(FileError) {
        guard fsync(descriptor) == 0, rename(sibling, path) == 0 else { throw FileError.last("write", path) }
        committed = true
        // The rename itself lasts once the folder is flushed; not every file system can do that, so a refusal is fine.
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
