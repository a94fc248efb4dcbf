import Audio
import JSON
import Testing

/// The log-mel spectrogram against PyTorch and torchaudio.
@Suite struct SpectrogramTests {
    @Test func equalsTorchaudio() throws {
        let all = try AudioFixtures.floats("spectrogram.f32")
        var start = 0
        for row in try AudioFixtures.cases("spectrogram.json") {
            let numbers = 1...100_000
            let (rate, bands) = (try row.int("rate", in: numbers), try row.int("bands", in: numbers))
            let (hop, count) = (try row.int("hop", in: numbers), try row.int("count", in: numbers))
            // `torch.linspace` from 0 to 1.
            let sound = noise(count, seed: try row.int("seed", in: numbers)).enumerated().map {
                $1 * Float(Double($0) / Double(count - 1))
            }
            let found = try LogMelSpectrogram(rate: rate, bands: bands, hop: hop)(sound)
            #expect(try found.count == row.int("frames", in: numbers) && found.bands == bands)
            let expected = Array(all[start..<start + found.values.count])
            let worst = difference(found.values, expected)
            #expect(worst <= 1e-3, "\(rate): \(worst)")
            start += found.values.count
        }
        #expect(start == all.count)
    }

    @Test func aToneIsInItsBand() throws {
        let spectrogram = try LogMelSpectrogram(rate: 16_000, bands: 64)
        #expect(spectrogram.hop == 160)
        // A square wave of period 16: 1,000 Hz, in mel 1,000 of 2,840.
        let frames = spectrogram((0..<8_000).map { $0 / 8 % 2 == 0 ? 0.5 : -0.5 })
        #expect(frames.count == 51)
        let middle = frames.values[(25 * 64)..<(26 * 64)]
        let loudest = try #require(middle.indices.max { middle[$0] < middle[$1] }) - middle.startIndex
        #expect((21...23).contains(loudest))
    }

    @Test(arguments: [0, 1, 2, 100, 255, 256, 257, 600])
    func shortAndSilentSounds(_ count: Int) throws {
        let frames = try LogMelSpectrogram()([Float](repeating: 0, count: count))
        #expect(frames.count == (count == 0 ? 0 : 1 + count / 160))
        #expect(frames.values == [Float](repeating: -10, count: frames.count * 80))
        let loud = try LogMelSpectrogram()(noise(count, seed: 9))
        #expect(loud.values.allSatisfy { $0.isFinite })
    }

    @Test func otherSettingsAreRefused() {
        #expect(throws: AudioError.self) { try LogMelSpectrogram(rate: 999) }
        #expect(throws: AudioError.self) { try LogMelSpectrogram(rate: 768_001) }
        #expect(throws: AudioError.self) { try LogMelSpectrogram(bands: 0) }
        #expect(throws: AudioError.self) { try LogMelSpectrogram(bands: 513) }
        #expect(throws: AudioError.self) { try LogMelSpectrogram(hop: 0) }
    }
}
