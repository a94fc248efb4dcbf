import JSON
import LatentDiffusion
import TensorCore
import TestSupport
import Testing

/// Every component by itself against what diffusers and transformers computed.
@Suite struct ComponentTests {
    @Test(arguments: LatentFixtures.networks, Tier.supported)
    func networks(model: (String, String), tier: Tier) throws {
        var bits: [[Float]] = []
        for threads in [1, 3] {
            let network = try UNet2DConditionModel(
                folder: LatentFixtures.path(model.0, model.1), runtime: Runtime(threads: threads, tier: tier))
            var values: [Float] = []
            let cases = try LatentFixtures.cases(model.0, with: "encoder_hidden_states")
            #expect(!cases.isEmpty)
            for reference in cases {
                let found = try reference.run(network)
                #expect(mismatch(found, try reference.tensor("outputs", "noise_pred")) == nil, "\(reference.name)")
                values += found.floats
            }
            bits.append(values)
        }
        #expect(bitDifference(bits[0], bits[1]) == nil)
    }

    @Test(arguments: LatentFixtures.autoencoders, Tier.supported)
    func autoencoders(model: (String, String), tier: Tier) throws {
        var bits: [[Float]] = []
        for threads in 1...2 {
            let vae = try Autoencoder(
                folder: LatentFixtures.path(model.0, model.1), runtime: Runtime(threads: threads, tier: tier))
            var values: [Float] = []
            for reference in try LatentFixtures.cases(model.0, with: "z") {
                let found = try vae.decode(reference.tensor("inputs", "z"))
                #expect(mismatch(found, try reference.tensor("outputs", "image")) == nil, "\(reference.name)")
                values += found.floats
            }
            for reference in try LatentFixtures.cases(model.0, with: "picture") {
                let found = try vae.encode(reference.tensor("inputs", "picture"))
                #expect(mismatch(found.mean, try reference.tensor("outputs", "mean")) == nil)
                #expect(mismatch(found.logVariance, try reference.tensor("outputs", "logvar")) == nil)
                values += found.mean.floats + found.logVariance.floats
            }
            bits.append(values)
        }
        #expect(bits[0].count > 0 && bitDifference(bits[0], bits[1]) == nil)
    }

    @Test(arguments: LatentFixtures.pipelines)
    func textEncoders(model: String) throws {
        let encoder = try TextEncoder(
            folder: LatentFixtures.path(model, "text_encoder"), runtime: Runtime(threads: 2))
        let cases = try LatentFixtures.cases(model, with: "input_ids")
        for reference in cases {
            let ids = try reference.tensor("inputs", "input_ids")
            let skip = try reference.entry.int("skip", in: 0...3, default: 0)
            let found = try encoder.lastHiddenState(ids, clipSkip: skip)
            #expect(mismatch(found, try reference.tensor("outputs", "last_hidden_state")) == nil, "\(reference.name)")
            for row in 0..<ids.shape[0] {
                let alone = try encoder.lastHiddenState(ids.rows(row..<row + 1), clipSkip: skip)
                #expect(bitDifference(alone.floats, found.rows(row..<row + 1).floats) == nil)
            }
        }
        #expect(encoder.contextLength == 77 && encoder.width == 16)
        let ids = try cases[0].tensor("inputs", "input_ids")
        #expect(throws: LatentDiffusionError.self) { try encoder.lastHiddenState(ids, clipSkip: 9) }
        #expect(try encoder.plan(texts: 2).flops > 0)
    }

    @Test(arguments: LatentFixtures.networks)
    func aBatchIsItsPictures(model: (String, String)) throws {
        let network = try LatentFixtures.unet(model.0, model.1, runtime: Runtime(threads: 2))
        for reference in try LatentFixtures.cases(model.0, with: "encoder_hidden_states") {
            let together = try reference.run(network)
            for index in 0..<together.shape[0] {
                let alone = try reference.run(network, index..<index + 1)
                #expect(bitDifference(together.rows(index..<index + 1).floats, alone.floats) == nil, "\(index)")
            }
        }
    }

    /// More pictures than one pass takes.
    @Test func manyPicturesTakeSeveralPasses() throws {
        let network = try LatentFixtures.unet("sd1", "unet", runtime: Runtime(threads: 2))
        let step = network.picturesAtATime(height: 48, width: 48)
        #expect(step == 3)
        var random = SeededGenerator(seed: 3)
        let size = 4 * 48 * 48
        let sample = Tensor(random.floats((step + 1) * size), shape: Shape(step + 1, 4, 48, 48))
        let states = Tensor(random.floats((step + 1) * 5 * 16), shape: Shape(step + 1, 5, 16))
        let together = try network.predict(sample, timesteps: [300], encoderHiddenStates: states)
        let alone = try network.predict(
            sample.rows(step..<step + 1), timesteps: [300], encoderHiddenStates: states.rows(step..<step + 1))
        #expect(bitDifference(together.rows(step..<step + 1).floats, alone.floats) == nil)
    }

    @Test(
        .enabled(if: Tier.bitEqual.count == 2, "AVX2 and AVX-512 are both needed"),
        arguments: LatentFixtures.networks)
    func tiersGiveTheSameBits(model: (String, String)) throws {
        let results = try Tier.bitEqual.map { tier in
            let network = try LatentFixtures.unet(model.0, model.1, runtime: Runtime(threads: 2, tier: tier))
            return try LatentFixtures.cases(model.0, with: "encoder_hidden_states").flatMap {
                try $0.run(network).floats
            }
        }
        #expect(bitDifference(results[0], results[1]) == nil)
    }

    /// From the third pass of a shape on nothing is allocated; a pass costs what was planned, without weights.
    @Test(arguments: LatentFixtures.networks)
    func costs(model: (String, String)) throws {
        let network = try LatentFixtures.unet(model.0, model.1)
        let weightless = try LatentFixtures.unet(model.0, model.1, plansOnly: true)
        #expect(weightless.parameterCount == network.parameterCount && weightless.weightBytes == network.weightBytes)
        let reference = try LatentFixtures.cases(model.0, with: "encoder_hidden_states")[0]
        let (sample, states) = (
            try reference.tensor("inputs", "sample"), try reference.tensor("inputs", "encoder_hidden_states")
        )
        for _ in 0..<2 { _ = try reference.run(network) }
        let account = try network.profile(sample, timesteps: [5], encoderHiddenStates: states)
        #expect(account.allocations == 0 && account.flops > 0)
        let plan = try weightless.plan(batch: 2, height: sample.shape[2], width: sample.shape[3], tokens: 77)
        // The keys and values of the texts are planned, too.
        #expect(plan.flops > account.flops && plan.flops < 2 * account.flops && plan.activationBytes > 0)
        #expect(throws: LatentDiffusionError.self) { try weightless.plan(batch: 1, height: 0, width: 8, tokens: 77) }
    }

    /// A part sees all that its convolutions look at: with the statistics of the whole it is a part of the whole.
    @Test(arguments: [2, 4, 6]) func partsOfAPicture(size: Int) throws {
        let vae = try LatentFixtures.autoencoder("sd1", "vae", runtime: Runtime(threads: 2))
        let reference = try #require(try LatentFixtures.cases("sd1", with: "z").first { $0.name == "decode" })
        let z = try reference.tensor("inputs", "z")
        let found = try vae.decode(z, tiling: LatentTiling(size: size))
        #expect(bitDifference(found.floats, try vae.decode(z).floats) == nil)
    }

    /// Statistics of a picture larger than those of training are found out piece by piece, so that it is not quite the
    /// whole decode's; but it is the same however it is cut, and so has no seams.
    @Test func partsOfALargePicture() throws {
        let vae = try LatentFixtures.autoencoder("sd1", "vae", runtime: Runtime(threads: 2))
        var random = SeededGenerator(seed: 5)
        let z = Tensor(random.floats(4 * 40 * 27), shape: Shape(1, 4, 40, 27))
        let cut = try vae.decode(z, tiling: LatentTiling(size: 8))
        let (whole, factor) = (try vae.decode(z), vae.configuration.factor)
        #expect(cut.shape == Shape(1, 3, 40 * factor, 27 * factor) && cut.firstNonFinite == nil)
        #expect(bitDifference(cut.floats, whole.floats) != nil)
        for size in [2, 10, 40] {
            let other = try vae.decode(z, tiling: LatentTiling(size: size))
            #expect(bitDifference(other.floats, cut.floats) == nil, "\(size)")
        }
    }

    @Test func partsTakeLessMemory() throws {
        let vae = try LatentFixtures.autoencoder("sd1", "vae")
        let (all, parts) = (
            try vae.planDecoding(height: 96, width: 96),
            try vae.planDecoding(height: 96, width: 96, tiling: LatentTiling(size: 16))
        )
        #expect(parts.activationBytes * 2 < all.activationBytes)
        #expect(vae.standardTiling.size >= 8)
    }

    @Test func costsOfAutoencoders() throws {
        let vae = try LatentFixtures.autoencoder("sd1", "vae")
        let z = try LatentFixtures.cases("sd1", with: "z")[0].tensor("inputs", "z")
        for tiling in [nil, LatentTiling(size: 4)] {
            for _ in 0..<2 { _ = try vae.decode(z, tiling: tiling) }
            let account = try vae.profile(z, tiling: tiling)
            let plan = try vae.planDecoding(height: z.shape[2], width: z.shape[3], tiling: tiling)
            #expect(account.allocations == 0 && account.flops == Double(z.shape[0]) * plan.flops)
        }
    }

    @Test func draws() throws {
        let vae = try LatentFixtures.autoencoder("sd1", "vae")
        let reference = try LatentFixtures.cases("sd1", with: "picture")[0]
        let posterior = try vae.encode(reference.tensor("inputs", "picture"))
        let still = posterior.sample([Float](repeating: 0, count: posterior.mean.count))
        #expect(still.floats == posterior.mean.floats)
        let moved = posterior.sample([Float](repeating: 1, count: posterior.mean.count))
        #expect(zip(moved.floats, still.floats).allSatisfy { $0 > $1 })
    }
}
