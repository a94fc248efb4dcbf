"""Full-size diffusion models with seeded weights and reference outputs."""

from dataclasses import dataclass, field

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel
from diffusers.models.attention_processor import Attention, AttnProcessor

from reference.recorder import Recorder, count_flops
from reference.seeded import fill_checkpoint, normal


@dataclass(frozen=True)
class DiffusionCheckpoint:
    """One full-size pipeline of diffusers."""

    name: str
    architecture: str
    """The class of the network."""
    arguments: dict = field(default_factory=dict)
    """What the network's configuration is given."""
    batches: tuple = (1, 16)
    timestep: int = 500
    steps: int = 10
    """Steps of a loop with DDIM."""
    gain: float = 1.0
    layout: str = "diffusers"

    def write(self, folder):
        """Write the pipeline's folder and its reference cases."""
        model = fill_checkpoint(UNet2DModel(**self.arguments), gain=self.gain)
        # Predictions of noise by weights that are no denoiser's would make the loop multiply every difference by
        # sqrt(alpha_0 / alpha_999) = 157: the reference itself moves by 4e-4 of its scale where its input does by 2e-7.
        scheduler = DDPMScheduler(variance_type="fixed_large", prediction_type="v_prediction")
        DDPMPipeline(unet=model, scheduler=scheduler).save_pretrained(folder)
        recorder = Recorder(folder)
        size, channels = self.arguments["sample_size"], self.arguments["in_channels"]
        for batch in self.batches:
            sample = normal((batch, channels, size, size), f"{self.name}.b{batch}")
            timestep = torch.full((batch,), self.timestep)
            with torch.inference_mode():
                prediction = model(sample, timestep).sample
            # The counter knows attention by its products only.
            for module in model.modules():
                if isinstance(module, Attention):
                    module.set_processor(AttnProcessor())
            flops = count_flops(lambda sample=sample, timestep=timestep: model(sample, timestep))
            recorder.add(f"b{batch}", {"sample": sample, "timestep": timestep}, {"noise_pred": prediction}, flops)
        self._write_loop(recorder, model, scheduler)
        recorder.close()

    def _write_loop(self, recorder, model, scheduler):
        """Store where a loop with DDIM begins and ends; it is no call of the network, so that it is no case."""
        sample = normal((1, 3, self.arguments["sample_size"], self.arguments["sample_size"]), f"{self.name}.ddim")
        np.save(recorder.folder / "ddim.latents.npy", sample.numpy())
        loop = DDIMScheduler.from_config(scheduler.config)
        loop.set_timesteps(self.steps)
        with torch.inference_mode():
            for time in loop.timesteps:
                sample = loop.step(model(sample, time).sample, time, sample, eta=0.0).prev_sample
        np.save(recorder.folder / "ddim.sample.npy", sample.numpy())
        recorder.extra["loops"] = [
            {
                "case": f"ddim{self.steps}",
                "scheduler": "ddim",
                "steps": self.steps,
                "latents": "ddim.latents.npy",
                "sample": "ddim.sample.npy",
            }
        ]


CIFAR10 = {
    "sample_size": 32,
    "in_channels": 3,
    "out_channels": 3,
    "freq_shift": 1,
    "flip_sin_to_cos": False,
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
    "block_out_channels": (128, 256, 256, 256),
    "layers_per_block": 2,
    "downsample_padding": 0,
    "attention_head_dim": None,
    "norm_eps": 1e-6,
}
"""The network of google/ddpm-cifar10-32."""

DIFFUSION_CHECKPOINTS = [DiffusionCheckpoint("ddpm_cifar10", "UNet2DModel", CIFAR10)]
