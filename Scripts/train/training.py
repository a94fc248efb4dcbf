"""The training loop that both classifiers share: schedule, weight averaging, checkpoints, log."""

import copy
import ctypes
import sys
import time
from dataclasses import dataclass
from typing import Callable

import torch

import cifar
from arithmetic import autocast


@dataclass
class Recipe:
    """All that differs between the two training runs."""

    name: str
    image_size: int
    epochs: int
    batch_size: int
    warmup_epochs: float
    schedule: Callable  # (progress 0...1, warm-up share) -> share of the peak learning rate
    optimizers: Callable  # (model, objective) -> list of torch optimizers, each with its peak learning rate
    average_decay: float
    cutout: int = 0  # pixels of the 32-pixel image
    shift: int = 4
    # From this share of the run on, images have their full size; before it three quarters of it, which a network that
    # averages over places does not mind and which takes half the time.
    full_size_from: float = 0.0
    seed: int = 0


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


def hold_and_fall(fall_from, power=1.0):
    """Learning rate as a share of its peak: linear warm-up, the peak until `fall_from`, then down to zero, straight or
    along a power of what is left.

    The function's arguments are shares of the whole run. Until the fall begins nothing depends on how long the run
    will be, so a run can be made longer or shorter from a checkpoint.
    """
    return lambda progress, warmup: min(1.0, progress / warmup, ((1 - progress) / (1 - fall_from)) ** power)


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
    """Share of images whose highest logit is the right one (a progress figure, not the published one)."""
    model.eval()
    right = 0
    for start in range(0, len(images), batch_size):
        with autocast():
            logits = model(pixel_values=cifar.prepare(images[start : start + batch_size])).logits
        right += (logits.argmax(1) == labels[start : start + batch_size]).sum().item()
    return right / len(images)


def train(recipe, model, objective, data, work, log_path):
    """Trains `model` and returns the averaged weights after the last epoch.

    `objective(model, view, labels, progress, generator)` gives the loss and the logits of a batch.

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
    total_steps = steps_per_epoch * recipe.epochs
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

    for epoch in range(first_epoch, recipe.epochs):
        generator = torch.Generator().manual_seed(recipe.seed * 10_000 + epoch)
        order = torch.randperm(len(train_images), generator=generator)
        started, loss_sum, right = time.time(), 0.0, 0
        model.train()
        for batch in range(steps_per_epoch):
            step = epoch * steps_per_epoch + batch
            progress = step / total_steps
            scale = recipe.schedule(progress, recipe.warmup_epochs / recipe.epochs)
            for optimizer, rates in zip(optimizers, peaks):
                for group, rate in zip(optimizer.param_groups, rates):
                    group["lr"] = rate * scale

            indices = order[batch * recipe.batch_size : (batch + 1) * recipe.batch_size]
            labels = train_labels[indices]
            size = recipe.image_size if progress >= recipe.full_size_from else recipe.image_size * 3 // 4
            view = cifar.augment(train_images[indices], indices, epoch, size, generator, recipe.cutout, shift=recipe.shift)
            loss, logits = objective(model, view, labels, progress, generator)
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
