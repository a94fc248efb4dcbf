import Checkpoints
import Diffusion
import JSON
import TensorCore
import TestSupport
import Testing

/// Configurations: every value changed, defaults, and what is refused by name.
@Suite struct ConfigTests {
    private let runtime = Runtime(threads: 1)

    @Test(arguments: ["ddpm", "guided", "scale-shift", "resnet", "skip", "karras", "learned"])
    func everyValue(model: String) throws {
        let checkpoint = try DiffusionFixtures.checkpoint(model)
        let cases = try DiffusionFixtures.cases(model)
        let references = try #require(
            try MutationReferences(file: DiffusionFixtures.path("mutations.json"), model: model))
        let report = try configMutations(
            of: DiffusionFixtures.config(model), references: references,
            message: { ($0 as? DiffusionError)?.description }
        ) { config in
            let network = try DiffusionFixtures.build(model, config: config, source: checkpoint, runtime: runtime)
            let results = try cases.map { try $0.run(network).floats }
            return MutationResult(all: results.flatMap(\.self), main: results.first ?? [])
        }
        #expect(report.failures.isEmpty, "\(report.failures.joined(separator: "\n"))")
        #expect(report.refused > 0 && report.unchanged > 0 && !report.followed.isEmpty)
    }

    /// An absent key means the reference's default: nothing changes where that is what the file says.
    @Test func absentKeysAreDefaults() throws {
        let reference = try DiffusionFixtures.cases("guided")[0]
        let expected = try reference.run(DiffusionFixtures.build("guided", runtime: runtime)).floats
        for key in [
            "act_fn", "add_attention", "attn_norm_num_groups", "center_input_sample", "class_embed_type",
            "downsample_padding", "downsample_type", "upsample_type", "dropout", "flip_sin_to_cos", "freq_shift",
            "in_channels", "out_channels", "layers_per_block", "mid_block_scale_factor", "mid_block_type", "norm_eps",
            "num_train_timesteps", "resnet_time_scale_shift", "sample_size", "time_embedding_dim",
            "time_embedding_type",
        ] {
            let config = try DiffusionFixtures.config("guided", [key: nil])
            let network = try DiffusionFixtures.build("guided", config: config, runtime: runtime)
            #expect(bitDifference(try reference.run(network).floats, expected) == nil, "\(key)")
        }
        for key in ["norm_num_groups", "attention_head_dim", "block_out_channels", "num_class_embeds"] {
            let config = try DiffusionFixtures.config("guided", [key: nil])
            #expect(throws: DiffusionError.self, "\(key)") {
                let network = try DiffusionFixtures.build("guided", config: config, runtime: runtime)
                let same = try reference.run(network).floats
                // Heads of 8 of 12 channels: weights of other shapes, so that this is not reached.
                #expect(bitDifference(same, expected) == nil)
            }
        }
    }

    @Test(arguments: [
        ("_class_name", "UNet2DConditionModel"), ("act_fn", "mish"), ("resnet_time_scale_shift", "ada_group"),
        ("resnet_time_scale_shift", "spatial"), ("time_embedding_type", "sinusoidal"), ("downsample_type", "avg"),
        ("upsample_type", "avg"), ("class_embed_type", "projection"), ("mid_block_type", "UNetMidBlock2DCrossAttn"),
    ])
    func refusedByName(key: String, value: String) throws {
        let config = try DiffusionFixtures.config("guided", [key: JSONValue(value)])
        let error = #expect(throws: DiffusionError.self) {
            try DiffusionFixtures.build("guided", config: config, runtime: runtime, plansOnly: true)
        }
        #expect(error?.description.contains(key) == true && error?.description.contains(value) == true)
    }

    @Test(arguments: [
        ("down_block_types", ["CrossAttnDownBlock2D", "DownBlock2D"]),
        ("down_block_types", ["DownEncoderBlock2D", "DownBlock2D"]), ("down_block_types", ["DownBlock2D"]),
        ("down_block_types", ["DownBlock2D", "UpBlock2D"]), ("up_block_types", ["KCrossAttnUpBlock2D", "UpBlock2D"]),
        ("up_block_types", ["SkipUpBlock2D", "UpBlock2D"]), ("up_block_types", ["KUpBlock2D", "UpBlock2D"]),
        ("down_block_types", ["KDownBlock2D", "AttnDownBlock2D"]), ("block_out_channels", []),
    ])
    func blocksThatDoNotFit(key: String, value: [String]) throws {
        let config = try DiffusionFixtures.config("guided", [key: .array(value.map { JSONValue($0) })])
        let error = #expect(throws: DiffusionError.self) {
            try DiffusionFixtures.build("guided", config: config, runtime: runtime, plansOnly: true)
        }
        #expect(error?.description.contains("block") == true, "\(String(describing: error))")
    }

    /// `null` means something for some keys, and nothing for others.
    @Test func nulls() throws {
        for key in ["in_channels", "act_fn", "norm_eps", "down_block_types", "flip_sin_to_cos", "layers_per_block"] {
            let config = try DiffusionFixtures.config("guided", [key: .null])
            let error = #expect(throws: DiffusionError.self, "\(key)") {
                try DiffusionFixtures.build("guided", config: config, runtime: runtime, plansOnly: true)
            }
            #expect(error?.description.contains(key) == true)
        }
    }

    @Test(arguments: [
        ("_class_name", "LDMPipeline"), ("unet", "[\"diffusers\",\"UNet2DConditionModel\"]"),
        ("vqvae", "[\"diffusers\",\"VQModel\"]"), ("scheduler", "[null,null]"),
        ("unet", "[\"transformers\",\"UNet2DModel\"]"), ("null_class_id", "2"), ("null_class_id", "4"),
        ("id2label", "{\"0\":\"cat\"}"), ("id2label", "{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\",\"3\":\"d\"}"),
    ])
    func pipelines(key: String, value: String) throws {
        let folder = try Self.copy(of: "guided")
        var index = try Config(path: folder.path + "/model_index.json").object
        let isText = !value.hasPrefix("[") && !value.hasPrefix("{") && Int(value) == nil
        index[key] = isText ? JSONValue(value) : try JSONValue.parse([UInt8](value.utf8))
        try folder.write(JSONValue.object(index).serialized().utf8, as: "model_index.json")
        let error = #expect(throws: DiffusionError.self) {
            try DiffusionModel(folder: folder.path, runtime: runtime, plansOnly: true)
        }
        #expect(error?.description.contains(key) == true, "\(String(describing: error))")
        withExtendedLifetime(folder) {}
    }

    private static let files = [
        "model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
        "scheduler/scheduler_config.json",
    ]

    /// A model's folder, with one of its files left out.
    private static func copy(of model: String, without missing: String = "") throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in files where name != missing {
            try folder.write(FileSystem.read("\(DiffusionFixtures.path(model))/\(name)", limit: 1 << 20), as: name)
        }
        return folder
    }

    @Test func foldersThatLackFiles() throws {
        let whole = try Self.copy(of: "guided")
        #expect(throws: Never.self) { try DiffusionModel(folder: whole.path, runtime: runtime) }
        for missing in Self.files {
            let folder = try Self.copy(of: "guided", without: missing)
            #expect(throws: DiffusionError.self) { try DiffusionModel(folder: folder.path, runtime: runtime) }
            withExtendedLifetime(folder) {}
        }
        withExtendedLifetime(whole) {}
    }

    /// Old pipelines of a single network have no folders.
    @Test func componentsBesideTheIndex() throws {
        let folder = try TemporaryFolder()
        for name in Self.files {
            let bytes = try FileSystem.read("\(DiffusionFixtures.path("guided"))/\(name)", limit: 1 << 20)
            try folder.write(bytes, as: name.split(separator: "/").last.map(String.init) ?? name)
        }
        let found = try DiffusionModel(folder: folder.path, runtime: runtime)
        for reference in try DiffusionFixtures.cases("guided") {
            let expected = try reference.run(DiffusionFixtures.build("guided", runtime: runtime))
            #expect(try reference.run(found).floats == expected.floats)
        }
        withExtendedLifetime(folder) {}
    }

    /// The class of a scheduler that is not known, or another than its file names.
    @Test(arguments: ["KarrasVeScheduler", "DDPMScheduler"])
    func schedulersThatDoNotFit(name: String) throws {
        let folder = try Self.copy(of: "guided")
        var index = try Config(path: folder.path + "/model_index.json").object
        index["scheduler"] = ["diffusers", JSONValue(name)]
        try folder.write(JSONValue.object(index).serialized().utf8, as: "model_index.json")
        let error = #expect(throws: DiffusionError.self) {
            try DiffusionModel(folder: folder.path, runtime: runtime, plansOnly: true)
        }
        #expect(error?.description.contains(name) == true, "\(String(describing: error))")
        withExtendedLifetime(folder) {}
    }

    @Test func aNullClassNeedsATable() throws {
        let config = try DiffusionFixtures.config("learned", ["null_class_id": 0])
        let error = #expect(throws: DiffusionError.self) {
            try DiffusionFixtures.build("learned", config: config, runtime: runtime, plansOnly: true)
        }
        #expect(error?.description.contains("null_class_id") == true)
    }
}
