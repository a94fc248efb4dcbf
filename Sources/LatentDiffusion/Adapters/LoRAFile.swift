import Checkpoints
import TensorCore

/// A LoRA file: its tensors put together layer by layer, each found in the model.
struct LoRAFile {
    /// A layer's tensors.
    private struct Layer {
        var component: AdaptedComponent
        var name: LoRAKey.Layer
        var weight: TensorInfo
        var parts: [LoRAKey.Part: TensorInfo] = [:]
    }

    private let file: String
    private let checkpoint: Checkpoint
    private let settings: LoRASettings

    /// Opens a file of safetensors or PyTorch.
    init(_ file: String) throws(AdapterError) {
        self.file = file
        do throws(CheckpointError) {
            checkpoint = try Checkpoint.open(file: file)
            settings = try LoRASettings(file: file, metadata: checkpoint.metadata)
        } catch { throw .checkpoint(error) }
        guard !checkpoint.names.isEmpty else {
            throw .contents(file: file, expected: "factors of LoRA", found: "no tensor")
        }
    }

    /// What the file adds to each component's tensors.
    ///
    /// - Parameters:
    ///   - targets: the layers of the components that there are.
    ///   - strength: what all is multiplied with.
    func deltas(
        _ targets: [AdaptedComponent: AdapterTargets], strength: Float
    ) throws(AdapterError) -> [AdaptedComponent: [String: LoRADelta]] {
        var result: [AdaptedComponent: [String: LoRADelta]] = [:]
        for layer in try layers(targets) {
            result[layer.component, default: [:]][layer.weight.name] = try delta(layer, strength: strength)
        }
        return result
    }

    /// The layers in the order of their first tensors' names.
    private func layers(_ targets: [AdaptedComponent: AdapterTargets]) throws(AdapterError) -> [Layer] {
        var layers: [Layer] = []
        var places: [AdaptedComponent: [String: Int]] = [:]
        let hasComponents = checkpoint.names.contains { LoRAKey.hasComponent($0) }
        for name in checkpoint.names {
            let key: LoRAKey
            do throws(LoRAKey.Refusal) { key = try LoRAKey(name, hasComponents: hasComponents) } catch {
                throw .key(file: file, key: name, expected: error.expected, found: error.found)
            }
            guard let components = targets[key.component] else {
                throw .key(
                    file: file, key: name, expected: "no factors for \(key.component.rawValue), which is not there",
                    found: "some")
            }
            guard let weight = components.weight(of: key.layer) else {
                throw .key(
                    file: file, key: name, expected: "the name of a layer of \(key.component.rawValue)",
                    found: "none of them; the file is for another architecture")
            }
            guard let info = checkpoint.info(name) else {
                throw .key(
                    file: file, key: name, expected: "floats", found: checkpoint.storedType(name)?.rawValue ?? "none")
            }
            let place = places[key.component]?[weight.name] ?? layers.count
            if place == layers.count {
                layers.append(Layer(component: key.component, name: key.layer, weight: weight))
                places[key.component, default: [:]][weight.name] = place
            }
            if let other = layers[place].parts.updateValue(info, forKey: key.part) {
                throw .key(
                    file: file, key: name, expected: "each layer's factors once", found: "\(other.name), too")
            }
        }
        return layers
    }

    private func delta(_ layer: Layer, strength: Float) throws(AdapterError) -> LoRADelta {
        func part(_ part: LoRAKey.Part, for other: LoRAKey.Part) throws(AdapterError) -> TensorInfo {
            if let info = layer.parts[part] { return info }
            let held = layer.parts[other] ?? layer.parts.values.min { $0.name < $1.name }
            throw .key(
                file: file, key: held?.name ?? "", expected: "the \(part.rawValue) factor of the same layer",
                found: "none")
        }
        let up = try part(.up, for: .down)
        let down = try part(.down, for: .up)
        let weight = layer.weight
        guard weight.dtype.isFloatingWeight else {
            throw .key(
                file: weight.file, key: weight.name, expected: "a weight of floats", found: weight.dtype.rawValue)
        }
        guard let rank = down.shape.first, rank > 0, [2, 4].contains(down.shape.count) else {
            throw .key(
                file: file, key: down.name, expected: "a matrix or a kernel of one row at least", found: "\(down.shape)"
            )
        }
        let columns = weight.shape.dropFirst().reduce(1, *)
        let middle = layer.parts[.middle]
        let expectedDown = middle == nil ? [rank] + weight.shape.dropFirst() : [rank, weight.shape[1]]
        try check(down, expectedDown, weight)
        try check(up, [weight.shape[0], rank], weight)
        var factor = try checkpoint.finiteFloats(down)
        if let middle {
            guard weight.shape.count == 4 else {
                throw .key(
                    file: file, key: middle.name, expected: "no kernel between the factors of a linear layer",
                    found: "\(middle.shape)")
            }
            try check(middle, [rank, rank] + weight.shape.dropFirst(2), weight)
            factor = Self.joined(
                try checkpoint.finiteFloats(middle), factor, rank: rank, taps: columns / weight.shape[1])
        }
        return LoRADelta(
            columns: columns, rank: rank, scale: Float(Double(strength) * (try scale(layer, rank: rank))), down: factor,
            up: try checkpoint.finiteFloats(up))
    }

    /// Compares shapes; a matrix and the kernel of a 1x1 convolution are the same numbers.
    private func check(_ info: TensorInfo, _ expected: [Int], _ weight: TensorInfo) throws(AdapterError) {
        func matrix(_ shape: [Int]) -> [Int] {
            shape.count == 4 && shape[2...] == [1, 1] ? Array(shape[..<2]) : shape
        }
        guard matrix(info.shape) == matrix(expected) else {
            throw .key(
                file: file, key: info.name, expected: "shape \(expected) for \(weight.name) of \(weight.shape)",
                found: "\(info.shape)")
        }
    }

    /// The kernel that a 1x1 convolution and the kernel after it make together, `[rank, inputs, taps]`.
    private static func joined(_ middle: [Float], _ down: [Float], rank: Int, taps: Int) -> [Float] {
        let inputs = down.count / rank
        var result = [Float](repeating: 0, count: rank * inputs * taps)
        for row in 0..<rank {
            for k in 0..<rank {
                for input in 0..<inputs {
                    let factor = down[k * inputs + input]
                    for tap in 0..<taps {
                        result[(row * inputs + input) * taps + tap] += middle[(row * rank + k) * taps + tap] * factor
                    }
                }
            }
        }
        return result
    }

    /// What a layer's product is multiplied with: alpha over the rank; 1 where neither the layer nor the file's
    /// settings say.
    private func scale(_ layer: Layer, rank: Int) throws(AdapterError) -> Double {
        guard let info = layer.parts[.alpha] else {
            return settings.scale(of: layer.name, in: layer.component, rank: rank) ?? 1
        }
        guard info.shape == [] || info.shape == [1] else {
            throw .key(file: file, key: info.name, expected: "one value", found: "shape \(info.shape)")
        }
        if info.dtype == .int64 || info.dtype == .int32 {
            do throws(TensorReadError) {
                let bytes = try checkpoint.bytes(of: info.name)
                let bits = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                let value = info.dtype == .int64 ? Int64(bitPattern: bits) : Int64(Int32(truncatingIfNeeded: bits))
                return Double(value) / Double(rank)
            } catch { throw .unreadable(error) }
        }
        return Double(try checkpoint.finiteFloats(info)[0]) / Double(rank)
    }
}
