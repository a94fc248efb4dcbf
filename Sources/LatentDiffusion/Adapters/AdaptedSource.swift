import TensorCore

/// A component's tensors with what adapters add to them: an adapted weight is fp32, computed as it is read; all others
/// are what they are.
struct AdaptedSource: TensorSource {
    private let base: any TensorSource
    /// What is added to each tensor, in the order of the files.
    private let deltas: [String: [LoRADelta]]

    init(_ base: any TensorSource, _ deltas: [String: [LoRADelta]]) {
        self.base = base
        self.deltas = deltas
    }

    var location: String { base.location }
    var names: [String] { base.names }

    func info(_ name: String) -> TensorInfo? {
        var info = base.info(name)
        if deltas[name] != nil { info?.dtype = .float32 }
        return info
    }

    func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError) {
        guard let deltas = deltas[name], let info = base.info(name) else {
            return try base.read(name, at: offset, into: buffer)
        }
        try base.readFloats(info, at: offset, into: buffer) { elements, values in
            for delta in deltas { delta.add(elements, to: values) }
        }
    }
}
