extension JSONScanner {
    /// Consumes a string and unescapes it.
    package mutating func string() throws(JSONError) -> String {
        skipWhitespace()
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else { throw unexpected("a string") }
        offset += 1
        let start = offset
        try skipPlainText()
        if bytes[offset] == UInt8(ascii: "\"") {
            let text = String(decoding: bytes[start..<offset], as: UTF8.self)
            offset += 1
            return text
        }
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: bytes[start..<offset])
        while bytes[offset] != UInt8(ascii: "\"") {
            try unescape()
            let start = offset
            try skipPlainText()
            scratch.append(contentsOf: bytes[start..<offset])
        }
        offset += 1
        return String(decoding: scratch, as: UTF8.self)
    }

    /// Passes valid UTF-8 up to a quote or a backslash, which is there on return.
    private mutating func skipPlainText() throws(JSONError) {
        while offset < bytes.count {
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): return
            case 0..<0x20: throw failure(.controlCharacter(byte))
            case 0x20..<0x80: offset += 1
            default: offset += try lengthOfMultibyteCharacter()
            }
        }
        throw failure(.unexpectedEnd)
    }

    /// The bytes of the well-formed sequence at `offset` (Unicode 16, table 3-7).
    private func lengthOfMultibyteCharacter() throws(JSONError) -> Int {
        let length: Int
        let second: ClosedRange<UInt8>
        switch bytes[offset] {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw failure(.invalidUTF8)
        }
        guard bytes.count - offset >= length, second.contains(bytes[offset + 1]) else { throw failure(.invalidUTF8) }
        for i in 2..<max(2, length) where !(0x80...0xBF).contains(bytes[offset + i]) { throw failure(.invalidUTF8) }
        return length
    }

    /// Consumes one escape and appends what it stands for to `scratch`.
    private mutating func unescape() throws(JSONError) {
        let start = offset
        guard bytes.count - offset >= 2 else { throw failure(.unexpectedEnd) }
        let letter = bytes[offset + 1]
        offset += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(letter)
        case UInt8(ascii: "b"): scratch.append(0x08)
        case UInt8(ascii: "f"): scratch.append(0x0C)
        case UInt8(ascii: "n"): scratch.append(0x0A)
        case UInt8(ascii: "r"): scratch.append(0x0D)
        case UInt8(ascii: "t"): scratch.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexDigits(of: start)
            if (0xD800..<0xDC00).contains(code) {
                guard bytes.count - offset >= 2, bytes[offset] == UInt8(ascii: "\\"),
                    bytes[offset + 1] == UInt8(ascii: "u")
                else { throw failure(.loneSurrogate, at: start) }
                offset += 2
                let low = try hexDigits(of: start)
                guard (0xDC00..<0xE000).contains(low) else { throw failure(.loneSurrogate, at: start) }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure(.loneSurrogate, at: start) }
            scratch.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
        default: throw failure(.invalidEscape, at: start)
        }
    }

    private mutating func hexDigits(of escape: Int) throws(JSONError) -> UInt32 {
        guard bytes.count - offset >= 4 else { throw failure(.unexpectedEnd, at: bytes.count) }
        var code: UInt32 = 0
        for byte in bytes[offset..<offset + 4] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): code = code << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): code = code << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): code = code << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: throw failure(.invalidEscape, at: escape)
            }
        }
        offset += 4
        return code
    }

    /// The most characters of a number; 64-bit values need far fewer.
    private static var longestNumber: Int { 1024 }

    /// Consumes a number.
    package mutating func number() throws(JSONError) -> JSONNumber {
        skipWhitespace()
        let start = offset
        let negative = offset < bytes.count && bytes[offset] == UInt8(ascii: "-")
        if negative { offset += 1 }
        let digits = offset
        var magnitude: UInt64 = 0
        var overflowed = false
        while let digit = digit(at: offset) {
            let (product, productOverflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflow) = product.addingReportingOverflow(UInt64(digit))
            overflowed = overflowed || productOverflow || sumOverflow
            magnitude = sum
            offset += 1
        }
        guard offset > digits else { throw offset < bytes.count ? failure(.invalidNumber) : failure(.unexpectedEnd) }
        guard offset == digits + 1 || bytes[digits] != UInt8(ascii: "0") else {
            throw failure(.invalidNumber, at: digits)
        }
        let isInteger = try !skipFraction()
        if isInteger && !overflowed {
            if !negative { return Int(exactly: magnitude).map { .int($0) } ?? .unsigned(magnitude) }
            if magnitude <= UInt64(Int.max) { return .int(-Int(magnitude)) }
            if magnitude == UInt64(Int.max) + 1 { return .int(.min) }
        }
        guard offset - start <= Self.longestNumber,
            let value = Double(String(decoding: bytes[start..<offset], as: UTF8.self)), value.isFinite
        else { throw failure(.numberOutOfRange, at: start) }
        return .double(value)
    }

    /// Passes a fraction and an exponent; `false` where there is neither.
    private mutating func skipFraction() throws(JSONError) -> Bool {
        let start = offset
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            try skipDigits()
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
                offset += 1
            }
            try skipDigits()
        }
        return offset > start
    }

    private mutating func skipDigits() throws(JSONError) {
        guard digit(at: offset) != nil else {
            throw offset < bytes.count ? failure(.invalidNumber) : failure(.unexpectedEnd)
        }
        while digit(at: offset) != nil { offset += 1 }
    }

    private func digit(at place: Int) -> UInt8? {
        guard place < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place]) else { return nil }
        return bytes[place] - UInt8(ascii: "0")
    }
}
