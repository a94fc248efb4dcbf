public import Diffusion
public import TensorCore

/// How pictures are sampled by a ``LatentDiffusionModel``.
public struct LatentSamplingRequest: Sendable {
    /// What sampling starts from. Pictures and masks are one for all or one for each.
    public enum Start: Sendable {
        /// Noise that is drawn, for pictures of the model's own size or of another one, in pixels.
        case noise(height: Int?, width: Int?)
        /// Standard normal noise that is given, `[pictures, latent channels, H, W]`.
        case latents(Tensor)
        /// Pictures that are changed, `[pictures or 1, channels, H, W]` of values from -1 to 1: with a strength of 1
        /// most of them is lost in noise, with one of 0 they stay as the autoencoder has them.
        case pictures(Tensor, strength: Double)
        /// Pictures of which a part is painted anew: where the mask, `[pictures or 1, 1, H, W]` of values from 0 to 1,
        /// is 1/2 or more. A latent pixel follows the upper left of its pixels. With a strength of 1 the part starts as
        /// noise; it is above 0.
        case inpainting(Tensor, mask: Tensor, strength: Double)
    }

    /// The scheduler; `nil` takes the folder's.
    public var scheduler: SchedulerKind?
    /// Steps, 1 to the timesteps that the network was trained for; fewer for some schedulers.
    public var steps: Int
    /// The part of ancestral noise in DDIM, 0 to 1.
    public var eta: Float = 0
    /// What the network attends to, `[pictures or 1, T, width]`: one text for all pictures, or one for each.
    public var encoderHiddenStates: Tensor
    /// What guidance leads away from, of as many tokens: `[pictures or 1, T, width]`. Needed for guidance above 1; the
    /// reference takes the empty prompt where there is none.
    public var negativeHiddenStates: Tensor?
    /// How far predictions are carried from those for the negative text towards those for the text, and beyond: the w
    /// of u + w (c - u), Ho and Salimans 2022 (arXiv:2207.12598) in the reference's form. At 1 and below there is no
    /// guidance, and the negative text has no say.
    public var guidance: Float = 7.5
    /// How much of the guided predictions' spread is taken from those for the text, 0 to 1 (Lin et al. 2023,
    /// arXiv:2305.08891, section 3.4).
    public var guidanceRescale: Float = 0
    /// What sampling starts from.
    public var start = Start.noise(height: nil, width: nil)

    /// A request for so many steps of the folder's scheduler, from noise.
    ///
    /// - Parameters:
    ///   - steps: how many.
    ///   - encoderHiddenStates: the text's states, `[pictures or 1, T, width]`.
    ///   - negativeHiddenStates: the negative text's.
    public init(steps: Int, encoderHiddenStates: Tensor, negativeHiddenStates: Tensor? = nil) {
        (self.steps, self.encoderHiddenStates) = (steps, encoderHiddenStates)
        self.negativeHiddenStates = negativeHiddenStates
    }

    /// Whether predictions are guided.
    var isGuided: Bool { guidance > 1 }
}
