import Files
import JSON

/// `tokenizer.json`, the file of Hugging Face's tokenizers, taken apart: the large tables of its model are read one
/// entry at a time, everything else is kept as it is written.
struct TokenizerFile {
    /// The largest file, in bytes.
    static let byteLimit = 64 << 20

    /// The path, for messages.
    let file: String
    /// The file's keys but `model`.
    private(set) var root: Config
    /// The model's keys but `vocab` and `merges`.
    private(set) var model: Config
    /// The tokens and merges of a model that has them.
    private(set) var tables: ModelTables
    /// The pieces of a unigram model, in the order of their ids.
    private(set) var pieces: [ModelTables.Piece] = []

    /// Reads a file.
    init(path: String) throws(TokenizerError) {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.read(path, limit: Self.byteLimit) } catch { throw .file(error) }
        try self.init(file: path, bytes: bytes)
    }

    /// Reads a file's bytes.
    init(file: String, bytes: [UInt8]) throws(TokenizerError) {
        self.file = file
        root = Config(file: file, object: [:])
        model = Config(file: file, object: [:], keyPath: "model")
        tables = ModelTables(file: file, mergeFile: file)
        do throws(JSONError) {
            var reader = try TableReader(bytes, limits: JSONLimits(byteCount: Self.byteLimit))
            try parse(&reader)
        } catch {
            throw .config(.syntax(file: file, error))
        }
        if model.keys.isEmpty && tables.entries.isEmpty {
            throw .config(root.failure("model", expected: "an object"))
        }
    }

    private mutating func parse(_ reader: inout TableReader) throws(JSONError) {
        var root = JSONObject()
        var hasModel = false
        try reader.scanner.beginObject()
        while let key = try reader.scanner.nextKey() {
            let place = reader.scanner.keyOffset
            if key.hasSameBytes(as: "model"), try reader.scanner.peek() == .object {
                guard !hasModel else { throw reader.scanner.failure(.duplicateKey(key), at: place) }
                hasModel = true
                try parseModel(&reader)
            } else {
                let value = try reader.scanner.value()
                guard root.append(key: key, value: value) else {
                    throw reader.scanner.failure(.duplicateKey(key), at: place)
                }
            }
        }
        try reader.scanner.finish()
        self.root = Config(file: file, object: root)
    }

    private mutating func parseModel(_ reader: inout TableReader) throws(JSONError) {
        var model = JSONObject()
        try reader.scanner.beginObject()
        while let key = try reader.scanner.nextKey() {
            let place = reader.scanner.keyOffset
            let value: JSONValue
            if key.hasSameBytes(as: "vocab"), try reader.scanner.peek() == .object {
                tables.entries = try reader.entries()
                value = .null
            } else if key.hasSameBytes(as: "vocab"), try reader.scanner.peek() == .array {
                pieces = try reader.pieces()
                value = .null
            } else if key.hasSameBytes(as: "merges"), try reader.scanner.peek() == .array {
                tables.merges = try reader.merges()
                value = .null
            } else {
                value = try reader.scanner.value()
            }
            guard model.append(key: key, value: value) else {
                throw reader.scanner.failure(.duplicateKey(key), at: place)
            }
        }
        self.model = Config(file: file, object: model, keyPath: "model")
    }
}

extension TokenizerFile {
    /// Whether the file has texts filled up before their first token; `nil` where it does not say.
    ///
    /// - Throws: where it has long texts cut at their start, and the settings do not say otherwise.
    func padsLeft(_ settings: TokenizerSettings) throws(ConfigError) -> Bool? {
        if !settings.config.has("truncation_side") {
            _ = try root.optionalObject("truncation")?.optionalChoice("direction", ["Right": ()])
        }
        return try root.optionalObject("padding")?.optionalChoice("direction", ["Left": true, "Right": false])
    }
}

/// Reads the large tables in JSON files, and counts lines as it goes.
struct TableReader {
    var scanner: JSONScanner
    private let bytes: [UInt8]
    private var line = 1
    private var counted = 0

    init(_ bytes: [UInt8], limits: JSONLimits) throws(JSONError) {
        self.bytes = bytes
        scanner = try JSONScanner(bytes, limits: limits)
    }

    /// The line of a place that is not before the one last asked for.
    private mutating func line(of place: Int) -> Int {
        while counted < min(place, bytes.count) {
            if bytes[counted] == UInt8(ascii: "\n") { line += 1 }
            counted += 1
        }
        return line
    }

    /// An object of tokens to ids. That no token occurs twice is checked when the vocabulary is made.
    mutating func entries() throws(JSONError) -> [ModelTables.Entry] {
        var entries: [ModelTables.Entry] = []
        try scanner.beginObject()
        while let token = try scanner.nextKey() {
            let line = line(of: scanner.keyOffset)
            guard case .int(let id) = try scanner.number() else {
                throw scanner.failure(.unexpected(found: "another number", expected: "an integer as a token's id"))
            }
            entries.append(ModelTables.Entry(token: token, id: id, line: line))
        }
        return entries
    }

    /// A list of merges, each a string "left right" or a list of two strings.
    mutating func merges() throws(JSONError) -> [ModelTables.Pair] {
        var merges: [ModelTables.Pair] = []
        try scanner.beginArray()
        while try scanner.nextElement() {
            let parts: [String]
            if try scanner.peek() == .array {
                parts = try strings()
            } else {
                parts = try scanner.string().splitAtSpaces()
            }
            let line = line(of: scanner.offset)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw scanner.failure(.unexpected(found: "\(parts.count)", expected: "a merge of two tokens"))
            }
            merges.append(ModelTables.Pair(left: parts[0], right: parts[1], line: line))
        }
        return merges
    }

    private mutating func strings() throws(JSONError) -> [String] {
        var strings: [String] = []
        try scanner.beginArray()
        while try scanner.nextElement() { strings.append(try scanner.string()) }
        return strings
    }

    /// A list of lists of a piece and its score.
    mutating func pieces() throws(JSONError) -> [ModelTables.Piece] {
        var pieces: [ModelTables.Piece] = []
        try scanner.beginArray()
        while try scanner.nextElement() {
            try scanner.beginArray()
            guard try scanner.nextElement() else { throw pieceFailure() }
            let piece = try scanner.string()
            guard try scanner.nextElement() else { throw pieceFailure() }
            let score = try scanner.number().doubleValue
            guard try !scanner.nextElement() else { throw pieceFailure() }
            pieces.append(ModelTables.Piece(piece: piece, score: score))
        }
        return pieces
    }

    private func pieceFailure() -> JSONError {
        scanner.failure(.unexpected(found: "a list of another length", expected: "a piece and its score"))
    }
}

extension String {
    /// The parts between spaces, empty ones kept.
    func splitAtSpaces() -> [String] {
        utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map { String(Substring($0)) }
    }
}
