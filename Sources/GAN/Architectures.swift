public import Checkpoints

extension ImageGenerator {
    /// What can be loaded.
    public static let architectures = [
        SupportedArchitecture(
            name: GeneratorFamily.dcgan.rawValue, names: [.programs: ["DCGANGenerator"]],
            papers: ["1511.06434", "1411.1784"]),
        SupportedArchitecture(
            name: GeneratorFamily.bigGAN.rawValue, names: [.programs: ["pytorch-pretrained-BigGAN"]],
            papers: ["1809.11096"]),
        SupportedArchitecture(
            name: GeneratorFamily.styleGAN2.rawValue,
            names: [.programs: ["stylegan2-ada-pytorch", "stylegan2-pytorch"]], papers: ["1912.04958"]),
    ]
}
