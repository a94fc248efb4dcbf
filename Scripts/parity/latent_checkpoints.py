"""Full-size latent diffusion models with seeded weights and reference outputs."""

import copy
from dataclasses import dataclass, field

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.models.attention_processor import Attention, AttnProcessor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from reference import vocabularies
from reference.recorder import Recorder, count_flops, write_json
from reference.seeded import fill_checkpoint, normal

PROMPT, NEGATIVE = "a red fox in the snow, photograph", "blurred"
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


@dataclass(frozen=True)
class LatentCheckpoint:
    """One full-size pipeline of diffusers."""

    name: str
    architecture: str
    """The class of the network."""
    unet: dict = field(default_factory=dict)
    vae: dict = field(default_factory=dict)
    text: dict = field(default_factory=dict)
    size: int = 64
    """Height and width of latent pictures."""
    loop_size: int = 256
    """Height and width of the pictures of whole loops."""
    steps: int = 4
    layout: str = "diffusers"

    def write(self, folder):
        """Write the pipeline's folder and its reference cases."""
        text = fill_checkpoint(CLIPTextModel(CLIPTextConfig(**self.text)))
        unet = fill_checkpoint(UNet2DConditionModel(**self.unet))
        vae = fill_checkpoint(AutoencoderKL(**self.vae))
        (folder / "tokenizer").mkdir(parents=True)
        vocabularies.write_transformers(folder / "tokenizer", vocabularies.published_merges(), 77)
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        scheduler = PNDMScheduler(**BETAS, skip_prk_steps=True, steps_offset=1)
        for component, place in ((text, "text_encoder"), (unet, "unet"), (vae, "vae"), (scheduler, "scheduler")):
            component.save_pretrained(folder / place)
        write_json(folder / "model_index.json", self._index())
        recorder = Recorder(folder)
        self._write_components(recorder, text, unet, vae, tokenizer)
        parts = {
            "unet": unet,
            "vae": vae,
            "text_encoder": text,
            "tokenizer": tokenizer,
            "scheduler": PNDMScheduler.from_pretrained(folder / "scheduler"),
        }
        self._write_loops(recorder, parts)
        recorder.close()

    def _index(self):
        return {
            "_class_name": "StableDiffusionPipeline",
            "feature_extractor": [None, None],
            "requires_safety_checker": False,
            "safety_checker": [None, None],
            "scheduler": ["diffusers", "PNDMScheduler"],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        }

    def _write_components(self, recorder, text, unet, vae, tokenizer):
        """Write a call of each component: those that a 512 x 512 picture takes."""
        ids = tokenizer([NEGATIVE, PROMPT], return_tensors="pt", padding="max_length", max_length=77).input_ids
        sample = normal((2, 4, self.size, self.size), f"{self.name}.sample")
        states = normal((2, 77, unet.config.cross_attention_dim), f"{self.name}.states")
        timestep = torch.tensor([500, 500])
        z = normal((1, 4, self.size, self.size), f"{self.name}.z")
        with torch.inference_mode():
            found = text(ids).last_hidden_state
            recorder.add("text_encoder_b2", {"input_ids": ids}, {"last_hidden_state": found})
            found = unet(sample, timestep, encoder_hidden_states=states).sample
            flops = self._flops(unet, lambda model: model(sample, timestep, encoder_hidden_states=states))
            inputs = {"sample": sample, "timestep": timestep, "encoder_hidden_states": states}
            recorder.add("unet_b2", inputs, {"noise_pred": found}, flops)
            flops = self._flops(vae, lambda model: model.decode(z))
            recorder.add("vae_decode", {"z": z}, {"image": vae.decode(z).sample}, flops)

    @staticmethod
    def _flops(model, call):
        """Return the operations of a call, found without computing it; the counter knows attention by its products."""
        from torch._subclasses.fake_tensor import FakeTensorMode

        with FakeTensorMode(allow_non_fake_inputs=True):
            shadow = copy.copy(model)
            processors = [(module, module.processor) for module in model.modules() if isinstance(module, Attention)]
            for module, _ in processors:
                module.set_processor(AttnProcessor())
            try:
                return count_flops(lambda: call(shadow))
            finally:
                for module, processor in processors:
                    module.set_processor(processor)

    def _write_loops(self, recorder, parts):
        """Store what whole loops end with; they are no calls of one network, so that they are no cases."""
        entries = []
        for kind, name in ((DDIMScheduler, "ddim"), (PNDMScheduler, "pndm")):
            scheduler = kind.from_config(parts["scheduler"].config)
            pipeline = StableDiffusionPipeline(
                **{**parts, "scheduler": scheduler},
                safety_checker=None,
                feature_extractor=None,
                requires_safety_checker=False,
            )
            pipeline.set_progress_bar_config(disable=True)
            seed, guidance = 7, 7.5
            with torch.inference_mode():
                image = pipeline(
                    prompt=PROMPT,
                    negative_prompt=NEGATIVE,
                    num_inference_steps=self.steps,
                    guidance_scale=guidance,
                    height=self.loop_size,
                    width=self.loop_size,
                    generator=torch.Generator("cpu").manual_seed(seed),
                ).images[0]
            pixels = np.asarray(image)
            entry = {
                "case": f"{name}{self.steps}",
                "scheduler": name,
                "steps": self.steps,
                "guidance": guidance,
                "seed": seed,
                "prompt": PROMPT,
                "negative": NEGATIVE,
                "size": self.loop_size,
                "pixels": f"loop.{name}{self.steps}.pixels.npy",
            }
            np.save(recorder.folder / entry["pixels"], pixels)
            entries.append(entry)
        recorder.extra["pictures"] = entries


SD15_TEXT = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "projection_dim": 768,
    "bos_token_id": 49406,
    "eos_token_id": 49407,
    "pad_token_id": 49407,
}

SD15_UNET = {"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8}

SD15_VAE = {
    "sample_size": 512,
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
}

LATENT_CHECKPOINTS = [LatentCheckpoint("sd15", "UNet2DConditionModel", SD15_UNET, SD15_VAE, SD15_TEXT)]
"""The sizes of Stable Diffusion 1.5."""
