import Audio
import JSON
import Testing

/// The resampler against torchaudio, and against itself in pieces.
@Suite struct ResamplerTests {
    @Test func equalsTorchaudio() throws {
        let all = try AudioFixtures.floats("resampler.f32")
        var start = 0
        for row in try AudioFixtures.cases("resampler.json") {
            let rates = 1...1_000_000
            let (source, target) = (try row.int("source", in: rates), try row.int("target", in: rates))
            let sound = noise(try row.int("count", in: rates), seed: try row.int("seed", in: 0...1_000))
            let outputs = try row.int("outputs", in: rates)
            let found = try Resampler.resample(sound, from: source, to: target)
            let worst = difference(found, Array(all[start..<start + outputs]))
            #expect(worst <= 2e-6, "\(source) to \(target): \(worst)")
            start += outputs
        }
        #expect(start == all.count)
    }

    @Test(arguments: [
        (44_100, 16_000), (48_000, 16_000), (8_000, 16_000), (16_000, 44_100), (7_919, 4_001), (44_101, 16_000),
        (768_000, 1_000), (1_000, 768_000), (16_000, 16_000),
    ])
    func blocksDoNotMatter(_ source: Int, _ target: Int) throws {
        let count = source > 100_000 ? 20_000 : 2_000
        let sound = noise(count, seed: 1)
        let whole = try Resampler.resample(sound, from: source, to: target)
        #expect(whole.count == (count * target + source - 1) / source)
        for block in [1, 3, 64, 1_000, count] {
            var resampler = try Resampler(from: source, to: target)
            var pieces: [Float] = []
            for start in stride(from: 0, to: count, by: block) {
                pieces += resampler.process(Array(sound[start..<min(start + block, count)]))
            }
            pieces += resampler.finish()
            #expect(pieces == whole, "\(block)")
            // Finished, it begins anew.
            let again = resampler.process(sound) + resampler.finish()
            #expect(again == whole)
        }
    }

    @Test(arguments: [0, 1, 2, 399, 400, 401])
    func shortSounds(_ count: Int) throws {
        for (source, target) in [(44_100, 16_000), (8_000, 16_000), (768_000, 1_000), (1_000, 768_000)] {
            let found = try Resampler.resample(noise(count, seed: 2), from: source, to: target)
            #expect(found.count == (count * target + source - 1) / source)
            #expect(found.allSatisfy { $0.isFinite })
        }
    }

    @Test func constantsStayConstant() throws {
        // Not exactly: the window's ripple is torchaudio's, below 1 %.
        let found = try Resampler.resample([Float](repeating: 0.5, count: 4_410), from: 44_100, to: 16_000)
        #expect(found[100..<1_500].allSatisfy { abs($0 - 0.5) < 0.005 })
        let silence = try Resampler.resample([Float](repeating: 0, count: 1_000), from: 44_100, to: 16_000)
        #expect(silence.allSatisfy { $0 == 0 })
    }

    @Test(arguments: [(0, 16_000), (16_000, 0), (-1, 1), (768_001, 16_000), (16_000, Int.max), (Int.min, 1)])
    func otherRatesAreRefused(_ source: Int, _ target: Int) {
        #expect(throws: AudioError.self) { try Resampler(from: source, to: target) }
    }
}
