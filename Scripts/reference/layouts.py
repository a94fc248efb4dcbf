"""The three checkpoint layouts by name."""

from .layout_timm import TimmClassifier
from .layout_torchvision import TorchvisionClassifier
from .layout_transformers import TransformersClassifier

LAYOUTS = {
    "transformers": TransformersClassifier,
    "timm": TimmClassifier,
    "torchvision": TorchvisionClassifier,
}
