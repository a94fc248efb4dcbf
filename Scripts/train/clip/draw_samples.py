#!/usr/bin/env python3
"""Draws four scenes at 128x128 pixels for samples/.

    python Scripts/train/clip/draw_samples.py --output samples
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import scenes

SAMPLES = {
    "scene-star.png": ("star", "purple", "striped", "large", "one", "centre", "white"),
    "scene-circle.png": ("circle", "red", "striped", "medium", "one", "left", "black"),
    "scene-squares.png": ("square", "blue", "plain", "group", "three", "bottom", "grey"),
    "scene-triangle.png": ("triangle", "green", "spotted", "large", "one", "right", "white"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    for number, (name, words) in enumerate(SAMPLES.items()):
        row = np.array([[values.index(word) for values, word in zip(scenes.VALUES, words)]])
        picture = scenes.draw(row, np.random.RandomState(number), size=128, supersampling=2)[0]
        Image.fromarray(picture).save(output / name, optimize=True)


if __name__ == "__main__":
    main()
