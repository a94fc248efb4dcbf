import Files
import Glibc

/// The lock that huggingface_hub takes on a blob, too: it saves fetching twice. Nothing is wrong without it.
struct FileLock: ~Copyable {
    private let descriptor: Int32

    /// Waits for the lock of a file; goes on without one where the file system has none.
    ///
    /// - Parameters:
    ///   - path: the lock's file, made where it is missing.
    ///   - waits: told once where another process holds it.
    ///   - proceeds: asked ten times a second meanwhile.
    init(_ path: String, waits: () -> Void, proceeds: () -> Bool) throws(HubError) {
        var told = false
        while true {
            let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o664)
            guard opened >= 0 else {
                // A cache that others own may be read-only here and still take blobs.
                descriptor = -1
                return
            }
            while flock(opened, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK || errno == EINTR else {
                    descriptor = opened
                    return
                }
                if !told { waits() }
                told = true
                guard proceeds() else {
                    close(opened)
                    throw .cancelled
                }
                usleep(100_000)
            }
            // Who had it may have removed the file: then this is the lock of nothing.
            var held = stat()
            var named = stat()
            if fstat(opened, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino,
                held.st_dev == named.st_dev
            {
                descriptor = opened
                return
            }
            close(opened)
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        // Not by closing alone: a child process that is being started meanwhile would keep the lock.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
