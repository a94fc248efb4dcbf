import Files

/// Reads the ARPA format line by line, a block of the file at a time.
struct ARPAParser {
    private(set) var words = WordTable()
    private(set) var tables: [NGramTable] = []
    /// The header's counts.
    private(set) var declared: [Int] = []
    private var lines: ARPALines
    /// The places of the fields in the current line.
    private var fields: [Range<Int>] = []

    init(file: RegularFile) { lines = ARPALines(file: file) }

    mutating func parse() throws(CTCError) {
        try readHeader()
        for order in 1...declared.count { try readSection(order) }
        guard lines.line.isWord("\\end\\") else { throw wrong("\\end\\ after the last section") }
        while try lines.next() {
            guard lines.line.isBlank else { throw wrong("nothing after \\end\\") }
        }
    }

    private mutating func readHeader() throws(CTCError) {
        try nextFilled("\\data\\")
        guard lines.line.isWord("\\data\\") else {
            if lines.line.starts(with: [0x1F, 0x8B]) { throw wrong("ARPA text; this is gzip, decompress it first") }
            if lines.line.starts(with: Array("mmap lm".utf8)) {
                throw wrong("ARPA text; this is KenLM's binary form, use the ARPA file it was built from")
            }
            throw wrong("\\data\\")
        }
        while true {
            try nextFilled("\"ngram \(declared.count + 1)=COUNT\"")
            guard lines.line.starts(with: Array("ngram ".utf8)) else { break }
            let text = String(decoding: lines.line, as: UTF8.self).dropFirst(6)
            let parts = text.split(separator: "=", maxSplits: 1).map { String($0).strippedLikePython }
            guard parts.count == 2, Int(parts[0]) == declared.count + 1, let count = Int(parts[1]), count >= 0,
                count < NGramTable.countLimit
            else { throw wrong("\"ngram \(declared.count + 1)=COUNT\"") }
            // A line is a number, a word and a line feed at least.
            guard count <= lines.size / 4 else {
                throw wrong("at most \(lines.size / 4) n-grams in a file of \(lines.size) bytes")
            }
            declared.append(count)
            guard declared.count <= NGramModel.orderLimit else {
                throw wrong("at most \(NGramModel.orderLimit) orders")
            }
        }
        guard let first = declared.first else { throw wrong("\"ngram 1=COUNT\"") }
        guard first > 0 else { throw wrong("at least one word") }
    }

    /// Reads a section; the current line is its heading, and the next heading afterwards.
    private mutating func readSection(_ order: Int) throws(CTCError) {
        guard lines.line.isWord("\\\(order)-grams:") else { throw wrong("\\\(order)-grams:") }
        tables.append(NGramTable())
        var found = 0
        while true {
            try nextFilled("an n-gram, a section or \\end\\")
            if lines.line.first == UInt8(ascii: "\\") { break }
            guard found < declared[order - 1] else {
                throw wrong("\(declared[order - 1]) \(order)-grams as the header says")
            }
            try readLine(order)
            found += 1
        }
        guard found == declared[order - 1] else {
            throw wrong("\(declared[order - 1]) \(order)-grams as the header says, before this line", found: "\(found)")
        }
    }

    private mutating func readLine(_ order: Int) throws(CTCError) {
        split()
        let hasBackoff = fields.count == order + 2
        guard fields.count == order + 1 || hasBackoff else {
            throw wrong("a number, \(order) words\(order < declared.count ? " and perhaps a number" : "")")
        }
        let probability = try number(0)
        guard probability <= 0 else { throw wrong("a logarithm of a probability, at most 0") }
        let backoff = hasBackoff ? try number(order + 1) : 0
        guard order < declared.count || backoff == 0 else {
            throw wrong("no back-off weight for an n-gram of the highest order")
        }
        if order == 1 {
            let line = lines.line
            let place = fields[1]
            guard String(validating: line[place], as: UTF8.self) != nil else {
                throw wrong("UTF-8", found: "other bytes")
            }
            let word = line.withUnsafeBytes { words.enter(UnsafeRawBufferPointer(rebasing: $0[place])) }
            guard word == tables[0].count else { throw wrong("every word once") }
            _ = tables[0].append(
                NGramTable.key(context: 0, word: word), probability: probability, backoff: backoff)
            return
        }
        var entry = try word(1)
        for place in 2...order {
            let key = NGramTable.key(context: entry, word: try word(place))
            if let known = tables[place - 1].find(key) {
                entry = known
                guard place == order else { continue }
                throw wrong("every n-gram once")
            }
            guard tables[place - 1].count < NGramTable.countLimit else {
                throw wrong(
                    "at most \(NGramTable.countLimit) n-grams of an order, contexts that have no line among them")
            }
            // Models that were pruned may lack the context of an n-gram that they have.
            entry = tables[place - 1].append(
                key, probability: place == order ? probability : .nan, backoff: place == order ? backoff : 0)
        }
    }

    /// The fields of the current line, between spaces and tabs.
    private mutating func split() {
        fields.removeAll(keepingCapacity: true)
        var start: Int?
        let line = lines.line
        for (place, byte) in line.enumerated() {
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                if let first = start { fields.append(first..<place) }
                start = nil
            } else if start == nil {
                start = place
            }
        }
        if let start { fields.append(start..<line.count) }
    }

    private func number(_ field: Int) throws(CTCError) -> Float {
        let text = String(decoding: lines.line[fields[field]], as: UTF8.self)
        guard let value = Float(text), value.isFinite else {
            throw wrong("a finite number", found: CTCError.excerpt(text))
        }
        return value
    }

    private func word(_ field: Int) throws(CTCError) -> Int {
        let place = fields[field]
        let known = lines.line.withUnsafeBytes { words.number(of: UnsafeRawBufferPointer(rebasing: $0[place])) }
        guard let known else {
            let text = String(decoding: lines.line[place], as: UTF8.self)
            throw wrong("words that are among the 1-grams", found: CTCError.excerpt(text))
        }
        return known
    }

    /// Goes to the next line that is not blank.
    private mutating func nextFilled(_ expected: String) throws(CTCError) {
        while try lines.next() { if !lines.line.isBlank { return } }
        throw .format(
            file: lines.path, line: lines.number + 1, expected: expected, found: "the end of the file")
    }

    private func wrong(_ expected: String, found: String? = nil) -> CTCError {
        let text = CTCError.excerpt(String(decoding: lines.line.prefix(200), as: UTF8.self))
        return .format(file: lines.path, line: lines.number, expected: expected, found: found ?? text)
    }
}

extension [UInt8] {
    /// Whether nothing but white space is in a line.
    fileprivate var isBlank: Bool { allSatisfy { $0 == 0x20 || $0 == 0x09 } }

    /// Whether a line is a word, but for white space at its end.
    fileprivate func isWord(_ word: String) -> Bool {
        starts(with: Array(word.utf8)) && self[word.utf8.count...].allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }
}
