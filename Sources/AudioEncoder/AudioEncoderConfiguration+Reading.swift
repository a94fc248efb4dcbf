import Checkpoints
import JSON
import TensorCore

extension AudioEncoderConfiguration {
    /// Reads a configuration of transformers; absent keys take the defaults of its `Wav2Vec2Config`, `HubertConfig`,
    /// `WavLMConfig`, `Data2VecAudioConfig` and `Wav2Vec2ConformerConfig`. Keys about training are not looked at.
    ///
    /// - Throws: `ConfigError` for a value that cannot be or an option that is not supported.
    init(_ config: Config, _ variant: AudioEncoderArchitecture.Variant) throws(ConfigError) {
        features = try Self.features(config)
        featureBias = try config.bool("conv_bias", default: false)
        featureNorm =
            variant == .data2vec
            ? .layer : try config.choice("feat_extract_norm", ["group": .group, "layer": .layer], default: .group)
        featureActivation = try config.optionalActivation("feat_extract_activation") ?? .gelu
        width = try config.int("hidden_size", in: 1...16384, default: 768)
        depth = try config.int("num_hidden_layers", in: 1...1000, default: 12)
        heads = try config.int("num_attention_heads", in: 1...1024, default: 12)
        hiddenWidth = try config.int("intermediate_size", in: 1...131_072, default: 3072)
        activation = try config.optionalActivation("hidden_act") ?? .gelu
        epsilon = try config.double("layer_norm_eps", in: 0...1, default: 1e-5)
        positionGroups = try config.int("num_conv_pos_embedding_groups", in: 1...16384, default: 16)
        isPreNorm =
            switch variant {
            case .wav2vec2, .hubert, .wavlm: try config.bool("do_stable_layer_norm", default: false)
            case .data2vec: false
            case .conformer: true
            }
        if variant == .data2vec {
            positionKernel = try config.int("conv_pos_kernel_size", in: 1...4096, default: 19)
            positionDepth = try config.int("num_conv_pos_embeddings", in: 1...100, default: 5)
        } else {
            positionKernel = try config.int("num_conv_pos_embeddings", in: 1...4096, default: 128)
        }
        guard width % heads == 0 else {
            throw config.failure("num_attention_heads", expected: "a divisor of the width \(width)", found: "\(heads)")
        }
        guard variant == .conformer || width % positionGroups == 0 else {
            throw config.failure(
                "num_conv_pos_embedding_groups", expected: "a divisor of the width \(width)", found: "\(positionGroups)"
            )
        }
        if variant != .hubert {
            convolutionAdapter = try ConvolutionAdapter.Configuration(config, inputs: width)
        }
        try readOwn(config, variant)
    }

    /// Reads what only one architecture knows.
    private mutating func readOwn(
        _ config: Config, _ variant: AudioEncoderArchitecture.Variant
    ) throws(ConfigError) {
        switch variant {
        case .wav2vec2, .hubert:
            if isPreNorm { attentionAdapterWidth = try config.optionalInt("adapter_attn_dim", in: 1...16384) }
            guard variant == .hubert else { return }
            normalizesProjection = try config.bool("feat_proj_layer_norm", default: true)
            hasPositionBatchNorm = try config.bool("conv_pos_batch_norm", default: false)
        case .wavlm:
            // A quarter of the buckets are for single distances; the others need a ratio to be logarithms of.
            bucketCount = try config.int("num_buckets", in: 4...65536, default: 320)
            longestDistance = try config.int("max_bucket_distance", in: 1...1_000_000, default: 800)
            guard longestDistance > bucketCount / 2 / 2 else {
                throw config.failure(
                    "max_bucket_distance", expected: "more than a quarter of num_buckets", found: "\(longestDistance)")
            }
        case .data2vec: break
        case .conformer:
            depthwiseKernel = try config.int("conv_depthwise_kernel_size", in: 1...4095, default: 31)
            guard depthwiseKernel % 2 == 1 else {
                throw config.failure(
                    "conv_depthwise_kernel_size", expected: "an odd number", found: "\(depthwiseKernel)")
            }
            conformerPositions = try Self.positions(config, headWidth: width / heads)
        }
    }

    private static func positions(_ config: Config, headWidth: Int) throws(ConfigError) -> ConformerPositions {
        // Here `null` is a value of its own: no positions. Only an absent key takes the default.
        guard config.object["position_embeddings_type"] != nil else { return .relative }
        guard config.has("position_embeddings_type") else { return .none }
        let kind: ConformerPositions = try config.choice(
            "position_embeddings_type", ["relative": .relative, "rotary": .rotary(base: 0)])
        guard kind != .relative else { return .relative }
        guard headWidth % 2 == 0 else {
            throw config.failure(
                "num_attention_heads", expected: "heads of an even width, as rotary positions need",
                found: "heads of width \(headWidth)")
        }
        return .rotary(base: try config.int("rotary_embedding_base", in: 1...1_000_000_000, default: 10000))
    }

    /// The longest that a frame's samples may reach and the most it may move on by: far beyond any model, and small
    /// enough that no product of them overflows.
    private static let longestReach = 1 << 24

    private static func features(_ config: Config) throws(ConfigError) -> [FeatureLayer] {
        let channels = try config.optionalInts("conv_dim", count: 1...32, in: 1...16384)
        let strides = try config.optionalInts("conv_stride", count: 1...32, in: 1...1024)
        let kernels = try config.optionalInts("conv_kernel", count: 1...32, in: 1...1024)
        let (dimensions, steps, sizes) = (
            channels ?? [Int](repeating: 512, count: 7), strides ?? [5, 2, 2, 2, 2, 2, 2],
            kernels ?? [10, 3, 3, 3, 3, 2, 2]
        )
        for (key, count) in [("conv_stride", steps.count), ("conv_kernel", sizes.count)]
        where count != dimensions.count {
            throw config.failure(key, expected: "\(dimensions.count) numbers, as conv_dim has", found: "\(count)")
        }
        if let number = try config.optionalInt("num_feat_extract_layers", in: 1...32), number != dimensions.count {
            throw config.failure(
                "num_feat_extract_layers", expected: "\(dimensions.count), the length of conv_dim", found: "\(number)")
        }
        var layers: [FeatureLayer] = []
        var (reach, step) = (1, 1)
        for index in dimensions.indices {
            layers.append(FeatureLayer(channels: dimensions[index], kernel: sizes[index], stride: steps[index]))
            reach += (sizes[index] - 1) * step
            step *= steps[index]
            guard reach <= longestReach, step <= longestReach else {
                throw config.failure(
                    "conv_stride", expected: "kernels and strides that together reach over at most \(longestReach)",
                    found: "\(max(reach, step))")
            }
        }
        return layers
    }
}

extension Config {
    /// The activation that a key names, or `nil` where the key is absent or `null`.
    fileprivate func optionalActivation(_ key: String) throws(ConfigError) -> Activation? {
        has(key) ? try activation(key) : nil
    }
}
