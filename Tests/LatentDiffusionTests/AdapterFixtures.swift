import Checkpoints
import Foundation
import JSON
import TensorCore
import Testing

/// The files beside these tests; the README there says where they come from.
enum AdapterFixtures {
    /// A file or folder, by its name.
    static func path(_ name: String) -> String { "\(Bundle.module.bundlePath)/Fixtures/\(name)" }

    /// A file's weights.
    static func checkpoint(_ name: String) throws -> Checkpoint { try Checkpoint.open(file: path(name)) }

    /// A tensor in fp32, whatever its type.
    static func tensor(_ name: String, of source: any TensorSource) throws -> Tensor {
        let info = try #require(source.info(name), "\(name) is not in \(source.location)")
        let raw = Tensor(bytes: try source.bytes(of: name), dtype: info.dtype, shape: Shape(info.shape))
        return raw.converted(to: .float32)
    }

    /// Values that look random and are the same in every run.
    static func values(_ count: Int, seed: Int) -> [Float] {
        var state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int(state >> 40)) / Float(1 << 23) - 1
        }
    }

    /// A file of tensors that is removed with its folder.
    static func write(
        _ tensors: [StoredTensor], metadata: [String: String] = [:], to path: String
    ) throws {
        try Safetensors.write(tensors, metadata: metadata, to: path)
    }
}
