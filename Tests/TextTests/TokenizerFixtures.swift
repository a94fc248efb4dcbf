import Files
import Foundation
import JSON
import Testing
import Text

/// The small tokenizers beside these tests, with what the references make of a corpus.
enum TokenizerFixtures {
    /// The folder of a tokenizer, by its name.
    static func path(_ name: String) -> String { "\(root)/\(name)" }

    private static var root: String { Bundle.module.bundlePath + "/Fixtures/tokenizers" }

    /// Every tokenizer.
    static let names = ((try? FileSystem.list(root).names) ?? []).filter { FileSystem.isDirectory(path($0)) }

    /// A JSON file.
    static func json(_ path: String) throws -> JSONValue {
        try JSONValue.parse(try FileSystem.read(path, limit: 1 << 20))
    }

    /// The texts.
    static func lines() throws -> [String] {
        let lines = try #require(try json(path("corpus.json"))["lines"]?.arrayValue)
        return lines.compactMap(\.stringValue)
    }

    /// What the reference makes of each text: ids, and the places of the first texts' tokens where it has such.
    static func golden(_ name: String) throws -> (ids: [[Int]], offsets: [[Range<Int>]]) {
        let golden = try json(path(name) + "/golden.json")
        let ids = try #require(golden["ids"]?.arrayValue).map { ($0.arrayValue ?? []).compactMap(\.intValue) }
        let offsets = (golden["offsets"]?.arrayValue ?? []).map { places in
            (places.arrayValue ?? []).compactMap { place -> Range<Int>? in
                guard let bounds = place.arrayValue, let start = bounds[0].intValue, let end = bounds[1].intValue else {
                    return nil
                }
                return start..<end
            }
        }
        return (ids, offsets)
    }

    /// The bytes of a file of a tokenizer.
    static func bytes(_ name: String, _ file: String) throws -> [UInt8] {
        try FileSystem.read(path(name) + "/" + file, limit: 1 << 20)
    }
}
