import AudioEncoder
import Checkpoints
import JSON
import TensorCore
import TestSupport
import Testing

/// Clips of every length, samples that are no numbers, masks, and what the feature extractor does.
@Suite struct InputTests {
    private func encoder(_ model: String) throws -> AudioEncoder {
        try AudioEncoder(folder: AudioFixtures.path(model), runtime: Runtime(threads: 1))
    }

    @Test func lengths() throws {
        let encoder = try encoder("wav2vec2-base")
        #expect(encoder.minimumSamples == 400)
        #expect(encoder.samplesPerFrame == 320)
        #expect(encoder.samplingRate == 16_000)
        let frames = [
            -1: 0, 0: 0, 1: 0, 399: 0, 400: 1, 401: 1, 719: 1, 720: 2, 16_000: 49, 240_000: 749, 480_000: 1499,
        ]
        for (samples, expected) in frames { #expect(encoder.frames(samples: samples) == expected, "\(samples)") }
        var generator = SeededGenerator(seed: 1)
        for samples in [400, 401, 719, 720] {
            let values = try encoder.inputValues(generator.floats(samples))
            #expect(try encoder.logits(values).shape == [1, encoder.frames(samples: samples), 11])
        }
    }

    @Test(arguments: [0, 1, 399])
    func tooShort(samples: Int) throws {
        let encoder = try encoder("wav2vec2-base")
        let values = try encoder.inputValues([Float](repeating: 0.5, count: samples))
        #expect(values.shape == [1, samples])
        let error = #expect(throws: AudioEncoderError.self) { try encoder.logits(values) }
        guard case .input(let expected, let found) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(expected.hasPrefix("400 to "))
        #expect(found == "\(samples)")
        #expect(throws: AudioEncoderError.self) { try encoder.embed([Float](repeating: 0, count: samples)) }
    }

    @Test(arguments: AudioFixtures.models)
    func theShortestClipGivesAFrame(model: String) throws {
        let encoder = try encoder(model)
        let samples = encoder.minimumSamples
        #expect(encoder.frames(samples: samples) == 1)
        #expect(encoder.frames(samples: samples - 1) == 0)
        #expect(try encoder.hiddenStates(Tensor(zeros: Shape(1, samples))).shape[1] == 1)
        #expect(throws: AudioEncoderError.self) { try encoder.plan(batch: 1, samples: samples - 1) }
        #expect(throws: AudioEncoderError.self) { try encoder.plan(batch: 0, samples: samples) }
        #expect(throws: AudioEncoderError.self) { try encoder.plan(batch: 1, samples: encoder.maximumSamples + 1) }
    }

    /// The widest rows decide, whichever they are.
    @Test func theLongestClip() throws {
        #expect(try encoder("wav2vec2-base").maximumSamples == (1 << 30) / 8 * 5)
        let model = "wav2vec2-large"
        let letters = 1_000_000
        var source = EditedSource(try Checkpoint.open(folder: AudioFixtures.path(model)))
        source.reshape("lm_head.weight", to: [letters, 20])
        source.reshape("lm_head.bias", to: [letters])
        let encoder = try AudioFixtures.build(
            model, config: AudioFixtures.config(model, ["vocab_size": .init(letters)]), source: source,
            runtime: Runtime(threads: 1), plansOnly: true)
        #expect(encoder.maximumSamples == (1 << 30) / letters * encoder.samplesPerFrame)
        #expect(throws: AudioEncoderError.self) { try encoder.plan(batch: 1, samples: 100_000) }
    }

    /// The first layer's frames would be by far the largest activation: they are never all there.
    @Test func featuresAreComputedSomeAtATime() throws {
        let encoder = try encoder("wav2vec2-base")
        func bytes(_ samples: Int) throws -> Int { try encoder.plan(batch: 1, samples: samples).activationBytes }
        let more = 4 * 8 * 160_000 / 5  // of the first layer, in twice the clip
        let (single, double) = (try bytes(160_000), try bytes(320_000))
        #expect(double > single && double - single < more * 3 / 4, "\(single) and \(double), \(more)")
    }

    /// Frames next to where a part of the features ends and the next begins have the bits of a clip of one part.
    @Test func partsOfFeaturesMeet() throws {
        let encoder = try encoder("wav2vec2-large")  // whose norms look at single frames
        let step = encoder.samplesPerFrame
        let reach = encoder.minimumSamples
        var generator = SeededGenerator(seed: 11)
        let samples = generator.floats(199 * step + reach)
        func states(_ frames: Range<Int>) throws -> Tensor {
            let clip = Array(samples[frames.lowerBound * step..<(frames.upperBound - 1) * step + reach])
            return try encoder.hiddenStates(Tensor(clip, shape: Shape(1, clip.count)), layer: 0)
        }
        let (whole, part) = (try states(0..<200), try states(40..<100))
        #expect(whole.shape[1] == 200 && part.shape[1] == 60)
        // Sixteen frames from the ends the positions' convolution meets the same frames.
        func rows(_ x: Tensor, _ range: Range<Int>) -> [Float] {
            x.reshaped(to: Shape(x.shape[1], x.shape[2])).rows(range).floats
        }
        #expect(bitDifference(rows(part, 20..<40), rows(whole, 60..<80)) == nil)
    }

    /// Tables of positions grow with the longest clip seen, and change nothing.
    @Test(arguments: ["conformer", "conformer-rotary", "wavlm"])
    func aLongClipChangesNothingAfterIt(model: String) throws {
        var generator = SeededGenerator(seed: 7)
        let clip = Tensor(generator.floats(900), shape: Shape(1, 900))
        let expected = try encoder(model).logits(clip)
        let used = try encoder(model)
        let long = Tensor(generator.floats(11_000), shape: Shape(1, 11_000))
        #expect(try used.logits(long).shape[1] > 512)
        #expect(bitDifference(try used.logits(clip).floats, expected.floats) == nil)
    }

    @Test func theFeatureExtractorGivesTheReferencesBits() throws {
        let encoder = try encoder("wav2vec2-base")
        let folder = AudioFixtures.path("extractor")
        let samples = try AudioFixtures.tensor(folder + "/samples.npy").floats
        for count in [1, 2, 7, 8, 9, 127, 128, 129, 136, 1000, 3001] {
            let expected = try AudioFixtures.tensor(folder + "/\(count).npy").floats
            let found = try encoder.inputValues(Array(samples[..<count])).floats
            #expect(bitDifference(found, expected) == nil, "\(count) samples")
        }
    }

    /// AU06
    @Test func silenceIsSilence() throws {
        let encoder = try encoder("wav2vec2-base")
        for value: Float in [0, 0.25, -1] {
            let values = try encoder.inputValues([Float](repeating: value, count: 500))
            #expect(values.floats.allSatisfy { abs($0) < 1e-3 })
            #expect(try encoder.logits(values).firstNonFinite == nil)
        }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func samplesThatAreNoNumbers(value: Float) throws {
        let encoder = try encoder("wav2vec2-base")
        var samples = [Float](repeating: 0.1, count: 800)
        samples[417] = value
        let error = #expect(throws: AudioEncoderError.self) { try encoder.inputValues(samples) }
        #expect(error?.description.contains("at sample 417") == true)
        let raw = #expect(throws: AudioEncoderError.self) {
            try encoder.logits(Tensor(samples, shape: Shape(2, 400)))
        }
        #expect(raw?.description.contains("at sample 17 of clip 1") == true)
    }

    @Test func shapesAndMasks() throws {
        let encoder = try encoder("wav2vec2-base")
        let values = Tensor(zeros: Shape(2, 500))
        func mask(_ lengths: [Int], hole: Int? = nil) -> Tensor {
            var ones = lengths.flatMap { length in (0..<500).map { Int64($0 < length ? 1 : 0) } }
            if let hole { ones[hole] = 1 }
            return Tensor(integers: ones, shape: Shape(2, 500))
        }
        #expect(throws: Never.self) { try encoder.logits(values, attentionMask: mask([500, 400])) }
        for bad in [mask([500, 399]), mask([0, 500]), mask([500, 420], hole: 999), Tensor(zeros: Shape(2, 500))] {
            #expect(throws: AudioEncoderError.self) { try encoder.logits(values, attentionMask: bad) }
        }
        for shape: Shape in [[500], [0, 500], [1, 1, 500]] {
            #expect(throws: AudioEncoderError.self) { try encoder.logits(Tensor(zeros: shape)) }
        }
        #expect(throws: AudioEncoderError.self) {
            try encoder.logits(Tensor(integers: [Int64](repeating: 0, count: 500), shape: [1, 500]))
        }
    }

    @Test func heads() throws {
        let classifier = try encoder("classifier")
        let clip = try AudioFixtures.reference("classifier", "b1").values.floats
        let predictions = try classifier.classify(clip)
        #expect(predictions.count == 5)
        #expect(abs(predictions.reduce(0) { $0 + $1.score } - 1) < 1e-5)
        #expect(zip(predictions, predictions.dropFirst()).allSatisfy { $0.logit >= $1.logit })
        #expect(predictions.allSatisfy { $0.label == "LABEL_\($0.index)" })
        // Several classes at once: each by itself.
        let several = try AudioFixtures.build(
            "classifier",
            config: AudioFixtures.config("classifier", ["problem_type": "multi_label_classification"]),
            runtime: Runtime(threads: 1)
        ).classify(clip)
        #expect(several.map(\.logit) == predictions.map(\.logit))
        for found in several {
            #expect(abs(Double(found.score) - 1 / (1 + exponential(-Double(found.logit)))) < 1e-6)
        }
        let speech = try encoder("wav2vec2-large")
        #expect(speech.head == .ctc(vocabulary: 11))
        #expect(throws: AudioEncoderError.self) { try speech.classify(clip) }
        let bare = try encoder("pretraining")
        #expect(bare.head == .none)
        #expect(throws: AudioEncoderError.self) { try bare.logits(Tensor(clip, shape: Shape(1, clip.count))) }
        #expect(try bare.embed(clip).count == 20)
    }

    @Test(arguments: ["deu", "fra"])
    func languages(language: String) throws {
        let folder = AudioFixtures.path("mms")
        let encoder = try AudioEncoder(folder: folder, runtime: Runtime(threads: 1), language: language)
        #expect(encoder.languages == ["deu", "fra"])
        #expect(encoder.head == .ctc(vocabulary: language == "fra" ? 17 : 11))
        let values = try AudioFixtures.tensor(folder + "/languages/\(language).input_values.npy")
        let expected = try AudioFixtures.tensor(folder + "/languages/\(language).logits.npy")
        #expect(mismatch(try encoder.logits(values), expected) == nil)
    }

    @Test(arguments: ["eng", "", "../mms/adapter.deu", "deu\0"])
    func unknownLanguages(language: String) throws {
        let error = #expect(throws: AudioEncoderError.self) {
            try AudioEncoder(folder: AudioFixtures.path("mms"), language: language)
        }
        guard case .noLanguage(_, language, ["deu", "fra"]) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func aModelWithoutAdaptersHasNoLanguages() throws {
        #expect(try encoder("wav2vec2-large").languages == [])
        #expect(throws: AudioEncoderError.self) {
            try AudioEncoder(folder: AudioFixtures.path("wav2vec2-large"), language: "deu")
        }
    }
}
