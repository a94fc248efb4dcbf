/// Characters written as `&name;` or `&#number;`.
enum HTMLEntities {
    private struct Entity {
        var scalars: [Unicode.Scalar]
        /// Whether the name counts without a semicolon, as old pages have it.
        var isLegacy: Bool
    }

    private static let longestLegacy = 6

    private static let names: [String: Entity] = {
        var names: [String: Entity] = [:]
        for word in HTMLEntityTable.names.split(separator: " ") {
            guard let mark = word.firstIndex(where: { $0 == "=" || $0 == "!" }) else { continue }
            let codes = word[word.index(after: mark)...].split(separator: "+").compactMap { UInt32($0, radix: 16) }
            names[String(word[..<mark])] = Entity(
                scalars: codes.compactMap { Unicode.Scalar($0) }, isLegacy: word[mark] == "!")
        }
        return names
    }()

    /// Names in lower case that ftfy takes in capitals, too, for the capital of their character: those that mean
    /// nothing in capitals otherwise.
    private static let capitals: [String: [Unicode.Scalar]] = {
        var capitals: [String: [Unicode.Scalar]] = [:]
        for (name, entity) in names where name == name.lowercased() {
            let upper = name.uppercased()
            guard names[upper] == nil, legacyPrefix(of: Array(upper.unicodeScalars)) == nil else { continue }
            capitals[upper] = entity.scalars.flatMap { Array($0.properties.uppercaseMapping.unicodeScalars) }
        }
        return capitals
    }()

    /// Unescapes as HTML5 does, semicolons or not: `html.unescape` of Python.
    static func unescape(_ text: inout NormalizedText) {
        replace(&text) { scalars, start in
            guard start + 1 < scalars.count else { return nil }
            if scalars[start + 1] == "#" { return number(scalars, start) }
            var end = start + 1
            while end < scalars.count, end - start <= 32, !"\t\n\u{C} <&#;".unicodeScalars.contains(scalars[end]) {
                end += 1
            }
            guard end > start + 1 else { return nil }
            let name = Array(scalars[(start + 1)..<end])
            if end < scalars.count, scalars[end] == ";", let entity = names[string(name)] {
                return (entity.scalars, end + 1 - start)
            }
            guard let (length, replacement) = legacyPrefix(of: name) else { return nil }
            return (replacement, 1 + length)
        }
    }

    /// Unescapes only what ends with a semicolon, and names in capitals: `unescape_html` of ftfy.
    static func unescapeStrictly(_ text: inout NormalizedText) {
        replace(&text) { scalars, start in
            var end = start + 1
            let isNumber = end < scalars.count && scalars[end] == "#"
            if isNumber { end += 1 }
            let first = end
            while end < scalars.count, end - first < 24, isAlphanumeric(scalars[end]) { end += 1 }
            guard end > first, end < scalars.count, scalars[end] == ";" else { return nil }
            if isNumber {
                // A number that ends before the semicolon is left, and so is the semicolon's own.
                guard let found = number(scalars, start), found.length == end + 1 - start, found.scalars != [";"] else {
                    return nil
                }
                return found
            }
            let name = string(Array(scalars[first..<end]))
            guard let replacement = names[name]?.scalars ?? capitals[name] else { return nil }
            return (replacement, end + 1 - start)
        }
    }

    private typealias Found = (scalars: [Unicode.Scalar], length: Int)

    /// Replaces what `find` finds at ampersands; what is put there stands for all that was replaced.
    private static func replace(_ text: inout NormalizedText, _ find: ([Unicode.Scalar], Int) -> Found?) {
        guard text.scalars.contains("&") else { return }
        var result = NormalizedText()
        result.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            if text.scalars[position] == "&", let found = find(text.scalars, position) {
                let span = text.originalRange(of: position..<(position + found.length))
                for scalar in found.scalars { result.append(scalar, span: span) }
                position += found.length
            } else {
                result.append(text.scalars[position], span: text.spans[position])
                position += 1
            }
        }
        text = result
    }

    /// The longest start of a name that counts without a semicolon.
    private static func legacyPrefix(of name: [Unicode.Scalar]) -> (length: Int, scalars: [Unicode.Scalar])? {
        for length in stride(from: min(name.count, longestLegacy), through: 2, by: -1) {
            if let entity = names[string(Array(name[..<length]))], entity.isLegacy { return (length, entity.scalars) }
        }
        return nil
    }

    /// `&#` and a decimal number, or `&#x` and a hexadecimal one, with or without a semicolon.
    private static func number(_ scalars: [Unicode.Scalar], _ start: Int) -> Found? {
        var position = start + 2
        var radix: UInt32 = 10
        if position < scalars.count, scalars[position] == "x" || scalars[position] == "X" {
            radix = 16
            position += 1
        }
        let first = position
        var value: UInt32 = 0
        while position < scalars.count, let digit = digit(scalars[position]), digit < radix {
            value = min(value * radix + digit, 0x110000)
            position += 1
        }
        guard position > first else { return nil }
        if position < scalars.count, scalars[position] == ";" { position += 1 }
        return (character(value), position - start)
    }

    /// The character of a number, by the HTML standard's exceptions.
    private static func character(_ value: UInt32) -> [Unicode.Scalar] {
        switch value {
        case 0: return ["\u{FFFD}"]
        case 0x0D: return ["\r"]
        case 0x80...0x9F: return [LegacyEncoding.windows1252(UInt8(value))]
        case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0xFDD0...0xFDEF: return []
        default:
            guard let scalar = Unicode.Scalar(value) else { return ["\u{FFFD}"] }
            return value & 0xFFFE == 0xFFFE ? [] : [scalar]
        }
    }

    private static func digit(_ scalar: Unicode.Scalar) -> UInt32? {
        switch scalar.value {
        case 0x30...0x39: scalar.value - 0x30
        case 0x41...0x46, 0x61...0x66: (scalar.value | 0x20) - 0x57
        default: nil
        }
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        (0x30...0x39).contains(scalar.value) || (0x61...0x7A).contains(scalar.value | 0x20) && scalar.isASCII
    }

    private static func string(_ scalars: [Unicode.Scalar]) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
