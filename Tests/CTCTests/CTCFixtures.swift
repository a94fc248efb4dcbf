import CTC
import Foundation
import JSON

/// What the references make of small inputs, see `Scripts/fixtures/ctc_fixtures.py`.
enum CTCFixtures {
    static func path(_ name: String) -> String { Bundle.module.bundlePath + "/Fixtures/" + name }

    static func read(_ name: String) throws -> JSONValue {
        let bytes = Array(try Data(contentsOf: URL(filePath: path(name))))
        return try JSONValue.parse(bytes, limits: JSONLimits(byteCount: 16 << 20))
    }

    static func list(_ name: String) throws -> [JSONValue] { try read(name).arrayValue ?? [] }
}

extension JSONValue {
    var list: [JSONValue] { arrayValue ?? [] }
    var ints: [Int] { list.compactMap(\.intValue) }
    var floats: [Float] { list.compactMap(\.doubleValue).map { Float($0) } }
    var strings: [String] { list.compactMap(\.stringValue) }

    /// Text and places of spans.
    var spans: [String] {
        list.map { "\($0.list[0].stringValue ?? "?") \($0.list[1].intValue ?? -1) \($0.list[2].intValue ?? -1)" }
    }
}

extension [Span] {
    var places: [String] { map { "\($0.text) \($0.start) \($0.end)" } }
}

extension Emissions {
    /// Emissions of a fixture's logits.
    init(_ value: JSONValue?, count: Int) throws {
        let logits = value?.floats ?? []
        self = try .logSoftmax(logits: logits, frames: logits.count / count, count: count)
    }
}

/// A vocabulary of letters as English networks have it.
func lettersOf(_ tokens: [String]) throws -> CTCVocabulary {
    try CTCVocabulary(
        tokens: tokens, blank: 0, delimiter: tokens.firstIndex(of: "|"), unknown: tokens.firstIndex(of: "<unk>"),
        specials: Set(tokens.indices.filter { tokens[$0].hasPrefix("<") }))
}
