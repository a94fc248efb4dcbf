import Arguments

/// A file of labels or templates: one a line, in UTF-8, spaces around them left out. Commas are part of the text.
enum NameList {
    /// One of them.
    struct Entry {
        let text: String
        /// File and line, for messages.
        let place: String
    }

    /// The largest file, in bytes.
    private static let limit = 64 << 20

    /// Reads a file.
    ///
    /// - Parameter what: what a line is, for messages.
    /// - Throws: ``InputError`` where it cannot be read, and ``Failure`` for a line that is empty or not UTF-8, and
    ///   where there is none.
    static func read(_ path: InputPath, what: String) throws -> [Entry] {
        var reader = try LineReader(path)
        var entries: [Entry] = []
        var size = 0
        while let line = reader.next() {
            let place = reader.place(of: line)
            var text = Substring(try line.text.mapError { Failure("\(place): \($0.message)", $0.exitCode) }.get())
            size += text.utf8.count
            guard size <= limit else { throw Failure("\(reader.name): larger than \(Format.bytes(limit))", .badData) }
            // A mark that editors on other systems put at the start of UTF-8.
            if line.number == 1, text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
            let entry = trimmed(text)
            guard !entry.isEmpty else {
                throw Failure("\(place): an empty \(what); take the line out", .badData)
            }
            entries.append(Entry(text: entry, place: place))
        }
        guard !entries.isEmpty else { throw Failure("\(reader.name): no \(what)s, one a line", .badData) }
        return entries
    }

    /// A text without white space around it.
    static func trimmed(_ text: Substring) -> String {
        let scalars = text.unicodeScalars
        let start = scalars.drop { $0.properties.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
