import Checkpoints
import ImageClassifiers
import JSON
import TensorCore
import Testing

/// timm's names of Vision Transformers: each stands for what timm builds, or is refused by name.
@Suite struct TimmVariantTests {
    private static let variants = try? Config(
        file: "timm-vision-transformers.json",
        bytes: FileSystem.read(ClassifierFixtures.path("timm-vision-transformers.json"), limit: Config.byteLimit))

    static let names = variants?.keys ?? []

    /// Names whose models have parts that are not supported: other blocks, attention pooling, no last norm.
    static let unsupported = [
        "vit_base_patch14_reg1_tipsv2", "vit_base_patch16_18x2_224", "vit_base_patch16_radio_v3",
        "vit_base_patch16_rpn_224", "vit_base_patch16_siglip_224", "vit_base_patch16_siglip_256",
        "vit_base_patch16_siglip_384", "vit_base_patch16_siglip_512", "vit_base_patch16_xp_224",
        "vit_base_patch32_siglip_256",
    ]

    private static let activations: [String: Activation] = [
        "GELU": .gelu, "GELUTanh": .geluTanh, "QuickGELU": .quickGELU, "SiLU": .silu,
    ]

    @Test func thereAreNames() {
        #expect(Self.names.count == 230)
        #expect(Set(Self.unsupported).isSubset(of: Self.names))
    }

    private func configuration(_ name: String) throws -> VisionTransformer.Configuration? {
        let config = try Config(
            file: "config.json", bytes: Array(#"{"architecture": "\#(name)", "num_classes": 10}"#.utf8))
        do throws(ConfigError) { return try VisionTransformer.Configuration(config, .timm) } catch {
            #expect(error.description.contains(name))
            return nil
        }
    }

    @Test(arguments: names)
    func aNameStandsForWhatTimmBuilds(name: String) throws {
        let configuration = try configuration(name)
        let variants = try #require(Self.variants)
        guard variants.has(name) else {
            #expect(configuration == nil, "another architecture")
            return
        }
        let timm = try variants.object(name)
        guard let configuration else { return }
        #expect(try timm.string("block") == "Block" && timm.string("attention") == "Attention")
        #expect(try timm.string("norm") == "LayerNorm")
        let sides = 1...65536
        #expect(configuration.imageSize == (try timm.ints("image", count: 2...2, in: sides)))
        #expect(configuration.patchSize == (try timm.ints("patch", count: 2...2, in: sides)))
        #expect(configuration.width == (try timm.int("width", in: sides)))
        #expect(configuration.depth == (try timm.int("depth", in: sides)))
        #expect(configuration.heads == (try timm.int("heads", in: sides)))
        #expect(configuration.hiddenWidth == (try timm.int("hidden", in: sides)))
        #expect(configuration.isGated == (try timm.choice("mlp", ["Mlp": false, "GluMlp": true])))
        #expect(try configuration.isGated || configuration.activation == timm.choice("activation", Self.activations))
        #expect(configuration.epsilon == (try timm.double("epsilon", in: 0...1)))
        #expect(configuration.hasQKVBias == (try timm.bool("has_qkv_bias")))
        #expect(configuration.hasLayerScale == (try timm.bool("has_layer_scale")))
        #expect(configuration.hasClassToken == (try timm.bool("has_class_token")))
        #expect(configuration.registerCount == (try timm.int("registers", in: 0...1024)))
        #expect(configuration.placedTokens == (try timm.int("placed", in: 0...1024)))
        #expect(configuration.hasNormBefore == (try timm.bool("has_norm_before")))
        #expect(configuration.poolsBeforeNorm == (try timm.bool("has_pooled_norm")))
        #expect(try timm.bool("has_norm") != timm.bool("has_pooled_norm"))
        let pools = try timm.choice("pool", ["avg": true, "token": false])
        #expect((configuration.head == .meanOfPatches) == pools)
        #expect(configuration.hasDistillationToken == name.contains("distilled"))
    }

    @Test func mostNamesAreSupported() throws {
        let supported = try Self.names.filter { try configuration($0) != nil }
        #expect(supported.count == 116)
        #expect(Set(supported).isDisjoint(with: Self.unsupported))
    }
}
