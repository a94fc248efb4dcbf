"""Loads a model folder of any layout as a PyTorch module from pixel values to logits."""

import json

from safetensors.torch import load_file
from torch import nn


class Logits(nn.Module):
    """A module whose only result is the logits, for exporters."""

    def __init__(self, module, is_transformers):
        """Wrap `module`; transformers classifiers take and give named values."""
        super().__init__()
        self.module = module
        self.is_transformers = is_transformers

    def forward(self, pixel_values):
        """Return the logits."""
        if self.is_transformers:
            return self.module(pixel_values=pixel_values).logits
        return self.module(pixel_values)


def load(folder):
    """Return the model of a folder, by its config.json, in evaluation mode."""
    config = json.loads((folder / "config.json").read_text())
    if "architectures" in config:
        import torch
        import transformers

        family = getattr(transformers, config["architectures"][0])
        return Logits(family.from_pretrained(folder, dtype=torch.float32), True).eval()
    arguments = config.get("model_args", {})
    if config.get("library_name") == "torchvision":
        from reference import layout_torchvision

        size = config["transforms"]["crop_size"]
        module = layout_torchvision.build(config["architecture"], config["num_classes"], arguments, size)
    else:
        import timm

        options = {"num_classes": config["num_classes"], **arguments}
        module = timm.create_model(config["architecture"], **options)
    module.load_state_dict(load_file(folder / "model.safetensors"))
    return Logits(module, False).eval()
