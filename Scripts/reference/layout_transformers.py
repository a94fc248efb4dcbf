"""Classifiers of the transformers library: configurations, outputs and folders in the Hugging Face layout."""

import copy
import json

import numpy as np
import torch
import transformers

from . import convnet_families, efficient_families
from .recorder import write_json
from .seeded import fill_checkpoint

IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
RESCALE = {"do_resize": True, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True}
BILINEAR, BICUBIC = 2, 3

CONFIGS = {
    "ResNetForImageClassification": transformers.ResNetConfig,
    "MobileNetV2ForImageClassification": transformers.MobileNetV2Config,
    "ConvNextForImageClassification": transformers.ConvNextConfig,
    "ViTForImageClassification": transformers.ViTConfig,
    "DeiTForImageClassification": transformers.DeiTConfig,
    "DeiTForImageClassificationWithTeacher": transformers.DeiTConfig,
    **efficient_families.TRANSFORMERS_CONFIGS,
    **convnet_families.TRANSFORMERS_CONFIGS,
    "SwinForImageClassification": transformers.SwinConfig,
    "BeitForImageClassification": transformers.BeitConfig,
    "Dinov2Model": transformers.Dinov2Config,
    "Dinov2ForImageClassification": transformers.Dinov2Config,
    "Dinov2WithRegistersModel": transformers.Dinov2WithRegistersConfig,
    "Dinov2WithRegistersForImageClassification": transformers.Dinov2WithRegistersConfig,
}

OWN_SIZES = ("Swin", "Beit", "Dinov2")
"""Families that follow the input's size without being told."""


def preprocessor_config(architecture, size):
    """Return the `preprocessor_config.json` of the published models of an architecture, for an input of `size`."""
    square = {"height": size, "width": size}
    resized = round(size * 256 / 224)
    rule = efficient_families.preprocessor_config(architecture, size)
    if rule:
        return {**RESCALE, **rule}
    if architecture.startswith(("ResNet", "ConvNext", *convnet_families.RESNET_LIKE_PROCESSORS)):
        rule = {"image_processor_type": "ConvNextImageProcessor", "crop_pct": 0.875, "resample": BICUBIC}
        return {**rule, "size": {"shortest_edge": size}, **RESCALE, **IMAGENET}
    if architecture.startswith("MobileNetV2"):
        rule = {
            "image_processor_type": "MobileNetV2ImageProcessor",
            "do_center_crop": True,
            "crop_size": square,
        }
        return {**rule, "size": {"shortest_edge": resized}, "resample": BILINEAR, **RESCALE, **HALF}
    if architecture.startswith("Dinov2"):
        rule = {"image_processor_type": "BitImageProcessor", "do_center_crop": True, "crop_size": square}
        shorter = {"size": {"shortest_edge": resized}, "resample": BICUBIC, "do_convert_rgb": True}
        return {**rule, **shorter, **RESCALE, **IMAGENET}
    if architecture.startswith("Beit"):
        rule = {"image_processor_type": "BeitImageProcessor", "do_center_crop": False, "crop_size": square}
        return {**rule, "size": square, "resample": BICUBIC, "do_reduce_labels": False, **RESCALE, **HALF}
    if architecture.startswith("Swin"):
        rule = {"image_processor_type": "ViTImageProcessor", "size": square, "resample": BICUBIC}
        return {**rule, **RESCALE, **IMAGENET}
    if architecture.startswith("DeiT"):
        rule = {"image_processor_type": "DeiTImageProcessor", "do_center_crop": True, "crop_size": square}
        return {
            **rule,
            "size": {"height": resized, "width": resized},
            "resample": BICUBIC,
            **RESCALE,
            **IMAGENET,
        }
    return {
        "image_processor_type": "ViTImageProcessor",
        "size": square,
        "resample": BILINEAR,
        **RESCALE,
        **HALF,
    }


class TransformersClassifier:
    """A classifier of the transformers library with seeded weights."""

    def __init__(self, architecture, num_classes, arguments=None, size=224, gain=1.0):
        """Build `architecture` (a transformers class name) from the configuration's keyword arguments."""
        self.architecture = architecture
        self.size = size
        labels = {} if architecture.endswith("Model") else {"num_labels": num_classes}
        config = CONFIGS[architecture](**labels, **(arguments or {}))
        self.module = getattr(transformers, architecture)(config)
        self.module.set_attn_implementation("eager")
        fill_checkpoint(self.module, gain=gain)

    def outputs(self, pixel_values):
        """Return logits, pooled features and the last feature map; positions follow the input's size."""
        if self.architecture.startswith(OWN_SIZES):
            return self._outputs_of_modules(pixel_values)
        options = {}
        if hasattr(self.module.config, "patch_size") and hasattr(self.module.config, "num_attention_heads"):
            height, width = pixel_values.shape[-2:]
            options["interpolate_pos_encoding"] = (height, width) != (self.module.config.image_size,) * 2
        base = getattr(self.module, self.module.base_model_prefix)
        with torch.inference_mode():
            logits = self.module(pixel_values=pixel_values, **options).logits
            hidden = base(pixel_values=pixel_values, **options)
        feature_map = hidden.last_hidden_state
        features = feature_map[:, 0] if feature_map.ndim == 3 else hidden.pooler_output.flatten(1)
        return {"logits": logits, "features": features, "feature_map": feature_map}

    def _outputs_of_modules(self, pixel_values):
        """Return what the model's own modules are given: no output names the pooled features of all families."""
        # A copy: Swin's blocks remember the windows of the smallest image they have seen.
        module = copy.deepcopy(self.module)
        base = getattr(module, module.base_model_prefix, module)
        seen = {}
        base.register_forward_hook(lambda _module, _inputs, output: seen.update(base=output))
        if base is not module:
            module.classifier.register_forward_pre_hook(lambda _module, inputs: seen.update(features=inputs[0]))
        with torch.inference_mode():
            result = module(pixel_values=pixel_values)
        feature_map = seen["base"].last_hidden_state
        if base is module:
            return {"features": result.pooler_output, "feature_map": feature_map}
        return {"logits": result.logits, "features": seen["features"], "feature_map": feature_map}

    def config(self):
        """Return the content of config.json without the `label2id` map, which repeats `id2label`."""
        content = self.module.config.to_dict()
        content["architectures"] = [self.architecture]
        content.pop("label2id", None)
        if "id2label" in content:
            content["id2label"] = {str(index): label for index, label in content["id2label"].items()}
        return json.loads(json.dumps(content))

    def save(self, folder):
        """Write config.json, model.safetensors and preprocessor_config.json."""
        self.module.save_pretrained(folder)
        write_json(folder / "preprocessor_config.json", preprocessor_config(self.architecture, self.size))

    def tensors(self, folder):
        """Return names, types and shapes of a saved folder: transformers renames tensors while it saves."""
        return stored_tensors(folder / "model.safetensors")

    def picture_rule(self, folder):
        """Return the preprocessing of a saved folder as a function of a picture, and the rule's name."""
        processor = transformers.AutoImageProcessor.from_pretrained(folder, use_fast=False)

        def apply(image):
            values = processor(images=image, return_tensors="np")["pixel_values"]
            return torch.from_numpy(np.asarray(values, dtype="float32"))

        return apply, type(processor).__name__


def stored_tensors(path):
    """Return {name: [type, shape]} from the header of a safetensors file."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    header.pop("__metadata__", None)
    return {name: [entry["dtype"], entry["shape"]] for name, entry in header.items()}
