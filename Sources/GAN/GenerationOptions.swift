public import TensorCore

/// What to draw, besides the latents.
public struct GenerationOptions: Sendable {
    /// A class for each image; needed where the generator has classes.
    public var classes: [Int]?
    /// The truncation; see ``ImageGenerator/truncation``.
    public var truncation: Double?
    /// How many styles, from the first on, are truncated; all where left out.
    public var truncationCutoff: Int?
    /// Latents that take over from a style on.
    public var mixing: StyleMixing?
    /// What is added to the pixels between layers.
    public var noise: NoiseMode

    /// Options of the given parts.
    ///
    /// - Parameters:
    ///   - classes: a class for each image.
    ///   - truncation: as ``ImageGenerator/truncation`` says.
    ///   - truncationCutoff: how many styles are truncated.
    ///   - mixing: latents that take over from a style on.
    ///   - noise: what is added to the pixels between layers.
    public init(
        classes: [Int]? = nil, truncation: Double? = nil, truncationCutoff: Int? = nil, mixing: StyleMixing? = nil,
        noise: NoiseMode = .constant
    ) {
        self.classes = classes
        self.truncation = truncation
        self.truncationCutoff = truncationCutoff
        self.mixing = mixing
        self.noise = noise
    }
}

/// Latents that take over from a style on (Karras et al. 2018, arXiv:1812.04948, section 3.1).
public struct StyleMixing: Sendable {
    /// `[N, latentSize]`, as many as there are other latents.
    public var latents: Tensor
    /// The first style that they give, from 0; at the number of styles they give none.
    public var layer: Int

    /// Styles from `layer` on of other latents.
    ///
    /// - Parameters:
    ///   - latents: `[N, latentSize]`.
    ///   - layer: the first style that they give.
    public init(latents: Tensor, from layer: Int) {
        self.latents = latents
        self.layer = layer
    }
}

/// What StyleGAN2 adds to the pixels between layers; other generators add nothing and take ``constant`` only.
public enum NoiseMode: Sendable {
    /// The pictures of noise that the checkpoint holds, the same for all images.
    case constant
    /// Nothing.
    case none
    /// Other noise for every image: the function is given the number of the image and how many standard normal values
    /// to give. It is called image by image, and for an image once a layer, from the coarsest on.
    case random(@Sendable (_ image: Int, _ count: Int) -> [Float])
}
