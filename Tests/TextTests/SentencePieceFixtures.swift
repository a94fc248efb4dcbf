import Foundation
import JSON
import Text

/// Folders of tiny SentencePiece tokenizers, and what the reference makes of some texts with each.
struct SentencePieceFixtures {
    /// What the reference says of one folder.
    struct Expected: Sendable {
        var ids: [[Int]]
        /// Ids of the texts cut to ``SentencePieceFixtures/cut`` tokens.
        var cut: [[Int]]
        /// Bounds one after another; absent where the reference gives none.
        var offsets: [[Int]]?
        var count: Int
        var padding: Int?
        var end: Int?
    }

    static let folders = [
        "siglip", "siglip-bytes", "siglip2", "gemma", "xlm-roberta", "xlm-roberta-model", "metaspace-older",
        "metaspace-first", "unigram-bytes",
    ]

    let lines: [String]
    let cut: Int
    private let members: JSONValue?

    static func path(_ name: String) -> String { Bundle.module.bundlePath + "/Fixtures/sentencepiece/" + name }

    static func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path(name)))) }

    init() throws {
        let value = try JSONValue.parse(Self.bytes("cases.json"))
        lines = (value["lines"]?.arrayValue ?? []).compactMap(\.stringValue)
        cut = value["cutTo"]?.intValue ?? 0
        members = value["folders"]
    }

    func expected(_ folder: String) -> Expected? {
        guard let value = members?[folder], let count = value["count"]?.intValue else { return nil }
        func lists(_ key: String) -> [[Int]]? {
            value[key]?.arrayValue?.map { ($0.arrayValue ?? []).compactMap(\.intValue) }
        }
        guard let ids = lists("ids"), let cut = lists("cut") else { return nil }
        return Expected(
            ids: ids, cut: cut, offsets: lists("offsets"), count: count, padding: value["padding"]?.intValue,
            end: value["end"]?.intValue)
    }
}
