"""Dual encoders of open_clip: configurations, outputs and folders as open_clip writes them for the Hugging Face hub."""

import logging

import open_clip
import torch
from open_clip.model import CLIP, CustomTextCLIP, resize_pos_embed
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict
from safetensors.torch import save_file

from .dual_transformers import set_scale
from .recorder import write_json
from .seeded import fill_checkpoint

logging.getLogger().setLevel(logging.ERROR)


class OpenCLIPDualEncoder:
    """A model of open_clip with seeded weights."""

    layout = "open_clip"

    def __init__(self, model_cfg, preprocess_cfg=None, gain=1.0, dtype=torch.float32, scale=2.9):
        """Build a model from the content of `model_cfg`, or from the name of one of open_clip's configurations.

        Weights are rounded to `dtype`, in which they are stored; the reference computes in fp32. `scale` is the
        logarithm of the logits' factor.
        """
        if isinstance(model_cfg, str):
            model_cfg = open_clip.get_model_config(model_cfg)
        self.model_cfg = model_cfg
        self.dtype = dtype
        arguments = dict(model_cfg)
        build = CustomTextCLIP if arguments.pop("custom_text", False) else CLIP
        self.module = build(**arguments)
        masks = {name: value.clone() for name, value in self.module.named_buffers() if name.endswith("attn_mask")}
        fill_checkpoint(self.module, gain=gain)
        for name, value in masks.items():
            self.module.get_buffer(name).copy_(value)
        set_scale(self.module, scale)
        self.module.requires_grad_(False).to(dtype).float()
        self.preprocess_cfg = preprocess_cfg or {}

    @property
    def image_size(self):
        """Return height and width of the images that the image tower is for."""
        size = self.module.visual.image_size
        return (size, size) if isinstance(size, int) else tuple(size)

    def outputs(self, pixel_values=None, input_ids=None):
        """Return what the model makes of images, of texts, or of both, before normalisation."""
        result = {}
        with torch.inference_mode():
            if pixel_values is not None:
                result["image_embeds"] = self._sized(tuple(pixel_values.shape[-2:])).encode_image(pixel_values)
            if input_ids is not None:
                result["text_embeds"] = self.module.encode_text(input_ids)
            if pixel_values is not None and input_ids is not None:
                result["logits_per_image"] = self.module.get_logits(pixel_values, input_ids)[0]
        return result

    def _sized(self, size):
        """Return the model for images of `size`: open_clip resizes position embeddings when it loads weights."""
        if size == tuple(self.image_size):
            return self.module
        arguments = {**self.model_cfg, "vision_cfg": {**self.model_cfg["vision_cfg"], "image_size": list(size)}}
        arguments.pop("custom_text", None)
        module = type(self.module)(**arguments)
        state = self.module.state_dict()
        resize_pos_embed(state, module)
        module.load_state_dict(state)
        return module.eval()

    def save(self, folder):
        """Write open_clip_config.json and open_clip_model.safetensors."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {"model_cfg": self.model_cfg, "preprocess_cfg": self.preprocess_cfg}
        write_json(folder / "open_clip_config.json", content)
        state = {name: value.contiguous() for name, value in self.module.state_dict().items()}
        for name, value in state.items():
            if value.is_floating_point():
                state[name] = value.to(self.dtype)
        save_file(state, folder / "open_clip_model.safetensors", {"format": "pt"})

    def preprocess(self, folder):
        """Return open_clip's evaluation transform as a function of a picture, and its name."""
        settings = merge_preprocess_dict(PreprocessCfg(), self.preprocess_cfg)
        settings["size"] = self.image_size
        transform = image_transform_v2(PreprocessCfg(**settings), is_train=False)

        def apply(image):
            return transform(image)[None]

        return apply, "open_clip.image_transform_v2"

    def zero_shot(self, pixel_values, tokenizer, labels, templates):
        """Return open_clip's probabilities with an ensemble of templates, in the order of the labels."""
        functions = [template.format for template in templates]
        weights = open_clip.build_zero_shot_classifier(self.module, tokenizer, labels, functions)
        with torch.inference_mode():
            features = self.module.encode_image(pixel_values, normalize=True)
            logits = self.module.logit_scale.exp() * features @ weights
            if self.module.logit_bias is not None:
                return torch.sigmoid(logits + self.module.logit_bias)
            return logits.softmax(-1)
