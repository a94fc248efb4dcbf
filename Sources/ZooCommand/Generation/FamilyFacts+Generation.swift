import GAN
import JSON

extension FamilyFacts {
    mutating func add(_ model: ImageGenerator) {
        let cost = model.plan(batch: 1)
        let output = [model.channels, model.imageSize, model.imageSize]
        lines += [
            ("Latents", "\(model.latentSize) numbers, \(model.family.latentConvention.summary)"),
            ("Picture", Self.dimensions(output)),
            ("Operations", Format.count(cost.flops, unit: "FLOP") + " a picture"),
            ("Memory", Self.memory(weights: model.weightBytes, activations: cost.activationBytes)),
        ]
        lines += [("Truncation", model.truncation.summary)]
        if model.classCount > 0 { labels = model.labels }
        json = [
            ("latents", JSONValue(model.latentSize)), ("output", .array(output.map { JSONValue($0) })),
            ("flops", JSONValue(cost.flops)), ("activation_bytes", JSONValue(cost.activationBytes)),
            ("rng", JSONValue(model.family.randomness.rawValue)),
            ("labels", .array(model.labels.map { JSONValue($0) })),
        ]
    }
}

extension GeneratorFamily.LatentConvention {
    /// How latents are drawn, for people.
    fileprivate var summary: String {
        switch self {
        case .torchNormal: "normal, as torch.randn draws them"
        case .truncatedNormal: "normal within 2 deviations, times the truncation"
        case .numpyNormal: "normal, as NumPy's RandomState draws them"
        }
    }
}

extension TruncationRule {
    /// What --truncation does, for people.
    fileprivate var summary: String {
        switch self {
        case .none: "none"
        case .statistics: "above 0 and up to 1"
        case .average(let layers): "towards the average of \(layers) styles"
        case .noAverage: "none: the checkpoint has no average of styles"
        }
    }
}
