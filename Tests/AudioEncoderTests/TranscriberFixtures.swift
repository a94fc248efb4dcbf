import AudioEncoder
import Checkpoints
import Foundation
import JSON
import TensorCore
import TestSupport
import Testing

/// The folders of `Fixtures/transcriber`; the README there says where they come from.
enum TranscriberFixtures {
    static let names = ["group", "layer"]

    static func path(_ name: String) -> String { Bundle.module.bundlePath + "/Fixtures/transcriber/\(name)" }

    /// Loaded once, on two threads.
    static let runtime = Runtime(threads: 2)

    static func transcriber(
        _ name: String = "layer", _ options: Transcriber.Options = Transcriber.Options()
    ) throws -> Transcriber {
        try Transcriber(folder: path(name), runtime: runtime, options: options)
    }

    /// A way of chunking, and what the reference's pipeline gives for the made-up sound.
    struct Case: Sendable, CustomTestStringConvertible {
        var folder: String
        var chunking: Transcriber.Chunking
        var text: String
        var words: [Place]
        var characters: [Place]

        var testDescription: String { "\(folder), \(chunking)" }
    }

    /// What was said from when to when.
    struct Place: Sendable, Equatable {
        var text: String
        var start: Double
        var end: Double
    }

    static let cases: [Case] = names.flatMap { (try? cases($0)) ?? [] }

    private static func cases(_ name: String) throws -> [Case] {
        let config = try Config(path: path(name) + "/ref/pipeline.json")
        return try config.objects("cases", count: 1...100).map { entry in
            let chunk = try entry.double("chunk", in: 0...60)
            let (left, right) = (try entry.double("left", in: 0...60), try entry.double("right", in: 0...60))
            return Case(
                folder: name,
                chunking: chunk == 0 ? .whole : .chunks(seconds: chunk, left: left, right: right),
                text: try entry.string("text"), words: places(entry.object["words"]),
                characters: places(entry.object["characters"]))
        }
    }

    private static func places(_ value: JSONValue?) -> [Place] {
        (value?.arrayValue ?? []).compactMap { entry in
            guard let parts = entry.arrayValue, parts.count == 3, let text = parts[0].stringValue,
                let start = parts[1].doubleValue, let end = parts[2].doubleValue
            else { return nil }
            return Place(text: text, start: start, end: end)
        }
    }
}

/// Noise whose loudness and timbre change every 2000 samples: each value is held for one to eight samples. The script
/// of the fixtures draws the same.
enum MadeUpSound {
    static func samples(_ count: Int, seed: UInt64 = 11) -> [Float] {
        var source = SeededGenerator(seed: seed)
        var samples: [Float] = []
        samples.reserveCapacity(count + 2000)
        while samples.count < count {
            let bits = source.next()
            let scale = 1 / Float(2 << (bits & 3))
            let hold = 1 + Int((bits >> 8) & 7)
            var value: Float = 0
            for index in 0..<2000 {
                if index % hold == 0 { value = source.float() * scale }
                samples.append(value)
            }
        }
        return Array(samples[..<count])
    }

    /// That of the fixtures, 9.37 s.
    static let whole = samples(149_920)
}

extension Transcription {
    /// Words without their scores.
    var wordPlaces: [TranscriberFixtures.Place] { words.map { .init(text: $0.text, start: $0.start, end: $0.end) } }
    /// Characters without their scores.
    var characterPlaces: [TranscriberFixtures.Place] {
        characters.map { .init(text: $0.text, start: $0.start, end: $0.end) }
    }
}
