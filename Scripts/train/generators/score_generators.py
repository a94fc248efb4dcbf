#!/usr/bin/env python3
"""Measures a generator with `zoo` itself, and shows its pictures beside the training images nearest to them.

    python Scripts/train/generators/score_generators.py --zoo .build/release/zoo --model zoo/ddpm-cifar10 --data DIR \\
        --work build/score/ddpm --count 500 --also vit-cifar10 -- --scheduler dpm-solver --steps 20 --guidance 2

Draws `--count` pictures of each class with `zoo generate` (seeds from 100,000 on; what stands behind `--` is handed
on), and asks the shipped ResNet what it sees (`zoo classify`) and what its pooled features are (`zoo embed`). DIR holds
CIFAR-10 as train/<class>/*.png and test/<class>/*.png. Prints a JSON object:

class_agreement    share of the pictures in which the classifier sees the class that was asked for
class_agreement_of the same of each classifier that `--also` names
frechet_distance   between the normal distributions of the features of pictures and of the 10,000 test images
                   (Heusel et al. 2017, arXiv:1706.08500, equation 6, with these features in place of Inception's)
precision, recall  share of the pictures whose features lie where test images are, and the other way round: within the
                   distance of the third neighbour (Kynkaanniemi et al. 2019, arXiv:1904.06991, equation 2)
training_images    distance, precision and recall of as many training images, chosen at random, in place of pictures

`--card` puts the figures into the model's card.json. `--sheet FILE` writes a picture: in each row one of the pictures
and the five training images nearest in features.

Pictures lie in `--work`, the features of CIFAR-10 beside it for other generators. A record says what each was made of:
pictures of something else are an error, features of something else are made anew.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image
from scipy import linalg

import cifar
from cards import CARDS
from model_folder import write_card, write_json

FIRST_SEED = 100_000
NEIGHBOURS = 3


class Zoo:
    """The command."""

    def __init__(self, path):
        """Of the program at `path`."""
        self.path = path

    def __call__(self, *arguments, **options):
        """Runs it; a failure is an error."""
        return subprocess.run([self.path, *map(str, arguments)], check=True, **options)

    def digests(self, model):
        """SHA-256 of the model's files of weights, by name."""
        shown = json.loads(self("show", "--json", model, stdout=subprocess.PIPE).stdout)
        files = {entry["name"]: Path(shown["folder"]) / entry["name"] for entry in shown["files"]}
        return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}

    def features(self, classifier, folder, stem, pictures):
        """`[N, C]` and the paths of the pictures of `folder`, in the same order.

        `pictures` says what they are; the features are kept in `stem` with the classifier's name behind it.
        """
        file = stem.with_name(f"{stem.name}-{Path(classifier).name}.npy")
        facts = {"classifier": self.digests(classifier), "pictures": pictures}
        if not file.exists() or recorded(file) != facts:
            self("embed", "--model", classifier, "--no-normalize", "--output", file, folder)
            record(file, facts)
        rows = file.with_name(file.stem + ".ids.jsonl").read_text().splitlines()
        return np.load(file).astype(np.float64), [json.loads(row)["input"] for row in rows]

    def agreement(self, classifier, folder):
        """Share of the pictures of `folder`, which has a folder a class, that are taken for their class."""
        output = self("classify", "--json", "--model", classifier, "--top", 1, folder, stdout=subprocess.PIPE)
        answers = [json.loads(line) for line in output.stdout.splitlines()]
        right = [answer["predictions"][0]["label"] == Path(answer["input"]).parent.name for answer in answers]
        return sum(right) / len(right)


def record(path, facts):
    """Writes down, beside a file or folder, what it was made of."""
    write_json(path.with_suffix(".json"), facts)


def recorded(path):
    """What a file or folder was made of; `None` where nothing says so."""
    file = path.with_suffix(".json")
    return json.loads(file.read_text()) if file.exists() else None


def frechet_distance(first, second):
    """Of two normal distributions with the means and covariances of the rows."""
    means, covariances = zip(*((rows.mean(0), np.cov(rows, rowvar=False)) for rows in (first, second)), strict=True)
    root = linalg.sqrtm(covariances[0] @ covariances[1]).real
    return float(((means[0] - means[1]) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root))


def squared_distances(first, second):
    """Of each row of the one from each of the other."""
    return np.maximum((first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T, 0)


def covered(rows, others):
    """Share of `rows` that lie no further from one of `others` than that one's third neighbour among them."""
    among = squared_distances(others, others)
    reach = np.partition(among, NEIGHBOURS, axis=1)[:, NEIGHBOURS]  # itself is one of them
    return float((squared_distances(rows, others) <= reach).any(1).mean())


def figures_beside(test, rows):
    """What is said of features beside those of the test images."""
    return {
        "frechet_distance": frechet_distance(rows, test),
        "precision": covered(rows, test),
        "recall": covered(test, rows),
    }


def chosen(rows, count):
    """So many of the rows, at random and the same each time."""
    generator = np.random.default_rng(0)
    generator.permutation(len(rows))  # the figures of the cards are of the second one
    return rows[generator.permutation(len(rows))[:count]]


def draw(zoo, model, folder, count, options):
    """Pictures of every class, `folder/<class>/seed-N.png`; returns what they were made of."""
    facts = {"model": zoo.digests(model), "count": count, "first_seed": FIRST_SEED, "options": options}
    if folder.exists() and recorded(folder) != facts:
        raise SystemExit(f"{folder} holds pictures of {recorded(folder) or 'unknown origin'}, not of {facts}")
    record(folder, facts)
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(cifar.LABELS):
        if (folder / name).exists():
            continue
        start = FIRST_SEED + number * count
        seeds = f"{start}-{start + count - 1}"
        partial = folder / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        zoo("generate", "--model", model, "--class", name, "--seeds", seeds, "-o", partial, *options)
        partial.rename(folder / name)
    return facts


def sheet(path, pictures, features, train, train_features, rows=10, columns=5, scale=2):
    """A row for each class: a picture, then the training images nearest to it."""
    side = 32 * scale
    canvas = Image.new("RGB", ((columns + 1) * side + side // 4, rows * side), "white")
    step = len(pictures) // rows
    for row in range(rows):
        index = row * step
        order = np.argsort(squared_distances(features[index : index + 1], train_features)[0])[:columns]
        for column, file in enumerate([pictures[index], *(train[other] for other in order)]):
            image = Image.open(file).convert("RGB").resize((side, side), Image.Resampling.NEAREST)
            canvas.paste(image, (column * side + (side // 4 if column else 0), row * side))
    canvas.save(path, optimize=True)


def parameter_count(path):
    """Elements of a file of weights, from its header; running statistics are not trained."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    tensors = {name: entry for name, entry in header.items() if name != "__metadata__" and "running_" not in name}
    return sum(int(np.prod(entry["shape"])) for entry in tensors.values())


def card(zoo, folder, classifier, figures, options):
    """Writes the model's `card.json` with the figures."""
    description, weights = CARDS[folder.name]
    version = zoo("--version", stdout=subprocess.PIPE, text=True).stdout.strip()
    accuracy = {name: round(figures[name], 4) for name in ("class_agreement", "precision", "recall")}
    accuracy["dataset"] = f"{figures['pictures']:,} pictures, CIFAR-10's 10,000 test images beside them"
    measured = f"{version}, features and classes by {classifier}; zoo generate"
    accuracy["measured_with"] = " ".join([measured, *options])
    description = {**description, "frechet_distance": round(figures["frechet_distance"], 2)}
    write_card(folder, parameter_count(folder / weights), description, accuracy, weights)


def parse_arguments():
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zoo", required=True, help="the command")
    parser.add_argument("--model", required=True, help="the generator's folder")
    parser.add_argument("--classifier", default="resnet-cifar10", help="the classifier that is asked")
    parser.add_argument(
        "--also", action="append", default=[], metavar="CLASSIFIER", help="another one, for its class agreement alone"
    )
    parser.add_argument("--data", type=Path, required=True, help="CIFAR-10: train/<class>/*.png, test/<class>/*.png")
    parser.add_argument("--work", type=Path, required=True, help="pictures; what is there is not made again")
    parser.add_argument("--count", type=int, default=500, help="pictures of each class")
    parser.add_argument("--card", action="store_true", help="write the model's card.json")
    parser.add_argument("--sheet", type=Path, help="where pictures and their nearest training images go")
    parser.add_argument("options", nargs="*", help="options of zoo generate")
    return parser.parse_args()


def main():
    """Draws, measures, prints."""
    arguments = parse_arguments()
    zoo, classifier = Zoo(arguments.zoo), arguments.classifier
    arguments.work.mkdir(parents=True, exist_ok=True)
    folder = arguments.work / "pictures"
    made_of = draw(zoo, arguments.model, folder, arguments.count, arguments.options)
    drawn, pictures = zoo.features(classifier, folder, folder, made_of)
    splits = {}
    for split in ("test", "train"):
        images = arguments.data / split
        splits[split] = zoo.features(classifier, images, arguments.work.parent / split, str(images.resolve()))
    test, (train, images) = splits["test"][0], splits["train"]
    figures = {
        "pictures": len(drawn),
        "class_agreement": zoo.agreement(classifier, folder),
        "class_agreement_of": {other: zoo.agreement(other, folder) for other in arguments.also},
        **figures_beside(test, drawn),
        "training_images": figures_beside(test, chosen(train, len(drawn))),
    }
    if arguments.sheet:
        sheet(arguments.sheet, pictures, drawn, images, train)
    if arguments.card:
        card(zoo, Path(arguments.model), classifier, figures, arguments.options)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
