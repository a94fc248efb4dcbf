#!/usr/bin/env python3
"""Trains the CIFAR-10 classifiers of the zoo and writes their folders.

    python Scripts/train/train_classifiers.py --data DIR --output zoo

DIR holds CIFAR-10 as train/<class>/*.png and test/<class>/*.png.
"""

import argparse
import copy
import os
import sys
from pathlib import Path

# Threads that wait give the core away instead of spinning; with another program on the machine
# spinning makes training many times slower. Read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# The published processors must behave as they do without torchvision: Pillow does the resizing.
sys.modules["torchvision"] = None

import torch

import arithmetic
import cifar
import classifiers
from distillation import DistillationObjective, LabelObjective
from publish import publish
from training import keep_freed_memory, train


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="CIFAR-10 as train/<class>/*.png and test/<class>/*.png")
    parser.add_argument("--output", type=Path, required=True, help="where the model folders go")
    parser.add_argument("--work", type=Path, default=Path("build/train"), help="checkpoints; an interrupted run goes on from them")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--format", choices=arithmetic.FORMATS, default="float32", help="bfloat16 where the processor is faster at it")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    keep_freed_memory()
    torch.set_num_threads(arguments.threads)
    arithmetic.Arithmetic.format = arithmetic.FORMATS[arguments.format]
    arguments.work.mkdir(parents=True, exist_ok=True)
    logs = Path(__file__).parent / "logs"
    logs.mkdir(exist_ok=True)
    data = cifar.load_split(arguments.data, "train"), cifar.load_split(arguments.data, "test")

    recipe = classifiers.RESNET
    torch.manual_seed(recipe.seed)
    objective = LabelObjective(label_smoothing=0.1)
    teacher = train(recipe, classifiers.residual_network(data[0][0]), objective, data, arguments.work, logs / f"{recipe.name}.txt")
    publish(recipe.name, copy.deepcopy(teacher), recipe.image_size, arguments.data, arguments.output)

    recipe = classifiers.VIT
    torch.manual_seed(recipe.seed)
    student = classifiers.vision_transformer()
    objective = DistillationObjective(
        teacher,
        teacher_size=classifiers.RESNET.image_size,
        student=student,
        divergence_weight=0.9,
        temperature=2.0,
        hint_weight=1.0,
        kept_share=0.5,
        full_from=classifiers.VIT_FULL_FROM,
    )
    student = train(recipe, student, objective, data, arguments.work, logs / f"{recipe.name}.txt")
    publish(recipe.name, student, recipe.image_size, arguments.data, arguments.output)


if __name__ == "__main__":
    main()
