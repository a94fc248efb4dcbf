/// What transformers' image processor classes do where `preprocessor_config.json` leaves a key out (version 5.23,
/// `models/*/image_processing_pil_*.py`).
struct HuggingFaceProcessor {
    /// The forms of `size` and `crop_size`.
    enum Size: Equatable {
        case shortestEdge(Int)
        case exact(height: Int, width: Int)

        static func square(_ side: Int) -> Size { .exact(height: side, width: side) }
    }

    /// What a class does beyond resize, crop, rescale and normalise.
    enum Special { case none, convNext, efficientNet, mobileViT }

    var size: Size
    var filter: ResizeFilter
    var mean: [Double]
    var std: [Double]
    /// Whether a single number as `size` means a square, not the shorter side.
    var sizeIsSquare = true
    var crops = false
    var cropSize: Size?
    var special = Special.none

    /// The classes that are read, by `image_processor_type`.
    static let all: [String: HuggingFaceProcessor] = {
        typealias Colours = ColourStatistics
        let vit = HuggingFaceProcessor(
            size: .square(224), filter: .bilinear, mean: Colours.halfMean, std: Colours.halfStd)
        let deit = HuggingFaceProcessor(
            size: .square(256), filter: .bicubic, mean: Colours.halfMean, std: Colours.halfStd, crops: true,
            cropSize: .square(224))
        let beit = HuggingFaceProcessor(
            size: .square(224), filter: .bicubic, mean: Colours.halfMean, std: Colours.halfStd,
            cropSize: .square(224))
        let clip = HuggingFaceProcessor(
            size: .shortestEdge(224), filter: .bicubic, mean: Colours.clipMean, std: Colours.clipStd,
            sizeIsSquare: false, crops: true, cropSize: .square(224))
        let convNext = HuggingFaceProcessor(
            size: .shortestEdge(384), filter: .bicubic, mean: Colours.halfMean, std: Colours.halfStd,
            sizeIsSquare: false, special: .convNext)
        let mobileNet = HuggingFaceProcessor(
            size: .shortestEdge(256), filter: .bilinear, mean: Colours.halfMean, std: Colours.halfStd,
            sizeIsSquare: false, crops: true, cropSize: .square(224))
        let siglip = HuggingFaceProcessor(
            size: .square(224), filter: .bicubic, mean: Colours.halfMean, std: Colours.halfStd, sizeIsSquare: false)
        let efficientNet = HuggingFaceProcessor(
            size: .square(346), filter: .bicubic, mean: Colours.halfMean, std: Colours.halfStd,
            cropSize: .square(289), special: .efficientNet)
        let mobileViT = HuggingFaceProcessor(
            size: .shortestEdge(224), filter: .bicubic, mean: Colours.halfMean, std: Colours.halfStd,
            sizeIsSquare: false, crops: true, cropSize: .square(256), special: .mobileViT)
        return [
            "ViTImageProcessor": vit, "DeiTImageProcessor": deit, "BitImageProcessor": clip,
            "CLIPImageProcessor": clip, "ConvNextImageProcessor": convNext, "MobileNetV1ImageProcessor": mobileNet,
            "MobileNetV2ImageProcessor": mobileNet, "SiglipImageProcessor": siglip,
            "EfficientNetImageProcessor": efficientNet, "MobileViTImageProcessor": mobileViT,
            "BeitImageProcessor": beit,
        ]
    }()

    /// The class that a `model_type` of `config.json` stands for, where the preprocessor's file names none
    /// (`models/auto/image_processing_auto.py`).
    static let byModelType: [String: String] = [
        "vit": "ViTImageProcessor", "swin": "ViTImageProcessor", "swinv2": "ViTImageProcessor",
        "resnet": "ConvNextImageProcessor", "regnet": "ConvNextImageProcessor",
        "convnext": "ConvNextImageProcessor", "convnextv2": "ConvNextImageProcessor", "deit": "DeiTImageProcessor",
        "bit": "BitImageProcessor", "dinov2": "BitImageProcessor", "clip": "CLIPImageProcessor",
        "dinov2_with_registers": "BitImageProcessor", "beit": "BeitImageProcessor",
        "siglip": "SiglipImageProcessor", "mobilenet_v1": "MobileNetV1ImageProcessor",
        "mobilenet_v2": "MobileNetV2ImageProcessor", "efficientnet": "EfficientNetImageProcessor",
        "mobilevit": "MobileViTImageProcessor",
    ]
}
