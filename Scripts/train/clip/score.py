#!/usr/bin/env python3
"""Turns what `zoo classify --json` and `zoo embed` wrote into the figures of the card.

    python Scripts/train/clip/score.py choices TRUTH.txt PREDICTIONS.jsonl     right label first, of scenes
    python Scripts/train/clip/score.py near TRUTH.txt PREDICTIONS.jsonl        the same among 15 labels, see below
    python Scripts/train/clip/score.py photos PREDICTIONS.jsonl                right class first, of CIFAR-10's test
    python Scripts/train/clip/score.py retrieval IMAGES.npy CAPTIONS.npy       recall of a picture's caption

`near` is for the 144 looks and needs all of them in the predictions (`--top 144`): the choice is among the right label
and the 14 that differ from it in one of shape, colour and texture.
"""

import json
import sys
from pathlib import Path

import numpy as np

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
SIZES = (6, 8, 3)  # shapes, colours, textures


def read_predictions(path):
    """(path of the picture, its label numbers with the best first) for each line; a picture that failed is an error."""
    lines = [json.loads(line) for line in Path(path).read_text().splitlines() if line]
    return [(Path(line["input"]), [entry["index"] for entry in line["predictions"]]) for line in lines]


def read_truth(path):
    return {name: int(number) for name, number in (line.split() for line in Path(path).read_text().splitlines())}


def choices(truth, predictions):
    """Share of the pictures of `truth` whose first label is right."""
    answers = {path.name: order[0] for path, order in predictions}
    return sum(answers[name] == number for name, number in truth.items()) / len(truth)


def near(truth, predictions):
    """As `choices`, among the labels that differ in one attribute at most."""
    looks = np.stack(np.unravel_index(np.arange(np.prod(SIZES)), SIZES), 1)
    answers = {path.name: order for path, order in predictions}
    right = 0
    for name, number in truth.items():
        close = set(np.flatnonzero((looks != looks[number]).sum(1) <= 1).tolist())
        right += next(label for label in answers[name] if label in close) == number
    return right / len(truth)


def photos(predictions):
    """Share of the pictures whose first label is the folder that they lie in."""
    return sum(CLASSES[order[0]] == path.parent.name for path, order in predictions) / len(predictions)


def retrieval(images, captions):
    """Recall at 1 and 5, from picture to caption and from caption to picture; pairs are in the same row."""
    images, captions = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (images, captions))
    cosines = images @ captions.T
    figures = {}
    for name, table in (("caption_of_picture", cosines), ("picture_of_caption", cosines.T)):
        rank = (table > np.diag(table)[:, None]).sum(1)
        figures[name] = {"recall_at_1": float((rank < 1).mean()), "recall_at_5": float((rank < 5).mean())}
    return figures


def main(arguments):
    task, *files = arguments
    if task in ("choices", "near"):
        print({"choices": choices, "near": near}[task](read_truth(files[0]), read_predictions(files[1])))
    elif task == "photos":
        print(photos(read_predictions(files[0])))
    elif task == "retrieval":
        print(json.dumps(retrieval(*map(np.load, files)), indent=1))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:] or [""])
