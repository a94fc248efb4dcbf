import TensorCore

/// A part of a pipeline that adapters change.
enum AdaptedComponent: String, Sendable, CaseIterable {
    case unet
    case textEncoder = "text_encoder"

    /// How kohya's scripts start the names of the part's layers. A file that holds factors for two text encoders calls
    /// the first of them `te1`.
    var flatPrefixes: [String] {
        switch self {
        case .unet: ["lora_unet_"]
        case .textEncoder: ["lora_te_", "lora_te1_"]
        }
    }
}

/// The layers of a component that a file of adapters may name, and the tensors that are their weights.
struct AdapterTargets: Sendable {
    private let component: AdaptedComponent
    private let source: any TensorSource
    /// The weight's tensor by the layer's name, dots in it.
    private var tensors: [String: String] = [:]
    /// The weights' tensors by the layer's name with underscores for dots. Two where two names become one.
    private var flatTensors: [String: [String]] = [:]

    /// The matrices and kernels of a component.
    init(_ component: AdaptedComponent, _ source: any TensorSource) {
        self.component = component
        self.source = source
        for tensor in source.names where tensor.hasSuffix(".weight") && !tensor.hasSuffix("_embedding.weight") {
            guard let info = source.info(tensor), info.shape.count == 2 || info.shape.count == 4 else { continue }
            let name = Self.plain(String(tensor.dropLast(".weight".count)), component)
            tensors[name] = tensor
            flatTensors[Self.flat(name), default: []].append(tensor)
        }
    }

    /// The weight that a layer's name means.
    func weight(of layer: LoRAKey.Layer) -> TensorInfo? {
        switch layer {
        case .dotted(let name): tensors[Self.plain(name, component)].flatMap { source.info($0) }
        case .flat(let name):
            if let found = flatTensors[Self.plainFlat(name, component)], found.count == 1 {
                source.info(found[0])
            } else {
                nil
            }
        }
    }

    /// A text encoder's names with `text_model.` and without it, both of which occur, are one.
    private static func plain(_ name: String, _ component: AdaptedComponent) -> String {
        let prefix = "text_model."
        guard component == .textEncoder, name.hasPrefix(prefix) else { return name }
        return String(name.dropFirst(prefix.count))
    }

    private static func plainFlat(_ name: String, _ component: AdaptedComponent) -> String {
        let prefix = "text_model_"
        guard component == .textEncoder, name.hasPrefix(prefix) else { return name }
        return String(name.dropFirst(prefix.count))
    }

    private static func flat(_ name: String) -> String {
        String(decoding: name.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
    }
}
