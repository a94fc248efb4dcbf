"""The class-conditional diffusion model: its network, its noise, what it minimises, and its training loop."""

import copy
import json
import math
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, UNet2DModel
from transformers import ResNetForImageClassification

import cifar
from muon import Muon
from training import hold_and_fall, update_average

CLASSES = len(cifar.LABELS)
NO_CLASS = CLASSES  # the label that stands for none, for classifier-free guidance


@dataclass
class Recipe:
    """How the diffusion model is trained."""

    name: str = "ddpm-cifar10"
    # Side of the images, until so many were seen. A step at half the size takes a third of the time and teaches what
    # belongs where; the rest of the run teaches the details.
    stages: tuple = ((16, 360_000), (32, 433_000), (16, 640_000), (32, 780_000))
    batches: tuple = ((16, 192), (32, 96))
    align_from: int = 433_000  # images after which features are aligned, see `alignment`
    align_weight: float = 0.1
    warmup_images: int = 25_000
    fall_from: float = 0.8  # share of the run from which on the learning rate falls
    matrix_rate: float = 3e-3
    other_rate: float = 1e-3
    weight_decay: float = 0.03
    label_dropout: float = 0.12
    average_decay: float = 0.998
    seed: int = 0

    @property
    def images(self):
        return self.stages[-1][1]

    def size(self, seen):
        return next(size for size, until in self.stages if seen < until)


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


class Alignment(torch.nn.Module):
    """How far the network's inner features are from those that a classifier sees in the picture without noise.

    Two small maps, which are not published, turn what comes out of the middle block and of the first block on the way
    up into the classifier's standardised feature maps of the same place; the loss is one minus the cosine (Yu et al.
    2024, arXiv:2410.06940). A network that knows what a classifier would see has less to find out from noise alone.
    """

    def __init__(self, model, features):
        super().__init__()
        self.features = features  # of the middle [N, 256, 4, 4], of the way up [N, 128, 8, 8]
        width = model.config.block_out_channels[-1]
        self.maps = torch.nn.ModuleList(
            torch.nn.Sequential(torch.nn.Conv2d(width, 256, 1), torch.nn.SiLU(), torch.nn.Conv2d(256, part.shape[1], 1))
            for part in features
        )
        self.seen = [None, None]
        for place, block in enumerate((model.mid_block, model.up_blocks[0])):
            block.register_forward_hook(lambda _block, _inputs, output, place=place: self.keep(place, output))

    def keep(self, place, output):
        self.seen[place] = output

    def forward(self, indices, flipped):
        """The last forward pass's distance from the features of the images `indices`, of which some are mirrored."""
        total = 0.0
        for part, change, seen in zip(self.features, self.maps, self.seen):
            wanted = part[indices].float()
            wanted = torch.where(flipped.view(-1, 1, 1, 1), wanted.flip(3), wanted)
            wanted = F.adaptive_avg_pool2d(wanted, seen.shape[-1])
            total = total + 1 - F.cosine_similarity(change(seen), wanted, dim=1).mean()
        return total / len(self.maps)


@torch.no_grad()
def classifier_features(folder, images, batch=250):
    """What the classifier of `folder` makes of all images on its last two stages, standardised, in half precision."""
    classifier = ResNetForImageClassification.from_pretrained(folder, dtype=torch.float32).eval()
    rule = json.loads((folder / "preprocessor_config.json").read_text())
    mean, deviation = (torch.tensor(rule[name]).view(3, 1, 1) for name in ("image_mean", "image_std"))
    parts = [[], []]
    for start in range(0, len(images), batch):
        view = F.interpolate(images[start : start + batch] / 255, size=rule["size"]["height"], mode="bicubic")
        stages = classifier.resnet((view - mean) / deviation, output_hidden_states=True).hidden_states
        for part, stage in zip(parts, (stages[-1], stages[-2])):
            part.append(stage.half())
    features = []
    for part in map(torch.cat, parts):
        sample = part[::10].float()
        center, spread = sample.mean((0, 2, 3), keepdim=True), sample.std((0, 2, 3), keepdim=True) + 1e-3
        features.append(((part - center.half()) / spread.half()).contiguous())
    return features


def train(recipe, data, features, work, log_path, report_every=20_000, keep_every=20_000):
    """Trains and returns the averaged weights; an interrupted run goes on from its last checkpoint in `work`."""
    images, labels = data
    model = network()
    alignment = Alignment(model, features)
    average = copy.deepcopy(model)
    alphas_cumprod = scheduler().alphas_cumprod
    tools = optimizers(model, recipe)
    tools.append(torch.optim.AdamW(alignment.parameters(), lr=recipe.other_rate, betas=(0.9, 0.99), weight_decay=0.0))
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
        if "alignment" in state:
            alignment.load_state_dict(state["alignment"])
        seen, step = state["seen"], state["step"]
    else:
        log_path.write_text("   images  size    loss  apart  seconds\n")

    total, distance, count, started, reported, kept = 0.0, 0.0, 0, time.time(), seen, seen
    while seen < recipe.images:
        size = recipe.size(seen)
        batch = dict(recipe.batches)[size]
        generator = torch.Generator().manual_seed(recipe.seed * 10_000_019 + step)
        scale = schedule(seen / recipe.images, recipe.warmup_images / recipe.images)
        for tool, rates in zip(tools, peaks):
            for group, rate in zip(tool.param_groups, rates):
                group["lr"] = rate * scale
        indices = torch.randint(len(images), (batch,), generator=generator)
        view = images[indices].float() / 127.5 - 1
        flipped = torch.rand(batch, generator=generator) < 0.5
        view = torch.where(flipped.view(-1, 1, 1, 1), view.flip(3), view)
        view = F.avg_pool2d(view, 32 // size)
        value = loss(model, alphas_cumprod, view, labels[indices], recipe, generator)
        aligned = alignment(indices, flipped)
        # The alignment leaves as the learning rate falls: in the end only the noise counts.
        weight = recipe.align_weight * scale if seen >= recipe.align_from else 0
        # Without a weight its maps get no gradients, and their optimizer does not count the step.
        (value + weight * aligned if weight else value).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for tool in tools:
            tool.step()
            tool.zero_grad()
        update_average(average, model, step, recipe.average_decay)
        seen, step = seen + batch, step + 1
        total, count, distance = total + value.item(), count + 1, distance + aligned.item()
        if seen - reported >= report_every or seen >= recipe.images:
            line = f"{seen:9d}  {size:4d}  {total / count:.4f}  {distance / count:.3f}  {time.time() - started:7.0f}"
            with log_path.open("a") as log:
                log.write(line + "\n")
            print(recipe.name, line, flush=True)
            total, distance, count, started, reported = 0.0, 0.0, 0, time.time(), seen
        if seen - kept >= keep_every or seen >= recipe.images:
            state = {
                "seen": seen,
                "step": step,
                "model": model.state_dict(),
                "average": average.state_dict(),
                "alignment": alignment.state_dict(),
                "optimizers": [tool.state_dict() for tool in tools],
            }
            partial = path.with_suffix(".partial")
            torch.save(state, partial)
            partial.replace(path)
            kept = seen
    return average.eval()
