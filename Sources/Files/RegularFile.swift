import Glibc

/// A regular file open for reading at any place, from any thread.
///
/// Bytes come by `pread`, never by a mapping: a file that shrinks under a reader is an error here, not a bus error.
package final class RegularFile: Sendable {
    /// What messages call the file.
    package let path: String
    /// Bytes when it was opened.
    package let size: Int
    private let descriptor: Int32
    private let identity: Identity

    /// What shows that a file is still the one that was opened.
    private struct Identity: Equatable {
        var device: dev_t
        var inode: ino_t
        var size: off_t
        var seconds: Int
        var nanoseconds: Int

        init(_ info: stat) {
            device = info.st_dev
            inode = info.st_ino
            size = info.st_size
            seconds = info.st_mtim.tv_sec
            nanoseconds = info.st_mtim.tv_nsec
        }
    }

    /// - Parameter name: what messages call the file, where not by its path.
    /// Opens a file.
    ///
    package init(_ path: String, as name: String? = nil) throws(FileError) {
        let name = name ?? path
        try FileError.check(path, for: "open")
        // Without O_NONBLOCK, opening a pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileError.last("open", name) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else {
            let error = FileError.last("open", name)
            close(descriptor)
            throw error
        }
        guard info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileError(path: name, operation: "open", reason: .notRegular)
        }
        self.path = name
        self.descriptor = descriptor
        size = Int(info.st_size)
        identity = Identity(info)
    }

    deinit { close(descriptor) }

    /// Fills `buffer` from `offset` on, and checks that the file has not changed meanwhile.
    package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) {
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(offset + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError.last("read", path)
            }
            guard count > 0 else {
                throw FileError(path: path, operation: "read", reason: .shortened(at: offset + done))
            }
            done += count
        }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw FileError.last("read", path) }
        guard Identity(info) == identity else {
            throw FileError(path: path, operation: "read", reason: .changed)
        }
    }

    /// Bytes `offset ..< offset + count`.
    package func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        guard count > 0 else {
            // Not below: empty arrays share one storage, into which the standard library would write from every thread.
            try read(at: offset, into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
            return []
        }
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(FileError) {
                try read(
                    at: offset,
                    into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
