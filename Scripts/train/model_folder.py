"""What every model folder of the zoo holds beside its weights: reference cases and a card for programs."""

import hashlib
import json

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

WEIGHTS = "model.safetensors"


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def save_weights(folder, model):
    """Writes the weights in half precision and the configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)
    (folder / WEIGHTS).chmod(0o644)


@torch.no_grad()
def reference_case(references, case, inputs, compute):
    """Stores the inputs and what `compute(**inputs)` makes of them, both by name; returns the manifest's entry."""
    counter = FlopCounterMode(display=False)
    with counter:
        outputs = compute(**inputs)
    entry = {"case": case}
    for part, kind, values in (("inputs", "in", inputs), ("outputs", "out", outputs)):
        entry[part] = {key: f"{case}.{kind}.{key}.npy" for key in values}
        for key, value in values.items():
            np.save(references / entry[part][key], value.numpy())
    shapes = {key: list(value.shape) for key, value in {**inputs, **outputs}.items()}
    return {**entry, "flops": counter.get_total_flops(), "notes": "", "shapes": shapes}


def write_manifest(references, name, cases, preprocess):
    """`ref/manifest.json`, which `zoo verify` reads."""
    manifest = {"model": name, "torch": torch.__version__, "cases": cases, "preprocess": preprocess}
    (references / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def parameter_count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def write_card(folder, parameters, description, accuracy, weights=WEIGHTS):
    """`card.json`: what README.md says, for programs.

    `accuracy` holds the figures; how they were measured is said in its `dataset` and `measured_with`.
    """
    digest = hashlib.sha256((folder / weights).read_bytes()).hexdigest()
    card = {"name": folder.name, "license": "Apache-2.0", **description, "parameters": parameters, "accuracy": accuracy}
    write_json(folder / "card.json", {**card, "sha256": {weights: digest}})


def measured_with(precision):
    return f"PyTorch {torch.__version__.split('+')[0]}, {precision}"
