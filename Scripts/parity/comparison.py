"""Runs the built command over a checkpoint and compares what it gives with the reference."""

import json
import subprocess
import tempfile
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from parity import tokens

TOLERANCE = 1e-4
"""Largest difference of a logit allowed, as a fraction of the largest reference logit of the case."""

TOP = 5


@dataclass
class Result:
    """What was found for one model."""

    model: str
    error: float = 0.0
    top_equal: bool = True
    pixels: str = "-"
    classified: str = "-"
    ids: str = "-"
    verified: str = "-"
    failures: list = field(default_factory=list)


class Command:
    """The built `zoo`, with the time one call may take."""

    def __init__(self, path, limit=600):
        """Use the executable at `path`."""
        self.path = path
        self.limit = limit

    def run(self, *arguments):
        """Run a subcommand; return its standard output, or raise with what it said."""
        call = [str(self.path), *map(str, arguments)]
        done = subprocess.run(call, capture_output=True, text=True, timeout=self.limit, check=False)
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise RuntimeError(f"zoo {arguments[0]}: exit code {done.returncode}: {said[-1] if said else ''}")
        return done.stdout


def compare(command, folder, results):
    """Compare one model folder; array files of the command go to `results`."""
    manifest = json.loads((folder / "ref/manifest.json").read_text())
    result = Result(folder.name)
    results.mkdir(parents=True, exist_ok=True)
    steps = [lambda case=case: _compare_case(command, folder, case, results, result) for case in manifest["cases"]]
    for case in manifest.get("languages", []):
        steps.append(lambda case=case: _compare_case(command, folder, case, results, result))
    for loop in manifest.get("loops", []):
        steps.append(lambda loop=loop: _compare_loop(command, folder, loop, results, result))
    for loop in manifest.get("pictures", []):
        steps.append(lambda loop=loop: _compare_generated(command, folder, loop, results, result))
    if "image" in manifest.get("preprocess", {}):
        steps.append(lambda: _compare_picture(command, folder, manifest, results, result))
    if "audio" in manifest.get("preprocess", {}):
        steps.append(lambda: _compare_sound(command, folder, manifest["preprocess"], results, result))
    if "sentences" in manifest:
        steps.append(lambda: _compare_sentences(command, folder, manifest["sentences"], result))
    if tokens.has_tokenizer(folder):
        steps.append(lambda: _compare_tokens(command, folder, results, result))
    steps.append(lambda: _verify(command, folder, result))
    for step in steps:
        try:
            step()
        except (RuntimeError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as problem:
            result.failures.append(str(problem))
    return result


def _top(logits):
    """Return the indices of the largest logits of each row, largest first."""
    return np.argsort(-logits, axis=-1, kind="stable")[..., :TOP]


def _compare_case(command, folder, case, results, result):
    """Feed one case's inputs through the model and compare every output recorded for it."""
    output = results / case["case"]
    inputs = [f"{name}={folder / 'ref' / file}" for name, file in case["inputs"].items()]
    options = [word for text in inputs for word in ("--input", text)]
    # By name: some are given only where they are asked for.
    options += [word for name in case["outputs"] for word in ("--output", name)]
    if "language" in case:
        options += ["--language", case["language"]]
    for stale in output.glob("*.npy"):
        stale.unlink()
    command.run("run", folder, *options, "--output-dir", output)
    for name, file in case["outputs"].items():
        expected, found = np.load(folder / "ref" / file), np.load(output / f"{name}.npy")
        if expected.shape != found.shape:
            raise ValueError(f"{case['case']}: {name} has shape {found.shape}, expected {expected.shape}")
        if name == "greedy_ids":
            if not np.array_equal(found, expected):
                result.top_equal = False
                result.failures.append(f"{case['case']}: greedy ids differ")
            continue
        error = float(np.abs(found.astype("float64") - expected).max() / np.abs(expected).max())
        result.error = max(result.error, error)
        if not error <= TOLERANCE:
            result.failures.append(f"{case['case']}: {name} differs by {error:.1e} of its scale")
        # Of a clip only the best token of each frame counts: the others may be as good as equal.
        if name == "logits" and "greedy_ids" not in case["outputs"] and not np.array_equal(_top(found), _top(expected)):
            result.top_equal = False
            result.failures.append(f"{case['case']}: top {TOP} differ")


def _compare_loop(command, folder, loop, results, result):
    """Sample from given noise and compare where it ends."""
    found_file, picture = results / f"{loop['case']}.npy", results / f"{loop['case']}.png"
    options = [
        "--scheduler",
        loop["scheduler"],
        "--steps",
        loop["steps"],
        "--latents",
        folder / "ref" / loop["latents"],
    ]
    command.run("generate", "--model", folder, *options, "--output-latents", found_file, "--output", picture, "--force")
    expected, found = np.load(folder / "ref" / loop["sample"]), np.load(found_file)
    if expected.shape != found.shape:
        raise ValueError(f"{loop['case']}: the sample has shape {found.shape}, expected {expected.shape}")
    error = float(np.abs(found.astype("float64") - expected).max() / np.abs(expected).max())
    result.error = max(result.error, error)
    if not error <= TOLERANCE:
        result.failures.append(f"{loop['case']}: the sample differs by {error:.1e} of its scale")


def _compare_generated(command, folder, loop, results, result):
    """Make a picture of a text and compare its pixels: one level of 255 for all but one of a thousand values."""
    picture = results / f"{loop['case']}.png"
    names = ("scheduler", "steps", "guidance", "prompt", "negative")
    options = [word for name in names for word in (f"--{name}", loop[name])]
    size = f"{loop['size']}x{loop['size']}"
    command.run(
        "generate", "--model", folder, *options, "--size", size, "--seeds", loop["seed"], "--output", picture, "--force"
    )
    expected = np.load(folder / "ref" / loop["pixels"]).astype(int)
    found = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    if expected.shape != found.shape:
        raise ValueError(f"{loop['case']}: the picture has shape {found.shape}, expected {expected.shape}")
    share = float((np.abs(found - expected) > 1).mean())
    if share > 0.001:
        result.failures.append(f"{loop['case']}: {share:.2%} of the values differ by more than one level")


def _compare_picture(command, folder, manifest, results, result):
    """Compare the values the model is fed for a picture, and the classes it is given."""
    entry = manifest["preprocess"]
    picture, found_file = folder / "ref" / entry["image"], results / "pixel_values.npy"
    command.run("preprocess", folder, picture, "--output", found_file)
    expected, found = np.load(folder / "ref" / entry["pixel_values"]), np.load(found_file)
    if expected.shape != found.shape:
        result.pixels = "shape"
        result.failures.append(f"pixel values have shape {found.shape}, expected {expected.shape}")
    elif not np.array_equal(expected, found):
        result.pixels = f"{np.abs(expected - found).max():.1e}"
        result.failures.append(f"pixel values differ by up to {result.pixels}")
    else:
        result.pixels = "equal"
    if "zero_shot" in manifest:
        _compare_zero_shot(command, folder, manifest["zero_shot"], result)
    elif any("logits" in case["outputs"] for case in manifest["cases"]):
        _compare_classes(command, folder, picture, manifest, result)


def _compare_sound(command, folder, entry, results, result):
    """Compare the values the model is fed for a sound file."""
    found_file = results / "input_values.npy"
    command.run("preprocess", folder, folder / "ref" / entry["audio"], "--output", found_file)
    expected, found = np.load(folder / "ref" / entry["input_values"]), np.load(found_file)
    result.pixels = "equal" if np.array_equal(expected, found) else "differ"
    if result.pixels != "equal":
        result.failures.append("input values of a sound differ")


def _compare_classes(command, folder, picture, manifest, result):
    """Compare the classes that a classifier gives a picture."""
    case = next(case for case in manifest["cases"] if case["case"] == "image")
    wanted = _top(np.load(folder / "ref" / case["outputs"]["logits"]))[0].tolist()
    printed = json.loads(command.run("classify", "--model", folder, "--top", TOP, "--json", picture).splitlines()[0])
    given = [prediction["index"] for prediction in printed["predictions"]]
    result.classified = "equal" if given == wanted else "differ"
    if given != wanted:
        result.failures.append(f"classify gives {given}, expected {wanted}")


def _compare_zero_shot(command, folder, entry, result):
    """Compare the probabilities that a dual encoder gives labels for a picture."""
    options = [word for template in entry["templates"] for word in ("--template", template)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as labels:
        labels.write("\n".join(entry["labels"]) + "\n")
        labels.flush()
        options += ["--labels-from", labels.name, "--top", len(entry["labels"])]
        printed = command.run("classify", "--model", folder, *options, "--json", folder / "ref" / entry["image"])
    predictions = json.loads(printed.splitlines()[0])["predictions"]
    found = {prediction["label"]: prediction["score"] for prediction in predictions}
    wanted = np.load(folder / "ref" / entry["probabilities"])
    error = max(abs(found[label] - score) for label, score in zip(entry["labels"], wanted, strict=True))
    result.classified = f"{error:.1e}"
    if not error <= TOLERANCE:
        result.failures.append(f"zero-shot probabilities differ by {error:.1e}")


def _compare_sentences(command, folder, entry, result):
    """Compare the embeddings of sentences, from text to vector."""
    options = [word for text in entry["texts"] for word in ("--text", text)]
    lines = command.run("embed", "--model", folder, *options).splitlines()
    found = np.array([json.loads(line)["embedding"] for line in lines])
    wanted = np.load(folder / "ref" / entry["embedding"])
    if found.shape != wanted.shape:
        raise ValueError(f"the embeddings have shape {found.shape}, expected {wanted.shape}")
    error = float(np.abs(found - wanted).max() / np.abs(wanted).max())
    result.classified = f"{error:.1e}"
    if not error <= TOLERANCE:
        result.failures.append(f"embeddings of sentences differ by {error:.1e} of their scale")


def _compare_tokens(command, folder, results, result):
    """Compare token ids on the corpus."""
    count, different = tokens.compare(command, folder, results)
    result.ids = "equal" if not different else f"{len(different)} differ"
    if different:
        result.failures.append(f"ids of {len(different)} of {count} lines differ, first in line {different[0] + 1}")


def _verify(command, folder, result):
    """Run the command's own check of the stored cases."""
    result.verified = "failed"
    command.run("verify", folder)
    result.verified = "ok"


def table(results):
    """Return the results as a text table."""
    rows = [("model", "error / scale", "top 5", "pixels", "end to end", "ids", "verify", "")]
    for result in results:
        top = "equal" if result.top_equal else "differ"
        passed = "FAILED" if result.failures else "ok"
        rows.append(
            (
                result.model,
                f"{result.error:.1e}",
                top,
                result.pixels,
                result.classified,
                result.ids,
                result.verified,
                passed,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)
