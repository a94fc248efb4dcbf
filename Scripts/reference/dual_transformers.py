"""Dual encoders of the transformers library: configurations, outputs and folders in the Hugging Face layout."""

import torch
import transformers

from .recorder import write_json
from .seeded import fill_checkpoint

CLIP_COLOURS = {
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
RESCALE = {"do_resize": True, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True}
BICUBIC = 3

CONFIGS = {
    "CLIPModel": transformers.CLIPConfig,
    "CLIPTextModelWithProjection": transformers.CLIPTextConfig,
    "CLIPVisionModelWithProjection": transformers.CLIPVisionConfig,
    "CLIPTextModel": transformers.CLIPTextConfig,
    "CLIPVisionModel": transformers.CLIPVisionConfig,
    "SiglipModel": transformers.SiglipConfig,
    "SiglipTextModel": transformers.SiglipTextConfig,
    "SiglipVisionModel": transformers.SiglipVisionConfig,
}


def preprocessor_config(architecture, size):
    """Return the `preprocessor_config.json` of the published models of a family, for images of `size`."""
    square = {"height": size, "width": size}
    if architecture.startswith("Siglip"):
        rule = {"image_processor_type": "SiglipImageProcessor", "size": square, "resample": BICUBIC}
        return {**rule, **RESCALE, **HALF}
    rule = {"image_processor_type": "CLIPImageProcessor", "do_center_crop": True, "crop_size": square}
    return {**rule, "size": {"shortest_edge": size}, "resample": BICUBIC, **RESCALE, **CLIP_COLOURS}


class TransformersDualEncoder:
    """CLIP or SigLIP, or one tower of it, with seeded weights."""

    layout = "transformers"

    def __init__(self, architecture, arguments, gain=1.0, dtype=torch.float32, scale=2.9):
        """Build `architecture` (a transformers class name) from the configuration's keyword arguments.

        Weights are rounded to `dtype`, in which they are stored; the reference computes in fp32. `scale` is the
        logarithm of the logits' factor.
        """
        self.architecture = architecture
        self.dtype = dtype
        self.config = CONFIGS[architecture](**arguments)
        self.module = getattr(transformers, architecture)(self.config)
        self.module.set_attn_implementation("eager")
        fill_checkpoint(self.module, gain=gain)
        set_scale(self.module, scale)
        self.module.requires_grad_(False).to(dtype).float()

    @property
    def image_size(self):
        """Return the side of the images that the image tower is for."""
        return getattr(self.config, "vision_config", self.config).image_size

    def outputs(self, pixel_values=None, input_ids=None, attention_mask=None):
        """Return what the model makes of images, of texts, or of both, before normalisation."""
        result = {}
        with torch.inference_mode():
            if pixel_values is not None:
                result["image_embeds"] = self._image(pixel_values)
            if input_ids is not None:
                result |= self._text({"input_ids": input_ids, "attention_mask": attention_mask})
            if pixel_values is not None and input_ids is not None:
                whole = self.module(
                    pixel_values=pixel_values,
                    input_ids=input_ids,
                    attention_mask=attention_mask,
                    interpolate_pos_encoding=True,
                )
                result["logits_per_image"] = whole.logits_per_image
        return result

    def _image(self, pixel_values):
        options = {"pixel_values": pixel_values, "interpolate_pos_encoding": True}
        if hasattr(self.module, "get_image_features"):
            return self.module.get_image_features(**options).pooler_output
        output = self.module(**options)
        return output.image_embeds if hasattr(output, "image_embeds") else output.pooler_output

    def _text(self, inputs):
        if hasattr(self.module, "get_text_features"):
            output = self.module.get_text_features(**inputs)
            return {"text_embeds": output.pooler_output}
        output = self.module(**inputs)
        if hasattr(output, "text_embeds"):
            return {"text_embeds": output.text_embeds, "last_hidden_state": output.last_hidden_state}
        return {"text_embeds": output.pooler_output, "last_hidden_state": output.last_hidden_state}

    def save(self, folder):
        """Write config.json, model.safetensors and preprocessor_config.json."""
        self.module.to(self.dtype).save_pretrained(folder)
        self.module.float()
        if hasattr(self.config, "vision_config") or hasattr(self.config, "image_size"):
            path = folder / "preprocessor_config.json"
            write_json(path, preprocessor_config(self.architecture, self.image_size))

    def preprocess(self, folder):
        """Return the preprocessing of a saved folder as a function of a picture, and the rule's name."""
        processor = transformers.AutoImageProcessor.from_pretrained(folder, use_fast=False)

        def apply(image):
            return processor(images=image, return_tensors="pt")["pixel_values"]

        return apply, type(processor).__name__

    def zero_shot(self, folder, image, labels, template):
        """Return the probabilities of transformers' zero-shot pipeline, in the order of the labels."""
        pipeline = transformers.pipeline(
            "zero-shot-image-classification",
            model=self.module,
            tokenizer=transformers.AutoTokenizer.from_pretrained(folder),
            image_processor=transformers.AutoImageProcessor.from_pretrained(folder, use_fast=False),
        )
        scores = {
            entry["label"]: entry["score"]
            for entry in pipeline(image, candidate_labels=labels, hypothesis_template=template)
        }
        return [scores[label] for label in labels]


def set_scale(module, scale):
    """Give the scale and the bias of the logits values as after training."""
    with torch.no_grad():
        if getattr(module, "logit_scale", None) is not None:
            module.logit_scale.fill_(scale)
        if getattr(module, "logit_bias", None) is not None:
            module.logit_bias.fill_(-3.5)
