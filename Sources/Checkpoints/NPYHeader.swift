/// The header of an array file: a Python dictionary with exactly the keys `descr`, `fortran_order` and `shape`.
struct NPYHeader {
    private(set) var element = NPY.Element.float32
    private(set) var isColumnMajor = false
    private(set) var shape: [Int] = []
    /// Where the data start in the file.
    private(set) var dataOffset = 0

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    private let bytes: [UInt8]
    private let file: String
    private var place = 0

    /// Reads the header and checks that exactly the data follow it.
    init(_ bytes: [UInt8], file: String) throws(NPYError) {
        self.bytes = bytes
        self.file = file
        guard bytes.starts(with: Self.magic) else {
            throw failure("a file that starts with \\x93NUMPY", "another start")
        }
        guard bytes.count >= 8 else { throw failure("a version", "the end of the file", at: bytes.count) }
        guard (1...3).contains(bytes[6]), bytes[7] == 0 else {
            throw failure("version 1.0, 2.0 or 3.0", "\(bytes[6]).\(bytes[7])", at: 6)
        }
        // The length has 2 bytes in version 1.0 and 4 after it.
        place = bytes[6] == 1 ? 10 : 12
        guard bytes.count >= place else { throw failure("the header's length", "the end of the file", at: bytes.count) }
        let length = bytes[8..<place].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= bytes.count - place else {
            throw failure("a header of \(length) bytes", "\(bytes.count - place) bytes in the file", at: 8)
        }
        dataOffset = place + length
        try parseDictionary()
        try checkSize()
    }

    private mutating func parseDictionary() throws(NPYError) {
        var found: [String] = []
        try expect("{")
        while !consume("}") {
            let start = place
            let key = try string()
            guard !found.contains(key) else { throw failure("each key once", "\(key.quoted) twice", at: start) }
            found.append(key)
            try expect(":")
            switch key {
            case "descr":
                let start = place
                let text = try string()
                guard let type = NPY.Element(rawValue: text) else {
                    let known = NPY.Element.allCases.map(\.rawValue).joined(separator: ", ")
                    throw failure("a type of \(known)", text.quoted, at: start)
                }
                element = type
            case "fortran_order":
                guard let flag = boolean() else { throw failure("True or False", "something else") }
                isColumnMajor = flag
            case "shape": try parseShape()
            default: throw failure("the keys descr, fortran_order and shape", key.quoted, at: start)
            }
            if !consume(",") {
                try expect("}")
                break
            }
        }
        guard found.count == 3 else {
            throw failure("the keys descr, fortran_order and shape", "\(found.count) of them")
        }
        skipSpaces()
        guard place == dataOffset else { throw failure("the end of the header after '}'", "the byte \(bytes[place])") }
    }

    private mutating func parseShape() throws(NPYError) {
        try expect("(")
        while !consume(")") {
            let start = place
            let dimension = try integer()
            guard shape.count < NPY.rankLimit else {
                throw failure("at most \(NPY.rankLimit) dimensions", "more", at: start)
            }
            shape.append(dimension)
            if consume(",") { continue }
            // Without a comma, "(3)" is the number 3 in Python, not a shape.
            guard shape.count > 1 else { throw failure("',' after a single dimension", "none") }
            try expect(")")
            break
        }
    }

    private func checkSize() throws(NPYError) {
        var size = element.byteCount
        for dimension in shape where dimension > 0 {
            let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw failure("fewer than 2^63 bytes", "\(shape)") }
            size = product
        }
        if shape.contains(0) { size = 0 }
        guard bytes.count - dataOffset == size else {
            throw failure(
                "\(size) bytes of data for \(element.rawValue) \(shape)", "\(bytes.count - dataOffset)", at: dataOffset)
        }
    }

    private mutating func skipSpaces() {
        while place < dataOffset, bytes[place] == 0x20 || bytes[place] == 0x0A { place += 1 }
    }

    private mutating func consume(_ symbol: Unicode.Scalar) -> Bool {
        skipSpaces()
        guard place < dataOffset, bytes[place] == UInt8(ascii: symbol) else { return false }
        place += 1
        return true
    }

    private mutating func expect(_ symbol: Unicode.Scalar) throws(NPYError) {
        guard consume(symbol) else {
            throw failure("'\(symbol)'", place < dataOffset ? "the byte \(bytes[place])" : "the end of the header")
        }
    }

    /// A string in single or double quotes, without escapes, in printable ASCII.
    private mutating func string() throws(NPYError) -> String {
        skipSpaces()
        guard place < dataOffset, bytes[place] == UInt8(ascii: "'") || bytes[place] == UInt8(ascii: "\"") else {
            throw failure("a string", "something else")
        }
        let start = place + 1
        guard let end = bytes[start..<dataOffset].firstIndex(of: bytes[place]) else {
            throw failure("the end of a string", "the end of the header")
        }
        let text = bytes[start..<end]
        guard text.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\\") }) else {
            throw failure("a string of plain characters", "others")
        }
        place = end + 1
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func boolean() -> Bool? {
        skipSpaces()
        for (word, value) in [("True", true), ("False", false)] where bytes[place..<dataOffset].starts(with: word.utf8)
        {
            place += word.utf8.count
            return value
        }
        return nil
    }

    private mutating func integer() throws(NPYError) -> Int {
        skipSpaces()
        let digits = bytes[place..<dataOffset].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let value = Int(String(decoding: digits, as: UTF8.self)),
            digits.count == 1 || digits.first != UInt8(ascii: "0")
        else {
            throw failure("a dimension from 0 to 2^63 - 1", digits.isEmpty ? "something else" : "another number")
        }
        place = digits.endIndex
        return value
    }

    private func failure(_ expected: String, _ found: String, at offset: Int? = nil) -> NPYError {
        NPYError(file: file, offset: offset ?? place, expected: expected, found: found)
    }
}
