import TensorCore

/// The style of each layer: truncated or not, of the one latent vector or the other.
struct Styles {
    private let plain: [Tensor]  // [B, styleSize], of the latents and those to mix in
    private let truncated: [Tensor]
    private let cutoff: Int
    private let mixedFrom: Int

    init(_ mapping: StyleMapping, _ input: GeneratorInput, _ ws: Workspace, _ trace: LayerTrace) {
        let latents = [input.latents] + (input.mixing.map { [$0.latents] } ?? [])
        plain = latents.map { mapping($0, input.classes, ws, trace) }
        if let truncation = input.truncation, truncation != 1 {
            truncated = plain.map { mapping.truncated($0, Float(truncation), ws) }
        } else {
            truncated = plain
        }
        cutoff = input.cutoff ?? .max
        mixedFrom = input.mixing?.layer ?? .max
    }

    func callAsFunction(_ layer: Int) -> Tensor {
        (layer < cutoff ? truncated : plain)[layer < mixedFrom ? 0 : 1]
    }
}
