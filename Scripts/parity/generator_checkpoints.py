"""Full-size generators of images with seeded weights and reference outputs."""

from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import save_file

from reference.generators import BIGGAN_128, biggan, biggan_images, dcgan
from reference.recorder import Recorder, count_flops, write_json
from reference.seeded import normal
from reference.stylegan2 import StyleGAN2, other_names, seeded_tensors

DCGAN_64 = {
    "model_type": "dcgan",
    "architectures": ["DCGANGenerator"],
    "nz": 100,
    "ngf": 64,
    "nc": 3,
    "image_size": 64,
}

STYLEGAN2_256 = {
    "model_type": "stylegan2",
    "z_dim": 512,
    "w_dim": 512,
    "num_layers": 8,
    "img_resolution": 256,
    "img_channels": 3,
    "channel_base": 32768,
    "channel_max": 512,
}


@dataclass(frozen=True)
class GeneratorCheckpoint:
    """One full-size generator folder."""

    name: str
    architecture: str
    """DCGAN, BigGAN or StyleGAN2."""
    batches: tuple = (1, 2)
    truncation: float = 0.0
    """The truncation of every case; 0 for none."""
    layout: str = "pytorch"
    """Whose names the tensors have: pytorch, nvidia or rosinality."""

    def write(self, folder):
        """Write the model folder and its reference cases."""
        folder.mkdir(parents=True)
        draw = {"DCGAN": self._dcgan, "BigGAN": self._biggan, "StyleGAN2": self._stylegan2}[self.architecture](folder)
        recorder = Recorder(folder)
        latents = {"DCGAN": 100, "BigGAN": 128, "StyleGAN2": 512}[self.architecture]
        for batch in self.batches:
            z = normal((batch, latents), f"{self.name}.b{batch}")
            inputs = {"z": z}
            if self.architecture == "BigGAN":
                inputs["z"] = self.truncation * z.clamp(-2, 2)
                inputs["class_labels"] = (torch.arange(batch) * 389 + 207) % 1000
            if self.truncation:
                inputs["truncation"] = np.array([self.truncation])
            with torch.inference_mode():
                image = draw(inputs["z"], inputs.get("class_labels"))
            if not torch.isfinite(image).all() or image.std() < 0.05:
                raise ValueError(f"{self.name}: the reference's picture carries no signal")
            flops = count_flops(lambda inputs=inputs: draw(inputs["z"], inputs.get("class_labels")))
            recorder.add(f"b{batch}", inputs, {"image": image}, flops)
        recorder.close()

    def _dcgan(self, folder):
        write_json(folder / "config.json", DCGAN_64)
        model = dcgan(DCGAN_64)
        self._save(folder, model.state_dict())
        return lambda z, labels: model(z)

    def _biggan(self, folder):
        write_json(folder / "config.json", BIGGAN_128)
        model = biggan(BIGGAN_128, gain=3.0)
        self._save(folder, model.state_dict())
        return lambda z, labels: biggan_images(model, z, labels, self.truncation)

    def _stylegan2(self, folder):
        tensors = seeded_tensors(STYLEGAN2_256)
        is_other = self.layout == "rosinality"
        if not is_other:
            write_json(folder / "config.json", STYLEGAN2_256)
        self._save(folder, other_names(tensors, STYLEGAN2_256) if is_other else tensors)
        model = StyleGAN2(STYLEGAN2_256, tensors, scales_weights=is_other)
        return lambda z, labels: model.draw(z, truncation=self.truncation or 1.0)

    @staticmethod
    def _save(folder, tensors):
        held = {name: value.contiguous() for name, value in tensors.items()}
        save_file(held, folder / "model.safetensors", {"format": "pt"})


# Truncations that fp32 holds exactly: BigGAN's norms have a row of statistics for each fiftieth.
GENERATOR_CHECKPOINTS = [
    GeneratorCheckpoint("dcgan_64", "DCGAN", batches=(1, 64)),
    GeneratorCheckpoint("biggan_deep_128", "BigGAN", truncation=0.5),
    GeneratorCheckpoint("stylegan2_256", "StyleGAN2", truncation=0.75, layout="nvidia"),
    GeneratorCheckpoint("stylegan2_256_rosinality", "StyleGAN2", batches=(1,), layout="rosinality"),
]
