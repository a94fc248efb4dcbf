import Files
import Glibc

/// The process's folder for inputs that must be files: in `TMPDIR`, which `Scripts/fuzz.sh` makes and removes.
struct ScratchFolder: Sendable {
    /// Its path.
    let path: String

    /// The folder of this process.
    static let shared = ScratchFolder()

    private init() {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        path = "\(parent)/zoo-fuzz-\(getpid())"
        require(mkdir(path, 0o700) == 0, "cannot make \(path)")
    }

    /// A folder below it, made where it is missing.
    func folder(_ name: String) -> String {
        let folder = "\(path)/\(name)"
        if !FileSystem.isDirectory(folder) { require(mkdir(folder, 0o700) == 0, "cannot make \(folder)") }
        return folder
    }
}

/// Writes a file without a detour; a run writes millions.
func write(_ bytes: some Collection<UInt8>, to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    require(descriptor >= 0, "cannot open \(path)")
    defer { close(descriptor) }
    let count = Array(bytes).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    require(count == bytes.count, "cannot write \(path)")
}

/// Writes a file, or removes it where there is nothing to write.
func replace(_ path: String, with bytes: some Collection<UInt8>) {
    if bytes.isEmpty { unlink(path) } else { write(bytes, to: path) }
}
