import Checkpoints
import Glibc

/// The inputs of an embedding, all of them, and what shows that they are the same the next time.
struct EmbeddingInputs {
    /// Every input, in order.
    let all: [EmbeddingInput]
    /// A hash of their names, in order: the same on every computer.
    let list: String
    /// A hash of the sizes and times of change of the files that they name: the same as long as nobody changes them.
    let files: String

    init(_ inputs: [EmbeddingInput]) {
        all = inputs
        var (list, files) = (SHA256(), SHA256())
        list.add(inputs.count)
        for input in inputs {
            switch input {
            case .picture(.success(let path)), .sound(.success(let path)):
                if case .sound = input {
                    list.add(path.bytes, as: "sound")
                } else {
                    list.add(path.bytes, as: "picture")
                }
                let state = FileState(path)
                files.add(state?.size ?? -1)
                files.add(state?.modified ?? -1)
            case .picture(.failure(let error)): list.add(error.path.bytes, as: "no picture")
            case .sound(.failure(let error)): list.add(error.path.bytes, as: "no sound")
            case .text(let text): list.add(Array(text.utf8), as: "text")
            case .unreadable(let place, _): list.add(Array(place.utf8), as: "no text")
            }
        }
        self.list = list.hexadecimal()
        self.files = files.hexadecimal()
    }
}

/// What shows that a file has changed.
struct FileState: Equatable {
    /// Bytes.
    let size: Int
    /// When it was last changed: nanoseconds since 1970.
    let modified: Int

    /// The state of what is at a path, links followed; `nil` where nothing is.
    init?(_ path: InputPath) {
        var status = stat()
        guard path.withCString({ stat($0, &status) }) == 0 else { return nil }
        size = Int(status.st_size)
        modified = status.st_mtim.tv_sec &* 1_000_000_000 &+ status.st_mtim.tv_nsec
    }
}

extension SHA256 {
    /// Takes in bytes with their kind and length before them.
    fileprivate mutating func add(_ bytes: [UInt8], as kind: String) {
        add(kind)
        add(bytes.count)
        update(bytes)
    }
}
