import Arguments
import Checkpoints
import Glibc

/// Makes a folder and those above it that are missing.
///
/// - Parameter mode: who may enter, as far as the process's mask allows.
func makeFolder(_ path: String, mode: mode_t = 0o777) throws(Failure) {
    var folder = path.hasPrefix("/") ? "/" : ""
    for name in path.split(separator: "/") {
        folder = FileSystem.join(folder, String(name))
        guard mkdir(folder, mode) != 0, errno != EEXIST else { continue }
        throw Failure("\(printable(folder)): cannot make the folder: \(systemMessage(errno))", .inputOutput)
    }
}

/// Takes a file away; that it is not there, or has to stay, is no matter.
func removeFile(_ path: String) { unlink(path) }
