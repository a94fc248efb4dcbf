"""CIFAR-10 in memory, the preprocessing the published models declare, and the training augmentation."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

LABELS = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

# Per-channel mean and standard deviation of the 50,000 training images, on the 0...1 scale.
MEAN = [0.4914, 0.4822, 0.4465]
STD = [0.2470, 0.2435, 0.2616]


def image_paths(root, split):
    """Every image of a split with its class index, ordered by class and file name (so seeds mean something)."""
    return [(path, label) for label, name in enumerate(LABELS) for path in sorted((Path(root) / split / name).glob("*.png"))]


def load_split(root, split):
    """The split as (uint8 [N, 3, 32, 32], int64 [N])."""
    paths = image_paths(root, split)
    if not paths:
        raise SystemExit(f"no images under {root}/{split}; expected {split}/<class>/*.png")
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB")) for path, _ in paths])
    labels = torch.tensor([label for _, label in paths])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), labels


def resize_split(images, size):
    """Resizes uint8 images exactly as the image processor does: Pillow, bicubic, rounded to 8 bits."""
    if images.shape[-1] == size:
        return images
    resized = [Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC) for image in images.permute(0, 2, 3, 1).numpy()]
    return torch.from_numpy(np.stack([np.asarray(image) for image in resized])).permute(0, 3, 1, 2).contiguous()


def normalise(images):
    """Images on the 0...255 scale to what the networks take."""
    mean = torch.tensor(MEAN).view(1, 3, 1, 1) * 255
    std = torch.tensor(STD).view(1, 3, 1, 1) * 255
    return (images.float() - mean) / std


def prepare(images):
    """Normalised pixels in the memory layout that convolutions are fastest in."""
    return normalise(images).contiguous(memory_format=torch.channels_last)


def uniform(count, low, high, generator):
    """One random number per image, shaped to broadcast over [N, C, H, W]."""
    return torch.empty(count, 1, 1, 1).uniform_(low, high, generator=generator)


def translate(images, limit, generator):
    """Shifts each image by up to `limit` pixels in x and y; the border is mirrored."""
    count, channels, height, width = images.shape
    padded = F.pad(images, (limit,) * 4, mode="reflect")
    top = torch.randint(0, 2 * limit + 1, (count,), generator=generator)
    left = torch.randint(0, 2 * limit + 1, (count,), generator=generator)
    rows = (top[:, None] + torch.arange(height)).view(count, 1, height, 1)
    columns = (left[:, None] + torch.arange(width)).view(count, 1, 1, width)
    return padded[torch.arange(count).view(-1, 1, 1, 1), torch.arange(channels).view(1, -1, 1, 1), rows, columns]


def alternating_flip(images, indices, epoch):
    """Mirrors half of the images, the other half in the next epoch.

    Each image is then seen in both orientations every two epochs, which random flips do not guarantee
    (Jordan 2024, arXiv:2404.00498).
    """
    flip = ((indices * 2654435761 >> 7) + epoch) % 2 == 0
    return torch.where(flip.view(-1, 1, 1, 1), images.flip(3), images)


def cutout(images, size, generator):
    """Sets one square of each image to the mean colour; the square may hang over the edge."""
    count, _, height, width = images.shape
    y = uniform(count, 0, height, generator) - torch.arange(height).view(1, 1, -1, 1)
    x = uniform(count, 0, width, generator) - torch.arange(width).view(1, 1, 1, -1)
    hole = (y.abs() < size / 2) & (x.abs() < size / 2)
    return torch.where(hole, torch.tensor(MEAN).view(1, 3, 1, 1) * 255, images)


def colour_jitter(images, share, generator):
    """Changes brightness, contrast and saturation of a share of the images; a few of them become grey."""
    count = images.shape[0]
    chosen = uniform(count, 0, 1, generator) < share
    gain = uniform(count, 0.7, 1.3, generator)
    offset = uniform(count, -25, 25, generator)
    saturation = uniform(count, -0.3, 1.6, generator).clamp(min=0)
    grey = images.mean(1, keepdim=True)
    centre = images.mean((1, 2, 3), keepdim=True)
    jittered = grey + saturation * (images - grey)
    jittered = centre + gain * (jittered - centre) + offset
    return torch.where(chosen, jittered.clamp(0, 255), images)


def sharpen(images, share, generator):
    """Unsharp masking of a share of the images.

    CIFAR-10 is 32 pixels wide, so an upscaled training image is always soft, whereas a picture from a camera
    reduced to the network's size is crisp. Without this the network has never seen a crisp edge.
    """
    count = images.shape[0]
    chosen = uniform(count, 0, 1, generator) < share
    amount = uniform(count, 0.3, 2.0, generator)
    blurred = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return torch.where(chosen, (images + amount * (images - blurred)).clamp(0, 255), images)


def upscale(images, size, filter="bicubic"):
    """Enlarges images on the 0...255 scale, by default as the declared preprocessing does."""
    if images.shape[-1] == size:
        return images
    smooth = {} if filter == "nearest" else {"align_corners": False, "antialias": True}
    return F.interpolate(images, size=size, mode=filter, **smooth).clamp(0, 255)


def any_filter(generator):
    """The declared filter, now and then another one."""
    draw = torch.rand(1, generator=generator).item()
    return "nearest" if draw < 0.1 else "bilinear" if draw < 0.2 else "bicubic"


def augment(images, indices, epoch, size, generator, hole=10, strength=1.0, shift=4):
    """A training batch: uint8 32-pixel images in, float images of the network's size on the 0...255 scale out.

    `hole` is the side of the cutout and `shift` the largest translation, in pixels of the 32-pixel image. `strength`
    (0...1) scales the hole and the shares of images whose colours or edges are changed.
    """
    images = translate(images.float(), shift, generator)
    images = alternating_flip(images, indices, epoch)
    images = colour_jitter(images, 0.3 * strength, generator)
    images = cutout(images, hole * strength, generator)
    return sharpen(upscale(images, size, any_filter(generator)), 0.25 * strength, generator)
