"""torchvision classifiers: construction by name, outputs, and this project's folder for their tensor names.

torchvision publishes bare state dicts. The folder gives them a config.json of their own:

    {"library_name": "torchvision", "architecture": "resnet18", "num_classes": 1000,
     "model_args": {...}, "transforms": {"resize_size": 256, "crop_size": 224, "interpolation": "bilinear",
                                         "mean": [...], "std": [...]}}

`model_args` holds the constructor's keyword arguments where they differ from the named model's; `transforms`
those of torchvision's `ImageClassification` preset.
"""

import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import convnext, mobilenet_v2, resnet, swin_transformer, vision_transformer
from torchvision.models import mobilenetv3 as mobilenet_v3
from torchvision.transforms import InterpolationMode
from torchvision.transforms._presets import ImageClassification

from . import convnet_families
from .efficient_families import torchvision_efficientnet
from .layout_transformers import stored_tensors
from .recorder import write_json
from .seeded import fill_checkpoint

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


class ResNet(resnet.ResNet):
    """torchvision's ResNet with the stage widths as an argument (torchvision fixes them)."""

    def __init__(self, block, layers, channels=(64, 128, 256, 512), num_classes=1000):
        """Build the stages with torchvision's own `_make_layer`."""
        nn.Module.__init__(self)
        self._norm_layer = nn.BatchNorm2d
        self.inplanes, self.dilation, self.groups, self.base_width = 64, 1, 1, 64
        self.conv1 = nn.Conv2d(3, self.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(self.inplanes)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        for index, (width, depth) in enumerate(zip(channels, layers, strict=True)):
            stage = self._make_layer(block, width, depth, stride=1 if index == 0 else 2)
            self.add_module(f"layer{index + 1}", stage)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(channels[-1] * block.expansion, num_classes)


RESNETS = {
    "resnet18": (resnet.BasicBlock, (2, 2, 2, 2)),
    "resnet34": (resnet.BasicBlock, (3, 4, 6, 3)),
    "resnet50": (resnet.Bottleneck, (3, 4, 6, 3)),
    "resnet101": (resnet.Bottleneck, (3, 4, 23, 3)),
    "resnet152": (resnet.Bottleneck, (3, 8, 36, 3)),
}

VISION_TRANSFORMERS = {
    "vit_b_16": {"patch_size": 16, "num_layers": 12, "num_heads": 12, "hidden_dim": 768, "mlp_dim": 3072},
    "vit_b_32": {"patch_size": 32, "num_layers": 12, "num_heads": 12, "hidden_dim": 768, "mlp_dim": 3072},
    "vit_l_16": {"patch_size": 16, "num_layers": 24, "num_heads": 16, "hidden_dim": 1024, "mlp_dim": 4096},
}

CONVNEXTS = {
    "convnext_tiny": {"depths": (3, 3, 9, 3), "dims": (96, 192, 384, 768)},
    "convnext_small": {"depths": (3, 3, 27, 3), "dims": (96, 192, 384, 768)},
    "convnext_base": {"depths": (3, 3, 27, 3), "dims": (128, 256, 512, 1024)},
}


_SWIN = {"patch_size": [4, 4], "window_size": [7, 7], "stochastic_depth_prob": 0.0}
SWINS = {
    "swin_t": {**_SWIN, "embed_dim": 96, "depths": [2, 2, 6, 2], "num_heads": [3, 6, 12, 24]},
    "swin_s": {**_SWIN, "embed_dim": 96, "depths": [2, 2, 18, 2], "num_heads": [3, 6, 12, 24]},
    "swin_b": {**_SWIN, "embed_dim": 128, "depths": [2, 2, 18, 2], "num_heads": [4, 8, 16, 32]},
}


def build(architecture, num_classes, arguments, size):
    """Create a torchvision model from its name and `model_args`."""
    if architecture in RESNETS:
        block, layers = RESNETS[architecture]
        return ResNet(block, **{"layers": layers, "num_classes": num_classes, **arguments})
    if architecture in CONVNEXTS:
        shape = {**CONVNEXTS[architecture], **arguments}
        dims = [*shape["dims"], None]
        setting = [
            convnext.CNBlockConfig(dims[index], dims[index + 1], depth) for index, depth in enumerate(shape["depths"])
        ]
        return convnext.ConvNeXt(setting, num_classes=num_classes)
    if architecture in VISION_TRANSFORMERS:
        shape = {"image_size": size, **VISION_TRANSFORMERS[architecture], **arguments}
        return vision_transformer.VisionTransformer(num_classes=num_classes, **shape)
    if architecture.startswith("efficientnet_"):
        return torchvision_efficientnet(architecture, num_classes, arguments)
    if architecture.startswith(convnet_families.TORCHVISION):
        return convnet_families.torchvision_model(architecture, num_classes, arguments)
    if architecture in SWINS:
        return swin_transformer.SwinTransformer(num_classes=num_classes, **{**SWINS[architecture], **arguments})
    if architecture == "mobilenet_v2":
        return mobilenet_v2(num_classes=num_classes, **arguments)
    return getattr(mobilenet_v3, architecture)(num_classes=num_classes, **arguments)


class TorchvisionClassifier:
    """A torchvision classifier with seeded weights."""

    def __init__(self, architecture, num_classes, arguments=None, size=224, gain=1.0):
        """Build `architecture` (a torchvision model name) from its constructor's keyword arguments."""
        self.architecture = architecture
        self.num_classes = num_classes
        self.arguments = arguments or {}
        self.size = size
        self.module = fill_checkpoint(build(architecture, num_classes, self.arguments, size), gain=gain)

    def outputs(self, pixel_values):
        """Return logits, pooled features (what enters the last linear layer) and the last feature map."""
        with torch.inference_mode():
            feature_map, features = self._features(pixel_values)
            logits = self.module(pixel_values)
        return {"logits": logits, "features": features, "feature_map": feature_map}

    def _features(self, pixel_values):
        """Return the last feature map and the pooled features."""
        module = self.module
        if isinstance(module, resnet.ResNet):
            hidden = module.maxpool(module.relu(module.bn1(module.conv1(pixel_values))))
            for stage in (module.layer1, module.layer2, module.layer3, module.layer4):
                hidden = stage(hidden)
            return hidden, hidden.mean((2, 3))
        if isinstance(module, vision_transformer.VisionTransformer):
            patches = module._process_input(pixel_values)
            classes = module.class_token.expand(patches.shape[0], -1, -1)
            tokens = module.encoder(torch.cat([classes, patches], dim=1))
            return tokens, tokens[:, 0]
        found = convnet_families.torchvision_features(module, pixel_values)
        if found is not None:
            return found
        if isinstance(module, swin_transformer.SwinTransformer):
            hidden = module.permute(module.norm(module.features(pixel_values)))
            return hidden, hidden.mean((2, 3))
        hidden = module.features(pixel_values)
        pooled = nn.functional.adaptive_avg_pool2d(hidden, 1)
        if not isinstance(module, convnext.ConvNeXt):
            pooled = pooled.flatten(1)
        return hidden, module.classifier[:-1](pooled).clone()

    def config(self):
        """Return the content of config.json."""
        content = {
            "library_name": "torchvision",
            "architecture": self.architecture,
            "num_classes": self.num_classes,
        }
        if self.arguments:
            content["model_args"] = self.arguments
        content["transforms"] = {
            "resize_size": round(self.size * 256 / 224),
            "crop_size": self.size,
            "interpolation": "bilinear",
            **IMAGENET,
        }
        return content

    def save(self, folder):
        """Write config.json and model.safetensors."""
        write_json(folder / "config.json", self.config())
        tensors = {name: tensor.contiguous() for name, tensor in self.module.state_dict().items()}
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})

    def tensors(self, folder):
        """Return names, types and shapes of a saved folder."""
        return stored_tensors(folder / "model.safetensors")

    def picture_rule(self, folder):
        """Return torchvision's preset as a function of a picture, and the rule's name."""
        settings = dict(self.config()["transforms"])
        settings["interpolation"] = InterpolationMode(settings["interpolation"])
        transform = ImageClassification(**settings)
        return lambda image: transform(image)[None], "torchvision.transforms._presets.ImageClassification"
