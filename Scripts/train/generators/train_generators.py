#!/usr/bin/env python3
"""Trains the generators of the zoo on CIFAR-10 and writes their folders.

    python Scripts/train/generators/train_generators.py --data DIR --output zoo

DIR holds CIFAR-10 as train/<class>/*.png.
"""

import argparse
import os
import sys
from pathlib import Path

# Threads that wait give the core away instead of spinning; read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
sys.modules["torchvision"] = None  # nothing here needs it
HERE = Path(__file__).resolve()
sys.path[1:1] = [str(HERE.parents[1]), str(HERE.parents[2])]  # what the training runs share, and the reference models

import torch

import adversarial
import cifar
import diffusion
from publish_generators import publish_dcgan, publish_ddpm
from training import keep_freed_memory


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="CIFAR-10 as train/<class>/*.png")
    parser.add_argument("--output", type=Path, required=True, help="where the model folders go")
    parser.add_argument("--work", type=Path, default=Path("build/train"), help="checkpoints; an interrupted run goes on from them")
    parser.add_argument("--classifier", type=Path, default=Path("zoo/resnet-cifar10"), help="whose features are foreseen")
    parser.add_argument("--only", choices=[adversarial.Recipe.name, diffusion.Recipe.name], help="one of the two")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    keep_freed_memory()
    torch.set_num_threads(arguments.threads)
    arguments.work.mkdir(parents=True, exist_ok=True)
    logs = HERE.parent / "logs"
    logs.mkdir(exist_ok=True)
    data = cifar.load_split(arguments.data, "train")
    recipe = adversarial.Recipe()
    if arguments.only in (None, recipe.name):
        publish_dcgan(adversarial.train(recipe, data, arguments.work, logs / f"{recipe.name}.txt"), arguments.output)
    recipe = diffusion.Recipe()
    if arguments.only in (None, recipe.name):
        features = diffusion.classifier_features(arguments.classifier, data[0])
        trained = diffusion.train(recipe, data, features, arguments.work, logs / f"{recipe.name}.txt")
        publish_ddpm(trained, arguments.output)


if __name__ == "__main__":
    main()
