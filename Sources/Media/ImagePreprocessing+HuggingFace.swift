public import JSON

extension ImagePreprocessing {
    /// The steps of a Hugging Face `preprocessor_config.json`: what transformers 5.23 does with its Pillow backend
    /// (`use_fast=False`) after `load_image`.
    ///
    /// Read are the processors of ViT, DeiT, BiT, CLIP, SigLIP, ConvNeXT (ResNet's, too), MobileNetV1, MobileNetV2,
    /// EfficientNet and MobileViT, under `image_processor_type` or the older `feature_extractor_type`. Absent keys take
    /// the class's defaults.
    ///
    /// - Parameters:
    ///   - config: the file.
    ///   - modelType: `model_type` of the model's `config.json`, used where the file names no class.
    /// - Throws: `ConfigError` for an unknown class, a value of another kind, an option that is not supported, and
    ///   where the size of the result would depend on the picture.
    public init(preprocessorConfig config: Config, modelType: String? = nil) throws(ConfigError) {
        let processor = try Self.processor(config, modelType)
        if try config.bool("do_pad", default: false) {
            throw config.failure("do_pad", expected: "false; padding to a batch's size is not supported")
        }
        let codes = "a resample code: 0 nearest, 1 lanczos, 2 bilinear, 3 bicubic, 4 box, 5 hamming"
        guard
            let filter = ResizeFilter(
                rawValue: try config.int("resample", in: Int.min...Int.max, default: processor.filter.rawValue))
        else { throw config.failure("resample", expected: codes) }
        var resize = ResizeRule.none
        var crop: CenterCrop?
        if try config.bool("do_resize", default: true) {
            (resize, crop) = try Self.resize(config, processor)
        }
        if try config.bool("do_center_crop", default: processor.crops) {
            guard crop == nil else {
                throw config.failure("do_center_crop", expected: "false; this processor crops while it resizes")
            }
            guard
                case .exact(let height, let width) = try Self.size(
                    config, "crop_size", numberIsSquare: true, default: processor.cropSize)
            else { throw config.failure("crop_size", expected: "height and width") }
            crop = CenterCrop(height: height, width: width, rounding: .down)
        }
        let scaling = try Self.scaling(config, processor)
        var order = ChannelOrder.rgb
        if processor.special == .mobileViT, try config.bool("do_flip_channel_order", default: true) { order = .bgr }
        guard let steps = Self(resize: resize, filter: filter, crop: crop, scaling: scaling, order: order) else {
            throw config.failure(
                "do_center_crop", expected: "true, or a size with height and width: pictures must get one size")
        }
        self = steps
    }

    private static func processor(_ config: Config, _ modelType: String?) throws(ConfigError) -> HuggingFaceProcessor {
        let key: String
        var name: String
        if let given = try config.optionalString("image_processor_type") {
            (key, name) = ("image_processor_type", given)
        } else if let given = try config.optionalString("feature_extractor_type") {
            (key, name) = ("feature_extractor_type", given)
        } else if let modelType, let known = HuggingFaceProcessor.byModelType[modelType] {
            (key, name) = ("image_processor_type", known)
        } else {
            throw config.failure("image_processor_type", expected: "the name of an image processor")
        }
        // The older spelling, and the names of the backends' variants, which have the same steps.
        for (ending, replacement) in [("Fast", ""), ("Pil", ""), ("FeatureExtractor", "ImageProcessor")]
        where name.hasSuffix(ending) { name = name.dropLast(ending.count) + replacement }
        guard let processor = HuggingFaceProcessor.all[name] else {
            let names = HuggingFaceProcessor.all.keys.sorted().joined(separator: ", ")
            throw config.failure(key, expected: "one of " + names)
        }
        return processor
    }

    /// The resize, with the crop that ConvNeXT's processor makes in the same step.
    private static func resize(
        _ config: Config, _ processor: HuggingFaceProcessor
    ) throws(ConfigError) -> (ResizeRule, CenterCrop?) {
        let isSquare = try config.bool("default_to_square", default: processor.sizeIsSquare)
        let size = try size(config, "size", numberIsSquare: isSquare, default: processor.size)
        guard processor.special == .convNext else {
            return switch size {
            case .shortestEdge(let edge): (.shortestEdge(edge), nil)
            case .exact(let height, let width): (.exact(height: height, width: width), nil)
            }
        }
        guard case .shortestEdge(let edge) = size else {
            throw config.failure("size", expected: "shortest_edge, which this processor needs")
        }
        // From 384 on, the picture is squashed and not cropped.
        if edge >= 384 { return (.exact(height: edge, width: edge), nil) }
        let share = try config.double("crop_pct", in: 0.01...10, default: 224 / 256)
        let resized = Int(Double(edge) / share)
        guard resized >= 1 else { throw config.failure("crop_pct", expected: "at most the shortest edge") }
        return (.shortestEdge(resized), CenterCrop(height: edge, width: edge, rounding: .down))
    }

    /// A size: a number, a list of height and width, or an object.
    private static func size(
        _ config: Config, _ key: String, numberIsSquare: Bool, default value: HuggingFaceProcessor.Size?
    ) throws(ConfigError) -> HuggingFaceProcessor.Size {
        let range = ColourStatistics.sideRange
        switch config.value(key) {
        case nil:
            guard let value else { throw config.failure(key, expected: "height and width") }
            return value
        case .number:
            let side = try config.int(key, in: range)
            return numberIsSquare ? .square(side) : .shortestEdge(side)
        case .array:
            let sides = try config.ints(key, count: 2...2, in: range)
            return .exact(height: sides[0], width: sides[1])
        default:
            let members = try config.object(key)
            for other in ["longest_edge", "max_height", "max_width"] where members.has(other) {
                throw members.failure(other, expected: "only shortest_edge, or height and width")
            }
            if let edge = try members.optionalInt("shortest_edge", in: range) { return .shortestEdge(edge) }
            return .exact(height: try members.int("height", in: range), width: try members.int("width", in: range))
        }
    }

    private static func scaling(
        _ config: Config, _ processor: HuggingFaceProcessor
    ) throws(ConfigError) -> PixelScaling {
        let isEfficientNet = processor.special == .efficientNet
        var steps: [PixelScaling.Step] = []
        if try config.bool("do_rescale", default: true) {
            steps.append(.multiply(try config.double("rescale_factor", in: 0...1000, default: 1 / 255)))
            if isEfficientNet, try config.bool("rescale_offset", default: false) { steps.append(.subtractOne) }
        }
        // MobileViT's processor reads none of the keys of normalisation.
        guard processor.special != .mobileViT else { return PixelScaling(steps) }
        let mean = try config.doubles(
            "image_mean", count: 3...3, in: ColourStatistics.meanRange, scalar: .repeated(3), default: processor.mean)
        let std = try config.doubles(
            "image_std", count: 3...3, in: ColourStatistics.stdRange, scalar: .repeated(3), default: processor.std)
        let deviations = std.map { Float($0) }
        if try config.bool("do_normalize", default: true) {
            steps.append(.normalize(mean: mean.map { Float($0) }, std: deviations))
        }
        if isEfficientNet, try config.bool("include_top", default: true) {
            steps.append(.normalize(mean: [0, 0, 0], std: deviations))
        }
        return PixelScaling(steps)
    }
}
