"""A plain StyleGAN2 generator, written from the papers: configuration F with NVIDIA's names, and the other names.

Karras et al. 2018 (arXiv:1812.04948) for mapping network, truncation and style mixing; Karras et al. 2019
(arXiv:1912.04958) for everything else. Weights are modulated image by image, as equations 1 to 3 have it.
"""

import math

import torch
from torch.nn import functional as F

from .seeded import generator

EPSILON = 1e-8
LEARNING_RATE = 0.01


def widths(config):
    """Return the channels of each block by its height."""
    sizes = [4 * 2**index for index in range(int(math.log2(config["img_resolution"])) - 1)]
    return {size: min(config["channel_base"] // size, config["channel_max"]) for size in sizes}


def low_pass(taps=((1, 3, 3, 1), (1, 3, 3, 1))):
    """Return a filter of 4 x 4 values whose sum is 1."""
    values = torch.outer(*(torch.tensor(axis, dtype=torch.float32) for axis in taps))
    return values / values.sum()


def seeded_tensors(config, resample_filter=None):
    """Return seeded tensors of a configuration under NVIDIA's names."""
    resample_filter = low_pass() if resample_filter is None else resample_filter
    shapes, w = {}, config["w_dim"]
    inputs = config["z_dim"]
    if config.get("c_dim"):
        shapes |= {"mapping.embed.weight": (w, config["c_dim"]), "mapping.embed.bias": (w,)}
        inputs += w
    for index in range(config["num_layers"]):
        shapes |= {f"mapping.fc{index}.weight": (w, inputs), f"mapping.fc{index}.bias": (w,)}
        inputs = w
    shapes["mapping.w_avg"] = (w,)
    before = None
    for size, width in widths(config).items():
        block = f"synthesis.b{size}"
        shapes[f"{block}.resample_filter"] = (4, 4)
        if before is None:
            shapes[f"{block}.const"] = (width, 4, 4)
        for name, channels in {"conv0": before, "conv1": width}.items():
            if channels is None:
                continue
            layer = f"{block}.{name}"
            shapes |= {f"{layer}.weight": (width, channels, 3, 3), f"{layer}.bias": (width,)}
            shapes |= {f"{layer}.affine.weight": (channels, w), f"{layer}.affine.bias": (channels,)}
            shapes |= {f"{layer}.noise_strength": (), f"{layer}.noise_const": (size, size)}
            shapes[f"{layer}.resample_filter"] = (4, 4)
        layer = f"{block}.torgb"
        shapes |= {f"{layer}.weight": (config["img_channels"], width, 1, 1), f"{layer}.bias": (config["img_channels"],)}
        shapes |= {f"{layer}.affine.weight": (width, w), f"{layer}.affine.bias": (width,)}
        before = width
    return {name: _value(name, shape, resample_filter) for name, shape in shapes.items()}


def _value(name, shape, resample_filter):
    """Return the seeded values of a tensor, by its role."""
    noise = torch.randn(shape, generator=generator(name))
    if name.endswith("resample_filter"):
        return resample_filter.clone()
    if name.endswith("affine.bias"):
        return 1 + 0.2 * noise
    if name.startswith("mapping.fc"):
        return (1 if name.endswith("weight") else 0.1) / LEARNING_RATE * noise
    if name.endswith("noise_strength"):
        return 0.2 + 0.1 * noise
    if name.endswith("torgb.weight"):
        return 0.3 * noise
    return (0.2 if name.endswith("bias") else 1) * noise


def other_names(tensors, config):
    """Return NVIDIA's tensors under rosinality's names, shapes and filters; the average as `latent_avg`."""
    found = {"latent_avg": tensors["mapping.w_avg"], "input.input": tensors["synthesis.b4.const"][None]}
    for index in range(config["num_layers"]):
        for kind in ("weight", "bias"):
            found[f"style.{index + 1}.{kind}"] = tensors[f"mapping.fc{index}.{kind}"]
    noises = 0
    for block, size in enumerate(widths(config)):
        for index in (0, 1):
            old = f"synthesis.b{size}.conv{index}."
            if old + "weight" not in tensors:
                continue
            new = "conv1." if block == 0 else f"convs.{2 * (block - 1) + index}."
            found[new + "conv.weight"] = tensors[old + "weight"][None]
            found[new + "conv.modulation.weight"] = tensors[old + "affine.weight"]
            found[new + "conv.modulation.bias"] = tensors[old + "affine.bias"]
            found[new + "noise.weight"] = tensors[old + "noise_strength"].reshape(1)
            found[new + "activate.bias"] = tensors[old + "bias"]
            found[f"noises.noise_{noises}"] = tensors[old + "noise_const"][None, None]
            noises += 1
            if index == 0:
                found[new + "conv.blur.kernel"] = 4 * tensors[old + "resample_filter"]
        old, new = f"synthesis.b{size}.torgb.", "to_rgb1." if block == 0 else f"to_rgbs.{block - 1}."
        found[new + "conv.weight"] = tensors[old + "weight"][None]
        found[new + "conv.modulation.weight"] = tensors[old + "affine.weight"]
        found[new + "conv.modulation.bias"] = tensors[old + "affine.bias"]
        found[new + "bias"] = tensors[old + "bias"].reshape(1, -1, 1, 1)
        if block > 0:
            found[new + "upsample.kernel"] = 4 * tensors[f"synthesis.b{size}.resample_filter"]
    return found


class StyleGAN2:
    """The generator of a set of tensors under NVIDIA's names."""

    def __init__(self, config, tensors, scales_weights=False):
        """Use the tensors as they are; `scales_weights` says whether an epsilon meets scaled weights (rosinality)."""
        self.config = config
        self.tensors = {name: value.float() for name, value in tensors.items()}
        self.scales_weights = scales_weights
        self.clamp = config.get("conv_clamp")

    @property
    def style_count(self):
        """Return the number of styles."""
        return 2 * len(widths(self.config))

    @property
    def noise_sides(self):
        """Return the sides of the noise of each layer."""
        return [size for size in widths(self.config) for _ in range(1 if size == 4 else 2)]

    def draw(self, z, labels=None, truncation=1.0, cutoff=None, mixing=None, noise="constant"):
        """Draw images; `mixing` is other latents and their first style, `noise` values (N, ...), a word or None."""
        styles = self._styles(z, labels, truncation, cutoff)
        if mixing is not None:
            other, first = mixing
            styles = torch.cat([styles[:, :first], self._styles(other, labels, truncation, cutoff)[:, first:]], 1)
        return self._synthesis(styles, noise)

    def _linear(self, x, name, rate=1.0):
        weight = self.tensors[f"{name}.weight"]
        return x @ (weight * rate / math.sqrt(weight.shape[1])).t() + self.tensors[f"{name}.bias"] * rate

    def _styles(self, z, labels, truncation, cutoff):
        def unit(x):
            return x / (x.square().mean(1, keepdim=True) + EPSILON).sqrt()

        x = unit(z)
        if labels is not None:
            x = torch.cat([x, unit(self._linear(F.one_hot(labels, self.config["c_dim"]).float(), "mapping.embed"))], 1)
        for index in range(self.config["num_layers"]):
            x = F.leaky_relu(self._linear(x, f"mapping.fc{index}", LEARNING_RATE), 0.2) * math.sqrt(2)
        styles = x[:, None].repeat(1, self.style_count, 1)
        cutoff = self.style_count if cutoff is None else cutoff
        average = self.tensors["mapping.w_avg"]
        styles[:, :cutoff] = average + truncation * (styles[:, :cutoff] - average)
        return styles

    def _filtered(self, x, values, before, after):
        padded = F.pad(x, (before, after, before, after))
        kernel = values.flip(0, 1)[None, None].repeat(x.shape[1], 1, 1, 1)
        return F.conv2d(padded, kernel, groups=x.shape[1])

    def _modulated(self, x, name, style, demodulates, upsampling=None):
        weight = self.tensors[f"{name}.weight"]
        scale = 1 / math.sqrt(weight[0].numel())
        style = self._linear(style, f"{name}.affine")
        if self.scales_weights or not demodulates:
            style = style * scale
        images = []
        for image in range(len(x)):
            w = weight * style[image][None, :, None, None]
            if demodulates:
                w = w / (w.square().sum((1, 2, 3), keepdim=True) + EPSILON).sqrt()
            if upsampling is None:
                images.append(F.conv2d(x[image : image + 1], w, padding=w.shape[-1] // 2))
            else:
                wide = F.conv_transpose2d(x[image : image + 1], w.transpose(0, 1), stride=2)
                images.append(self._filtered(wide, 4 * upsampling, 1, 1))
        return torch.cat(images)

    def _clamped(self, x):
        return x if self.clamp is None else x.clamp(-self.clamp, self.clamp)

    def _synthesis(self, styles, noise):
        tensors, place, drawn, used = self.tensors, 0, None, 0
        x = tensors["synthesis.b4.const"][None].repeat(len(styles), 1, 1, 1)
        for size in widths(self.config):
            for name in ("conv0", "conv1"):
                layer = f"synthesis.b{size}.{name}"
                if f"{layer}.weight" not in tensors:
                    continue
                upsampling = tensors[f"{layer}.resample_filter"] if name == "conv0" else None
                x = self._modulated(x, layer, styles[:, place], True, upsampling)
                place += 1
                if torch.is_tensor(noise):
                    added = noise[:, used : used + size * size].reshape(-1, 1, size, size)
                    used += size * size
                else:
                    added = tensors[f"{layer}.noise_const"] if noise == "constant" else torch.zeros(1)
                x = x + added * tensors[f"{layer}.noise_strength"] + tensors[f"{layer}.bias"][:, None, None]
                x = self._clamped(F.leaky_relu(x, 0.2) * math.sqrt(2))
            layer = f"synthesis.b{size}.torgb"
            colours = self._modulated(x, layer, styles[:, place], False) + tensors[f"{layer}.bias"][:, None, None]
            colours = self._clamped(colours)
            if drawn is not None:
                wide = drawn.new_zeros(*drawn.shape[:2], size, size)
                wide[:, :, ::2, ::2] = drawn
                colours = colours + self._filtered(wide, 4 * tensors[f"synthesis.b{size}.resample_filter"], 2, 1)
            drawn = colours
        return drawn


def stylegan2_bytes(images):
    """Return images as NVIDIA's `generate.py` stores them, (N, H, W, 3)."""
    return (images.permute(0, 2, 3, 1) * 127.5 + 128).clamp(0, 255).to(torch.uint8).contiguous()
