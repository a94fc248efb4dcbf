"""The two networks and the recipe that each is trained with."""

import math

import torch
from transformers import ResNetConfig, ResNetForImageClassification, ViTConfig, ViTForImageClassification

import cifar
from muon import Muon
from training import Recipe, hold_and_fall

NAMES = {"id2label": dict(enumerate(cifar.LABELS)), "label2id": {name: index for index, name in enumerate(cifar.LABELS)}}


def split_by_rank(parameters):
    """Weight matrices and kernels, which decay, and vectors (biases, norms), which do not."""
    parameters = list(parameters)
    return [p for p in parameters if p.ndim > 1], [p for p in parameters if p.ndim <= 1]


def residual_network(images):
    """ResNet with six basic blocks (2.8 million parameters); takes 64x64 because its stem divides the size by four.

    `images` (uint8 [N, 3, 32, 32]) give the filters that the stem starts with.
    """
    config = ResNetConfig(
        embedding_size=64,
        hidden_sizes=[64, 128, 256],
        depths=[2, 2, 2],
        layer_type="basic",
        hidden_act="relu",
        downsample_in_first_stage=False,
        **NAMES,
    )
    model = ResNetForImageClassification(config)
    # A block that starts as the identity trains faster (He et al. 2018, "Bag of tricks", arXiv:1812.01187).
    for stage in model.resnet.encoder.stages:
        for block in stage.layers:
            torch.nn.init.zeros_(block.layer[-1].normalization.weight)
    stem = model.resnet.embedder.embedder.convolution.weight
    with torch.no_grad():
        stem.copy_(principal_filters(cifar.upscale(images[::25].float(), 64), *stem.shape[::3]))
    return model


def principal_filters(images, count, side):
    """Kernels [count, 3, side, side]: the first principal components of the images' patches, each with both signs.

    The batch norm behind them brings every component to the same variance: together they whiten the patches
    (Page 2018, "How to train your ResNet"; Jordan 2024, arXiv:2404.00498).
    """
    patches = torch.nn.functional.unfold(cifar.normalise(images), side, stride=side - 1)
    patches = patches.transpose(1, 2).flatten(0, 1).double()
    components = torch.linalg.eigh(patches.T @ patches)[1].flip(1)[:, : count // 2]
    filters = components.T.float().reshape(count // 2, 3, side, side)
    return torch.cat([filters, -filters])


def residual_optimizers(model, objective):
    """Muon for the kernels, which a batch norm follows, SGD for all else."""
    kernels = [p for p in model.parameters() if p.ndim == 4]
    matrices, vectors = split_by_rank(p for p in model.parameters() if p.ndim != 4)
    groups = [{"params": matrices, "weight_decay": 5e-4}, {"params": vectors, "weight_decay": 0.0}]
    return [
        Muon(kernels, lr=0.1, momentum=0.8, keep_norm=True),
        torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True),
    ]


def vision_transformer():
    """ViT with patches of 4x4 pixels, started from a mimetic initialisation."""
    config = ViTConfig(
        image_size=32,
        patch_size=4,
        hidden_size=192,
        num_hidden_layers=6,
        num_attention_heads=3,
        intermediate_size=384,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        **NAMES,
    )
    model = ViTForImageClassification(config)
    model.vit.embeddings.position_embeddings.data[0, 1:] = sinusoidal_positions(config.image_size // config.patch_size, config.hidden_size)
    for layer in model.vit.layers:
        initialise_attention(layer.attention, config.num_attention_heads)
    return model


def sinusoidal_positions(grid, width):
    """Sines and cosines of the row in the first half of the channels, of the column in the second."""
    frequencies = 100.0 ** (-torch.arange(width // 4) / (width // 4))
    angles = torch.arange(grid).float()[:, None] * frequencies
    axis = torch.cat([angles.sin(), angles.cos()], 1)
    rows = axis[:, None, :].expand(grid, grid, -1)
    columns = axis[None, :, :].expand(grid, grid, -1)
    return torch.cat([rows, columns], -1).reshape(grid * grid, width)


@torch.no_grad()
def initialise_attention(attention, heads):
    """Starts attention where trained ones end up: a token looks at its like, and the output cancels a part of the input.

    Per head the product of query and key weights is about 0.7 times the identity plus noise, and the product of
    value and output weights about -0.4 times the identity plus noise (Trockman & Kolter 2023, arXiv:2305.09828).
    """
    width = attention.q_proj.weight.shape[0]
    head_width = width // heads
    for head in range(heads):
        rows = slice(head * head_width, (head + 1) * head_width)
        noise = torch.randn(width, width) / math.sqrt(width)
        left, values, right = torch.linalg.svd(0.7 * noise + 0.7 * torch.eye(width))
        root = values[:head_width].sqrt()
        attention.q_proj.weight[rows] = (left[:, :head_width] * root).T
        attention.k_proj.weight[rows] = right[:head_width] * root[:, None]
    noise = torch.randn(width, width) / math.sqrt(width)
    left, values, right = torch.linalg.svd(0.4 * noise - 0.4 * torch.eye(width))
    root = values.sqrt()
    attention.o_proj.weight.copy_(left * root)
    attention.v_proj.weight.copy_(right * root[:, None])


def transformer_optimizers(model, objective):
    """Muon for the matrices inside the layers, AdamW for all else."""
    matrices = [p for p in model.vit.layers.parameters() if p.ndim == 2]
    inside = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in inside] + list(objective.parameters())
    weights, vectors = split_by_rank(others)
    groups = [{"params": weights, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}]
    return [
        Muon(matrices, lr=3e-3, weight_decay=0.05),
        torch.optim.AdamW(groups, lr=1e-3, fused=True),
    ]


RESNET = Recipe(
    name="resnet-cifar10",
    image_size=64,
    epochs=17,
    batch_size=500,
    warmup_epochs=1,
    schedule=hold_and_fall(0.2, power=1.5),
    optimizers=residual_optimizers,
    average_decay=0.99,
    shift=2,
    full_size_from=0.5,
)

# From this share of the run on, the ViT gets to see all patches.
VIT_FULL_FROM = 0.83

VIT = Recipe(
    name="vit-cifar10",
    image_size=32,
    epochs=15,
    batch_size=250,
    warmup_epochs=1.5,
    schedule=hold_and_fall(0.6),
    optimizers=transformer_optimizers,
    average_decay=0.995,
    cutout=10,
    seed=1,
)
