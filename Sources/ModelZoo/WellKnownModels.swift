/// Published models of every family that is read, by short names.
///
/// Licences and preprocessing are those of timm 1.0.31's pretrained configurations, top-1 accuracies those of timm's
/// own `results/results-imagenet.csv`, measured at the size that is given beside them. Other publishers' models are
/// named by the repositories that they are known under, without a licence where no source for one was found. Hashes are
/// left out where nobody has stated them: the hub states one for every file, and what is fetched is held to it.
extension PublishedModel {
    /// The table.
    public static let wellKnown: [PublishedModel] = pictures + encoders

    /// A line of the table of timm's models: name, repository, licence, top-1, the size it was measured at, and the
    /// model's own preprocessing.
    private typealias Line = (
        name: String, timm: String, license: String, top1: Double?, measuredAt: Int, size: Int, crop: Double,
        interpolation: String
    )

    private static let lines: [Line] = [
        ("resnet18", "resnet18.a1_in1k", "apache-2.0", 0.73158, 288, 224, 0.95, "bicubic"),
        ("resnet34", "resnet34.a1_in1k", "apache-2.0", 0.77918, 288, 224, 0.95, "bicubic"),
        ("resnet50", "resnet50.a1_in1k", "apache-2.0", 0.81214, 288, 224, 0.95, "bicubic"),
        ("resnet101", "resnet101.a1h_in1k", "apache-2.0", 0.82778, 288, 224, 0.95, "bicubic"),
        ("resnet152", "resnet152.a1h_in1k", "apache-2.0", 0.8345, 288, 224, 0.95, "bicubic"),
        ("mobilenetv2", "mobilenetv2_100.ra_in1k", "apache-2.0", 0.72976, 224, 224, 0.875, "bicubic"),
        ("mobilenetv3-large", "mobilenetv3_large_100.ra_in1k", "apache-2.0", 0.75766, 224, 224, 0.875, "bicubic"),
        ("mobilenetv3-small", "mobilenetv3_small_100.lamb_in1k", "apache-2.0", 0.67656, 224, 224, 0.875, "bicubic"),
        ("convnext-tiny", "convnext_tiny.fb_in1k", "apache-2.0", 0.82698, 288, 224, 0.875, "bicubic"),
        ("convnext-small", "convnext_small.fb_in1k", "apache-2.0", 0.837, 288, 224, 0.875, "bicubic"),
        ("convnext-base", "convnext_base.fb_in1k", "apache-2.0", 0.84428, 288, 224, 0.875, "bicubic"),
        ("convnextv2-tiny", "convnextv2_tiny.fcmae_ft_in1k", "cc-by-nc-4.0", 0.83464, 288, 224, 0.875, "bicubic"),
        ("convnextv2-base", "convnextv2_base.fcmae_ft_in1k", "cc-by-nc-4.0", 0.85474, 288, 224, 0.875, "bicubic"),
        ("vit-base-16", "vit_base_patch16_224.augreg2_in21k_ft_in1k", "apache-2.0", 0.85096, 224, 224, 0.9, "bicubic"),
        ("vit-base-32", "vit_base_patch32_224.augreg_in21k_ft_in1k", "apache-2.0", 0.80716, 224, 224, 0.9, "bicubic"),
        ("vit-small-16", "vit_small_patch16_224.augreg_in21k_ft_in1k", "apache-2.0", 0.81384, 224, 224, 0.9, "bicubic"),
        ("vit-tiny-16", "vit_tiny_patch16_224.augreg_in21k_ft_in1k", "apache-2.0", 0.75454, 224, 224, 0.9, "bicubic"),
        ("vit-large-16", "vit_large_patch16_224.augreg_in21k_ft_in1k", "apache-2.0", 0.85834, 224, 224, 0.9, "bicubic"),
        ("deit-tiny", "deit_tiny_patch16_224.fb_in1k", "apache-2.0", 0.72172, 224, 224, 0.9, "bicubic"),
        ("deit-small", "deit_small_patch16_224.fb_in1k", "apache-2.0", 0.79844, 224, 224, 0.9, "bicubic"),
        ("deit-base", "deit_base_patch16_224.fb_in1k", "apache-2.0", 0.81992, 224, 224, 0.9, "bicubic"),
        (
            "deit-base-distilled", "deit_base_distilled_patch16_224.fb_in1k", "apache-2.0", 0.83386, 224, 224, 0.9,
            "bicubic"
        ),
        ("efficientnet-b0", "efficientnet_b0.ra_in1k", "apache-2.0", 0.77694, 224, 224, 0.875, "bicubic"),
        ("efficientnet-b0-ns", "tf_efficientnet_b0.ns_jft_in1k", "apache-2.0", 0.7867, 224, 224, 0.875, "bicubic"),
        ("efficientnet-b4-ns", "tf_efficientnet_b4.ns_jft_in1k", "apache-2.0", 0.85162, 380, 380, 0.922, "bicubic"),
        ("efficientnet-b7-ns", "tf_efficientnet_b7.ns_jft_in1k", "apache-2.0", 0.8684, 600, 600, 0.949, "bicubic"),
        ("efficientnetv2-s", "tf_efficientnetv2_s.in21k_ft_in1k", "apache-2.0", 0.84288, 384, 300, 1.0, "bicubic"),
        ("swin-tiny", "swin_tiny_patch4_window7_224.ms_in1k", "mit", 0.81376, 224, 224, 0.9, "bicubic"),
        ("swin-small", "swin_small_patch4_window7_224.ms_in1k", "mit", 0.83208, 224, 224, 0.9, "bicubic"),
        ("swin-base", "swin_base_patch4_window7_224.ms_in22k_ft_in1k", "mit", 0.85272, 224, 224, 0.9, "bicubic"),
        ("beit-base", "beit_base_patch16_224.in22k_ft_in22k_in1k", "apache-2.0", 0.85212, 224, 224, 0.9, "bicubic"),
        ("dinov2-small", "vit_small_patch14_dinov2.lvd142m", "apache-2.0", nil, 0, 518, 1.0, "bicubic"),
        ("dinov2-base", "vit_base_patch14_dinov2.lvd142m", "apache-2.0", nil, 0, 518, 1.0, "bicubic"),
        ("dinov2-small-registers", "vit_small_patch14_reg4_dinov2.lvd142m", "apache-2.0", nil, 0, 518, 1.0, "bicubic"),
        ("regnety-016", "regnety_016.tv2_in1k", "bsd-3-clause", 0.80668, 224, 224, 0.965, "bicubic"),
        ("regnetx-032", "regnetx_032.tv2_in1k", "bsd-3-clause", 0.80926, 224, 224, 0.965, "bicubic"),
        ("densenet121", "densenet121.ra_in1k", "apache-2.0", 0.765, 288, 224, 0.875, "bicubic"),
        ("vgg16", "vgg16.tv_in1k", "bsd-3-clause", 0.71592, 224, 224, 0.875, "bilinear"),
        ("vgg19-bn", "vgg19_bn.tv_in1k", "bsd-3-clause", 0.74216, 224, 224, 0.875, "bilinear"),
        ("vgg11", "vgg11.tv_in1k", "bsd-3-clause", 0.69022, 224, 224, 0.875, "bilinear"),
        ("mobilevit-s", "mobilevit_s.cvnets_in1k", "cvnets-license", 0.78312, 256, 256, 0.9, "bicubic"),
        ("inception-v3", "inception_v3.tv_in1k", "apache-2.0", 0.77434, 299, 299, 0.875, "bicubic"),
    ]

    private static let pictures: [PublishedModel] = lines.map { line in
        PublishedModel(
            name: line.name, repository: "timm/\(line.timm)",
            task: line.top1 == nil ? "image-feature-extraction" : "image-classification", license: line.license,
            accuracy: line.top1.map {
                Accuracy(
                    name: "top1", value: $0, dataset: "ImageNet-1k, \(line.measuredAt) x \(line.measuredAt)")
            },
            preprocessing: Preprocessing(size: line.size, crop: line.crop, interpolation: line.interpolation))
    }

    /// Models that read texts or sounds, too.
    private static let encoders: [PublishedModel] = [
        PublishedModel(
            name: "clip-base-32", repository: "openai/clip-vit-base-patch32", task: "zero-shot-image-classification"),
        PublishedModel(
            name: "clip-base-16", repository: "openai/clip-vit-base-patch16", task: "zero-shot-image-classification"),
        PublishedModel(
            name: "siglip-base", repository: "google/siglip-base-patch16-224",
            task: "zero-shot-image-classification", license: "apache-2.0"),
        PublishedModel(
            name: "siglip-base-512", repository: "google/siglip-base-patch16-512",
            task: "zero-shot-image-classification", license: "apache-2.0"),
        PublishedModel(
            name: "minilm-l6", repository: "sentence-transformers/all-MiniLM-L6-v2", task: "sentence-similarity",
            license: "apache-2.0"),
        PublishedModel(
            name: "mpnet-base", repository: "sentence-transformers/all-mpnet-base-v2", task: "sentence-similarity"),
        PublishedModel(name: "e5-base", repository: "intfloat/e5-base-v2", task: "sentence-similarity"),
        PublishedModel(
            name: "bge-base", repository: "BAAI/bge-base-en-v1.5", task: "sentence-similarity", license: "mit"),
        PublishedModel(
            name: "wav2vec2-base-960h", repository: "facebook/wav2vec2-base-960h",
            task: "automatic-speech-recognition", license: "apache-2.0"),
        PublishedModel(
            name: "wav2vec2-large-960h", repository: "facebook/wav2vec2-large-960h",
            task: "automatic-speech-recognition", license: "apache-2.0"),
        PublishedModel(
            name: "hubert-large-960h", repository: "facebook/hubert-large-ls960-ft",
            task: "automatic-speech-recognition"),
        PublishedModel(name: "wavlm-base-plus", repository: "microsoft/wavlm-base-plus", task: "feature-extraction"),
    ]
}
