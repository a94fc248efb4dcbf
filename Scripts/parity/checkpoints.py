"""Writes full-size checkpoints with seeded weights, reference inputs and outputs, and a preprocessed picture."""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass

import torch

from parity.audio_checkpoints import AUDIO_CHECKPOINTS
from parity.convnet_models import CONVNETS
from parity.diffusion_checkpoints import DIFFUSION_CHECKPOINTS
from parity.dual_checkpoints import DUAL_CHECKPOINTS
from parity.efficient_models import EFFICIENT_MODELS
from parity.generator_checkpoints import GENERATOR_CHECKPOINTS
from parity.latent_checkpoints import LATENT_CHECKPOINTS
from parity.transformer_models import TRANSFORMER_MODELS
from reference.environment import versions
from reference.layouts import LAYOUTS
from reference.pictures import test_picture
from reference.recorder import Recorder, count_flops, write_json
from reference.seeded import normal
from reference.sentence_encoders import SENTENCE_CHECKPOINTS


@dataclass(frozen=True)
class Checkpoint:
    """One full-size model folder."""

    name: str
    layout: str
    architecture: str
    arguments: tuple = ()
    num_classes: int = 1000
    gain: float = 1.0
    """Scale of the weights: enough to keep the signal alive, not so much that rounding alone reaches the tolerance."""
    batches: tuple = (1,)
    resized: tuple = ()
    """Height and width of one more case: for transformers that resample their position embeddings, and odd sizes."""
    size: int = 224
    """Height and width of the images."""

    def write(self, folder):
        """Write the model folder and its reference cases."""
        classifier = LAYOUTS[self.layout](
            self.architecture,
            self.num_classes,
            {key: list(value) if isinstance(value, tuple) else value for key, value in self.arguments},
            size=self.size,
            gain=self.gain,
        )
        classifier.save(folder)
        recorder = Recorder(folder)
        preprocess, processor = classifier.picture_rule(folder)
        inputs = {"image": recorder.add_picture(test_picture(), preprocess, processor)}
        for batch in self.batches:
            inputs[f"b{batch}"] = normal((batch, 3, self.size, self.size), f"{self.name}.b{batch}")
        if self.resized:
            inputs["resized"] = normal((1, 3, *self.resized), f"{self.name}.resized")
        for case, pixel_values in inputs.items():
            logits = classifier.outputs(pixel_values)["logits"]
            flops = count_flops(lambda: classifier.module(pixel_values)) if case.startswith("b") else None
            if not torch.isfinite(logits).all():
                raise ValueError(f"{self.name}: reference logits of case {case} are not finite")
            recorder.add(case, {"pixel_values": pixel_values}, {"logits": logits}, flops)
        recorder.close()


BASIC = (("layer_type", "basic"), ("hidden_sizes", (64, 128, 256, 512)), ("depths", (2, 2, 2, 2)))
TEACHER = "DeiTForImageClassificationWithTeacher"

CHECKPOINTS = [
    Checkpoint("resnet50", "transformers", "ResNetForImageClassification", gain=1.1, batches=(1, 8)),
    Checkpoint("resnet18", "transformers", "ResNetForImageClassification", BASIC, gain=1.2),
    Checkpoint(
        "mobilenetv2",
        "transformers",
        "MobileNetV2ForImageClassification",
        num_classes=1001,
        gain=1.3,
        batches=(1, 8),
    ),
    Checkpoint("convnext_tiny", "transformers", "ConvNextForImageClassification", batches=(1, 8)),
    Checkpoint("vit_b16", "transformers", "ViTForImageClassification", batches=(1, 8), resized=(256, 192)),
    Checkpoint("deit_base_distilled", "transformers", TEACHER, resized=(256, 192)),
    Checkpoint("mobilenetv3_large", "timm", "mobilenetv3_large_100", gain=1.3, batches=(1, 8)),
    Checkpoint("mobilenetv3_small", "timm", "mobilenetv3_small_100", gain=1.4),
    Checkpoint("timm_resnet50", "timm", "resnet50", gain=1.1),
    Checkpoint("timm_resnet18", "timm", "resnet18", gain=1.2),
    Checkpoint("timm_mobilenetv2", "timm", "mobilenetv2_100", gain=1.3),
    Checkpoint("timm_convnext_tiny", "timm", "convnext_tiny"),
    Checkpoint("timm_vit_b16", "timm", "vit_base_patch16_224"),
    Checkpoint("timm_vit_tiny", "timm", "vit_tiny_patch16_224", resized=(256, 192)),
    Checkpoint("timm_deit_tiny_distilled", "timm", "deit_tiny_distilled_patch16_224", resized=(256, 192)),
    Checkpoint("torchvision_resnet50", "torchvision", "resnet50", gain=1.1),
    Checkpoint("torchvision_resnet18", "torchvision", "resnet18", gain=1.2),
    Checkpoint("torchvision_mobilenetv2", "torchvision", "mobilenet_v2", gain=1.3),
    Checkpoint("torchvision_mobilenetv3_large", "torchvision", "mobilenet_v3_large", gain=1.3),
    Checkpoint("torchvision_mobilenetv3_small", "torchvision", "mobilenet_v3_small", gain=1.4),
    Checkpoint("torchvision_convnext_tiny", "torchvision", "convnext_tiny"),
    Checkpoint("torchvision_vit_b16", "torchvision", "vit_b_16"),
    *(Checkpoint(**model) for model in EFFICIENT_MODELS),
    *(Checkpoint(*model, **options) for model, options in CONVNETS),
    *(Checkpoint(**model) for model in TRANSFORMER_MODELS),
    *DUAL_CHECKPOINTS,
    *SENTENCE_CHECKPOINTS,
    *AUDIO_CHECKPOINTS,
    *DIFFUSION_CHECKPOINTS,
    *GENERATOR_CHECKPOINTS,
    *LATENT_CHECKPOINTS,
]


def select(names):
    """Return the checkpoints of a comma-separated list of names, or all for an empty one."""
    wanted = [name for name in names.split(",") if name]
    unknown = set(wanted) - {checkpoint.name for checkpoint in CHECKPOINTS}
    if unknown:
        known = ", ".join(checkpoint.name for checkpoint in CHECKPOINTS)
        raise SystemExit(f"unknown model {', '.join(sorted(unknown))}; known: {known}")
    return [checkpoint for checkpoint in CHECKPOINTS if not wanted or checkpoint.name in wanted]


def ensure(checkpoint, folder):
    """Write a checkpoint unless the folder holds it, made from the same definition by the same libraries."""
    stamp = folder / "ref/definition.json"
    definition = {"checkpoint": asdict(checkpoint), "versions": versions()}
    digest = {"sha256": hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()}
    if stamp.exists() and json.loads(stamp.read_text()) == digest:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    checkpoint.write(folder)
    write_json(stamp, digest)
    return True
