import JSON

/// What the shapes of a whole checkpoint do not tell, by ``SingleFile``'s rules, and whether its parts fit together.
struct SingleFileRules {
    let file: String
    let version: SingleFile.Version
    let options: SingleFile.Options

    /// Channels of a head where the count is not a version's own.
    private static let headWidth = 64

    /// Compares the components with the version and with each other.
    func check(_ network: LDMUNet, _ pictures: LDMAutoencoder, _ text: LDMText) throws(SingleFileError) {
        func failure(_ expected: String, _ found: String) -> SingleFileError {
            .contents(file: file, expected: expected, found: found)
        }
        guard network.isLinear == (version == .two) else {
            throw failure(
                "attention entered by \(version == .two ? "matrices" : "1x1 convolutions"), as the text encoder of "
                    + "\(version.rawValue) asks for", network.isLinear ? "matrices" : "1x1 convolutions")
        }
        guard network.context == text.width else {
            throw failure("a network for texts of the encoder's width \(text.width)", "\(network.context)")
        }
        guard network.outputs == pictures.latents else {
            throw failure("a network that gives \(pictures.latents) channels, as latents have", "\(network.outputs)")
        }
        let (plain, inpainting) = (pictures.latents, 2 * pictures.latents + 1)
        guard network.inputs == plain || network.inputs == inpainting else {
            throw failure(
                "a network that takes \(plain) channels, or \(inpainting) for inpainting", "\(network.inputs)")
        }
    }

    /// What the network gives.
    func prediction(_ network: LDMUNet) -> SingleFile.Prediction {
        options.prediction ?? (isOfTwoKinds(network) ? .velocity : .epsilon)
    }

    /// Whether models of these shapes were published that predict noise and others that predict velocity, and no option
    /// says which it is.
    func isPredictionAssumed(_ network: LDMUNet) -> Bool { options.prediction == nil && isOfTwoKinds(network) }

    private func isOfTwoKinds(_ network: LDMUNet) -> Bool { version == .two && network.inputs == network.outputs }

    /// Heads of the network's levels, as a configuration has them.
    func heads(_ network: LDMUNet) throws(SingleFileError) -> JSONValue {
        if let heads = options.heads {
            guard heads.count == network.widths.count,
                zip(heads, network.widths).allSatisfy({ $0 > 0 && $1 % $0 == 0 })
            else {
                throw .contents(
                    file: file, expected: "heads that divide the levels' widths \(network.widths)", found: "\(heads)")
            }
            return .array(heads.map { JSONValue($0) })
        }
        let divisor = version == .one ? 8 : Self.headWidth
        guard network.widths.allSatisfy({ $0 % divisor == 0 }) else {
            throw .contents(
                file: file,
                expected: "levels whose widths are multiples of \(divisor), or to be told their heads",
                found: "\(network.widths)")
        }
        return version == .one ? JSONValue(8) : .array(network.widths.map { JSONValue($0 / Self.headWidth) })
    }

    /// Heads of the text encoder.
    func textHeads(_ text: LDMText) throws(SingleFileError) -> Int {
        let heads = options.textHeads ?? text.width / Self.headWidth
        let fits = options.textHeads == nil ? text.width % Self.headWidth == 0 : heads > 0 && text.width % heads == 0
        guard heads > 0, fits else {
            throw .contents(
                file: file,
                expected: "a text encoder whose width is a multiple of \(Self.headWidth), or to be told its heads",
                found: "\(text.width)" + (options.textHeads.map { " with \($0)" } ?? ""))
        }
        return heads
    }

    /// The scheduler's configuration, as the published folders have it.
    func scheduler(_ prediction: SingleFile.Prediction) -> JSONObject {
        [
            "_class_name": JSONValue(version == .one ? "PNDMScheduler" : "DDIMScheduler"),
            "num_train_timesteps": JSONValue(1000), "beta_start": JSONValue(0.00085), "beta_end": JSONValue(0.012),
            "beta_schedule": JSONValue("scaled_linear"), "clip_sample": JSONValue(false),
            "set_alpha_to_one": JSONValue(false), "skip_prk_steps": JSONValue(true), "steps_offset": JSONValue(1),
            "prediction_type": JSONValue(prediction.rawValue),
        ]
    }
}
