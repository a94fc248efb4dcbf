"""Seeded weights and inputs: every tensor is drawn from a generator keyed by its own name."""

import math
import zlib

import torch
from torch import nn

_CENTRING_FAN_IN = 32
"""Filters at least this wide are centred, so that the constant part of an activation does not swamp the signal."""


def generator(name, seed=0):
    """Return a generator whose stream depends on `name` and `seed` only, not on the order of the draws."""
    return torch.Generator().manual_seed((zlib.crc32(name.encode()) + 7919 * seed) & 0x7FFFFFFF)


def normal(shape, name, seed=0):
    """Return standard normal values of the given shape for a name."""
    return torch.randn(shape, generator=generator(name, seed))


def fill_checkpoint(model, seed=0, gain=1.0):
    """Draw every weight and running statistic of `model` so that a mistake in any of them shows in the output.

    Convolutions and linear layers get fan-in scaling times `gain`, norms a non-trivial scale, shift and running
    statistics, biases and embeddings small values. The model is returned in evaluation mode.
    """
    with torch.no_grad():
        for module_name, module in model.named_modules():
            named = list(module.named_parameters(recurse=False)) + list(module.named_buffers(recurse=False))
            for tensor_name, tensor in named:
                # Buffers that no checkpoint holds follow from the model's sizes, such as masks of shifted windows.
                if not tensor.is_floating_point() or tensor_name in module._non_persistent_buffers_set:
                    continue
                full_name = f"{module_name}.{tensor_name}" if module_name else tensor_name
                values = _values(module, tensor_name, tensor, generator(full_name, seed), gain)
                tensor.copy_(values.to(tensor.dtype))
    return model.eval()


def _values(module, name, tensor, source, gain):
    """Return the values of one tensor of `module`, by its role there."""
    if name == "running_var":
        return 0.5 + torch.rand(tensor.shape, generator=source)
    values = torch.randn(tensor.shape, generator=source)
    is_norm = "Norm" in type(module).__name__
    if name == "running_mean":
        return 0.1 * values
    if is_norm and name == "weight":
        return 1 + 0.1 * values
    if is_norm and name == "bias":
        return 0.05 * values
    if name == "bias" or name.endswith("_bias"):
        return 0.02 * values
    if isinstance(module, nn.Conv2d):
        fan_in = tensor[0].numel()
        if fan_in >= _CENTRING_FAN_IN:
            values = values - values.mean((1, 2, 3), keepdim=True)
        return gain / math.sqrt(fan_in) * values
    if isinstance(module, nn.Linear) or name == "in_proj_weight":
        return gain / math.sqrt(tensor.shape[1]) * (values - values.mean(1, keepdim=True))
    if "layer_scale" in name or name.rstrip("_12") in ("gamma", "lambda"):
        return 0.3 + 0.1 * values
    if name == "relative_position_bias_table":
        return 0.5 * values
    return 0.1 * values
