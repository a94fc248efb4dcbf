#!/usr/bin/env python3
"""Writes what the model card's figures are measured on, as pictures and text files for any program.

    python Scripts/train/clip/write_evaluation.py --output DIR

looks/      scenes with shape, colour and texture never seen together; labels.txt has all 144 combinations
groups/     scenes with number and position never seen together; labels.txt has all 20 combinations
wordings/   scenes of known combinations; labels.txt as in the training, labels-1.txt to labels-3.txt in new wordings
retrieval/  1,000 scenes and a caption for each in the order of the file names: captions.txt as in the training,
            captions-new.txt in new wordings
photos/     labels.txt, template.txt and templates of new wordings for the test images of CIFAR-10, which are not copied

truth.txt has a line for each picture: its file name and the number (from 0) of the right line of labels.txt.
"""

import argparse
import sys
from itertools import product
from pathlib import Path
from random import Random

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image

import captions
import cifar
import scenes

SEED = 90_000
LOOKS = list(product(range(len(scenes.SHAPES)), range(len(scenes.COLOURS)), range(len(scenes.TEXTURES))))
GROUPS = list(product(range(len(scenes.COUNTS)), range(len(scenes.POSITIONS))))
NEW_WORDINGS = ["there is a {c} {n} that is {t}", "an image: a {t} {n}, {c}", "this drawing shows a {n} {w}, {c}."]


def write_lines(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines))


def write_pictures(folder, rows, seed, truth=None):
    """Draws the scenes into folder/images and writes which label each has."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    names = [f"{number:04d}.png" for number in range(len(rows))]
    for name, picture in zip(names, scenes.draw_all(rows, seed).transpose(0, 2, 3, 1)):
        Image.fromarray(picture).save(folder / "images" / name)
    if truth is not None:
        write_lines(folder / "truth.txt", [f"{name} {label}" for name, label in zip(names, truth)])


def look_numbers(rows):
    return [LOOKS.index(tuple(row)) for row in rows[:, :3].tolist()]


def distinct_scenes(count, random):
    """Scenes of known combinations, no two of which have all attributes in common."""
    rows = scenes.seen_scenes(3 * count, random)
    _, first = np.unique(rows, axis=0, return_index=True)
    return rows[np.sort(first)][:count]


def write_evaluation(output):
    """Writes all five sets; the same files on every run."""
    output = Path(output)
    random = np.random.RandomState(SEED)

    rows = scenes.scenes_with_looks(scenes.UNSEEN_LOOKS, 50, random)
    write_pictures(output / "looks", rows, SEED + 1, look_numbers(rows))
    write_lines(output / "looks" / "labels.txt", map(captions.look_label, LOOKS))

    rows = scenes.scenes_with_groups(scenes.UNSEEN_GROUPS, 100, random)
    numbers = [GROUPS.index(pair) for pair in map(tuple, rows[:, [scenes.COUNT, scenes.POSITION]].tolist())]
    write_pictures(output / "groups", rows, SEED + 2, numbers)
    write_lines(output / "groups" / "labels.txt", map(captions.group_label, GROUPS))

    rows = scenes.seen_scenes(1000, random, group_share=0.0)
    write_pictures(output / "wordings", rows, SEED + 3, look_numbers(rows))
    write_lines(output / "wordings" / "labels.txt", map(captions.look_label, LOOKS))
    for number, wording in enumerate(NEW_WORDINGS, 1):
        labels = [captions.look_label(look, wording) for look in LOOKS]
        write_lines(output / "wordings" / f"labels-{number}.txt", labels)

    rows = distinct_scenes(1000, random)
    write_pictures(output / "retrieval", rows, SEED + 4)
    for file, unseen in (("captions.txt", False), ("captions-new.txt", True)):
        words = Random(SEED)
        sentences = [captions.describe(row, set(range(7)), words, unseen)[0] for row in rows.tolist()]
        write_lines(output / "retrieval" / file, sentences)

    (output / "photos").mkdir(exist_ok=True)
    write_lines(output / "photos" / "labels.txt", [f"{captions.article(name)} {name}" for name in cifar.LABELS])
    write_lines(output / "photos" / "template.txt", ["a photo of {}."])
    for number, wording in enumerate(captions.UNSEEN_PHOTO_TEMPLATES, 1):
        write_lines(output / "photos" / f"template-{number}.txt", [wording.replace("{a} {n}", "{}")])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    write_evaluation(parser.parse_args().output)
