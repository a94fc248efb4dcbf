"""The number format that networks are trained in."""

import torch

FORMATS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Arithmetic:
    """What products and convolutions compute in; all else is in float32.

    bfloat16 halves the time on processors that multiply it faster (AMX, or AVX-512 as AMD builds it) and costs time
    on those that do not.
    """

    format = torch.float32


def autocast():
    """The context in which a network's forward pass runs."""
    return torch.autocast("cpu", torch.bfloat16, enabled=Arithmetic.format == torch.bfloat16)
