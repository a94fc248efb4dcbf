#!/usr/bin/env python3
"""Trains the small CLIP of the zoo and writes its folder.

    python Scripts/train/clip/train_clip.py --data DIR --output zoo

DIR holds CIFAR-10 as train/<class>/*.png and test/<class>/*.png. The vision tower starts from vit-cifar10 in the output
folder, and resnet-cifar10 beside it is the teacher for the photographs.
"""

import argparse
import copy
import os
import sys
import time
from pathlib import Path

# Threads that wait give the core away instead of spinning. Read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# The published processors must behave as they do without torchvision: Pillow does the resizing.
sys.modules["torchvision"] = None
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

import torch
from transformers import ResNetForImageClassification

import cifar
from classifiers import split_by_rank
from data import PhotoData, SceneData
from muon import Muon
from objectives import busy_patches, photo_loss, random_patches, scene_loss
from publish_clip import publish
from training import hold_and_fall, keep_freed_memory, update_average
from two_towers import Teacher, make_model
from validation import HEADER, Validation
from wordpieces import make_tokenizer

NAME = "clip-tiny"
STEPS = 1600
BLOCK = 100  # steps between two lines of the log and two checkpoints
WARMUP = 50  # steps
FALL_FROM = 0.5  # share of the run; until then nothing depends on how long it will be
FEW_PATCHES_UNTIL = 0.55  # until then a picture is shown by half of its patches
SCENE_SHARE = 0.6  # of the steps; the others are of photographs
BATCH = 256
WRONG_CAPTIONS = 96
SCENES = 60_000
# The second part of the run, at whole pictures and a lower rate: three of four scenes are groups, and half of those lie
# at places that no word is for.
SECOND_STEPS = 400
SECOND_RATE = 0.4
SECOND_SCENES = 30_000
SECOND_GROUPS, SECOND_UNNAMED = 0.75, 0.5
AVERAGE_DECAY = 0.99
SCALE_LIMIT = 4.6052  # the logarithm of 100, as in the paper


def optimizers(model):
    """Muon for the matrices of the layers, AdamW for all else. The vision tower only has to be adapted: slower."""
    seeing = [p for p in model.vision_model.encoder.parameters() if p.ndim == 2]
    reading = [p for p in model.text_model.encoder.parameters() if p.ndim == 2]
    inside = {id(p) for p in seeing + reading} | {id(model.logit_scale)}
    weights, vectors = split_by_rank(p for p in model.parameters() if id(p) not in inside)
    groups = [
        {"params": weights, "weight_decay": 0.02},
        {"params": vectors, "weight_decay": 0.0},
        {"params": [model.logit_scale], "weight_decay": 0.0, "lr": 5e-3},
    ]
    return [
        Muon(seeing, lr=1.2e-3, weight_decay=0.02),
        Muon(reading, lr=3e-3, weight_decay=0.02),
        torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98), fused=True),
    ]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="CIFAR-10, as above")
    parser.add_argument("--output", type=Path, required=True, help="where the model folders are and this one goes")
    parser.add_argument("--work", type=Path, default=Path("build/train-clip"), help="checkpoints to go on from")
    parser.add_argument("--log", type=Path, default=Path(__file__).parent / "logs" / f"{NAME}.txt")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=STEPS, help="of the first part, a multiple of 100")
    return parser.parse_args()


def rate(step, steps):
    """Learning rate as a share of its peak, of the first part of `steps` and then of the second."""
    if step >= steps:
        return SECOND_RATE * (1 - (step - steps) / SECOND_STEPS)
    return hold_and_fall(FALL_FROM)(step / steps, WARMUP / steps)


def train(model, tokenizer, teacher, photos, drawn, validation, arguments):
    """Trains the model and returns its averaged weights. Every block of steps draws from a seed of its own."""
    average = copy.deepcopy(model)
    steppers = optimizers(model)
    peaks = [[group["lr"] for group in stepper.param_groups] for stepper in steppers]
    patch = model.config.vision_config.patch_size
    checkpoint_path = arguments.work / f"{NAME}.pt"
    first = 0
    if checkpoint_path.exists():
        checkpoint = torch.load(checkpoint_path)
        model.load_state_dict(checkpoint["model"])
        average.load_state_dict(checkpoint["average"])
        for stepper, state in zip(steppers, checkpoint["optimizers"]):
            stepper.load_state_dict(state)
        first = checkpoint["step"]
    else:
        arguments.log.write_text(HEADER + "\n")

    total = arguments.steps + SECOND_STEPS
    for block in range(first, total, BLOCK):
        part = int(block >= arguments.steps)
        generator = torch.Generator().manual_seed(20_000 + block)
        started, sums = time.time(), {"scene": torch.zeros(3), "photo": torch.zeros(3)}
        model.train()
        for step in range(block, min(block + BLOCK, total)):
            for stepper, rates in zip(steppers, peaks):
                for group, peak in zip(stepper.param_groups, rates):
                    group["lr"] = peak * rate(step, arguments.steps)
            few = step < FEW_PATCHES_UNTIL * arguments.steps
            if int((step + 1) * SCENE_SHARE) > int(step * SCENE_SHARE):
                domain, batch = "scene", drawn[part].batch(BATCH, WRONG_CAPTIONS, generator)
                kept = busy_patches(batch.images, patch, 0.5, generator) if few else None
                loss, right = scene_loss(model, tokenizer, batch, kept)
            else:
                domain, batch = "photo", photos.batch(BATCH, 1.0 if few else 0.4, generator)
                kept = random_patches(batch.images, patch, 0.5, generator) if few else None
                loss, right = photo_loss(model, tokenizer, batch, teacher, kept)
            loss.backward()
            for stepper in steppers:
                stepper.step()
                stepper.zero_grad()
            with torch.no_grad():
                model.logit_scale.clamp_(max=SCALE_LIMIT)
            update_average(average, model, step, AVERAGE_DECAY)
            sums[domain] += torch.tensor([loss.item(), right.item(), 1.0])
            if step % 20 == 19:
                print(f"step {step + 1}: {domain} loss {loss.item():.3f}, {time.time() - started:.0f} s", flush=True)
        losses = [value for total in sums.values() for value in (total[:2] / total[2]).tolist()]
        line = validation.line(step + 1, losses, average.eval(), time.time() - started)
        with arguments.log.open("a") as log:
            log.write(line + "\n")
        print(line, flush=True)
        state = {
            "step": step + 1,
            "model": model.state_dict(),
            "average": average.state_dict(),
            "optimizers": [stepper.state_dict() for stepper in steppers],
        }
        partial = checkpoint_path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(checkpoint_path)
    return average.eval()


def main():
    arguments = parse_arguments()
    keep_freed_memory()
    torch.set_num_threads(arguments.threads)
    arguments.work.mkdir(parents=True, exist_ok=True)
    arguments.log.parent.mkdir(exist_ok=True)
    torch.manual_seed(0)
    tokenizer = make_tokenizer(arguments.work / "tokenizer")
    photos = PhotoData(arguments.data)
    drawn = [
        SceneData(SCENES, 1, arguments.work / "scenes.npy"),
        SceneData(SECOND_SCENES, 2, arguments.work / "second-scenes.npy", SECOND_GROUPS, SECOND_UNNAMED),
    ]
    model = make_model(tokenizer, arguments.output / "vit-cifar10", cifar.normalise(photos.validation[0]))
    network = ResNetForImageClassification.from_pretrained(arguments.output / "resnet-cifar10", dtype=torch.float32)
    teacher = Teacher(network.to(memory_format=torch.channels_last), size=64, temperature=2.0)
    validation = Validation(tokenizer, photos.validation, arguments.work)
    model = train(model, tokenizer, teacher, photos, drawn, validation, arguments)
    publish(NAME, model, tokenizer, arguments.data, arguments.output, arguments.work)


if __name__ == "__main__":
    main()
