import Checkpoints
import DualEncoder
import JSON
import Layers
import TensorCore
import TestSupport
import Testing

/// Full-size published models: every tensor name is taken, none is left.
@Suite struct NamesTests {
    /// What a published checkpoint holds.
    struct Published {
        var config: Config
        var tensors: [TensorInfo]

        init(_ name: String) throws {
            let path = DualEncoderFixtures.path("names/\(name).json")
            let file = try Config(file: path, bytes: FileSystem.read(path, limit: Config.byteLimit))
            config = try file.object("config")
            let list = try file.object("tensors")
            tensors = try list.keys.map { key in
                let entry = try #require(list.object[key]?.arrayValue)
                let dtype = try #require(DType(rawValue: entry.first?.stringValue ?? ""))
                let shape = try #require(entry.last?.arrayValue)
                return TensorInfo(name: key, dtype: dtype, shape: shape.compactMap(\.intValue), file: path)
            }
        }

        func encoder(
            _ extra: [TensorInfo] = [], towers: Set<DualEncoder.Tower> = [.image, .text]
        ) throws -> DualEncoder {
            try DualEncoder(
                folder: "published", config: config, source: ZeroSource(location: "published", tensors + extra),
                runtime: Runtime(threads: 1), towers: towers, plansOnly: true)
        }
    }

    static let names = ((try? FileSystem.list(DualEncoderFixtures.path("names")).names) ?? []).map {
        String($0.dropLast(".json".count))
    }

    /// Parameters in millions, as the libraries' tables have them, and the embeddings' width and context.
    static let published: [String: (millions: Double, width: Int, context: Int, architecture: String)] = [
        "transformers-clip-vit-base-patch32": (151.28, 512, 77, "CLIP"),
        "transformers-clip-vit-large-patch14": (427.62, 768, 77, "CLIP"),
        "transformers-siglip-base-patch16-224": (203.16, 768, 64, "SigLIP"),
        "open_clip-RN50": (102.01, 1024, 77, "CLIP"), "open_clip-ViT-B-32-quickgelu": (151.28, 512, 77, "CLIP"),
        "open_clip-ViT-B-16-SigLIP": (203.16, 768, 64, "SigLIP"),
    ]

    @Test func everyListHasItsCount() {
        #expect(Set(Self.names) == Set(Self.published.keys))
    }

    @Test(arguments: names)
    func everyTensorIsTaken(name: String) throws {
        let expected = try #require(Self.published[name])
        let encoder = try Published(name).encoder()
        #expect(abs(Double(encoder.parameterCount) / 1e6 - expected.millions) < 0.01, "\(encoder.parameterCount)")
        #expect(encoder.embeddingWidth == expected.width)
        #expect(encoder.contextLength == expected.context)
        #expect(encoder.architecture == expected.architecture)
        #expect(encoder.hasSigmoid == (expected.architecture == "SigLIP"))
        #expect((encoder.logitBias == nil) == (expected.architecture == "CLIP"))
        #expect(encoder.imageSize == [224, 224])
        // Weights take about four bytes a parameter: kept once, not twice.
        let bytes = Double(encoder.weightBytes) / Double(4 * encoder.parameterCount)
        #expect(bytes > 0.98 && bytes < 1.1, "\(bytes)")
    }

    @Test(arguments: names)
    func aTowerTakesItsPart(name: String) throws {
        let published = try Published(name)
        let whole = try published.encoder()
        let parts = try DualEncoder.Tower.allCases.map { try published.encoder(towers: [$0]) }
        #expect(parts.allSatisfy { $0.parameterCount == whole.parameterCount })
        #expect(abs(parts.map(\.weightBytes).reduce(0, +) - whole.weightBytes) < 1024)
        #expect(parts.allSatisfy { $0.weightBytes < whole.weightBytes })
    }

    @Test(arguments: names)
    func aTensorMoreIsNamed(name: String) throws {
        let extra = TensorInfo(name: "extra.weight", dtype: .float32, shape: [2], file: name)
        for towers in [[.image, .text], [.image], [.text], []] as [Set<DualEncoder.Tower>] {
            let error = #expect(throws: DualEncoderError.self) { try Published(name).encoder([extra], towers: towers) }
            guard case .weights(.unused(_, let tensors)) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(tensors == ["extra.weight"])
        }
    }
}
