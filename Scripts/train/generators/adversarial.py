"""The DCGAN: generator, discriminator, what they minimise, and their training loop."""

import copy
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

import cifar
from reference.generators import DCGAN
from training import hold_and_fall, update_average

CLASSES = len(cifar.LABELS)

CONFIG = {
    "model_type": "dcgan",
    "architectures": ["DCGANGenerator"],
    "nz": 100,
    "ngf": 64,
    "nc": 3,
    "image_size": 32,
    "num_classes": CLASSES,
    "embedding_dim": 32,
    "id2label": {str(index): name for index, name in enumerate(cifar.LABELS)},
}


@dataclass
class Recipe:
    """How the DCGAN is trained."""

    name: str = "dcgan-cifar10"
    images: int = 780_000  # real ones that the discriminator sees
    batch: int = 64
    generator_rate: float = 2e-4
    discriminator_rate: float = 4e-4
    betas: tuple = (0.0, 0.99)
    fall_from: float = 0.5  # share of the run from which on the learning rates fall
    average_decay: float = 0.999
    seed: int = 0


def generator_network():
    """The DCGAN of `CONFIG` with the paper's initialisation: Radford et al. 2015 (arXiv:1511.06434, section 4), the
    label's embedding appended to the latent vector (Mirza and Osindero 2014, arXiv:1411.1784)."""
    sizes = ("nz", "ngf", "nc", "image_size", "num_classes", "embedding_dim")
    model = DCGAN(**{name: CONFIG[name] for name in sizes})
    for layer in model.main:
        if isinstance(layer, nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
    return model


class Discriminator(nn.Module):
    """Strided convolutions with spectral normalisation (Miyato et al. 2018, arXiv:1802.05957) and a projection of the
    label (Miyato and Koyama 2018, arXiv:1802.05637)."""

    def __init__(self, width=48):
        super().__init__()
        kernels = [(3, width, 4, 2), (width, 2 * width, 4, 2), (2 * width, 4 * width, 4, 2), (4 * width, 8 * width, 3, 1)]
        self.kernels = nn.ModuleList(spectral_norm(nn.Conv2d(*kernel, padding=1)) for kernel in kernels)
        self.score = spectral_norm(nn.Linear(8 * width, 1))
        self.label = spectral_norm(nn.Embedding(CLASSES, 8 * width))

    def forward(self, images, labels):
        x = images
        for kernel in self.kernels:
            x = F.leaky_relu(kernel(x), 0.1)
        x = x.sum((2, 3))
        return self.score(x).squeeze(1) + (x * self.label(labels)).sum(1)


def train(recipe, data, work, log_path, report_every=50_000):
    """Trains with the hinge loss and returns the averaged generator; goes on from the last checkpoint in `work`."""
    images, labels = data
    torch.manual_seed(recipe.seed)
    generator = generator_network().to(memory_format=torch.channels_last)
    discriminator = Discriminator().to(memory_format=torch.channels_last)
    average = copy.deepcopy(generator)
    tools = [
        torch.optim.Adam(generator.parameters(), lr=recipe.generator_rate, betas=recipe.betas),
        torch.optim.Adam(discriminator.parameters(), lr=recipe.discriminator_rate, betas=recipe.betas),
    ]
    peaks = [recipe.generator_rate, recipe.discriminator_rate]
    schedule = hold_and_fall(recipe.fall_from)
    seen, step = 0, 0
    path = work / f"{recipe.name}.pt"
    networks = {"generator": generator, "discriminator": discriminator, "average": average}
    if path.exists():
        state = torch.load(path)
        for name, module in networks.items():
            module.load_state_dict(state[name])
        for tool, held in zip(tools, state["optimizers"]):
            tool.load_state_dict(held)
        seen, step = state["seen"], state["step"]
    else:
        log_path.write_text("   images  discriminator  generator  seconds\n")

    totals, count, started, reported = [0.0, 0.0], 0, time.time(), seen
    while seen < recipe.images:
        random = torch.Generator().manual_seed(recipe.seed * 10_000_019 + step)
        scale = schedule(seen / recipe.images, 1e-3)
        for tool, peak in zip(tools, peaks):
            for group in tool.param_groups:
                group["lr"] = peak * scale
        indices = torch.randint(len(images), (recipe.batch,), generator=random)
        real, real_labels = images[indices].float() / 127.5 - 1, labels[indices]
        flipped = torch.rand(recipe.batch, generator=random) < 0.5
        real = torch.where(flipped.view(-1, 1, 1, 1), real.flip(3), real).contiguous(memory_format=torch.channels_last)

        z = torch.randn(recipe.batch, CONFIG["nz"], generator=random)
        wanted = torch.randint(CLASSES, (recipe.batch,), generator=random)
        fake = generator(z, wanted)  # the same for both networks, which spares a pass of the generator
        pictures = torch.cat([real, fake.detach()])
        true, false = discriminator(pictures, torch.cat([real_labels, wanted])).chunk(2)
        first = F.relu(1 - true).mean() + F.relu(1 + false).mean()
        first.backward()
        tools[1].step()
        tools[1].zero_grad()

        discriminator.requires_grad_(False)
        second = -discriminator(fake, wanted).mean()
        second.backward()
        discriminator.requires_grad_(True)
        tools[0].step()
        tools[0].zero_grad()
        update_average(average, generator, step, recipe.average_decay)

        seen, step, count = seen + recipe.batch, step + 1, count + 1
        totals = [totals[0] + first.item(), totals[1] + second.item()]
        if seen - reported >= report_every or seen >= recipe.images:
            line = f"{seen:9d}  {totals[0] / count:13.4f}  {totals[1] / count:9.4f}  {time.time() - started:7.0f}"
            with log_path.open("a") as log:
                log.write(line + "\n")
            print(recipe.name, line, flush=True)
            state = {name: module.state_dict() for name, module in networks.items()}
            state.update(seen=seen, step=step, optimizers=[tool.state_dict() for tool in tools])
            partial = path.with_suffix(".partial")
            torch.save(state, partial)
            partial.replace(path)
            totals, count, started, reported = [0.0, 0.0], 0, time.time(), seen
    return average.eval()
