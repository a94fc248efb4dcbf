"""Loads what a reference case runs as a PyTorch module: inputs by position, one output."""

import json

from safetensors.torch import load_file
from torch import nn
from torch.nn import functional


class Call(nn.Module):
    """A module that runs `function(model, *inputs)`, for exporters; `inputs` are the names of what it takes."""

    def __init__(self, model, inputs, function):
        """Wrap `model`."""
        super().__init__()
        self.model = model
        self.inputs = inputs
        self.function = function

    def forward(self, *inputs):
        """Return the one output."""
        return self.function(self.model, *inputs)


def load(folder, output, inputs):
    """Return the module that computes `output` from `inputs`, by a folder's config.json, in evaluation mode."""
    if (folder / "model_index.json").exists():
        return Call(_component(folder, output, inputs), *call(output, inputs)).eval()
    config = json.loads((folder / "config.json").read_text())
    if config.get("model_type") == "dcgan":
        from reference.generators import dcgan

        model = dcgan(config)
        model.load_state_dict(load_file(folder / "model.safetensors"))
        return Call(model, *call(output, inputs)).eval()
    if "architectures" in config:
        import torch
        import transformers

        family = getattr(transformers, config["architectures"][0])
        model = family.from_pretrained(folder, dtype=torch.float32)
        return Call(model, *call(output, inputs)).eval()
    arguments = config.get("model_args", {})
    if config.get("library_name") == "torchvision":
        from reference import layout_torchvision

        size = config["transforms"]["crop_size"]
        model = layout_torchvision.build(config["architecture"], config["num_classes"], arguments, size)
    else:
        import timm

        options = {"num_classes": config["num_classes"], **arguments}
        model = timm.create_model(config["architecture"], **options)
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return Call(model, ["pixel_values"], lambda model, pixels: model(pixels)).eval()


def _component(folder, output, inputs):
    """Return the network of a pipeline's folder that computes `output`."""
    import diffusers
    import torch

    if output == "image":
        return diffusers.AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32)
    family = diffusers.UNet2DConditionModel if "encoder_hidden_states" in inputs else diffusers.UNet2DModel
    return family.from_pretrained(folder / "unet", torch_dtype=torch.float32)


def _logits(model, pixel_values):
    """Classify images."""
    return model(pixel_values=pixel_values).logits


def _image_embeds(model, pixel_values):
    """Embed images with a dual encoder."""
    return model.visual_projection(model.vision_model(pixel_values=pixel_values).pooler_output)


def _text_embeds(model, input_ids):
    """Embed texts with a dual encoder; attention is causal, so what follows the pooled token has no say."""
    return model.text_projection(model.text_model(input_ids=input_ids).pooler_output)


def _sentence_embedding(model, input_ids, attention_mask):
    """Embed sentences: the mean over tokens that count, normalised."""
    states = model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
    counts = attention_mask[..., None].to(states.dtype)
    return functional.normalize((states * counts).sum(1) / counts.sum(1).clamp(min=1e-9), dim=-1)


def _audio_logits(model, input_values):
    """Recognise speech."""
    return model(input_values=input_values).logits


def _noise(model, sample, timestep):
    """Predict the noise in samples."""
    return model(sample, timestep).sample


def _conditioned_noise(model, sample, timestep, encoder_hidden_states):
    """Predict the noise in samples that texts describe."""
    return model(sample, timestep, encoder_hidden_states=encoder_hidden_states).sample


def _image(model, z):
    """Draw images of latents."""
    return model.decode(z).sample if hasattr(model, "decode") else model(z)


CALLS = {
    "logits": (["pixel_values"], _logits),
    "image_embeds": (["pixel_values"], _image_embeds),
    "text_embeds": (["input_ids"], _text_embeds),
    "sentence_embedding": (["input_ids", "attention_mask"], _sentence_embedding),
    "noise_pred": (["sample", "timestep"], _noise),
    "image": (["z"], _image),
}
"""For every output that is timed: the inputs that the peers need, and how a model is run."""


def call(output, inputs):
    """Return which of `inputs` the peers need for an output, and how a model is run."""
    if output == "logits" and "input_values" in inputs:
        return ["input_values"], _audio_logits
    if output == "noise_pred" and "encoder_hidden_states" in inputs:
        return ["sample", "timestep", "encoder_hidden_states"], _conditioned_noise
    return CALLS[output]


def timed_output(outputs):
    """Return the name of the output of a reference case that is computed and compared."""
    return next(name for name in CALLS if name in outputs)
