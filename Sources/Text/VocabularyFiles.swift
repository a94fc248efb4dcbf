import Files
import JSON

/// The files of bare vocabularies.
enum VocabularyFiles {
    /// The largest of them, in bytes.
    static let byteLimit = 64 << 20
    /// The most merges.
    static let mergeLimit = 4_000_000

    static func read(_ path: String) throws(TokenizerError) -> [UInt8] {
        do throws(FileError) { return try FileSystem.read(path, limit: byteLimit) } catch { throw .file(error) }
    }

    /// `vocab.json` and `merges.txt`.
    static func bytePairs(folder: String) throws(TokenizerError) -> ModelTables {
        let vocabularyPath = FileSystem.join(folder, "vocab.json")
        let mergesPath = FileSystem.join(folder, "merges.txt")
        var tables = ModelTables(file: vocabularyPath, mergeFile: mergesPath)
        let bytes = try read(vocabularyPath)
        do throws(JSONError) {
            var reader = try TableReader(bytes, limits: JSONLimits(byteCount: byteLimit))
            tables.entries = try reader.entries()
            try reader.scanner.finish()
        } catch {
            throw .config(.syntax(file: vocabularyPath, error))
        }
        let lines = try lines(of: try read(mergesPath), file: mergesPath)
        // The file ends with a line feed, so nothing is after the last.
        for (position, line) in lines.enumerated() where !(position == lines.count - 1 && line.isEmpty) {
            if line.hasPrefix("#version") { continue }
            let parts = line.splitAtSpaces()
            tables.merges.append(try merge(parts, file: mergesPath, line: position + 1))
        }
        return tables
    }

    /// `vocab.txt`: a token a line, its number the id.
    static func lines(folder: String) throws(TokenizerError) -> ModelTables {
        let path = FileSystem.join(folder, "vocab.txt")
        var tables = ModelTables(file: path, mergeFile: path)
        let lines = try lines(of: try read(path), file: path)
        for (id, line) in lines.enumerated() where !(id == lines.count - 1 && line.isEmpty) {
            tables.entries.append(ModelTables.Entry(token: line, id: id, line: id + 1))
        }
        return tables
    }

    /// The lines of a text in UTF-8, or the first of them; a carriage return before a line feed belongs to the line's
    /// end.
    static func lines(of bytes: [UInt8], file: String, first: Int = .max) throws(TokenizerError) -> [String] {
        var lines: [String] = []
        var start = 0
        while start <= bytes.count, lines.count < first {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            var line = bytes[start..<end]
            start = end + 1
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            guard lines.count < Vocabulary.countLimit else {
                throw .format(
                    file: file, line: lines.count, expected: "at most \(Vocabulary.countLimit) lines", found: "more")
            }
            guard let text = String(validating: line, as: UTF8.self) else {
                throw .format(file: file, line: lines.count + 1, expected: "UTF-8", found: "other bytes")
            }
            lines.append(text)
        }
        return lines
    }

    static func merge(_ parts: [String], file: String, line: Int) throws(TokenizerError) -> ModelTables.Pair {
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw .format(
                file: file, line: line, expected: "two tokens with a space between them",
                found: parts.count == 1 && parts[0].isEmpty ? "an empty line" : "\(parts.count)")
        }
        return ModelTables.Pair(left: parts[0], right: parts[1], line: line)
    }
}
