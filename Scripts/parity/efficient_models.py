"""Full-size EfficientNets and their neighbours, as the arguments of checkpoints."""

ODD = (225, 193)
"""Odd at most strides, where paddings differ."""

_B0 = (("width_coefficient", 1.0), ("depth_coefficient", 1.0), ("hidden_dim", 1280))


def _model(name, layout, architecture, gain, arguments=()):
    """Return the arguments of a checkpoint."""
    return {
        "name": name,
        "layout": layout,
        "architecture": architecture,
        "arguments": arguments,
        "gain": gain,
        "resized": ODD,
    }


EFFICIENT_MODELS = [
    _model("efficientnet_b0", "transformers", "EfficientNetForImageClassification", 1.5, arguments=_B0),
    _model("timm_efficientnet_b0", "timm", "efficientnet_b0", 1.5),
    _model("timm_tf_efficientnet_b0", "timm", "tf_efficientnet_b0", 1.5),
    _model("timm_efficientnet_b4", "timm", "efficientnet_b4", 1.4),
    _model("timm_tf_efficientnet_b7", "timm", "tf_efficientnet_b7", 1.25),
    _model("timm_efficientnetv2_rw_s", "timm", "efficientnetv2_rw_s", 1.1),
    _model("timm_tf_efficientnetv2_s", "timm", "tf_efficientnetv2_s", 1.15),
    _model("torchvision_efficientnet_b0", "torchvision", "efficientnet_b0", 1.5),
    _model("torchvision_efficientnet_v2_s", "torchvision", "efficientnet_v2_s", 1.1),
    _model("convnextv2_tiny", "transformers", "ConvNextV2ForImageClassification", 1.0),
    _model("timm_convnextv2_tiny", "timm", "convnextv2_tiny", 1.0),
    _model("timm_convnextv2_nano", "timm", "convnextv2_nano", 1.0),
    _model("mobilevit_small", "transformers", "MobileViTForImageClassification", 1.3),
    _model("timm_mobilevit_s", "timm", "mobilevit_s", 1.3),
    _model("timm_mobilevit_xxs", "timm", "mobilevit_xxs", 1.3),
]
