public import JSON

extension ImagePreprocessing {
    /// open_clip's evaluation transform for the `preprocess_cfg` of `open_clip_config.json` (version 3.3,
    /// `transform.py`).
    ///
    /// Absent keys take open_clip's defaults: bicubic, the shorter side resized and the centre cropped, CLIP's
    /// statistics. The size is the model's, as there. Pictures are converted to RGB first; open_clip does so after
    /// resizing, which differs for pictures with a palette or with alpha.
    ///
    /// - Parameters:
    ///   - section: the `preprocess_cfg`; `nil` where the file has none.
    ///   - config: the file, for messages.
    ///   - height: rows of the result, the model's `image_size`.
    ///   - width: columns of the result.
    /// - Throws: `ConfigError` where a value is of another kind or not supported.
    public init(openCLIP section: Config?, in config: Config, height: Int, width: Int) throws(ConfigError) {
        let section = section ?? Config(file: config.file, object: JSONObject(), keyPath: "preprocess_cfg")
        _ = try section.choice("mode", ["RGB": ()], default: ())
        // "random" chooses among filters in training alone.
        let filter = try section.choice(
            "interpolation", ["bicubic": ResizeFilter.bicubic, "bilinear": .bilinear, "random": .bicubic],
            default: .bicubic)
        let mean = try section.doubles(
            "mean", count: 3...3, in: ColourStatistics.meanRange, scalar: .repeated(3),
            default: ColourStatistics.clipMean)
        let std = try section.doubles(
            "std", count: 3...3, in: ColourStatistics.stdRange, scalar: .repeated(3), default: ColourStatistics.clipStd)
        let colour = UInt8(try section.int("fill_color", in: 0...255, default: 0))
        let isSquare = height == width
        let modes: [String: (ResizeRule, ResizeFilter)] = [
            // For a size that is not square, open_clip leaves the filter at its default.
            "shortest": isSquare
                ? (.shortestEdge(height), filter) : (.cover(height: height, width: width), .bicubic),
            "longest": (.contain(height: height, width: width), filter),
            "squash": (.exact(height: height, width: width), filter),
        ]
        let (resize, chosen) = try section.choice(
            "resize_mode", modes, default: modes["shortest"] ?? (.shortestEdge(height), filter))
        self.init(
            resize: resize, filter: chosen,
            fixedCrop: CenterCrop(height: height, width: width, rounding: .halfToEven, fill: [colour, colour, colour]),
            scaling: .torch(mean: mean.map { Float($0) }, std: std.map { Float($0) }))
    }
}
