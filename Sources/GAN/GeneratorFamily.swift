/// The families of generators, and what each says of its inputs and outputs.
public enum GeneratorFamily: String, Sendable, CaseIterable {
    /// Radford et al. 2015, arXiv:1511.06434, also told the class (Mirza and Osindero 2014, arXiv:1411.1784).
    case dcgan = "DCGAN"
    /// Brock et al. 2018, arXiv:1809.11096, appendix B: the deep variant.
    case bigGAN = "BigGAN-deep"
    /// Karras et al. 2019, arXiv:1912.04958: the generator of configuration F.
    case styleGAN2 = "StyleGAN2"

    /// How the latent vector of an image is drawn from a seed by convention.
    public enum LatentConvention: Sendable, Equatable {
        /// `torch.randn(1, size, 1, 1)`.
        case torchNormal
        /// Standard normal values, drawn again until they lie in -2 ... 2, times the truncation.
        case truncatedNormal
        /// `numpy.random.RandomState(seed).randn(1, size)`, rounded to fp32.
        case numpyNormal
    }

    /// How the latent vector of an image is drawn from a seed by convention.
    public var latentConvention: LatentConvention {
        switch self {
        case .dcgan: .torchNormal
        case .bigGAN: .truncatedNormal
        case .styleGAN2: .numpyNormal
        }
    }

    /// A value of a picture as 8 bits, as the family's reference stores it; each step is rounded to fp32.
    ///
    /// - Parameter value: finite, in -1 ... 1 where nothing is cut off.
    func byte(_ value: Float) -> UInt8 {
        let scaled: Float =
            switch self {
            // torchvision's save_image of x / 2 + 0.5.
            case .dcgan: (value / 2 + 0.5) * 255 + 0.5
            // pytorch_pretrained_biggan's convert_to_images.
            case .bigGAN: (value + 1) / 2 * 256
            // generate.py of stylegan2-ada-pytorch.
            case .styleGAN2: value * 127.5 + 128
            }
        return UInt8(min(max(scaled, 0), 255))
    }
}

/// What truncation a generator takes: less variety for better pictures.
public enum TruncationRule: Sendable, Equatable {
    /// None.
    case none
    /// A number above 0 and up to 1, needed: norms have statistics for each, and latents are drawn for it (BigGAN).
    case statistics
    /// How far styles are from their average, 1 where left out; `layers` styles, of which the first may be meant alone
    /// (StyleGAN2).
    case average(layers: Int)
    /// The checkpoint lacks the average that it would take.
    case noAverage
}
