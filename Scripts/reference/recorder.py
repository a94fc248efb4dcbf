"""Writes `ref/` beside a model: reference inputs and outputs as .npy files, listed in `ref/manifest.json`."""

import json

import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode


def write_json(path, value, compact=False):
    """Write `value` as JSON, creating the folder; `compact` gives one line without spaces."""
    path.parent.mkdir(parents=True, exist_ok=True)
    layout = {"separators": (",", ":")} if compact else {"indent": 2}
    path.write_text(json.dumps(value, ensure_ascii=False, **layout) + "\n", encoding="utf-8")


def count_flops(function):
    """Return the FLOPs of matrix products, convolutions and attention in one call (a multiply-add counts as two)."""
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        function()
    return int(counter.get_total_flops())


class Recorder:
    """Collects the reference cases of one model folder.

    The manifest lists, for every case, the files of its inputs and outputs by name, their shapes, the FLOPs of
    the call where known, and notes. Its optional `preprocess` entry names a picture and the array the model is
    fed for it.
    """

    def __init__(self, folder):
        """Start recording into `folder/ref`."""
        self.folder = folder / "ref"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.model = folder.name
        self.cases = []
        self.extra = {}

    def add(self, case, inputs, outputs, flops=None, notes=""):
        """Store one case: arrays by name in, arrays by name out."""
        entry = {"case": case, "inputs": {}, "outputs": {}, "flops": flops, "notes": notes, "shapes": {}}
        for kind, tag, arrays in (("inputs", "in", inputs), ("outputs", "out", outputs)):
            for name, value in arrays.items():
                array = value.detach().numpy() if torch.is_tensor(value) else np.asarray(value)
                file = f"{case}.{tag}.{name}.npy"
                np.save(self.folder / file, np.ascontiguousarray(array))
                entry[kind][name] = file
                entry["shapes"][name] = list(array.shape)
        self.cases.append(entry)

    def add_picture(self, image, preprocess, processor):
        """Store a picture and what `preprocess` makes of it; return that as a tensor of shape (1, 3, H, W)."""
        image.save(self.folder / "image.png", optimize=True)
        with Image.open(self.folder / "image.png") as stored:
            pixel_values = preprocess(stored.convert("RGB"))
        np.save(self.folder / "pixel_values.npy", pixel_values.numpy())
        self.extra["preprocess"] = {
            "image": "image.png",
            "pixel_values": "pixel_values.npy",
            "processor": processor,
        }
        return pixel_values

    def close(self, compact=False):
        """Write the manifest."""
        manifest = {"model": self.model, "torch": torch.__version__, "cases": self.cases, **self.extra}
        write_json(self.folder / "manifest.json", manifest, compact)
