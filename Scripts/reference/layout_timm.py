"""timm classifiers: construction by name, outputs, and folders as timm writes them for the Hugging Face hub."""

from unittest import mock

import timm
import torch
from safetensors.torch import save_file
from timm.data import create_transform, resolve_data_config
from timm.models import efficientnet, mobilenetv3
from timm.models._hub import save_config_for_hf

from .layout_transformers import stored_tensors
from .seeded import fill_checkpoint

FIXED_SIZES = ("swin_", "beit_", "beitv2_")
MOBILENETS = ("mobilenetv2_", "mobilenetv3_")


def build(architecture, num_classes, arguments):
    """Create a timm model from its name and `model_args`.

    timm fixes the widths of its MobileNets in the name. Three arguments of timm's own generator functions and
    classes that `create_model` does not forward are understood here for them: `channel_multiplier`,
    `depth_multiplier` and `num_features`.
    """
    if not architecture.startswith(MOBILENETS) or not arguments:
        return timm.create_model(architecture, num_classes=num_classes, **arguments)
    arguments = dict(arguments)
    num_features = arguments.pop("num_features")
    if architecture.startswith("mobilenetv2_"):
        source, factory, family = efficientnet, "_create_effnet", efficientnet.EfficientNet
        generate = efficientnet._gen_mobilenet_v2
    else:
        source, factory, family = mobilenetv3, "_create_mnv3", mobilenetv3.MobileNetV3
        generate = mobilenetv3._gen_mobilenet_v3

    def narrow(variant, pretrained, **parts):
        return family(**{**parts, "num_features": num_features})

    with mock.patch.object(source, factory, narrow):
        model = generate(architecture, num_classes=num_classes, **arguments)
    model.pretrained_cfg = timm.get_pretrained_cfg(architecture).to_dict()
    return model


class TimmClassifier:
    """A timm classifier with seeded weights."""

    def __init__(self, architecture, num_classes, arguments=None, size=224, gain=1.0):
        """Build `architecture` (a timm model name) from timm's keyword arguments."""
        self.architecture = architecture
        self.arguments = arguments or {}
        self.size = size
        self.module = fill_checkpoint(build(architecture, num_classes, self.arguments), gain=gain)

    def outputs(self, pixel_values):
        """Return logits, pooled features and the last feature map; positions follow the input's size."""
        module = self._module_for(pixel_values)
        with torch.inference_mode():
            feature_map = module.forward_features(pixel_values)
            features = module.forward_head(feature_map.clone(), pre_logits=True)
            logits = module(pixel_values)
        if getattr(module, "output_fmt", None) == "NHWC":
            feature_map = feature_map.permute(0, 3, 1, 2)
        outputs = {"features": features, "feature_map": feature_map}
        return {"logits": logits, **outputs} if module.num_classes else outputs

    def _module_for(self, pixel_values):
        """Return the model, with resampled positions where a transformer gets another size than its own."""
        own_size = getattr(getattr(self.module, "patch_embed", None), "img_size", None)
        if (
            own_size is None
            or self.architecture.startswith(FIXED_SIZES)
            or tuple(own_size) == tuple(pixel_values.shape[-2:])
        ):
            return self.module
        arguments = {**self.arguments, "dynamic_img_size": True}
        module = timm.create_model(self.architecture, num_classes=self.module.num_classes, **arguments)
        module.load_state_dict(self.module.state_dict())
        return module.eval()

    def _input_size(self):
        """Return channels, height and width of the model's images: its own, where it was made for some."""
        own_size = getattr(getattr(self.module, "patch_embed", None), "img_size", None)
        return (3, *(own_size or (self.size, self.size)))

    def save(self, folder):
        """Write config.json and model.safetensors."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor.contiguous() for name, tensor in self.module.state_dict().items()}
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        save_config_for_hf(
            self.module,
            folder / "config.json",
            model_args=self.arguments,
            data_config={"input_size": self._input_size()},
        )

    def tensors(self, folder):
        """Return names, types and shapes of a saved folder."""
        return stored_tensors(folder / "model.safetensors")

    def picture_rule(self, folder):
        """Return the evaluation transform of the model as a function of a picture, and the rule's name."""
        data = resolve_data_config({"input_size": self._input_size()}, model=self.module)
        transform = create_transform(**data, is_training=False)
        return lambda image: transform(image)[None], "timm.data.create_transform"
