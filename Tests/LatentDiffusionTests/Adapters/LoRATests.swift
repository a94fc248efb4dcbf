import Checkpoints
import JSON
import TensorCore
import TestSupport
import Testing

@testable import LatentDiffusion

@Suite struct LoRATests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var files: [LoRA]
        var testDescription: String { name }
    }

    static let cases: [Case] = {
        guard let config = try? Config(path: AdapterFixtures.path("adapters/cases.json")),
            let entries = try? config.objects("cases", count: 1...20)
        else { return [] }
        return entries.compactMap { entry in
            guard let name = try? entry.string("case"), let files = try? entry.objects("files", count: 1...5) else {
                return nil
            }
            return Case(
                name: name,
                files: files.compactMap { file in
                    guard let path = try? file.string("file"), let weight = try? file.double("weight", in: -2...2)
                    else {
                        return nil
                    }
                    return LoRA(file: AdapterFixtures.path("adapters/\(path)"), strength: Float(weight))
                })
        }
    }()

    static func base() throws -> (unet: any TensorSource, text: any TensorSource) {
        (
            try AdapterFixtures.checkpoint("adapters/unet.safetensors"),
            try AdapterFixtures.checkpoint("adapters/text_encoder.safetensors")
        )
    }

    @Test func thereAreCases() { #expect(Self.cases.count >= 7) }

    @Test(arguments: cases) func mergesAsTheReferenceDoes(_ item: Case) throws {
        let base = try Self.base()
        let merge = try LoRAMerge(item.files, unet: base.unet, textEncoder: base.text)
        let expected = try AdapterFixtures.checkpoint("adapters/merged-\(item.name).safetensors")
        #expect(merge.changedCount == expected.names.count)
        for (part, source, original) in [
            ("unet", merge.unet, base.unet), ("text_encoder", merge.textEncoder, base.text),
        ] {
            let source = try #require(source)
            #expect(source.names == original.names)
            for name in source.names {
                let key = "\(part):\(name)"
                if expected.info(key) != nil {
                    let reference = try AdapterFixtures.tensor(key, of: expected)
                    #expect(source.info(name)?.dtype == .float32)
                    let found = try AdapterFixtures.tensor(name, of: source)
                    #expect(mismatch(found, reference, tolerance: 1e-6) == nil, "\(name)")
                } else {
                    #expect(source.info(name) == original.info(name))
                    #expect(try source.bytes(of: name) == original.bytes(of: name))
                }
            }
        }
    }

    @Test func piecesHaveTheBitsOfTheWhole() throws {
        let base = try Self.base()
        let merge = try LoRAMerge(
            Self.cases.filter { $0.name == "several" }[0].files, unet: base.unet, textEncoder: base.text)
        for name in [
            "up_blocks.1.resnets.0.conv1.weight", "down_blocks.0.attentions.0.transformer_blocks.0.ff.net.2.weight",
        ] {
            let whole = try merge.unet.bytes(of: name)
            for step in [1, 7, 52, 1000] {
                var pieces: [UInt8] = []
                while pieces.count < whole.count {
                    var piece = [UInt8](repeating: 0, count: min(step, whole.count - pieces.count))
                    let start = pieces.count
                    try piece.withUnsafeMutableBytes { try merge.unet.read(name, at: start, into: $0) }
                    pieces += piece
                }
                #expect(pieces == whole, "\(name) in steps of \(step)")
            }
            var beyond = [UInt8](repeating: 0, count: 8)
            #expect(throws: TensorReadError.self) {
                try beyond.withUnsafeMutableBytes { try merge.unet.read(name, at: whole.count - 4, into: $0) }
            }
        }
    }

    @Test func aTextEncoderWithoutAPrefixIsTheSame() throws {
        let base = try Self.base()
        var short = EditedSource(base.text)
        for name in base.text.names { short.rename(name, to: String(name.dropFirst("text_model.".count))) }
        for item in Self.cases where item.name == "kohya" || item.name == "old" {
            let long = try LoRAMerge(item.files, unet: base.unet, textEncoder: base.text)
            let merge = try LoRAMerge(item.files, unet: base.unet, textEncoder: short)
            #expect(merge.changedCount == long.changedCount)
            for name in short.names {
                #expect(try merge.textEncoder?.bytes(of: name) == long.textEncoder?.bytes(of: "text_model.\(name)"))
            }
        }
    }

    /// The oldest files hold factors of the UNet alone, and do not say so.
    @Test func namesWithoutAComponent() throws {
        let folder = try TemporaryFolder()
        let base = try Self.base()
        let old = try AdapterFixtures.checkpoint("adapters/old.bin")
        let names = old.names.filter { $0.hasPrefix("unet.") }
        let tensors = try names.map { name in
            let info = try #require(old.info(name))
            return StoredTensor(
                name: String(name.dropFirst("unet.".count)), dtype: info.dtype, shape: info.shape,
                bytes: try old.bytes(of: name))
        }
        try AdapterFixtures.write(tensors, to: folder.path("bare.safetensors"))
        let bare = try LoRAMerge(
            [LoRA(file: folder.path("bare.safetensors"))], unet: base.unet, textEncoder: base.text)
        let whole = try LoRAMerge(
            [LoRA(file: AdapterFixtures.path("adapters/old.bin"))], unet: base.unet, textEncoder: base.text)
        #expect(bare.changedCount == names.count / 2)
        for name in base.unet.names { #expect(try bare.unet.bytes(of: name) == whole.unet.bytes(of: name)) }
    }

    @Test func everyLayerHasItsOwnAlpha() throws {
        let folder = try TemporaryFolder()
        let base = try Self.base()
        let block = "down_blocks.0.attentions.0.transformer_blocks.0.attn1"
        var tensors: [StoredTensor] = []
        for (index, name) in ["to_q", "to_k", "to_v"].enumerated() {
            let flat = "lora_unet_" + "\(block).\(name)".replacing(".", with: "_")
            let rank = index + 1
            tensors.append(
                StoredTensor(
                    name: "\(flat).lora_down.weight", shape: [rank, 8],
                    floats: AdapterFixtures.values(rank * 8, seed: index)))
            tensors.append(
                StoredTensor(
                    name: "\(flat).lora_up.weight", shape: [8, rank],
                    floats: AdapterFixtures.values(rank * 8, seed: 10 + index)))
            // The last has none: alpha is the rank.
            if index < 2 {
                tensors.append(StoredTensor(name: "\(flat).alpha", shape: [], floats: [Float(index) + 0.5]))
            }
        }
        let path = folder.path("alphas.safetensors")
        try AdapterFixtures.write(tensors, to: path)
        let merge = try LoRAMerge([LoRA(file: path, strength: 2)], unet: base.unet, textEncoder: nil)
        for (index, name) in ["to_q", "to_k", "to_v"].enumerated() {
            let rank = index + 1
            let scale = index < 2 ? (Double(index) + 0.5) / Double(rank) : 1
            let down = AdapterFixtures.values(rank * 8, seed: index)
            let up = AdapterFixtures.values(rank * 8, seed: 10 + index)
            let weight = try AdapterFixtures.tensor("\(block).\(name).weight", of: base.unet).floats
            let expected = (0..<64).map { element in
                let product = (0..<rank).reduce(0.0) {
                    $0 + Double(up[element / 8 * rank + $1]) * Double(down[$1 * 8 + element % 8])
                }
                return Float(Double(weight[element]) + 2 * scale * product)
            }
            let found = try AdapterFixtures.tensor("\(block).\(name).weight", of: merge.unet)
            #expect(mismatch(found, Tensor(expected, shape: Shape(8, 8)), tolerance: 1e-6) == nil, "\(name)")
        }
    }

    @Test(arguments: [
        ("a.safetensors:0.5", "a.safetensors", Float(0.5)), ("a.safetensors", "a.safetensors", 1),
        ("C:/b.safetensors", "C:/b.safetensors", 1), ("b:c.pt:-1", "b:c.pt", -1), ("a:.25", "a", 0.25),
    ]) func aFileWithItsStrength(_ text: String, _ file: String, _ strength: Float) throws {
        #expect(try LoRA(parsing: text) == LoRA(file: file, strength: strength))
    }

    @Test(arguments: ["a:1x", "a:1e99", "a:0..5", "a:-"]) func aStrengthThatIsNone(_ text: String) {
        #expect(throws: AdapterError.self) { try LoRA(parsing: text) }
    }
}
