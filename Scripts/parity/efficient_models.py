"""Full-size EfficientNets and their neighbours, as the arguments of checkpoints."""

ODD = (225, 193)
"""Odd at most strides, where paddings differ."""

_B0 = (("width_coefficient", 1.0), ("depth_coefficient", 1.0), ("hidden_dim", 1280))
_HUGGING_FACE = "EfficientNetForImageClassification"

EFFICIENT_MODELS = [
    {"name": "efficientnet_b0", "layout": "transformers", "architecture": _HUGGING_FACE, "arguments": _B0},
    {"name": "timm_efficientnet_b0", "layout": "timm", "architecture": "efficientnet_b0"},
    {"name": "timm_tf_efficientnet_b0", "layout": "timm", "architecture": "tf_efficientnet_b0"},
    {"name": "timm_efficientnet_b4", "layout": "timm", "architecture": "efficientnet_b4"},
    {"name": "timm_tf_efficientnet_b7", "layout": "timm", "architecture": "tf_efficientnet_b7"},
    {"name": "timm_efficientnetv2_rw_s", "layout": "timm", "architecture": "efficientnetv2_rw_s"},
    {"name": "timm_tf_efficientnetv2_s", "layout": "timm", "architecture": "tf_efficientnetv2_s"},
    {"name": "torchvision_efficientnet_b0", "layout": "torchvision", "architecture": "efficientnet_b0"},
    {"name": "torchvision_efficientnet_v2_s", "layout": "torchvision", "architecture": "efficientnet_v2_s"},
]
for model in EFFICIENT_MODELS:
    model.update(gain=1.6, resized=ODD)
