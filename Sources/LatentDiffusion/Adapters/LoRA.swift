public import TensorCore

/// A LoRA file and how strongly it is wanted.
public struct LoRA: Sendable, Equatable {
    /// The file, of safetensors or PyTorch.
    public var file: String
    /// What its changes are multiplied with; 1 is as it was trained.
    public var strength: Float

    /// A file with its strength.
    ///
    /// - Parameters:
    ///   - file: its path.
    ///   - strength: what its changes are multiplied with, any finite number.
    public init(file: String, strength: Float = 1) {
        self.file = file
        self.strength = strength
    }

    /// Reads `FILE:weight`, or `FILE` alone for the strength 1.
    ///
    /// What follows the last colon is a weight if it starts as a number does; otherwise it is a part of the file's
    /// name.
    ///
    /// - Parameter text: the file's path, with a colon and a number after it or not.
    /// - Throws: ``AdapterError/strength(file:found:)`` where a number is begun and is none, or is not finite.
    public init(parsing text: String) throws(AdapterError) {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            let first = text[text.index(after: colon)...].first, "+-.0123456789".contains(first)
        else {
            self.init(file: text)
            return
        }
        let (file, number) = (String(text[..<colon]), text[text.index(after: colon)...])
        guard let strength = Float(number), strength.isFinite else {
            throw .strength(file: file, found: String(number))
        }
        self.init(file: file, strength: strength)
    }
}

/// The tensors of a pipeline's UNet and text encoder with LoRA files merged into them.
///
/// A weight W becomes W + strength * alpha / rank * up down for each file in turn, in fp32, whatever the type it is
/// stored in; the sum is made piece by piece while the weight is read, so that nothing is held but the files' factors.
/// Where a file does not say what alpha is, alpha is the rank.
public struct LoRAMerge: Sendable {
    /// The UNet's tensors.
    public let unet: any TensorSource
    /// The text encoder's tensors.
    public let textEncoder: (any TensorSource)?
    /// Weights that are changed, by one file at least.
    public let changedCount: Int

    /// Opens files and finds the place of every one of their tensors.
    ///
    /// - Parameters:
    ///   - files: in the order in which they are added.
    ///   - unet: the tensors of a `UNet2DConditionModel`, by diffusers' names.
    ///   - textEncoder: the tensors of a `CLIPTextModel`, by transformers' names; `nil` where there is none.
    /// - Throws: ``AdapterError`` where a tensor of a file belongs to no layer or does not fit it, half of a pair is
    ///   missing, a file holds adapters of another kind, or cannot be read.
    public init(
        _ files: [LoRA], unet: any TensorSource, textEncoder: (any TensorSource)?
    ) throws(AdapterError) {
        var targets = [AdaptedComponent.unet: AdapterTargets(.unet, unet)]
        if let textEncoder { targets[.textEncoder] = AdapterTargets(.textEncoder, textEncoder) }
        var deltas: [AdaptedComponent: [String: [LoRADelta]]] = [:]
        for file in files {
            guard file.strength.isFinite else { throw .strength(file: file.file, found: "\(file.strength)") }
            for (component, layers) in try LoRAFile(file.file).deltas(targets, strength: file.strength) {
                for (name, delta) in layers { deltas[component, default: [:]][name, default: []].append(delta) }
            }
        }
        changedCount = deltas.values.reduce(0) { $0 + $1.count }
        self.unet = deltas[.unet].map { AdaptedSource(unet, $0) } ?? unet
        self.textEncoder = textEncoder.map { source in
            deltas[.textEncoder].map { AdaptedSource(source, $0) } ?? source
        }
    }
}
