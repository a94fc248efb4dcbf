"""EfficientNet and its neighbours: what the layouts need to know to build them, whole and narrow."""

import copy
import math
from unittest import mock

import timm
import transformers
from timm.models import efficientnet, mobilevit

IMAGENET_MEAN = [0.485, 0.456, 0.406]
NEAREST, BILINEAR = 0, 2

TRANSFORMERS_CONFIGS = {
    "EfficientNetForImageClassification": transformers.EfficientNetConfig,
    "ConvNextV2ForImageClassification": transformers.ConvNextV2Config,
    "MobileViTForImageClassification": transformers.MobileViTConfig,
}


def preprocessor_config(architecture, size):
    """Return the rule of the published models of an architecture but for what every rule has, or None."""
    square = {"height": size, "width": size}
    if architecture.startswith("EfficientNet"):
        return {
            "image_processor_type": "EfficientNetImageProcessor",
            "do_center_crop": False,
            "crop_size": {"height": 289, "width": 289},
            "size": square,
            "resample": NEAREST,
            "rescale_offset": False,
            "include_top": True,
            "image_mean": IMAGENET_MEAN,
            "image_std": [0.47853944, 0.4732864, 0.47434163],
        }
    if architecture.startswith("MobileViT"):
        return {
            "image_processor_type": "MobileViTImageProcessor",
            "do_center_crop": True,
            "crop_size": square,
            "size": {"shortest_edge": round(size * 288 / 256)},
            "resample": BILINEAR,
            "do_flip_channel_order": True,
        }
    return None


def timm_narrow(architecture, num_classes, arguments):
    """Create a timm model with arguments that timm fixes in the name, or return None where there are none."""
    if "efficientnet" in architecture and arguments:
        return timm_efficientnet(architecture, num_classes, arguments)
    if "transformer_dims" in arguments:
        return timm_mobilevit(architecture, num_classes, arguments)
    return None


def timm_mobilevit(architecture, num_classes, arguments):
    """Create a timm MobileViT whose transformers have the widths `transformer_dims`."""
    arguments = dict(arguments)
    widths = arguments.pop("transformer_dims")
    config = copy.deepcopy(mobilevit.model_cfgs[architecture])
    for (_, block), width in zip(config.blocks[-len(widths) :], widths, strict=True):
        block.block_kwargs["transformer_dim"] = width
    with mock.patch.dict(mobilevit.model_cfgs, {architecture: config}):
        return timm.create_model(architecture, num_classes=num_classes, **arguments)


def timm_efficientnet(architecture, num_classes, arguments):
    """Create a timm EfficientNet, scaled by arguments that timm fixes in the name.

    `channel_multiplier` and `depth_multiplier` are arguments of timm's generator functions, `num_features` of its
    class; the functions of the single names forward none of them.
    """
    arguments = dict(arguments)
    num_features = arguments.pop("num_features")
    family = efficientnet.EfficientNet

    def narrow(variant, pretrained, **parts):
        return family(**{**parts, "num_features": num_features})

    generators = ("_gen_efficientnet", "_gen_efficientnetv2_s", "_gen_efficientnetv2_base")
    patches = {"_create_effnet": narrow}
    for name in generators:
        patches[name] = _scaled(getattr(efficientnet, name), arguments)
    with mock.patch.multiple(efficientnet, **patches):
        model = getattr(efficientnet, architecture)(num_classes=num_classes)
    model.pretrained_cfg = timm.get_pretrained_cfg(architecture).to_dict()
    return model


def _scaled(generate, scales):
    """Return a generator function whose scales are replaced."""
    return lambda variant, **parts: generate(variant, **{**parts, **scales})


TORCHVISION_EFFICIENTNETS = {
    "efficientnet_b0": (1.0, 1.0),
    "efficientnet_b1": (1.0, 1.1),
    "efficientnet_b2": (1.1, 1.2),
    "efficientnet_b3": (1.2, 1.4),
    "efficientnet_b4": (1.4, 1.8),
    "efficientnet_b5": (1.6, 2.2),
    "efficientnet_b6": (1.8, 2.6),
    "efficientnet_b7": (2.0, 3.1),
    "efficientnet_v2_s": (1.0, 1.0),
    "efficientnet_v2_m": (1.0, 1.0),
    "efficientnet_v2_l": (1.0, 1.0),
}


def torchvision_efficientnet(architecture, num_classes, arguments):
    """Create a torchvision EfficientNet by its name, its widths and depths scaled once more by `width_mult`."""
    from functools import partial

    from torch import nn
    from torchvision.models import efficientnet as source

    width, depth = TORCHVISION_EFFICIENTNETS[architecture]
    width, depth = arguments.get("width_mult", width), arguments.get("depth_mult", depth)
    setting, last = source._efficientnet_conf(architecture, width_mult=width, depth_mult=depth)
    if "_v2_" in architecture:
        for stage in setting:
            stage.input_channels = stage.adjust_channels(stage.input_channels, width)
            stage.out_channels = stage.adjust_channels(stage.out_channels, width)
            stage.num_layers = math.ceil(stage.num_layers * depth)
    has_wide_epsilon = "_v2_" in architecture or architecture[-1] in "567"
    norm_layer = partial(nn.BatchNorm2d, eps=1e-3) if has_wide_epsilon else None
    last = arguments.get("last_channel", last)
    return source.EfficientNet(setting, 0.2, num_classes=num_classes, norm_layer=norm_layer, last_channel=last)
