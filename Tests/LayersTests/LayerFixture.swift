import Checkpoints
import Foundation
import JSON
import Layers
import TensorCore
import Testing

/// One PyTorch golden: an operation, its arguments, its tensors.
struct LayerFixture {
    let name: String
    let source: Safetensors

    /// Every fixture's name; the README beside them says where they come from.
    static let names = ((try? FileSystem.list(folder).names) ?? []).compactMap { name in
        name.hasSuffix(".safetensors") ? String(name.dropLast(".safetensors".count)) : nil
    }

    private static var folder: String { Bundle.module.bundlePath + "/Fixtures" }

    init(_ name: String) throws {
        self.name = name
        source = try Safetensors(file: "\(Self.folder)/\(name).safetensors")
    }

    /// The operation.
    var op: String { text("op") }

    /// An argument as it is written.
    func text(_ key: String) -> String { source.metadata[key]?.stringValue ?? "" }

    /// An argument that is a list of numbers; empty where there is none.
    func integers(_ key: String) -> [Int] { text(key).split(separator: ",").compactMap { Int($0) } }

    /// An argument that is a number.
    func number(_ key: String) throws -> Double { try #require(Double(text(key)), "\(name): \(key)") }

    /// An argument that is a truth value.
    func flag(_ key: String) -> Bool { text(key) == "true" }

    /// The activation of the result; `nil` where TensorCore has none of this name.
    var activation: Activation? {
        let known: [String: Activation] = [
            "": .none, "none": .none, "relu": .relu, "relu6": .relu6, "gelu": .gelu, "gelu-tanh": .geluTanh,
            "quick-gelu": .quickGELU, "silu": .silu, "sigmoid": .sigmoid, "tanh": .tanh, "hardswish": .hardswish,
            "hardsigmoid": .hardsigmoid, "leaky-relu": .leakyReLU,
        ]
        return known[text("activation")]
    }

    func has(_ name: String) -> Bool { source.info(name) != nil }

    /// A tensor's dimensions.
    func shape(_ name: String) throws -> [Int] { try #require(source.info(name)?.shape, "\(self.name): \(name)") }

    /// A tensor as PyTorch lays it out.
    func tensor(_ name: String) throws -> Tensor {
        let bytes = try source.bytes(of: name)
        let values = bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: 4).map {
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
            }
        }
        return Tensor(values, shape: Shape(try shape(name)))
    }

    /// A tensor of images, `[B, C, H, W]`; signals, `[B, C, L]`, become images of one row.
    func images(_ name: String = "input") throws -> Tensor {
        let x = try tensor(name)
        return x.shape.rank == 3 ? x.reshaped(to: Shape(x.shape[0], x.shape[1], 1, x.shape[2])) : x
    }

    /// A layer, or whatever `read` makes of the parameters.
    func layer<Layer>(_ runtime: Runtime, _ read: (Weights) throws -> Layer) throws -> Layer {
        let loader = WeightLoader(source, runtime: runtime)
        let layer = try read(Weights(loader))
        try loader.finish { ["input", "output"].contains($0) }
        return layer
    }
}

/// How far a result may be from PyTorch's, which was computed in double precision.
struct Tolerance {
    /// Units in the last place of the expected value.
    var ulps: Float = 0
    /// Absolute.
    var absolute: Float = 0
    /// Part of the output's largest value.
    var ofScale: Float = 0

    /// Functions of one value: rounding in a few steps.
    static let elementwise = Tolerance(ulps: 4, absolute: 1e-6)
    /// Sums of products, norms and means: rounding that grows with the number of terms.
    static let products = Tolerance(ofScale: 1e-5)
    /// Differences of large values, here of values near 1000 from their mean: PyTorch's own fp32 result is 2.5e-5 off.
    static let cancellation = Tolerance(ofScale: 5e-5)
    /// No rounding at all.
    static let exact = Tolerance()

    /// `nil` where every value is near enough, otherwise the worst one.
    func mismatch(_ found: Tensor, _ expected: Tensor) -> String? {
        guard found.shape == expected.shape else { return "shape \(found.shape), expected \(expected.shape)" }
        let (a, b) = (found.floats, expected.floats)
        let scale = b.reduce(0) { max($0, $1.isFinite ? abs($1) : 0) }
        var worst: (index: Int, excess: Float)?
        for index in a.indices where a[index] != b[index] && !(a[index].isNaN && b[index].isNaN) {
            let allowed = max(ulps * b[index].ulp, absolute, ofScale * scale)
            let excess = abs(a[index] - b[index]) - allowed
            if !(excess <= 0), worst.map({ !(excess <= $0.excess) }) ?? true { worst = (index, excess) }
        }
        return worst.map { "element \($0.index): \(a[$0.index]), expected \(b[$0.index]), scale \(scale)" }
    }
}
