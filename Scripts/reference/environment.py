"""Process-wide settings of the reference stack, to be applied before torch models are imported."""

import importlib.util
import os
import sys
import warnings

_libraries = []


def prepare():
    """Keep the reference libraries offline and quiet, and make torchvision's Python part importable."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TQDM_DISABLE", "1")
    warnings.filterwarnings("ignore")
    _import_torchvision()


def _import_torchvision():
    """Import torchvision, declaring the two operators it registers fakes for when its binary does not load.

    A torchvision built against another torch (CUDA wheels beside a CPU torch) fails on its compiled operators.
    timm and torchvision's own classifiers need none of them: two operator names are enough to import the rest.
    """
    if importlib.util.find_spec("torchvision") is None:
        return
    try:
        import torchvision  # noqa: F401

        return
    except (ImportError, OSError, RuntimeError):
        pass
    for name in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[name]
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _libraries.append(library)
    import torchvision  # noqa: F401


def versions():
    """Return the versions of the reference libraries that are installed, by distribution name."""
    from importlib import metadata

    names = (
        "torch",
        "torchvision",
        "transformers",
        "diffusers",
        "timm",
        "open_clip_torch",
        "sentence-transformers",
        "numpy",
        "pillow",
        "safetensors",
    )
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
