public import JSON

/// Means and deviations of the usual data sets.
enum ColourStatistics {
    static let imageNetMean = [0.485, 0.456, 0.406]
    static let imageNetStd = [0.229, 0.224, 0.225]
    static let halfMean = [0.5, 0.5, 0.5]
    static let halfStd = [0.5, 0.5, 0.5]
    static let clipMean = [0.48145466, 0.4578275, 0.40821073]
    static let clipStd = [0.26862954, 0.26130258, 0.27577711]

    /// A deviation must not be 0; the ranges are wide enough for pictures of 0...255.
    static let meanRange = -1000.0...1000.0
    static let stdRange = 1e-6...1000.0
    static let sideRange = 1...16_384
}

extension ImagePreprocessing {
    /// torchvision's `ImageClassification` preset: resize the shorter side, centre crop, ImageNet statistics.
    ///
    /// - Parameters:
    ///   - resizeSize: the shorter side after resizing: 256 for the first weights of most models, 232 for the second.
    ///   - cropSize: the side of the result.
    ///   - filter: how pixels are weighed.
    public static func torchvision(
        resizeSize: Int = 256, cropSize: Int = 224, filter: ResizeFilter = .bilinear
    ) -> ImagePreprocessing {
        ImagePreprocessing(
            resize: .shortestEdge(resizeSize), filter: filter,
            crop: CenterCrop(height: cropSize, width: cropSize, rounding: .halfToEven),
            mean: ColourStatistics.imageNetMean, std: ColourStatistics.imageNetStd)
    }

    /// torchvision's `ImageClassification` preset as a folder with torchvision's tensor names describes it:
    /// `resize_size`, `crop_size`, `interpolation`, `mean`, `std`.
    ///
    /// - Throws: `ConfigError` where a value is missing, of another kind or not supported.
    public init(torchvision config: Config) throws(ConfigError) {
        let crop = try config.int("crop_size", in: ColourStatistics.sideRange)
        let filters = Dictionary(uniqueKeysWithValues: ResizeFilter.allCases.map { ($0.name, $0) })
        self.init(
            resize: .shortestEdge(try config.int("resize_size", in: ColourStatistics.sideRange)),
            filter: try config.choice("interpolation", filters),
            crop: CenterCrop(height: crop, width: crop, rounding: .halfToEven),
            mean: try config.doubles("mean", count: 3...3, in: ColourStatistics.meanRange),
            std: try config.doubles("std", count: 3...3, in: ColourStatistics.stdRange))
    }

    /// timm's evaluation transform for a `pretrained_cfg` (`resolve_data_config` and `transforms_imagenet_eval`).
    ///
    /// Absent, null and zero values take timm's defaults: 224 x 224, bicubic, crop 0.875 from the centre, ImageNet
    /// statistics.
    ///
    /// - Parameters:
    ///   - config: the object.
    ///   - usesTestSize: take `test_input_size` and `test_crop_pct` where they are given.
    /// - Throws: `ConfigError` where a value is of another kind or not supported.
    public init(timm config: Config, usesTestSize: Bool = false) throws(ConfigError) {
        let sizeKey = usesTestSize && config.has("test_input_size") ? "test_input_size" : "input_size"
        let size = try config.ints(sizeKey, count: 3...3, in: ColourStatistics.sideRange, default: [3, 224, 224])
        guard size[0] == 3 else {
            throw config.failure(sizeKey, expected: "3 channels", found: "\(size[0])")
        }
        let filters = Dictionary(uniqueKeysWithValues: ResizeFilter.allCases.map { ($0.name, $0) })
        let filter = try config.choice("interpolation", filters, default: .bicubic)
        let mean = try config.doubles(
            "mean", count: 3...3, in: ColourStatistics.meanRange, default: ColourStatistics.imageNetMean)
        let std = try config.doubles(
            "std", count: 3...3, in: ColourStatistics.stdRange, default: ColourStatistics.imageNetStd)
        var share = try config.double("crop_pct", in: 0...10, default: 0)
        if usesTestSize {
            let test = try config.double("test_crop_pct", in: 0...10, default: 0)
            if test != 0 { share = test }
        }
        let mode = try config.choice(
            "crop_mode", ["center": CropMode.center, "squash": .squash, "border": .border], default: .center)
        if share == 0 { share = 0.875 }
        guard share >= 0.01, Double(min(size[1], size[2])) >= share else {
            throw config.failure("crop_pct", expected: "0, or a number of at least 0.01 and at most the input size")
        }
        self.init(mode: mode, height: size[1], width: size[2], share: share, filter: filter, mean: mean, std: std)
    }

    private enum CropMode { case center, squash, border }

    private init(
        mode: CropMode, height: Int, width: Int, share: Double, filter: ResizeFilter, mean: [Double], std: [Double]
    ) {
        let scaledHeight = Int((Double(height) / share).rounded(.down))
        let scaledWidth = Int((Double(width) / share).rounded(.down))
        var fill: [UInt8] = [0, 0, 0]
        let rule: ResizeRule
        switch mode {
        case .center where scaledHeight == scaledWidth: rule = .shortestEdge(scaledHeight)
        case .center: rule = .cover(height: scaledHeight, width: scaledWidth)
        case .squash: rule = .exact(height: scaledHeight, width: scaledWidth)
        case .border:
            rule = .contain(height: scaledHeight, width: scaledWidth)
            fill = mean.map { UInt8(min(max((255 * $0).rounded(.toNearestOrEven), 0), 255)) }
        }
        self.init(
            resize: rule, filter: filter,
            crop: CenterCrop(height: height, width: width, rounding: .halfToEven, fill: fill), mean: mean, std: std)
    }

    /// torchvision's arithmetic; a crop is always there, so the size of the result is fixed.
    private init(resize: ResizeRule, filter: ResizeFilter, crop: CenterCrop, mean: [Double], std: [Double]) {
        self.init(
            resize: resize, filter: filter, fixedCrop: crop,
            scaling: .torch(mean: mean.map { Float($0) }, std: std.map { Float($0) }))
    }
}
