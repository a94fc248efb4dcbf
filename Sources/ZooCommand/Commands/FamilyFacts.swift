import Diffusion
import DualEncoder
import GAN
import ImageClassifiers
import JSON
import Media
import ModelZoo
import SentenceEncoder
import TensorCore

/// What is known of a model that only models of its family have.
struct FamilyFacts {
    /// Whose names the checkpoint uses, where its family knows several.
    var layout: String?
    /// Names and values for people.
    var lines: [(String, String)] = []
    /// Names and values for programs.
    var json: [(String, JSONValue)] = []
    /// The classes of a classifier.
    var labels: [String]?

    /// - Throws: ``ModelError``.
    init(_ model: AnyModel) throws {
        switch model {
        case .imageClassifier(let model): try add(model)
        case .dualEncoder(let model): try add(model)
        case .sentenceEncoder(let model): try add(model)
        case .audioEncoder(let model): try add(model)
        case .gan(let model): add(model)
        case .diffusion(let model): try add(model)
        case .latentDiffusion(let model): try add(model)
        }
    }

    /// The lines for people.
    ///
    /// - Parameter allLabels: whether every label is shown, or the first few.
    func rows(allLabels: Bool) -> [(String, String)] {
        guard let labels else { return lines }
        let shown = allLabels ? labels.count : min(labels.count, 10)
        let rest = labels.count - shown
        let list = labels.prefix(shown).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
        return lines + [("Labels", "\(labels.count): \(list)")]
    }

    private mutating func add(_ model: ImageClassifier) throws {
        layout = model.layout.rawValue
        let preprocessing = try? model.preprocessing()
        let cost = try preprocessing.map {
            try model.plan(batch: 1, height: $0.outputHeight, width: $0.outputWidth)
        }
        let input = preprocessing.map { [model.network.channels, $0.outputHeight, $0.outputWidth] }
        if let cost, let input {
            lines += [
                ("Input", Self.dimensions(input)),
                ("Operations", Format.count(cost.flops, unit: "FLOP") + " a picture"),
                ("Memory", Self.memory(weights: model.weightBytes, activations: cost.activationBytes)),
            ]
        } else {
            lines.append(("Memory", "\(Format.bytes(model.weightBytes)) of weights"))
        }
        lines.append(("Preprocessing", Self.preprocessing { () throws in try model.preprocessing() }))
        labels = model.hasClasses ? model.labels : nil
        json = [
            ("activation_bytes", JSONValue(optional: cost?.activationBytes) { JSONValue($0) }),
            ("flops", JSONValue(optional: cost?.flops) { JSONValue($0) }),
            ("input", JSONValue(optional: input) { .array($0.map { JSONValue($0) }) }),
            ("preprocessing", JSONValue(optional: preprocessing) { JSONValue($0.description) }),
            ("labels", .array(model.labels.map { JSONValue($0) })),
        ]
    }

    private mutating func add(_ model: SentenceEncoder) throws {
        let length = min(model.contextLength, 64)
        let cost = try model.plan(batch: 1, tokens: length)
        let vocabulary = model.network.configuration.vocabularyCount
        lines += [
            ("Context", "\(model.contextLength) tokens"), ("Vocabulary", "\(vocabulary) tokens"),
            ("Embedding", "\(model.embeddingWidth) numbers"),
            ("Operations", Format.count(cost.flops, unit: "FLOP") + " a sentence of \(length) tokens"),
            ("Memory", Self.memory(weights: model.weightBytes, activations: cost.activationBytes)),
        ]
        if !model.promptNames.isEmpty { lines.append(("Prompts", model.promptNames.joined(separator: ", "))) }
        json = [
            ("context", JSONValue(model.contextLength)), ("vocabulary", JSONValue(vocabulary)),
            ("embedding", JSONValue(model.embeddingWidth)), ("flops", JSONValue(cost.flops)),
            ("flops_tokens", JSONValue(length)), ("activation_bytes", JSONValue(cost.activationBytes)),
            ("prompts", .array(model.promptNames.map { JSONValue($0) })),
        ]
    }

    private mutating func add(_ model: DualEncoder) throws {
        layout = model.layout.rawValue
        // The factor of the logits is read, the towers are only planned.
        let scale = try DualEncoder(
            folder: model.folder, runtime: model.runtime, weights: model.weights, towers: [])
        if model.imageSize != nil { try addImageTower(model) }
        if model.contextLength > 0 { try addTextTower(model) }
        lines.append(("Embedding", "\(model.embeddingWidth) numbers"))
        json.append(("embedding", JSONValue(model.embeddingWidth)))
        guard model.imageSize != nil, model.contextLength > 0 else { return }
        let factor = Format.decimal(Double(scale.logitScale), 3)
        let bias = scale.logitBias.map { " \($0 < 0 ? "-" : "+") \(Format.decimal(Double($0.magnitude), 3))" } ?? ""
        lines.append(
            (
                "Scores",
                model.hasSigmoid
                    ? "sigmoid of \(factor) x cosine\(bias): each label by itself"
                    : "softmax over the labels of \(factor) x cosine\(bias)"
            ))
        json += [
            ("scores", JSONValue(model.hasSigmoid ? "sigmoid" : "softmax")),
            ("logit_scale", JSONValue(scale.logitScale)),
            ("logit_bias", JSONValue(optional: scale.logitBias) { JSONValue($0) }),
        ]
    }

    private mutating func addImageTower(_ model: DualEncoder) throws {
        let tower = try DualEncoder(
            folder: model.folder, runtime: model.runtime, weights: model.weights, towers: [.image], plansOnly: true)
        let sides = model.imageSize ?? []
        let cost = try tower.plan(.image, batch: 1)
        let preprocessing = try? model.preprocessing()
        lines += [
            (
                "Image tower",
                "\(Self.dimensions([3] + sides)), \(Format.count(cost.flops, unit: "FLOP")) a picture, "
                    + Self.memory(weights: tower.weightBytes, activations: cost.activationBytes)
            ),
            ("Preprocessing", Self.preprocessing { () throws in try model.preprocessing() }),
        ]
        json += [
            (
                "image",
                [
                    "input": .array(([3] + sides).map { JSONValue($0) }), "flops": JSONValue(cost.flops),
                    "weight_bytes": JSONValue(tower.weightBytes),
                    "activation_bytes": JSONValue(cost.activationBytes),
                    "preprocessing": JSONValue(optional: preprocessing) { JSONValue($0.description) },
                ]
            )
        ]
    }

    private mutating func addTextTower(_ model: DualEncoder) throws {
        let tower = try DualEncoder(
            folder: model.folder, runtime: model.runtime, weights: model.weights, towers: [.text], plansOnly: true)
        let cost = try tower.plan(.text, batch: 1)
        // A checkpoint without its tokenizer can still be described.
        let vocabulary = (try? model.tokenizer())?.vocabularyCount
        lines += [
            (
                "Text tower",
                "\(model.contextLength) tokens\(vocabulary.map { " of \($0)" } ?? ""), "
                    + "\(Format.count(cost.flops, unit: "FLOP")) a full text, "
                    + Self.memory(weights: tower.weightBytes, activations: cost.activationBytes)
            )
        ]
        json += [
            (
                "text",
                [
                    "context": JSONValue(model.contextLength),
                    "vocabulary": JSONValue(optional: vocabulary) { JSONValue($0) },
                    "flops": JSONValue(cost.flops),
                    "weight_bytes": JSONValue(tower.weightBytes),
                    "activation_bytes": JSONValue(cost.activationBytes),
                ]
            )
        ]
    }

    static func dimensions(_ sizes: [Int]) -> String { sizes.map(String.init).joined(separator: " x ") }

    static func memory(weights: Int, activations: Int) -> String {
        "\(Format.bytes(weights + activations)): weights \(Format.bytes(weights)), activations "
            + Format.bytes(activations)
    }

    /// The steps in words, or what is wrong with them.
    private static func preprocessing(_ steps: () throws -> ImagePreprocessing) -> String {
        do { return try steps().description } catch { return oneLine(Failure(error).message) }
    }
}
