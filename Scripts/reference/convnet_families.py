"""The classics, DenseNet and RegNet: what the layouts need to know to build them, whole and narrow.

Most of these networks have their widths written out in their constructors. The narrow models of the fixtures divide
every one of them by `width_divisor`, the references' own constructors running with layers that do so; `hidden_size`
is the width of AlexNet's and VGG's linear layers.
"""

import sys
from contextlib import ExitStack
from unittest import mock

import timm
import transformers
from timm.layers import ClassifierHead
from timm.models import vgg as timm_vgg_module
from torch import nn
from torchvision.models import densenet, inception, regnet, squeezenet, vgg
from torchvision.models.alexnet import AlexNet
from torchvision.models.googlenet import GoogLeNet

TRANSFORMERS_CONFIGS = {"RegNetForImageClassification": transformers.RegNetConfig}

IMAGE_CHANNELS = 3

RESNET_LIKE_PROCESSORS = ("RegNet",)
"""Architectures of transformers whose published models are prepared for as ResNet's are."""


def _divided(layer, divisor):
    """Return a class like `layer` whose numbers of channels are divided."""

    def narrow(width):
        return width if width == IMAGE_CHANNELS else max(1, width // divisor)

    if issubclass(layer, nn.Conv2d):

        class Conv2d(layer):
            def __init__(self, in_channels, out_channels, *arguments, **options):
                super().__init__(narrow(in_channels), narrow(out_channels), *arguments, **options)

        return Conv2d

    class BatchNorm2d(layer):
        def __init__(self, num_features, *arguments, **options):
            super().__init__(narrow(num_features), *arguments, **options)

    return BatchNorm2d


def _narrow(divisor, build):
    """Return what `build` builds with convolutions and norms of divided widths."""
    if divisor == 1:
        return build()
    with ExitStack() as stack:
        for name in ("Conv2d", "BatchNorm2d"):
            stack.enter_context(mock.patch.object(nn, name, _divided(getattr(nn, name), divisor)))
        return build()


# ---- torchvision -----------------------------------------------------------------------------------------------------

DENSENETS = {
    "densenet121": (32, (6, 12, 24, 16), 64),
    "densenet161": (48, (6, 12, 36, 24), 96),
    "densenet169": (32, (6, 12, 32, 32), 64),
    "densenet201": (32, (6, 12, 48, 32), 64),
}
COLUMNS = {"vgg11": "A", "vgg13": "B", "vgg16": "D", "vgg19": "E"}
TORCHVISION = ("alexnet", "vgg", "squeezenet", "googlenet", "inception_v3", "densenet", "regnet_")
"""How the names of torchvision's models of these families begin."""


def torchvision_model(architecture, num_classes, arguments):
    """Create a torchvision model of these families."""
    arguments = dict(arguments)
    if architecture.startswith("densenet"):
        growth, depths, stem = DENSENETS[architecture]
        options = {"growth_rate": growth, "block_config": depths, "num_init_features": stem, **arguments}
        return densenet.DenseNet(num_classes=num_classes, **options)
    if architecture.startswith("regnet_"):
        return _torchvision_regnet(architecture, num_classes, arguments)
    divisor, hidden = arguments.pop("width_divisor", 1), arguments.pop("hidden_size", None)
    if architecture in ("googlenet", "inception_v3"):
        family = GoogLeNet if architecture == "googlenet" else inception.Inception3
        model = _narrow(divisor, lambda: family(num_classes, init_weights=False, **arguments))
        model.fc = nn.Linear(model.fc.in_features // divisor, num_classes)
        return model
    if architecture.startswith("squeezenet"):
        version = architecture.removeprefix("squeezenet")
        model = _narrow(divisor, lambda: squeezenet.SqueezeNet(version, num_classes, **arguments))
        model.classifier[1] = nn.Conv2d(512 // divisor, num_classes, kernel_size=1)
        return model
    if architecture == "alexnet":
        model = _narrow(divisor, lambda: AlexNet(num_classes, **arguments))
        _narrow_classifier(model, 256 // divisor * 36, hidden)
        return model
    column, _, norm = architecture.partition("_")

    def build():
        features = vgg.make_layers(vgg.cfgs[COLUMNS[column]], batch_norm=norm == "bn")
        return vgg.VGG(features, num_classes, init_weights=False, **arguments)

    model = _narrow(divisor, build)
    _narrow_classifier(model, 512 // divisor * 49, hidden)
    return model


def _narrow_classifier(model, inputs, hidden):
    """Replace the linear layers of AlexNet or VGG by narrower ones, where a width is given."""
    if hidden is None:
        return
    places = [index for index, layer in enumerate(model.classifier) if isinstance(layer, nn.Linear)]
    widths = [inputs, hidden, hidden, model.classifier[places[-1]].out_features]
    for place, before, after in zip(places, widths[:-1], widths[1:], strict=True):
        model.classifier[place] = nn.Linear(before, after)


def _torchvision_regnet(architecture, num_classes, arguments):
    """Create a RegNet by its name; `arguments` are those of `BlockParams.from_init_params`, and `stem_width`."""
    stem = {key: arguments.pop(key) for key in ("stem_width",) if key in arguments}
    found = {}

    def record(cls, **options):
        found.update(options)
        return None

    # The function of the name holds the numbers; it is asked for them without building anything.
    patched = mock.patch.object(regnet.BlockParams, "from_init_params", classmethod(record))
    with patched, mock.patch.object(regnet, "_regnet", lambda *_, **__: None):
        getattr(regnet, architecture)(weights=None)
    parameters = regnet.BlockParams.from_init_params(**{**found, **arguments})
    return regnet.RegNet(parameters, num_classes=num_classes, **stem)


def torchvision_features(module, pixel_values):
    """Return the last feature map and the pooled features of a torchvision model, or None for other families."""
    if isinstance(module, regnet.RegNet):
        hidden = module.trunk_output(module.stem(pixel_values))
        return hidden, hidden.mean((2, 3))
    if isinstance(module, densenet.DenseNet):
        hidden = nn.functional.relu(module.features(pixel_values))
        return hidden, hidden.mean((2, 3))
    if isinstance(module, squeezenet.SqueezeNet):
        hidden = module.features(pixel_values)
        return hidden, hidden.mean((2, 3))
    if isinstance(module, (AlexNet, vgg.VGG)):
        hidden = module.features(pixel_values)
        return hidden, module.classifier[:-1](module.avgpool(hidden).flatten(1)).clone()
    if isinstance(module, (GoogLeNet, inception.Inception3)):
        kept = {}
        handle = module.avgpool.register_forward_pre_hook(lambda _, inputs: kept.update(hidden=inputs[0].clone()))
        module(pixel_values)
        handle.remove()
        return kept["hidden"], kept["hidden"].mean((2, 3))
    return None


# ---- timm ------------------------------------------------------------------------------------------------------------


def timm_model(architecture, num_classes, arguments):
    """Create a timm model of these families narrower than its name says, or return None where that is not asked for."""
    arguments = dict(arguments)
    divisor, hidden = arguments.pop("width_divisor", None), arguments.pop("hidden_size", None)
    if divisor is None:
        return None
    if architecture == "inception_v3":
        # The package's attribute of this name is the function that builds the network.
        module = sys.modules["timm.models.inception_v3"]
        build = module.ConvNormAct

        def narrow(inputs, outputs, *positional, **options):
            inputs = inputs if inputs == IMAGE_CHANNELS else max(1, inputs // divisor)
            return build(inputs, max(1, outputs // divisor), *positional, **options)

        with mock.patch.object(module, "ConvNormAct", narrow):
            model = timm.create_model(architecture, num_classes=num_classes, **arguments)
        model.fc = nn.Linear(2048 // divisor, num_classes)
        model.num_features = model.head_hidden_size = 2048 // divisor
        return model
    column, _, _ = architecture.partition("_")
    widths = [width if width == "M" else width // divisor for width in timm_vgg_module.cfgs[column]]
    with mock.patch.dict(timm_vgg_module.cfgs, {column: widths}):
        model = timm.create_model(architecture, num_classes=num_classes, **arguments)
    ratio = arguments.get("mlp_ratio", 1.0)
    model.pre_logits = timm_vgg_module.ConvMlp(widths[-2], hidden, 7, mlp_ratio=ratio)
    model.head = ClassifierHead(hidden, num_classes)
    return model
