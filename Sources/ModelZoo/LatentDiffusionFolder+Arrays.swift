import LatentDiffusion
import TensorCore

extension LatentDiffusionFolder {
    /// Runs those networks that inputs are given for.
    ///
    /// - Parameters:
    ///   - inputs: `input_ids`; `sample`, `timestep` and `encoder_hidden_states`; `z`, which is what
    ///     `AutoencoderKL.decode` gets.
    ///   - outputs: what is wanted of `last_hidden_state`, `noise_pred`, `image`.
    /// - Throws: `LatentDiffusionError`; its `noComponent` where the folder lacks the network.
    func run(_ inputs: [String: Tensor], _ outputs: [String]) throws(LatentDiffusionError) -> [String: Tensor] {
        var results: [String: Tensor] = [:]
        if let ids = inputs["input_ids"], outputs.contains("last_hidden_state") {
            guard let pipeline else { throw .noComponent(folder: folder, component: "text encoder") }
            results["last_hidden_state"] = try pipeline.textEncoder.lastHiddenState(ids)
        }
        if let sample = inputs["sample"], let states = inputs["encoder_hidden_states"], outputs.contains("noise_pred") {
            guard let unet else { throw .noComponent(folder: folder, component: "UNet") }
            let timesteps = try Self.timesteps(inputs["timestep"])
            results["noise_pred"] = try unet.predict(sample, timesteps: timesteps, encoderHiddenStates: states)
        }
        if let z = inputs["z"], outputs.contains("image") {
            guard let autoencoder else { throw .noComponent(folder: folder, component: "autoencoder") }
            results["image"] = try autoencoder.decode(z)
        }
        return results
    }

    private static func timesteps(_ timestep: Tensor?) throws(LatentDiffusionError) -> [Float] {
        guard let timestep, timestep.shape.rank <= 1, timestep.shape.elementCount > 0 else {
            throw .input(
                expected: "timestep, one number or [batch]", found: timestep.map { "\($0.shape)" } ?? "none")
        }
        return timestep.dtype == .int64 ? timestep.integers.map { Float($0) } : timestep.floats
    }

    /// Runs those networks that inputs are given for, and measures every operation but those of the text encoder, a
    /// small part of any run, which are counted.
    ///
    /// - Returns: what each took.
    func profile(_ inputs: [String: Tensor]) throws(LatentDiffusionError) -> [Workspace.Account] {
        var accounts: [Workspace.Account] = []
        if let ids = inputs["input_ids"], let pipeline {
            _ = try pipeline.textEncoder.lastHiddenState(ids)
            accounts.append(try pipeline.textEncoder.plan(texts: ids.shape[0]))
        }
        if let sample = inputs["sample"], let states = inputs["encoder_hidden_states"], let unet {
            let timesteps = try Self.timesteps(inputs["timestep"])
            accounts.append(try unet.profile(sample, timesteps: timesteps, encoderHiddenStates: states))
        }
        if let z = inputs["z"], let autoencoder { accounts.append(try autoencoder.profile(z)) }
        return accounts
    }

    /// The arrays of the passes that pictures of the model's own size take, each guided by a second text; none where it
    /// names no size, or is one network of a pipeline.
    func shapes(pictures: Int) -> [String: Shape] {
        if let model = unconditional, let size = model.diffusion.configuration.sampleSize {
            let channels = model.autoencoder.configuration.latentChannels
            return [
                "sample": Shape(pictures, channels, size.height, size.width),
                "z": Shape(1, channels, size.height, size.width),
            ]
        }
        guard let pipeline, let size = pipeline.unet.configuration.sampleSize else { return [:] }
        let (unet, context) = (pipeline.unet.configuration, pipeline.textEncoder.contextLength)
        return [
            "input_ids": Shape(2, context),
            "sample": Shape(2 * pictures, unet.inputChannels, size.height, size.width),
            "encoder_hidden_states": Shape(2 * pictures, context, unet.textWidth),
            "z": Shape(1, pipeline.autoencoder.configuration.latentChannels, size.height, size.width),
        ]
    }

    /// What the pass over an array would cost; `nil` where the array makes none of its own.
    ///
    /// - Parameters:
    ///   - name: of the array.
    ///   - shapes: of all arrays.
    func plan(_ name: String, _ shapes: [String: Shape]) throws(LatentDiffusionError) -> Workspace.Account? {
        guard let shape = shapes[name] else { return nil }
        switch name {
        case "input_ids" where shape.rank == 2: return try pipeline?.textEncoder.plan(texts: shape[0])
        case "sample" where shape.rank == 4:
            if let unconditional {
                return try unconditional.planStep(batch: shape[0], height: shape[2], width: shape[3])
            }
            // Without a text the network makes no pass.
            guard let states = shapes["encoder_hidden_states"], states.rank == 3 else { return nil }
            return try unet?.plan(batch: shape[0], height: shape[2], width: shape[3], tokens: states[1])
        case "z" where shape.rank == 4: return try autoencoder?.planDecoding(height: shape[2], width: shape[3])
        default: return nil
        }
    }
}
