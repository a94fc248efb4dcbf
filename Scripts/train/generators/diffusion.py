"""The class-conditional diffusion model: its network, its noise, what it minimises, and its training loop."""

import copy
import math
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, UNet2DModel

import cifar
from muon import Muon
from training import hold_and_fall, update_average

CLASSES = len(cifar.LABELS)
NO_CLASS = CLASSES  # the label that stands for none, for classifier-free guidance


@dataclass
class Recipe:
    """How the diffusion model is trained."""

    name: str = "ddpm-cifar10"
    # Images seen at 16 x 16 and then at 32 x 32. A step at half the size takes a quarter of the time and teaches what
    # belongs where; the rest of the run teaches the details.
    small_images: int = 1_000_000
    full_images: int = 600_000
    small_batch: int = 192
    full_batch: int = 96
    warmup_images: int = 25_000
    fall_from: float = 0.6  # share of the run from which on the learning rate falls
    matrix_rate: float = 3e-3
    other_rate: float = 1e-3
    weight_decay: float = 0.03
    label_dropout: float = 0.12
    average_decay: float = 0.999
    seed: int = 0

    @property
    def images(self):
        return self.small_images + self.full_images


def network():
    """The noise predictor: four levels, with attention where the image is 8 x 8 and 4 x 4."""
    torch.manual_seed(0)
    model = UNet2DModel(
        sample_size=32,
        in_channels=3,
        out_channels=3,
        block_out_channels=(32, 48, 96, 192),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        attention_head_dim=32,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
        num_class_embeds=CLASSES + 1,
    )
    # Every residual branch begins as nothing, and so does the prediction.
    for name, module in model.named_modules():
        if name.endswith(("conv2", "to_out.0", "conv_out")):
            torch.nn.init.zeros_(module.weight)
            torch.nn.init.zeros_(module.bias)
    return model.to(memory_format=torch.channels_last)


def scheduler():
    """The noise: cosine schedule (Nichol and Dhariwal 2021, arXiv:2102.09672), v-prediction (Salimans and Ho 2022,
    arXiv:2202.00512)."""
    return DDPMScheduler(
        num_train_timesteps=1000,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        clip_sample=True,
        timestep_spacing="trailing",
    )


def optimizers(model, recipe):
    """Muon for the matrices and kernels inside, AdamW for the ends of the network, embeddings, biases and norms."""
    matrices, others = [], []
    for name, parameter in model.named_parameters():
        inside = parameter.ndim >= 2 and not name.startswith(("conv_in", "conv_out", "class_embedding"))
        (matrices if inside else others).append(parameter)
    return [
        Muon(matrices, lr=recipe.matrix_rate, weight_decay=recipe.weight_decay),
        torch.optim.AdamW(others, lr=recipe.other_rate, betas=(0.9, 0.99), weight_decay=0.0),
    ]


def noise_levels(count, generator):
    """Timesteps `[count]`, most of them where pictures take shape.

    The ratio of noise to signal is log-normal as in Karras et al. 2022 (arXiv:2206.00364, table 1: mean -1.2 and
    deviation 1.2 at data of deviation 0.5); a tenth of the batch is uniform, so that no level is left out.
    """
    ratio = torch.exp(torch.randn(count, generator=generator) * 1.2 - 1.2) / 0.5
    share = torch.atan(ratio) * 2 / math.pi
    uniform = torch.rand(count, generator=generator)
    share = torch.where(torch.rand(count, generator=generator) < 0.1, uniform, share)
    return (share * 1000).long().clamp(0, 999)


def loss(model, alphas_cumprod, images, labels, recipe, generator):
    """Mean squared error of the predicted velocity; images `[B, 3, S, S]` of -1...1."""
    count, _, size, _ = images.shape
    timesteps = noise_levels(count, generator)
    # At half the size noise is half as strong: that of a full image whose pixels were averaged by fours.
    noise = torch.randn(images.shape, generator=generator) * (size / 32)
    signal = alphas_cumprod[timesteps].sqrt().view(-1, 1, 1, 1)
    spread = (1 - alphas_cumprod[timesteps]).sqrt().view(-1, 1, 1, 1)
    noisy = (signal * images + spread * noise).contiguous(memory_format=torch.channels_last)
    velocity = signal * noise - spread * images
    dropped = torch.rand(count, generator=generator) < recipe.label_dropout
    labels = torch.where(dropped, torch.full_like(labels, NO_CLASS), labels)
    return F.mse_loss(model(noisy, timesteps, class_labels=labels).sample, velocity)


def train(recipe, data, work, log_path, report_every=20_000, keep_every=20_000):
    """Trains and returns the averaged weights; an interrupted run goes on from its last checkpoint in `work`."""
    images, labels = data
    model = network()
    average = copy.deepcopy(model)
    alphas_cumprod = scheduler().alphas_cumprod
    tools = optimizers(model, recipe)
    peaks = [[group["lr"] for group in tool.param_groups] for tool in tools]
    schedule = hold_and_fall(recipe.fall_from)
    seen, step = 0, 0
    path = work / f"{recipe.name}.pt"
    if path.exists():
        state = torch.load(path)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        for tool, held in zip(tools, state["optimizers"]):
            tool.load_state_dict(held)
        seen, step = state["seen"], state["step"]
    else:
        log_path.write_text("   images  size    loss  seconds\n")

    total, count, started, reported, kept = 0.0, 0, time.time(), seen, seen
    while seen < recipe.images:
        small = seen < recipe.small_images
        batch = recipe.small_batch if small else recipe.full_batch
        generator = torch.Generator().manual_seed(recipe.seed * 10_000_019 + step)
        scale = schedule(seen / recipe.images, recipe.warmup_images / recipe.images)
        for tool, rates in zip(tools, peaks):
            for group, rate in zip(tool.param_groups, rates):
                group["lr"] = rate * scale
        indices = torch.randint(len(images), (batch,), generator=generator)
        view = images[indices].float() / 127.5 - 1
        flipped = torch.rand(batch, generator=generator) < 0.5
        view = torch.where(flipped.view(-1, 1, 1, 1), view.flip(3), view)
        if small:
            view = F.avg_pool2d(view, 2)
        value = loss(model, alphas_cumprod, view, labels[indices], recipe, generator)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for tool in tools:
            tool.step()
            tool.zero_grad()
        update_average(average, model, step, recipe.average_decay)
        seen, step = seen + batch, step + 1
        total, count = total + value.item(), count + 1
        if seen - reported >= report_every or seen >= recipe.images:
            line = f"{seen:9d}  {view.shape[-1]:4d}  {total / count:.4f}  {time.time() - started:7.0f}"
            with log_path.open("a") as log:
                log.write(line + "\n")
            print(recipe.name, line, flush=True)
            total, count, started, reported = 0.0, 0, time.time(), seen
        if seen - kept >= keep_every or seen >= recipe.images:
            state = {
                "seen": seen,
                "step": step,
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimizers": [tool.state_dict() for tool in tools],
            }
            partial = path.with_suffix(".partial")
            torch.save(state, partial)
            partial.replace(path)
            kept = seen
    return average.eval()
