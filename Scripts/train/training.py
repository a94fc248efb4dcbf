"""The training loop that both classifiers share: schedule, weight averaging, checkpoints, log."""

import copy
import ctypes
import math
import sys
import time
from dataclasses import dataclass
from typing import Callable

import torch

import cifar
from distillation import arithmetic


@dataclass
class Cycle:
    """One rise and fall of the learning rate.

    A later cycle starts from the averaged weights of the one before it with fresh optimizers: a warm restart
    (Loshchilov & Hutter 2016, arXiv:1608.03983).
    """

    epochs: int
    warmup_epochs: float
    schedule: Callable  # (progress 0...1, warm-up share) -> share of the cycle's peak learning rate
    peak: float = 1.0  # the cycle's peak as a share of the optimizers' learning rates
    fade_from: float = 1.0  # from this share of the cycle on the augmentation weakens, to a fifth at the end
    small: tuple[int, float] = (0, 0.0)  # a smaller image size, and the share of the cycle that trains at it

    def strength(self, progress):
        """How strong the augmentation is, 0...1."""
        if progress <= self.fade_from:
            return 1.0
        return 1 - 0.8 * (progress - self.fade_from) / (1 - self.fade_from)


    def size(self, progress, full):
        """The size of the images: fewer pixels are faster, and a network without fixed positions takes any size."""
        small, until = self.small
        return small if progress < until else full


@dataclass
class Recipe:
    """All that differs between the two training runs."""

    name: str
    image_size: int
    cycles: list[Cycle]
    batch_size: int
    optimizers: Callable  # (model, objective) -> list of torch optimizers, each with its peak learning rate
    average_decay: float
    cutout: int
    seed: int = 0

    def cycle_of(self, epoch):
        """The cycle that an epoch of the whole run belongs to, and its first epoch."""
        first = 0
        for cycle in self.cycles:
            if epoch < first + cycle.epochs:
                return cycle, first
            first += cycle.epochs
        raise ValueError(f"the run has {first} epochs, there is no epoch {epoch}")


def keep_freed_memory():
    """Tells glibc to keep the memory it is given back.

    Activations are tens of megabytes each; by default every one is mapped and unmapped anew and the page faults
    cost a third of the training time.
    """
    if not sys.platform.startswith("linux"):
        return
    trim_threshold, top_pad, mmap_max = -1, -2, -4
    libc = ctypes.CDLL(None)
    libc.mallopt(mmap_max, 0)
    libc.mallopt(trim_threshold, 2**31 - 1)
    libc.mallopt(top_pad, 256 << 20)


def cosine(progress, warmup):
    """Learning rate as a share of its peak: linear warm-up, then a cosine down to zero.

    `progress` and `warmup` are shares of the whole run.
    """
    if progress < warmup:
        return progress / warmup
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def hold_and_fall(fall_from):
    """Linear warm-up, the peak until `fall_from`, then straight down to zero.

    Until the fall begins nothing depends on how long the run will be, so a run can be made longer or shorter
    from a checkpoint.
    """
    return lambda progress, warmup: min(1.0, progress / warmup, (1 - progress) / (1 - fall_from))


@torch.no_grad()
def update_average(average, model, step, decay):
    """Exponential moving average of weights and batch-norm statistics, with a shorter memory at the start."""
    decay = min(decay, (1 + step) / (10 + step))
    for mean, value in zip(average.state_dict().values(), model.state_dict().values()):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)


@torch.no_grad()
def top1(model, images, labels, batch_size=250):
    """Share of images whose highest logit is the right one, as the training computes it (a progress figure, not the published one)."""
    model.eval()
    right = 0
    for start in range(0, len(images), batch_size):
        with arithmetic():
            logits = model(pixel_values=cifar.prepare(images[start : start + batch_size])).logits
        right += (logits.argmax(1) == labels[start : start + batch_size]).sum().item()
    return right / len(images)


def train(recipe, model, objective, data, work, log_path):
    """Trains `model` and returns the averaged weights after the last epoch.

    `objective(model, view, labels, progress, generator)` gives the loss and the logits of a batch; `progress` is the
    share of the first cycle that is done, 1 in later ones.

    Every epoch draws from its own seed and ends with a checkpoint in `work`, so an interrupted run goes on
    where it stopped.
    """
    (train_images, train_labels), (test_images, test_labels) = data
    test_images = cifar.resize_split(test_images, recipe.image_size)
    model = model.to(memory_format=torch.channels_last)
    average = copy.deepcopy(model)
    optimizers = recipe.optimizers(model, objective)
    peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    steps_per_epoch = len(train_images) // recipe.batch_size
    first_epoch = 0
    checkpoint_path = work / f"{recipe.name}.pt"
    if checkpoint_path.exists():
        checkpoint = torch.load(checkpoint_path)
        model.load_state_dict(checkpoint["model"])
        average.load_state_dict(checkpoint["average"])
        objective.load_state_dict(checkpoint["objective"])
        for optimizer, state in zip(optimizers, checkpoint["optimizers"]):
            optimizer.load_state_dict(state)
        first_epoch = checkpoint["epoch"]
    else:
        log_path.write_text("epoch  train_loss  train_top1  test_top1  seconds\n")

    for epoch in range(first_epoch, sum(cycle.epochs for cycle in recipe.cycles)):
        cycle, cycle_start = recipe.cycle_of(epoch)
        if epoch == cycle_start > 0:
            model.load_state_dict(average.state_dict())
            optimizers = recipe.optimizers(model, objective)
        generator = torch.Generator().manual_seed(recipe.seed * 10_000 + epoch)
        order = torch.randperm(len(train_images), generator=generator)
        started, loss_sum, right = time.time(), 0.0, 0
        model.train()
        for batch in range(steps_per_epoch):
            step = epoch * steps_per_epoch + batch
            progress = (step / steps_per_epoch - cycle_start) / cycle.epochs
            scale = cycle.peak * cycle.schedule(progress, cycle.warmup_epochs / cycle.epochs)
            for optimizer, rates in zip(optimizers, peaks):
                for group, rate in zip(optimizer.param_groups, rates):
                    group["lr"] = rate * scale

            indices = order[batch * recipe.batch_size : (batch + 1) * recipe.batch_size]
            labels = train_labels[indices]
            view = cifar.augment(
                train_images[indices],
                indices,
                epoch,
                cycle.size(progress, recipe.image_size),
                generator,
                recipe.cutout,
                cycle.strength(progress),
            )
            loss, logits = objective(model, view, labels, progress if cycle_start == 0 else 1.0, generator)
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()
            update_average(average, model, step, recipe.average_decay)
            loss_sum += loss.detach().item()
            right += (logits.argmax(1) == labels).sum().item()

        seconds = time.time() - started
        accuracy = top1(average, test_images, test_labels)
        seen = steps_per_epoch * recipe.batch_size
        line = f"{epoch + 1:5d}  {loss_sum / steps_per_epoch:10.4f}  {right / seen:10.4f}  {accuracy:9.4f}  {seconds:7.0f}"
        with log_path.open("a") as log:
            log.write(line + "\n")
        print(recipe.name, line, flush=True)
        state = {
            "epoch": epoch + 1,
            "model": model.state_dict(),
            "average": average.state_dict(),
            "objective": objective.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        }
        partial = checkpoint_path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(checkpoint_path)
    return average.eval()
