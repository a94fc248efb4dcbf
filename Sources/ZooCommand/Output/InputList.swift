import Glibc

/// The inputs that the arguments of a command name, one after the other as they are asked for.
///
/// An argument is a file, a folder (every picture, or sound, below it) or `-` (paths on standard input, files and
/// folders). A file that is named comes whatever its extension; that it is there is found out when it is opened. What
/// cannot be read becomes a failure in the place where its files would have been.
struct InputList: Sequence, IteratorProtocol, Sendable {
    /// The pictures that are looked for in folders.
    static let pictures = ["png", "jpg", "jpeg", "webp"]
    /// The sounds that are looked for in folders.
    static let sounds = ["wav", "flac", "ogg", "oga", "opus", "mp3", "aiff", "aif", "aifc"]

    private let extensions: [String]
    private var arguments: ArraySlice<InputPath>
    private var list: PathList
    private var readsList = false
    private var walk: FolderWalk?

    /// The inputs that `arguments` name; `-` among them stands for what `list` gives.
    init(_ arguments: [InputPath], list: PathList, extensions: [String] = InputList.pictures) {
        self.arguments = arguments[...]
        self.list = list
        self.extensions = extensions
    }

    /// How many inputs there will be, where that can be said without looking: no folder, no list.
    var knownCount: Int? {
        arguments.contains { $0 == InputList.dash || $0.isFolder } ? nil : arguments.count
    }

    /// Whether paths come from standard input.
    var readsStandardInput: Bool { arguments.contains(InputList.dash) }

    /// The next input.
    mutating func next() -> Result<InputPath, InputError>? {
        while true {
            if let found = walk?.next() { return found }
            walk = nil
            let path: InputPath
            if readsList {
                switch list.next() {
                case .success(let listed)?: path = listed
                case .failure(let error)?: return .failure(error)
                case nil:
                    readsList = false
                    continue
                }
            } else {
                guard let argument = arguments.popFirst() else { return nil }
                guard argument != InputList.dash else {
                    readsList = true
                    continue
                }
                path = argument
            }
            guard path.isFolder else { return .success(path) }
            walk = FolderWalk(path, extensions: extensions)
        }
    }

    private static let dash = InputPath("-")
}

extension InputPath {
    /// Whether there is a folder of this name.
    var isFolder: Bool {
        var status = stat()
        return withCString { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
