import AudioEncoder
import TestSupport
import Testing

/// Speech told from silence by energy.
@Suite struct VoiceActivityTests {
    private static let rate = 16_000

    /// A part of a sound: its seconds and the amplitude of its noise.
    struct Part: Sendable {
        var seconds: Double
        var amplitude: Float
    }

    private static func sound(_ parts: [Part], offset: Float = 0) -> [Float] {
        var source = SeededGenerator(seed: 3)
        return parts.flatMap { part in
            source.floats(Int((part.seconds * Double(rate)).rounded()), scale: part.amplitude).map { $0 + offset }
        }
    }

    private static func stretches(
        _ sound: [Float], _ rule: VoiceActivity = VoiceActivity(), block: Int = .max
    ) throws -> [VoiceActivityDetector.Stretch] {
        var detector = try VoiceActivityDetector(rule, rate: rate)
        var stretches: [VoiceActivityDetector.Stretch] = []
        var start = 0
        while start < sound.count {
            let end = start + min(block, sound.count - start)
            stretches += detector.append(Array(sound[start..<end]))
            start = end
        }
        stretches += detector.finish()
        // Neighbours of a kind are one.
        return stretches.reduce(into: []) { joined, stretch in
            if let last = joined.last, last.isSpeech == stretch.isSpeech {
                joined[joined.count - 1].samples = last.samples.lowerBound..<stretch.samples.upperBound
            } else {
                joined.append(stretch)
            }
        }
    }

    private static let loud: Float = 0.2
    private static let quiet: Float = 0.002

    /// Sounds, and the seconds in them that are speech.
    static let cases: [([Part], [ClosedRange<Double>])] = [
        // Speech between silences, and a pause that is long enough.
        (
            [(3, 0), (2, loud), (4, 0), (1, loud), (2.5, 0)].map { Part(seconds: $0.0, amplitude: $0.1) },
            [2.7...5.3, 8.7...10.3]
        ),
        // The same in noise, which may be speech until the first 2 s before something louder.
        (
            [(3, quiet), (2, loud), (4, quiet), (1, loud), (2.5, quiet)].map {
                Part(seconds: $0.0, amplitude: $0.1)
            }, [0...1.3, 2.7...5.3, 8.7...10.3]
        ),
        // A pause between words, and speech up to both ends.
        ([(1, loud), (0.9, quiet), (1, loud)].map { Part(seconds: $0.0, amplitude: $0.1) }, [0...2.9]),
        // Noise that is as loud at the end as speech was not: a click of 40 ms is none.
        (
            [(1, loud), (3, quiet), (0.04, loud), (3, quiet)].map { Part(seconds: $0.0, amplitude: $0.1) },
            [0...1.3]
        ),
        // Steady sound may be speech; what is below the quietest level is not.
        ([Part(seconds: 4, amplitude: quiet)], [0...4]),
        ([Part(seconds: 4, amplitude: 0.0001)], []),
        ([Part(seconds: 0.5, amplitude: 0)], []),
        ([Part(seconds: 0.5, amplitude: loud)], [0...0.5]),
        ([], []),
        // A noise floor that rises for good is noise after 10 s, and before nothing is lost.
        (
            [(2, loud), (14, quiet), (30, 4 * quiet), (1, loud)].map { Part(seconds: $0.0, amplitude: $0.1) },
            [0...2.3, 15.7...26.3, 45.7...47]
        ),
    ]

    @Test(arguments: cases.indices) func speechIsFound(index: Int) throws {
        let (parts, known) = Self.cases[index]
        for offset: Float in [0, 0.3] {
            let sound = Self.sound(parts, offset: offset)
            let found = try Self.stretches(sound)
            #expect(found.map(\.samples.count).reduce(0, +) == sound.count)
            #expect(found.first.map { $0.samples.lowerBound == 0 } ?? sound.isEmpty)
            for (one, next) in zip(found, found.dropFirst()) {
                #expect(one.samples.upperBound == next.samples.lowerBound)
            }
            let speech = found.filter(\.isSpeech).map(\.samples)
            #expect(speech.count == known.count)
            for (one, other) in zip(speech, known) {
                // A frame, and what the noise floor's five frames blur.
                #expect(abs(Double(one.lowerBound) / Double(Self.rate) - other.lowerBound) < 0.13)
                #expect(abs(Double(one.upperBound) / Double(Self.rate) - other.upperBound) < 0.13)
            }
        }
    }

    @Test(arguments: [1, 319, 320, 12_345]) func blocksDoNotMatter(block: Int) throws {
        let parts = [(3, 0), (1, Self.loud), (2.3, Self.quiet), (1, Self.loud), (1.9, 0)]
        let sound = Self.sound(parts.map { Part(seconds: $0.0, amplitude: $0.1) })
        #expect(try Self.stretches(sound, block: block) == Self.stretches(sound))
    }

    @Test func numbersChangeTheRule() throws {
        let parts = [(1, Self.loud), (0.5, 0), (1, Self.loud)].map { Part(seconds: $0.0, amplitude: Float($0.1)) }
        var rule = VoiceActivity()
        rule.minimumSilence = 0.4
        rule.padding = 0.1
        let speech = try Self.stretches(Self.sound(parts), rule).filter(\.isSpeech).map(\.samples)
        #expect(speech == [0..<17_600, 22_400..<40_000])
        rule.minimumSpeech = 1
        #expect(try Self.stretches(Self.sound(parts), rule).filter(\.isSpeech).count == 2)
        rule.quietest = -10
        #expect(try Self.stretches(Self.sound(parts), rule).filter(\.isSpeech).isEmpty)
    }

    @Test func memoryDoesNotGrow() throws {
        var detector = try VoiceActivityDetector(rate: 1000)
        var stretches = 0
        // An hour that says the same again and again.
        let minute = Self.sound([Part(seconds: 1.2, amplitude: 0.2), Part(seconds: 2.55, amplitude: 0)])
        for _ in 0..<60 { stretches += detector.append(minute).count }
        #expect(stretches >= 60)
        #expect(throws: AudioEncoderError.self) { try VoiceActivityDetector(rate: 999) }
    }
}
