import Checkpoints
import Glibc
import JSON

/// A blob on its way: `HASH.<8 digits>.incomplete` beside where it will lie, this process's alone, with a note of whose
/// it is.
///
/// What a process leaves that was killed is taken over: where its lock is free and its owner, by the note, is dead. On
/// file systems where every lock is granted the note alone decides; a note of another machine counts after an hour
/// without a change. Taking over is a rename, which only one process can win.
final class PartialFile {
    private let hash: ContentHash
    private let size: Int
    private let path: String
    private let descriptor: Int32
    private var running: ContentHash.Running
    private var isDone = false

    /// Bytes written and hashed.
    private(set) var count: Int

    static let ending = ".incomplete"
    private static let noteEnding = ".incomplete.json"

    private init(_ hash: ContentHash, size: Int, path: String, descriptor: Int32) {
        self.hash = hash
        self.size = size
        self.path = path
        self.descriptor = descriptor
        running = ContentHash.Running(hash, size: size)
        count = 0
    }

    deinit {
        // Who comes next, in this process or another, need not wait for this one to die.
        if !isDone { try? Self.write(.nobody, about: path) }
        close(descriptor)
    }

    /// A file to write: one that was left, its contents hashed again, else a new one.
    ///
    /// - Parameters:
    ///   - repository: where it will lie.
    ///   - hash: what its contents must come to.
    ///   - size: their bytes.
    ///   - proceeds: asked while what was left is read.
    static func open(
        in repository: CachedRepository, _ hash: ContentHash, size: Int, proceeds: () -> Bool
    ) throws(HubError) -> PartialFile {
        do {
            for name in (try? FileSystem.list(repository.blobs))?.names ?? []
            where name.hasPrefix("\(hash).") && name.hasSuffix(ending) && !name.contains(noteEnding) {
                if let left = try adopt(name, in: repository, hash, size: size) {
                    guard try left.readAgain(proceeds) else { throw HubError.cancelled }
                    return left
                }
            }
            return try make(in: repository, hash, size: size, from: nil)
        } catch let error as HubError { throw error } catch let error as FileError { throw .file(error) } catch {
            throw .cancelled
        }
    }

    private static func make(
        in repository: CachedRepository, _ hash: ContentHash, size: Int, from old: String?
    ) throws(FileError) -> PartialFile {
        while true {
            let digits = String(UInt32.random(in: .min ... .max), radix: 16)
            let tail = String(repeating: "0", count: 8 - digits.count) + digits
            let path = FileSystem.join(repository.blobs, "\(hash).\(tail)\(ending)")
            guard !FileSystem.exists(path) else { continue }
            // The note comes first: nobody takes a file for the Python tools' that is ours.
            try write(.current, about: path)
            if let old {
                guard rename(old, path) == 0 else {
                    let error = FileError.last("take over", old)
                    unlink(notePath(path))
                    throw error
                }
            }
            let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (old == nil ? O_CREAT | O_EXCL : 0)
            let descriptor = Glibc.open(path, flags, 0o666)
            guard descriptor >= 0 else {
                if errno == EEXIST { continue }
                let error = FileError.last("write", path)
                unlink(notePath(path))
                throw error
            }
            flock(descriptor, LOCK_EX | LOCK_NB)
            return PartialFile(hash, size: size, path: path, descriptor: descriptor)
        }
    }

    static func notePath(_ path: String) -> String { String(path.dropLast(ending.count)) + noteEnding }

    /// Notes whose a file is. It is read only where nobody writes it any more, and what is half written counts as none.
    private static func write(_ owner: Owner, about path: String) throws(FileError) {
        let place = notePath(path)
        let descriptor = Glibc.open(place, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw FileError.last("write", place) }
        defer { close(descriptor) }
        let bytes = owner.json.serializedBytes()
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw FileError.last("write", place) }
    }

    /// Whether a note is about a file that is not there, and of a process that is gone.
    static func isOrphan(_ note: String) -> Bool {
        guard note.hasSuffix(noteEnding), !FileSystem.exists(String(note.dropLast(noteEnding.count)) + ending),
            let bytes = try? FileSystem.read(note, limit: 4096)
        else { return false }
        return Owner(bytes).map { $0 == .nobody || ($0.isHere && !$0.isAlive) } ?? true
    }

    private static func adopt(
        _ name: String, in repository: CachedRepository, _ hash: ContentHash, size: Int
    ) throws(FileError) -> PartialFile? {
        let path = FileSystem.join(repository.blobs, name)
        guard isAbandoned(path), let entry = FileSystem.entry(path), entry.isFile, entry.bytes <= size else {
            return nil
        }
        do {
            let file = try make(in: repository, hash, size: size, from: path)
            try FileSystem.remove(notePath(path))
            return file
        } catch  where error.isNotFound { return nil }
    }

    /// Whether a file that is not complete is nobody's any more.
    static func isAbandoned(_ path: String) -> Bool {
        guard let entry = FileSystem.entry(path), entry.isFile else { return false }
        let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else { return false }
        let isOld = Int(time(nil)) - entry.changed > 3600
        guard let bytes = try? FileSystem.read(notePath(path), limit: 4096), let owner = Owner(bytes) else {
            // Of the Python tools, which keep no notes.
            return isOld
        }
        return owner == .nobody ? true : owner.isHere ? !owner.isAlive : isOld
    }

    /// Bytes of files that were left and will be taken over.
    static func bytesLeft(in repository: CachedRepository, _ hashes: Set<ContentHash>) -> Int {
        let names = (try? FileSystem.list(repository.blobs))?.names ?? []
        return hashes.reduce(0) { sum, hash in
            let left = names.first {
                $0.hasPrefix("\(hash).") && $0.hasSuffix(ending)
                    && isAbandoned(FileSystem.join(repository.blobs, $0))
            }
            return sum + (left.flatMap { FileSystem.entry(FileSystem.join(repository.blobs, $0))?.bytes } ?? 0)
        }
    }

    /// Hashes what is there.
    ///
    /// - Returns: `false` where it was given up.
    private func readAgain(_ proceeds: () -> Bool) throws(FileError) -> Bool {
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            guard proceeds() else { return false }
            let got = pread(descriptor, &piece, piece.count, off_t(count))
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw FileError.last("read", path) }
            guard got > 0 else { return true }
            running.update(Array(piece[..<got]))
            count += got
        }
    }

    /// Appends bytes.
    func append(_ bytes: [UInt8]) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done, off_t(count + done))
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw FileError.last("write", path)
            }
            done += written
        }
        running.update(bytes)
        count += bytes.count
    }

    /// Forgets all that was written.
    func restart() throws(FileError) {
        guard ftruncate(descriptor, 0) == 0 else { throw FileError.last("write", path) }
        running = ContentHash.Running(hash, size: size)
        count = 0
    }

    /// The hash of what was written, in digits.
    var digits: String { running.digits }

    /// Puts the whole file under its name, on the disk.
    func commit(to blob: String) throws(FileError) {
        guard fsync(descriptor) == 0, rename(path, blob) == 0 else { throw FileError.last("write", blob) }
        isDone = true
        _ = try? FileSystem.remove(Self.notePath(path))
        guard let slash = blob.lastIndex(of: "/") else { return }
        let folder = Glibc.open(String(blob[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// Takes the file away.
    func discard() {
        isDone = true
        _ = try? FileSystem.remove(path)
        _ = try? FileSystem.remove(Self.notePath(path))
    }
}

/// The process that writes a file.
private struct Owner: Equatable {
    var host: String
    var process: Int
    /// When it was started, in the machine's ticks: a number may be given to another process later.
    var started: String

    /// Given up by a process that goes on.
    static let nobody = Owner(host: "", process: 1, started: "")

    static var current: Owner {
        Owner(host: hostName(), process: Int(getpid()), started: startTime("self") ?? "")
    }

    init(host: String, process: Int, started: String) {
        self.host = host
        self.process = process
        self.started = started
    }

    init?(_ bytes: [UInt8]) {
        guard let value = try? JSONValue.parse(bytes), let host = value["host"]?.stringValue,
            let process = value["pid"]?.intValue, (1...Int(Int32.max)).contains(process),
            let started = value["started"]?.stringValue
        else { return nil }
        self.init(host: host, process: process, started: started)
    }

    var json: JSONValue {
        ["host": JSONValue(host), "pid": JSONValue(process), "started": JSONValue(started)]
    }

    var isHere: Bool { host == Self.hostName() }

    var isAlive: Bool {
        guard kill(pid_t(process), 0) == 0 || errno == EPERM else { return false }
        return Self.startTime("\(process)").map { $0 == started } ?? true
    }

    private static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Field 22 of `/proc/PID/stat`; the second is in brackets and may hold anything.
    private static func startTime(_ process: String) -> String? {
        guard let stream = fopen("/proc/\(process)/stat", "re") else { return nil }
        defer { fclose(stream) }
        var buffer = [UInt8](repeating: 0, count: 2048)
        let count = fread(&buffer, 1, buffer.count, stream)
        guard let bracket = buffer[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = buffer[(bracket + 1)..<count].split(separator: 0x20)
        return fields.count > 19 ? String(decoding: fields[19], as: UTF8.self) : nil
    }
}
