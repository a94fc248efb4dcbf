import Checkpoints
import JSON

/// How samples become what the network is fed: transformers' `Wav2Vec2FeatureExtractor`.
struct FeatureExtractor: Sendable, Equatable {
    /// Samples a second.
    let samplingRate: Int
    /// Whether a clip gets mean 0 and variance 1.
    let normalizes: Bool

    /// The rate that the reference takes where a file names none.
    static let standardRate = 16_000

    /// Reads a folder's `preprocessor_config.json`, or the section of a `processor_config.json`.
    init(folder: String) throws(AudioEncoderError) {
        let config = try Self.section(folder)
        do throws(ConfigError) {
            if config.has("feature_extractor_type") {
                _ = try config.choice("feature_extractor_type", ["Wav2Vec2FeatureExtractor": ()])
            }
            _ = try config.int("feature_size", in: 1...1, default: 1)
            _ = try config.choice("padding_side", ["right": ()], default: ())
            samplingRate = try config.int("sampling_rate", in: 1...1_000_000, default: Self.standardRate)
            normalizes = try config.bool("do_normalize", default: true)
        } catch { throw .config(error) }
    }

    private static func section(_ folder: String) throws(AudioEncoderError) -> Config {
        let whole = FileSystem.join(folder, "processor_config.json")
        if FileSystem.exists(whole) {
            let config = try AudioEncoder.readConfig(whole)
            do throws(ConfigError) {
                if let section = try config.optionalObject("feature_extractor") { return section }
            } catch { throw .config(error) }
        }
        let name = "preprocessor_config.json"
        let path = FileSystem.join(folder, name)
        guard FileSystem.exists(path) else { throw .noPreprocessing(folder: folder, expected: name) }
        return try AudioEncoder.readConfig(path)
    }

    /// What the network is fed for a clip: (x - mean) / sqrt(variance + 1e-7), the variance of a population.
    ///
    /// Sums are added up as NumPy adds fp32, so that the bits are those of the reference.
    func inputValues(_ samples: [Float]) -> [Float] {
        guard normalizes, !samples.isEmpty else { return samples }
        let count = Float(samples.count)
        let (mean, variance) = samples.withUnsafeBufferPointer { samples in
            let mean = Self.sum(samples) { $0 } / count
            return (mean, Self.sum(samples) { ($0 - mean) * ($0 - mean) } / count)
        }
        let deviation = (variance + 1e-7).squareRoot()
        return samples.map { ($0 - mean) / deviation }
    }

    /// NumPy's pairwise sum: blocks of at most 128 values in eight chains, halves above that.
    private static func sum(
        _ values: UnsafeBufferPointer<Float>, _ term: (SIMD8<Float>) -> SIMD8<Float>
    ) -> Float {
        let count = values.count
        func single(_ index: Int) -> Float { term(SIMD8(repeating: values[index]))[0] }
        if count < 8 { return values.indices.reduce(-0.0) { $0 + single($1) } }
        if count <= 128 {
            func eight(_ start: Int) -> SIMD8<Float> {
                var lanes = SIMD8<Float>()
                for lane in 0..<8 { lanes[lane] = values[start + lane] }
                return term(lanes)
            }
            var chains = eight(0)
            let whole = count - count % 8
            for start in stride(from: 8, to: whole, by: 8) { chains += eight(start) }
            var total =
                ((chains[0] + chains[1]) + (chains[2] + chains[3]))
                + ((chains[4] + chains[5]) + (chains[6] + chains[7]))
            for index in whole..<count { total += single(index) }
            return total
        }
        let half = count / 2 - count / 2 % 8
        return sum(UnsafeBufferPointer(rebasing: values[..<half]), term)
            + sum(UnsafeBufferPointer(rebasing: values[half...]), term)
    }
}
