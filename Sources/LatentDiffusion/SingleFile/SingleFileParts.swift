import TensorCore

/// The tensors of a checkpoint in the original layout, told apart by what their names start with.
struct SingleFileParts {
    private(set) var unet: LDMPart
    private(set) var autoencoder: LDMPart
    private var clip: LDMPart
    private var openCLIP: LDMPart
    private let file: String

    /// Whole names that are left out: the tables of the noise schedule, counters, and what is never read of a text
    /// encoder.
    private static let ignored: Set<String> = [
        "betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod",
        "log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod",
        "posterior_variance", "posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2",
        "logvar", "lvlb_weights", "v_posterior", "scale_factor", "global_step",
        "cond_stage_model.transformer.text_model.embeddings.position_ids",
        "cond_stage_model.transformer.embeddings.position_ids", "cond_stage_model.transformer.text_projection.weight",
        "cond_stage_model.logit_scale", "cond_stage_model.text_projection", "cond_stage_model.model.logit_scale",
        "cond_stage_model.model.text_projection", "cond_stage_model.model.attn_mask",
    ]
    /// Starts of names that are left out: running averages, and the losses that an autoencoder was trained with.
    private static let ignoredPrefixes = ["model_ema.", "first_stage_model.loss.", "first_stage_model.model_ema."]

    /// What all names of the layout's parts start with.
    static let prefixes = ["model.diffusion_model.", "first_stage_model.", "cond_stage_model."]

    /// What tells other models.
    private static let others = [
        ("conditioner.", "Stable Diffusion XL, which is not supported"),
        ("control_model.", "a ControlNet, which is not supported"),
        ("model.diffusion_model.joint_blocks.", "Stable Diffusion 3, which is not supported"),
        ("model.diffusion_model.double_blocks.", "Flux, which is not supported"),
        ("model.diffusion_model.label_emb.", "a network with further conditions, which is not supported"),
        ("down_blocks.", "a component in diffusers' layout, which belongs into a folder"),
        ("lora_", "a LoRA, which is merged into a model"),
    ]

    init(_ source: any TensorSource, file: String) throws(SingleFileError) {
        self.file = file
        unet = LDMPart(file: file, prefix: "model.diffusion_model.")
        autoencoder = LDMPart(file: file, prefix: "first_stage_model.")
        clip = LDMPart(file: file, prefix: "cond_stage_model.transformer.")
        openCLIP = LDMPart(file: file, prefix: "cond_stage_model.model.")
        let names = source.names
        for (prefix, model) in Self.others {
            guard let name = names.first(where: { $0.hasPrefix(prefix) }) else { continue }
            throw .tensor(
                file: file, tensor: name, expected: "the original layout of Stable Diffusion 1.x or 2.x", found: model)
        }
        for name in names {
            guard !Self.ignored.contains(name), !Self.ignoredPrefixes.contains(where: { name.hasPrefix($0) }) else {
                continue
            }
            guard let info = source.info(name) else {
                throw .tensor(
                    file: file, tensor: name, expected: "a type of weights", found: "one that cannot be read")
            }
            func rest(_ part: LDMPart) -> String? {
                name.hasPrefix(part.prefix) ? String(name.dropFirst(part.prefix.count)) : nil
            }
            if let rest = rest(unet) {
                unet.add(info, as: rest)
            } else if let rest = rest(autoencoder) {
                autoencoder.add(info, as: rest)
            } else if let rest = rest(clip) {
                clip.add(info, as: rest)
            } else if let rest = rest(openCLIP) {
                openCLIP.add(info, as: rest)
            } else {
                throw .tensor(
                    file: file, tensor: name, expected: "a name of the original layout of Stable Diffusion 1.x or 2.x",
                    found: "another")
            }
        }
    }

    /// The version, by the text encoder that there is.
    func version() throws(SingleFileError) -> SingleFile.Version {
        switch (clip.infos.isEmpty, openCLIP.infos.isEmpty) {
        case (false, true): return .one
        case (true, false): return .two
        case (false, false): throw .contents(file: file, expected: "one text encoder", found: "CLIP's and open_clip's")
        case (true, true):
            throw .contents(
                file: file, expected: "a text encoder, \(clip.prefix)… or \(openCLIP.prefix)…", found: "none")
        }
    }

    /// The text encoder's tensors.
    func text(_ version: SingleFile.Version) -> LDMPart { version == .one ? clip : openCLIP }
}
