public import ImageClassifiers
public import TensorCore

/// A model of any family, as the command and programs that take any model see it.
public enum AnyModel: Sendable {
    /// An image classifier.
    case imageClassifier(ImageClassifier)

    /// Loads a folder.
    ///
    /// - Parameter plansOnly: reads no weights, only names and shapes.
    /// - Throws: the family's error, such as ``ImageClassifierError``.
    public init(folder: String, runtime: Runtime, plansOnly: Bool = false) throws(ImageClassifierError) {
        self = .imageClassifier(try ImageClassifier(folder: folder, runtime: runtime, plansOnly: plansOnly))
    }

    /// The family's name, such as `ResNet`.
    public var architecture: String {
        switch self {
        case .imageClassifier(let model): model.architecture
        }
    }

    /// The arrays that ``run(_:outputs:)`` takes, by the names of the reference's `forward`.
    public var inputNames: [String] {
        switch self {
        case .imageClassifier: ["pixel_values"]
        }
    }

    /// The arrays that ``run(_:outputs:)`` can give.
    public var outputNames: [String] {
        switch self {
        case .imageClassifier: ["logits", "features", "feature_map"]
        }
    }

    /// Runs the model on arrays.
    ///
    /// - Parameters:
    ///   - inputs: every array of ``inputNames``, in PyTorch's shapes.
    ///   - outputs: what to compute, of ``outputNames``; logits alone take the least.
    /// - Throws: ``ImageClassifierError`` where an input is missing or misshapen.
    public func run(
        _ inputs: [String: Tensor], outputs: [String]
    ) throws(ImageClassifierError) -> [String: Tensor] {
        switch self {
        case .imageClassifier(let model):
            guard let pixels = inputs["pixel_values"], inputs.count == 1 else {
                throw .input(expected: "pixel_values", found: inputs.keys.sorted().joined(separator: ", "))
            }
            if outputs == ["logits"] { return ["logits": try model.logits(pixels)] }
            let result = try model.outputs(pixels)
            let all = ["logits": result.logits, "features": result.features, "feature_map": result.featureMap]
            return all.filter { outputs.contains($0.key) }
        }
    }
}
