import JSON
import Media
import Testing

@Suite struct PreprocessingTests {
    /// The pictures of the fixture: (width, height), seeded by their place.
    static let pictures = [(250, 200), (200, 263), (97, 301), (331, 60), (64, 64), (31, 47), (1, 1), (3, 400)]
        .enumerated().map { noiseImage(.rgb, width: $1.0, height: $1.1, seed: $0) }

    private func make(_ row: Config) throws -> ImagePreprocessing {
        let config = try row.object("config")
        switch try row.string("kind") {
        case "huggingface": return try ImagePreprocessing(preprocessorConfig: config)
        case "timm": return try ImagePreprocessing(timm: config, usesTestSize: try row.bool("testSize"))
        default:
            return .torchvision(
                resizeSize: try config.int("resize", in: 1...999), cropSize: try config.int("crop", in: 1...999))
        }
    }

    /// Every float of every processor class, crop rule and odd size, bit for bit as the reference makes it.
    @Test func inputsEqualTheReferences() throws {
        let rows = try MediaFixtures.cases("preprocessing.json")
        #expect(rows.count >= 60)
        for row in rows {
            let steps = try make(row)
            #expect(steps.outputHeight == (try row.int("height", in: 1...999)), "\(row.object)")
            #expect(steps.outputWidth == (try row.int("width", in: 1...999)), "\(row.object)")
            let expected = try row.ints("crc", count: 8...8, in: 0...0xFFFF_FFFF)
            for (picture, crc) in zip(Self.pictures, expected) {
                let input = steps(picture)
                #expect(crc32(input) == crc, "\(picture.width) x \(picture.height): \(row.object) -> \(steps)")
            }
            let first = try row.doubles("first", count: 3...3, in: -1e6...1e6).map { Float($0) }
            let input = steps(Self.pictures[0])
            #expect((0..<3).map { input[$0 * steps.outputHeight * steps.outputWidth] } == first)
        }
    }

    @Test func batchesAreWrittenInPlace() throws {
        let steps = ImagePreprocessing.torchvision(resizeSize: 40, cropSize: 32)
        var batch = [Float](repeating: .nan, count: 2 * steps.outputCount + 1)
        batch.withUnsafeMutableBufferPointer { batch in
            for index in 0..<2 {
                let part = index * steps.outputCount..<(index + 1) * steps.outputCount
                steps.write(Self.pictures[index], into: UnsafeMutableBufferPointer(rebasing: batch[part]))
            }
        }
        #expect(batch.last?.isNaN == true)
        #expect(Array(batch.dropLast()) == steps(Self.pictures[0]) + steps(Self.pictures[1]))
    }

    /// Grey, alpha and CMYK pictures are converted to RGB first.
    @Test(arguments: Image.Mode.allCases)
    func everyModeIsTaken(mode: Image.Mode) {
        let steps = ImagePreprocessing.torchvision(resizeSize: 20, cropSize: 16)
        let picture = noiseImage(mode, width: 33, height: 21, seed: 3)
        #expect(steps(picture) == steps(picture.rgb()))
    }

    @Test func pillow13ChangesTallPictures() throws {
        let config = try Config(
            file: "p.json", bytes: Array(#"{"image_processor_type": "ViTImageProcessor"}"#.utf8))
        let steps = try ImagePreprocessing(preprocessorConfig: config)
        let tall = noiseImage(.rgb, width: 300, height: 400, seed: 9)
        #expect(steps(tall) != steps.with(compatibility: .v13)(tall))
    }

    @Test func descriptions() throws {
        #expect(
            ImagePreprocessing.torchvision().description
                == "resize shortest edge to 256 (bilinear, Pillow 12) > centre crop 224x224 > /255 > "
                + "normalise (mean 0.485 0.456 0.406, std 0.229 0.224 0.225)")
        let config = try Config(
            file: "p.json",
            bytes: Array(#"{"image_processor_type": "ViTImageProcessor", "do_normalize": false}"#.utf8))
        #expect(
            try ImagePreprocessing(preprocessorConfig: config).description
                == "resize to 224x224 (bilinear, Pillow 12) > /255")
    }

    @Test func modelTypeNamesTheProcessor() throws {
        let config = try Config(file: "p.json", bytes: Array(#"{"size": 96}"#.utf8))
        let steps = try ImagePreprocessing(preprocessorConfig: config, modelType: "resnet")
        #expect(steps.resize == .shortestEdge(109))
        #expect(throws: ConfigError.self) { try ImagePreprocessing(preprocessorConfig: config) }
        #expect(throws: ConfigError.self) { try ImagePreprocessing(preprocessorConfig: config, modelType: "gpt2") }
    }

    @Test func blueFirst() throws {
        // The second spelling is that of published folders, which leave out what is new since.
        for name in [
            #""image_processor_type": "MobileViTImageProcessor""#,
            #""feature_extractor_type": "MobileViTFeatureExtractor""#,
        ] {
            func steps(_ more: String) throws -> ImagePreprocessing {
                let text = "{\(name), \"size\": 36, \"crop_size\": 32\(more)}"
                return try ImagePreprocessing(preprocessorConfig: Config(file: "p.json", bytes: Array(text.utf8)))
            }
            let (blue, red) = (try steps(""), try steps(#", "do_flip_channel_order": false"#))
            #expect(blue.order == .bgr && red.order == .rgb)
            #expect(
                blue.description
                    == "resize shortest edge to 36 (bicubic, Pillow 12) > centre crop 32x32 > /255 > blue first")
            // Nothing is normalised, whatever the file says.
            #expect(try steps(#", "do_normalize": true, "image_mean": [9, 9, 9]"#) == blue)
            // Smaller than the crop, too: the padding is there in each order.
            for picture in Self.pictures + [noiseImage(.rgb, width: 200, height: 30, seed: 5)] {
                let (found, plain) = (blue(picture), red(picture))
                let planes = [found[0..<1024], found[1024..<2048], found[2048..<3072]]
                #expect(Array(planes[2] + planes[1] + planes[0]) == plain)
            }
        }
        #expect(try steps(modelType: "mobilevit").order == .bgr)
        #expect(try steps(modelType: "mobilenet_v2").order == .rgb)
    }

    private func steps(modelType: String) throws -> ImagePreprocessing {
        try ImagePreprocessing(
            preprocessorConfig: Config(file: "p.json", bytes: Array("{}".utf8)), modelType: modelType)
    }

    /// What is refused, and the key that the message names.
    @Test(arguments: [
        (#"{"image_processor_type": "DonutImageProcessor"}"#, "image_processor_type"),
        (#"{"feature_extractor_type": "Wav2Vec2FeatureExtractor"}"#, "feature_extractor_type"),
        (#"{"image_processor_type": 3}"#, "image_processor_type"),
        (#"{"image_processor_type": "ViTImageProcessor", "size": 0}"#, "size"),
        (#"{"image_processor_type": "ViTImageProcessor", "size": "224"}"#, "size"),
        (#"{"image_processor_type": "ViTImageProcessor", "size": [1, 2, 3]}"#, "size"),
        (#"{"image_processor_type": "ViTImageProcessor", "size": {"height": 224}}"#, "size.width"),
        (#"{"image_processor_type": "ViTImageProcessor", "size": {"height": 1e400, "width": 3}}"#, ""),
        (
            #"{"image_processor_type": "ViTImageProcessor", "size": {"shortest_edge": 9, "longest_edge": 9}}"#,
            "size.longest"
        ),
        (#"{"image_processor_type": "ViTImageProcessor", "size": {"shortest_edge": 224}}"#, "do_center_crop"),
        (#"{"image_processor_type": "ViTImageProcessor", "do_resize": false}"#, "do_center_crop"),
        (#"{"image_processor_type": "ViTImageProcessor", "do_center_crop": true}"#, "crop_size"),
        (#"{"image_processor_type": "ViTImageProcessor", "resample": 6}"#, "resample"),
        (#"{"image_processor_type": "ViTImageProcessor", "resample": "bicubic"}"#, "resample"),
        (#"{"image_processor_type": "ViTImageProcessor", "image_std": [1, 1, 0]}"#, "image_std"),
        (#"{"image_processor_type": "ViTImageProcessor", "image_mean": [1, 1]}"#, "image_mean"),
        (#"{"image_processor_type": "ViTImageProcessor", "do_pad": true}"#, "do_pad"),
        (#"{"image_processor_type": "ViTImageProcessor", "do_resize": "yes"}"#, "do_resize"),
        (#"{"image_processor_type": "ConvNextImageProcessor", "size": {"height": 9, "width": 9}}"#, "size"),
        (#"{"image_processor_type": "ConvNextImageProcessor", "size": 224, "crop_pct": 0}"#, "crop_pct"),
        (#"{"image_processor_type": "CLIPImageProcessor", "crop_size": {"shortest_edge": 9}}"#, "crop_size"),
    ])
    func refusedHuggingFace(text: String, key: String) throws {
        let error = #expect(throws: ConfigError.self) {
            try ImagePreprocessing(preprocessorConfig: try Config(file: "p.json", bytes: Array(text.utf8)))
        }
        #expect(error?.description.hasPrefix("p.json: ") == true)
        #expect(error?.description.contains(key) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        (#"{"input_size": [1, 224, 224]}"#, "input_size"), (#"{"input_size": [3, 224]}"#, "input_size"),
        (#"{"input_size": [3, 0, 224]}"#, "input_size"), (#"{"interpolation": "random"}"#, "interpolation"),
        (#"{"crop_pct": -1}"#, "crop_pct"), (#"{"crop_pct": 0.001}"#, "crop_pct"),
        (#"{"crop_mode": "diagonal"}"#, "crop_mode"), (#"{"std": [1, 1, 0]}"#, "std"),
        (#"{"mean": 0.5}"#, "mean"),
    ])
    func refusedTimm(text: String, key: String) throws {
        let error = #expect(throws: ConfigError.self) {
            try ImagePreprocessing(timm: try Config(file: "c.json", bytes: Array(text.utf8)))
        }
        #expect(error?.description.contains(key) == true, "\(String(describing: error))")
    }
}
