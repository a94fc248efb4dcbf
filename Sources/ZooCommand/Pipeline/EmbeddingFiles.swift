import Checkpoints
import JSON

/// Where vectors go, and how: what is written follows from the name.
///
/// - `NAME.jsonl`: one line an input, `{"input","model","embedding":[...]}` with numbers of the fewest digits that read
///   back the same, or `{"input","error"}`.
/// - `NAME.npy`: the vectors as one fp32 array `[n, d]`, and beside it `NAME.ids.jsonl`, one line a row,
///   `{"input"}`. An input that failed has no row and no line.
///
/// While they are made, `NAME.EXTENSION.partial` holds what there is so far; see ``EmbeddingJournal``. A part of
/// several has a manifest beside it, `NAME.EXTENSION.shard.json`; see ``EmbeddingPart``.
struct EmbeddingFiles {
    /// The forms of a file of vectors.
    enum Format: String, CaseIterable {
        case npy
        case jsonl
    }

    /// The file with the vectors.
    let path: String
    /// How they are written.
    let format: Format

    /// The file beside an array that says what its rows are of.
    var ids: String { "\(path.dropLast(Format.npy.rawValue.count + 1)).ids.jsonl" }
    /// The file with what there is so far.
    var partial: String { "\(path).partial" }
    /// The manifest of a part of several.
    var shard: String { "\(path).shard.json" }

    /// The files that a path stands for; `nil` where its extension is no format.
    init?(_ path: String) {
        guard let format = Format.allCases.first(where: { path.hasSuffix(".\($0.rawValue)") }),
            FileSystem.lastComponent(path).utf8.count > format.rawValue.utf8.count + 1
        else { return nil }
        self.path = path
        self.format = format
    }

    /// The line of an input.
    static func line(_ name: String, model: String, _ vector: Result<[Float], Failure>) -> JSONValue {
        switch vector {
        case .success(let values):
            ["input": JSONValue(name), "model": JSONValue(model), "embedding": .array(values.map { JSONValue($0) })]
        case .failure(let failure): ["input": JSONValue(name), "error": JSONValue(oneLine(failure.message))]
        }
    }

    /// Writes the files from a journal that is complete, the one with the vectors last.
    ///
    /// - Parameters:
    ///   - names: what each input is called.
    ///   - model: the model's name.
    /// - Returns: bytes and SHA-256 of the file with the vectors, and of the ids.
    func write(
        _ journal: EmbeddingJournal, names: [String], model: String
    ) throws -> (vectors: HashedFile.Summary, ids: HashedFile.Summary?) {
        try removeLeftovers()
        var summary: HashedFile.Summary?
        if format == .npy {
            var file = try HashedFile(ids)
            try journal.forEach { index, vector in
                guard case .success = vector else { return }
                let line: JSONValue = ["input": JSONValue(names[index])]
                try file.append(line.serializedBytes() + [0x0A])
            }
            summary = try file.commit()
        }
        var file = try HashedFile(path)
        if format == .npy { try file.append(NPY.header(.float32, shape: [journal.rows, journal.width])) }
        try journal.forEach { index, vector in
            switch (format, vector) {
            case (.npy, .success(let values)): try file.append(values.withUnsafeBytes { Array($0) })
            case (.npy, .failure): break
            case (.jsonl, _):
                try file.append(Self.line(names[index], model: model, vector).serializedBytes() + [0x0A])
            }
        }
        return (try file.commit(), summary)
    }

    /// Takes away what a process left that was killed while it wrote one of the files.
    private func removeLeftovers() throws {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let folder = slash == path.startIndex ? "." : String(path[..<slash])
        let starts = (format == .npy ? [path, ids, shard] : [path, shard]).map { FileSystem.lastComponent($0) + "." }
        for name in try FileSystem.list(folder).names where name.hasSuffix(Self.leftoverEnding) {
            for start in starts where name.hasPrefix(start) {
                let middle = name.dropFirst(start.count).dropLast(Self.leftoverEnding.count)
                if middle.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) {
                    removeFile(FileSystem.join(folder, name))
                }
            }
        }
    }

    /// How the names of files end that take their own name when they are whole.
    private static let leftoverEnding = ".incomplete"
}

/// A file that takes its name when it is whole, and is hashed as it is written.
struct HashedFile: ~Copyable {
    /// What was written.
    struct Summary: Equatable {
        let bytes: Int
        /// SHA-256 in hexadecimal digits.
        let hash: String
    }

    private let path: String
    private var file: AtomicFile
    private var hash = SHA256()
    private var count = 0
    private var buffer: [UInt8] = []

    private static let bufferBytes = 1 << 20

    init(_ path: String) throws(FileError) {
        self.path = path
        file = try AtomicFile(path)
    }

    mutating func append(_ bytes: [UInt8]) throws(FileError) {
        buffer += bytes
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    consuming func commit() throws(FileError) -> Summary {
        try flush()
        try file.commit()
        return Summary(bytes: count, hash: hash.hexadecimal())
    }

    private mutating func flush() throws(FileError) {
        hash.update(buffer)
        count += buffer.count
        try file.append(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
