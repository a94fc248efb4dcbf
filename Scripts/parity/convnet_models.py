"""Full-size models of the classics, DenseNet and RegNet: name, layout, architecture; options of the checkpoint."""

PUBLISHED = (("transform_input", True),)
"""How torchvision builds GoogLeNet and Inception-v3 for the weights that it publishes."""

CONVNETS = [
    (("regnet_y_040", "transformers", "RegNetForImageClassification"), {"gain": 1.2, "batches": (1, 8)}),
    (
        (
            "regnet_x_002",
            "transformers",
            "RegNetForImageClassification",
            (
                ("layer_type", "x"),
                ("hidden_sizes", (24, 56, 152, 368)),
                ("depths", (1, 1, 4, 7)),
                ("groups_width", 8),
            ),
        ),
        {"gain": 1.2},
    ),
    (("timm_vgg16_bn", "timm", "vgg16_bn"), {"gain": 1.5}),
    (("timm_densenet121", "timm", "densenet121"), {"gain": 1.4}),
    (("timm_inception_v3", "timm", "inception_v3"), {"gain": 1.5, "size": 299}),
    (("timm_regnetx_004_tv", "timm", "regnetx_004_tv"), {"gain": 1.2}),
    (("timm_regnety_032", "timm", "regnety_032"), {"gain": 1.2}),
    (("torchvision_alexnet", "torchvision", "alexnet"), {"gain": 1.5, "batches": (1, 8)}),
    (("torchvision_vgg11", "torchvision", "vgg11"), {"gain": 1.5}),
    (("torchvision_vgg16", "torchvision", "vgg16"), {"gain": 1.5}),
    (("torchvision_vgg19_bn", "torchvision", "vgg19_bn"), {"gain": 1.5}),
    (("torchvision_squeezenet1_0", "torchvision", "squeezenet1_0"), {"gain": 1.5}),
    (("torchvision_squeezenet1_1", "torchvision", "squeezenet1_1"), {"gain": 1.5, "batches": (1, 8)}),
    (("torchvision_googlenet", "torchvision", "googlenet", PUBLISHED), {"gain": 1.5, "batches": (1, 8)}),
    (("torchvision_inception_v3", "torchvision", "inception_v3", PUBLISHED), {"gain": 1.5, "size": 299}),
    (("torchvision_densenet121", "torchvision", "densenet121"), {"gain": 1.4, "batches": (1, 8)}),
    (("torchvision_densenet161", "torchvision", "densenet161"), {"gain": 1.4}),
    (("torchvision_regnet_x_400mf", "torchvision", "regnet_x_400mf"), {"gain": 1.2}),
    (("torchvision_regnet_y_400mf", "torchvision", "regnet_y_400mf"), {"gain": 1.2, "batches": (1, 8)}),
]
