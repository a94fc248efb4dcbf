"""Turns trained generators into the folders that the zoo ships."""

import json

import torch
from diffusers import DDPMPipeline, UNet2DModel
from safetensors.torch import load_file, save_file

import adversarial
import cifar
import diffusion
from cards import CARDS
from model_folder import WEIGHTS, reference_case, write_json

LABELS = {str(index): name for index, name in enumerate(cifar.LABELS)}


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def write_references(folder, cases):
    """Reference cases, for `zoo verify`."""
    references = folder / "ref"
    references.mkdir(exist_ok=True)
    entries = [reference_case(references, name, inputs, compute) for name, inputs, compute in cases]
    (references / "manifest.json").write_text(
        json.dumps({"model": folder.name, "torch": torch.__version__, "cases": entries}, indent=1) + "\n"
    )


def publish_dcgan(model, output):
    """`config.json` and the weights of the averaged generator, in half precision."""
    folder = output / adversarial.Recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", adversarial.CONFIG)
    counters = "num_batches_tracked"  # of no use to anyone who does not train
    state = {key: value.half().contiguous() for key, value in model.state_dict().items() if not key.endswith(counters)}
    save_file(state, folder / WEIGHTS, {"format": "pt"})
    published = adversarial.generator_network()
    published.load_state_dict({key: value.float() for key, value in load_file(folder / WEIGHTS).items()}, strict=False)
    published.eval()

    def compute(z, class_labels):
        return {"image": published(z, class_labels)}

    cases = [
        (f"b{count}", {"z": noise(count, adversarial.CONFIG["nz"]), "class_labels": torch.arange(count)}, compute)
        for count in (1, 4)
    ]
    write_references(folder, cases)


def publish_ddpm(model, output):
    """A folder of diffusers: `model_index.json` with the classes' names, the scheduler, and the averaged network."""
    folder = output / diffusion.Recipe.name
    pipeline = DDPMPipeline(unet=model.to(memory_format=torch.contiguous_format).half(), scheduler=diffusion.scheduler())
    pipeline.save_pretrained(folder)
    (folder / CARDS[folder.name][1]).chmod(0o644)
    index = json.loads((folder / "model_index.json").read_text())
    write_json(folder / "model_index.json", {**index, "id2label": LABELS, "null_class_id": diffusion.NO_CLASS})
    published = UNet2DModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).eval()

    def compute(sample, timestep, class_labels):
        return {"noise_pred": published(sample, timestep, class_labels=class_labels).sample}

    cases = [
        (
            f"b{count}",
            {
                "sample": noise(count, 3, 32, 32),
                "timestep": torch.tensor([500, 20, 980][:count]),
                "class_labels": torch.tensor([3, diffusion.NO_CLASS, 8][:count]),
            },
            compute,
        )
        for count in (1, 3)
    ]
    write_references(folder, cases)
