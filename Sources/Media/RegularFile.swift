import Glibc

/// Reading of whole files that are nothing but files: a folder, a pipe or a device is an error and never waited for.
enum RegularFile {
    /// The bytes of the file at `path`, at most `limit`.
    static func read(_ path: String, limit: Int) throws(ImageError) -> [UInt8] {
        guard !path.utf8.contains(0) else { throw ImageError(.notFound, path: path) }
        // Without O_NONBLOCK, opening a pipe waits for a writer.
        let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard file >= 0 else { throw failure(errno, path) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure(errno, path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ImageError(.notARegularFile(kind: kind(status.st_mode)), path: path)
        }
        let size = Int(status.st_size)
        guard size <= limit else {
            throw ImageError(.limit(type: "file", reason: "\(size) bytes; at most \(limit) are read"), path: path)
        }
        // Empty arrays share one storage, into which the standard library would write from every thread.
        guard size > 0 else { return [] }
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size, let base = buffer.baseAddress {
                let got = Glibc.read(file, base + count, size - count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { code = errno }
                if got <= 0 { break }
                count += got
            }
        }
        if code != 0 { throw failure(code, path) }
        return bytes
    }

    private static func failure(_ code: Int32, _ path: String) -> ImageError {
        if code == ENOENT || code == ENOTDIR { return ImageError(.notFound, path: path) }
        if code == ENXIO { return ImageError(.notARegularFile(kind: "a device or a socket"), path: path) }
        var text = [CChar](repeating: 0, count: 128)
        let known = strerror_r(code, &text, text.count) == 0
        let message = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let reason = known ? String(decoding: message, as: UTF8.self) : "error \(code)"
        return ImageError(.unreadable(reason: reason), path: path)
    }

    private static func kind(_ mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFDIR: "a folder"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        case S_IFCHR, S_IFBLK: "a device"
        default: "a special file"
        }
    }
}
