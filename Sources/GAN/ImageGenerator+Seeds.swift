public import Randomness
import TensorCore

extension GeneratorFamily {
    /// The generator that seeds are for by the family's convention.
    public var randomness: GeneratorKind {
        switch latentConvention {
        case .torchNormal: .torchCPU
        case .truncatedNormal, .numpyNormal: .numpy
        }
    }
}

extension ImageGenerator {
    /// What one image starts from, drawn as the family's reference does it; see ``GeneratorFamily/latentConvention``.
    ///
    /// - Parameters:
    ///   - generator: seeded; ``GeneratorFamily/randomness`` is the kind that the reference seeds.
    ///   - truncation: as of ``GenerationOptions/truncation``: BigGAN's latents are drawn within two deviations and are
    ///     multiplied by it.
    /// - Returns: ``latentSize`` values.
    /// - Throws: ``GANError/randomness(_:)``.
    public func latent(
        _ generator: inout any NormalGenerator, truncation: Double? = nil
    ) throws(GANError) -> [Float] {
        do throws(RandomnessError) {
            switch family.latentConvention {
            case .torchNormal, .numpyNormal: return try generator.normals(latentSize)
            case .truncatedNormal:
                let factor = Float(truncation ?? 1)
                return try generator.truncatedNormals(latentSize, bound: 2).map { $0 * factor }
            }
        } catch { throw .randomness(error) }
    }
}
