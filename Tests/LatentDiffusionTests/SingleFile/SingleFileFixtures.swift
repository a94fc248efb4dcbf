import Checkpoints
import Foundation
import JSON
import TensorCore
import TestSupport
import Testing

@testable import LatentDiffusion

/// The whole checkpoints beside these tests.
enum SingleFileFixtures {
    static let cases = ["one", "two"]

    /// What the tiny checkpoints' shapes do not tell.
    static func options(_ name: String) -> SingleFile.Options {
        SingleFile.Options(heads: name == "one" ? [1, 2] : [1, 2, 2], textHeads: 2)
    }

    static func path(_ name: String) -> String { AdapterFixtures.path("single-file/\(name)") }

    static func checkpoint(_ name: String) throws -> Checkpoint {
        try Checkpoint.open(file: path("\(name).safetensors"))
    }

    static func lines(_ name: String) throws -> [String] {
        try String(contentsOfFile: path(name), encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// FNV-1a of 64 bits.
    static func checksum(_ bytes: some Sequence<UInt8>) -> String {
        let value = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    static func components(_ file: SingleFile) -> [(name: String, component: SingleFile.Component)] {
        [("text_encoder", file.textEncoder), ("unet", file.unet), ("vae", file.autoencoder)]
    }

    static func shape(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: ",") }

    /// A checkpoint of a published size, all zeros.
    static func full(_ version: String) throws -> ZeroSource {
        var shapes: [String: [Int]] = [:]
        let lists = version == "one" ? ["one"] : ["one", "two"]
        for list in lists {
            for line in try lines("full-\(list).txt") {
                let parts = line.split(separator: " ", omittingEmptySubsequences: false)
                shapes[String(parts[0])] = parts[1].split(separator: ",").compactMap { Int($0) }
            }
        }
        if version == "two" { shapes = shapes.filter { !$0.key.hasPrefix("cond_stage_model.transformer.") } }
        return ZeroSource(
            location: "full.safetensors",
            shapes.map { TensorInfo(name: $0.key, dtype: .float16, shape: $0.value, file: "full.safetensors") })
    }
}
