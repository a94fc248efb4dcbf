"""Generators of images as their references have them, with seeded weights: DCGAN and BigGAN-deep."""

import math
import sys
import types

import numpy as np
import torch
from torch import nn

from .seeded import fill_checkpoint, generator


class DCGAN(nn.Module):
    """PyTorch's example of a DCGAN generator at any size, optionally with an embedded label behind the latents."""

    def __init__(self, nz, ngf, nc, image_size, num_classes=0, embedding_dim=0):
        """Build the layers that the sizes ask for."""
        super().__init__()
        if num_classes:
            self.label_emb = nn.Embedding(num_classes, embedding_dim)
        depth = int(math.log2(image_size)) - 2
        widths = [ngf * 2 ** (depth - 1 - index) for index in range(depth)]
        layers = [nn.ConvTranspose2d(nz + embedding_dim, widths[0], 4, 1, 0, bias=False)]
        for inputs, outputs in zip(widths, [*widths[1:], nc], strict=True):
            layers += [nn.BatchNorm2d(inputs), nn.ReLU()]
            layers.append(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False))
        self.main = nn.Sequential(*layers, nn.Tanh())

    def forward(self, z, class_labels=None):
        """Draw images of latents (N, nz) and labels (N,)."""
        if class_labels is not None:
            z = torch.cat([z, self.label_emb(class_labels)], 1)
        return self.main(z[:, :, None, None])


def dcgan(config, gain=1.0):
    """Return a DCGAN of a configuration, its weights large enough for pictures that are not grey."""
    names = ("nz", "ngf", "nc", "image_size", "num_classes", "embedding_dim")
    model = fill_checkpoint(DCGAN(**{name: config[name] for name in names if name in config}))
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, nn.ConvTranspose2d):
                # An output pixel meets a quarter of the taps, of the first layer one.
                taps = 1 if name == "main.0" else module.weight[0, 0].numel() / 4
                values = torch.randn(module.weight.shape, generator=generator(f"{name}.weight"))
                module.weight.copy_(gain / math.sqrt(module.in_channels * taps) * values)
            if isinstance(module, nn.Embedding):
                module.weight.mul_(10)
    return model


def dcgan_bytes(images):
    """Return images as `torchvision.utils.save_image(x / 2 + 0.5)` stores them, (N, H, W, 3)."""
    scaled = (images / 2 + 0.5).mul(255).add(0.5).clamp(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).expand(-1, -1, -1, 3).contiguous()


def _biggan_library():
    """Import pytorch-pretrained-BigGAN; what only its downloads need may be missing."""
    for name in ("boto3", "botocore", "botocore.exceptions", "requests", "tqdm"):
        try:
            __import__(name)
        except ImportError:
            sys.modules[name] = types.ModuleType(name)
    exceptions = sys.modules["botocore.exceptions"]
    if not hasattr(exceptions, "ClientError"):
        exceptions.ClientError = Exception
    if not hasattr(sys.modules["tqdm"], "tqdm"):
        sys.modules["tqdm"].tqdm = None
    from pytorch_pretrained_biggan import model
    from pytorch_pretrained_biggan.config import BigGANConfig

    return model.BigGAN, BigGANConfig


BIGGAN_128 = {
    "attention_layer_position": 8,
    "channel_width": 128,
    "class_embed_dim": 128,
    "eps": 0.0001,
    "layers": [
        [False, 16, 16],
        [True, 16, 16],
        [False, 16, 16],
        [True, 16, 8],
        [False, 8, 8],
        [True, 8, 4],
        [False, 4, 4],
        [True, 4, 2],
        [False, 2, 2],
        [True, 2, 1],
    ],
    "n_stats": 51,
    "num_classes": 1000,
    "output_dim": 128,
    "z_dim": 128,
}
"""The published configuration of biggan-deep-128."""


BIGGAN_512 = {
    **BIGGAN_128,
    "layers": [
        [False, 16, 16],
        [True, 16, 16],
        [False, 16, 16],
        [True, 16, 8],
        [False, 8, 8],
        [True, 8, 8],
        [False, 8, 8],
        [True, 8, 4],
        [False, 4, 4],
        [True, 4, 2],
        [False, 2, 2],
        [True, 2, 1],
        [False, 1, 1],
        [True, 1, 1],
    ],
    "output_dim": 512,
}
"""The published configuration of biggan-deep-512."""


def biggan_shapes(config):
    """Return a configuration, the shapes of its tensors by name, and its number of parameters."""
    architecture, configuration = _biggan_library()
    model = architecture(configuration.from_dict(config))
    shapes = {name: list(value.shape) for name, value in model.state_dict().items()}
    parameters = sum(value.numel() for value in model.parameters())
    return {"config": config, "parameters": parameters, "tensors": shapes}


def biggan(config, gain=1.0):
    """Return a BigGAN-deep of a configuration, its singular vectors those of its weights."""
    architecture, configuration = _biggan_library()
    model = architecture(configuration.from_dict(config))
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            noise = torch.randn(value.shape, generator=generator(name))
            role = name.rsplit(".", 1)[-1]
            if role == "running_vars":
                value.copy_(0.5 + noise.abs())
            elif role in ("bias", "running_means"):
                value.copy_(0.2 * noise)
            elif role == "gamma" or name == "generator.bn.weight":
                # Weights of unit norm shrink a picture layer by layer: the last norm makes up for it.
                value.copy_((gain if role == "weight" else 0.7) * (1 + 0.1 * noise))
            else:
                value.copy_(0.5 * noise)
        for module in model.modules():
            if hasattr(module, "weight_orig"):
                _settle_singular_vectors(module, generator("singular vectors"))
    return model.eval()


def _settle_singular_vectors(module, source):
    """Give a spectrally normalised layer vectors as training leaves them: near the largest singular value."""
    matrix = module.weight_orig.flatten(1)
    u = torch.randn(matrix.shape[0], generator=source)
    for _ in range(8):
        v = nn.functional.normalize(matrix.t() @ u, dim=0)
        u = nn.functional.normalize(matrix @ v, dim=0)
    module.weight_u.copy_(u)
    module.weight_v.copy_(v)


def biggan_images(model, z, class_labels, truncation):
    """Draw images of latents (N, z_dim) and classes (N,)."""
    labels = torch.zeros(len(class_labels), model.config.num_classes)
    labels[torch.arange(len(class_labels)), class_labels] = 1
    with torch.no_grad():
        return model(z, labels, truncation)


def biggan_bytes(images):
    """Return images as `convert_to_images` of pytorch-pretrained-BigGAN makes them, (N, H, W, 3)."""
    values = images.numpy().transpose((0, 2, 3, 1))
    return torch.from_numpy(np.uint8(np.clip(((values + 1) / 2.0) * 256, 0, 255)))
