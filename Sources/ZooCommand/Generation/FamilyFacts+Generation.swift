import Diffusion
import GAN
import JSON
import LatentDiffusion
import Randomness

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

extension FamilyFacts {
    mutating func add(_ model: DiffusionModel) throws {
        let configuration = model.configuration
        let output = configuration.sampleSize.map { [configuration.inputChannels, $0.height, $0.width] }
        let cost = try output.map { try model.plan(batch: 1, height: $0[1], width: $0[2]) }
        if let output, let cost {
            lines += [
                ("Picture", Self.dimensions(output)),
                ("Operations", Format.count(cost.flops, unit: "FLOP") + " a call for one picture"),
                ("Memory", Self.memory(weights: model.weightBytes, activations: cost.activationBytes)),
            ]
        } else {
            lines.append(("Memory", "\(Format.bytes(model.weightBytes)) of weights"))
        }
        // The folder's own first, then those that can stand in for it.
        let usable = model.scheduler?.supportedSchedulers ?? []
        let own = model.scheduler?.kind
        let schedulers = (own.map { [$0] } ?? []) + usable.filter { $0 != own }
        if own != nil { lines.append(("Schedulers", schedulers.map(\.shortName).joined(separator: ", "))) }
        if model.nullClass != nil { lines.append(("Guidance", "with a class for none (--guidance)")) }
        if !model.labels.isEmpty { labels = model.labels }
        json = [
            ("pipeline", JSONValue(optional: model.pipeline) { JSONValue($0) }),
            ("output", JSONValue(optional: output) { .array($0.map { JSONValue($0) }) }),
            ("flops", JSONValue(optional: cost?.flops) { JSONValue($0) }),
            ("activation_bytes", JSONValue(optional: cost?.activationBytes) { JSONValue($0) }),
            ("schedulers", .array(own == nil ? [] : schedulers.map { JSONValue($0.shortName) })),
            ("guidance", JSONValue(model.nullClass != nil)), ("labels", .array(model.labels.map { JSONValue($0) })),
        ]
    }
}

extension FamilyFacts {
    private mutating func add(_ model: UnconditionalLatentModel) throws {
        let (tall, wide) = try model.latentSize()
        let factor = model.autoencoder.configuration.factor
        let cost = try model.plan(pictures: 1)
        let own = model.diffusion.scheduler?.kind
        let schedulers =
            (own.map { [$0] } ?? []) + (model.diffusion.scheduler?.supportedSchedulers ?? []).filter { $0 != own }
        lines += [
            ("Picture", "\(wide * factor)x\(tall * factor) pixels"),
            ("Operations", Format.count(cost.step.flops, unit: "FLOP") + " a step"),
            ("Memory", Self.memory(weights: cost.weightBytes, activations: cost.peakBytes - cost.weightBytes)),
            ("Schedulers", schedulers.map(\.shortName).joined(separator: ", ")),
        ]
        json = [
            ("pipeline", JSONValue(model.pipeline)), ("output", [JSONValue(tall * factor), JSONValue(wide * factor)]),
            ("flops", JSONValue(cost.step.flops)), ("peak_bytes", JSONValue(cost.peakBytes)),
            ("schedulers", .array(schedulers.map { JSONValue($0.shortName) })),
        ]
    }

    mutating func add(_ model: LatentDiffusionFolder) throws {
        if let model = model.unconditional { return try add(model) }
        guard let pipeline = model.pipeline else {
            lines.append(("Memory", "\(Format.bytes(model.weightBytes)) of weights"))
            return
        }
        let factor = pipeline.autoencoder.configuration.factor
        let sides = pipeline.unet.configuration.sampleSize.map {
            (height: $0.height * factor, width: $0.width * factor)
        }
        let cost = try sides.map { try pipeline.plan(pictures: 1, height: $0.height, width: $0.width) }
        if let sides, let cost {
            lines += [
                ("Picture", "\(sides.width)x\(sides.height) pixels (--size)"),
                ("Operations", Format.count(cost.step.flops, unit: "FLOP") + " a guided step"),
                ("Memory", Self.memory(weights: cost.weightBytes, activations: cost.peakBytes - cost.weightBytes)),
            ]
        }
        let own = pipeline.scheduler.kind
        let schedulers = [own] + pipeline.scheduler.supportedSchedulers.filter { $0 != own }
        lines += [
            ("Text", "\(pipeline.textEncoder.contextLength) tokens a part"),
            ("Schedulers", schedulers.map(\.shortName).joined(separator: ", ")),
        ]
        if pipeline.isForInpainting { lines.append(("Made for", "painting parts of pictures anew (--init, --mask)")) }
        for note in pipeline.notes { lines.append(("Note", note)) }
        json = [
            ("pipeline", JSONValue(pipeline.pipeline)),
            ("output", JSONValue(optional: sides) { [JSONValue($0.height), JSONValue($0.width)] }),
            ("flops", JSONValue(optional: cost?.step.flops) { JSONValue($0) }),
            ("peak_bytes", JSONValue(optional: cost?.peakBytes) { JSONValue($0) }),
            ("context", JSONValue(pipeline.textEncoder.contextLength)),
            ("schedulers", .array(schedulers.map { JSONValue($0.shortName) })),
            ("inpainting", JSONValue(pipeline.isForInpainting)),
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
