#!/usr/bin/env python3
"""Compares the built `zoo` with the reference libraries on full-size models of every architecture and layout.

    python3 Scripts/parity.py [--zoo .build/release/zoo] [--work .build/parity] [--models NAME,...]

A virtual environment with the pinned libraries, checkpoints with seeded weights and reference outputs are made in
the work folder once and used again (about 10 GB). For every model: outputs within 1e-4 of their scale and the same
top five for every stored input (of speech the same best token in every frame), the values fed for a picture or a
sound equal, the same classes, probabilities or vectors for a picture, the same token ids for 12,000 lines, `zoo
verify` passes.
The exit code is 1 where anything differs.
"""

import argparse
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS))

from reference import environment, launcher


def parsed_arguments():
    """Return the command line's settings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zoo", type=Path, default=SCRIPTS.parent / ".build/release/zoo", help="the built command")
    parser.add_argument("--work", type=Path, default=SCRIPTS.parent / ".build/parity", help="work folder, kept")
    parser.add_argument("--models", default="", help="comma-separated names (default: all)")
    parser.add_argument("--python", help="an interpreter that has the reference libraries")
    parser.add_argument("--checkpoints-only", action="store_true", help="write the checkpoints and stop")
    parser.add_argument("--list", action="store_true", help="list the models and stop")
    return parser.parse_args()


def main():
    """Write what is missing, compare, print the table."""
    arguments = parsed_arguments()
    launcher.enter(arguments.work / "venv", arguments.python)
    environment.prepare()
    from parity import checkpoints, comparison

    chosen = checkpoints.select(arguments.models)
    if arguments.list:
        print("\n".join(f"{item.name}: {item.layout} {item.architecture}" for item in chosen))
        return 0
    if not arguments.checkpoints_only and not arguments.zoo.is_file():
        print(f"{arguments.zoo} is missing: build it first (swift build -c release)", file=sys.stderr)
        return 66
    command, results = comparison.Command(arguments.zoo.resolve()), []
    for checkpoint in chosen:
        folder = arguments.work / "checkpoints" / checkpoint.name
        if checkpoints.ensure(checkpoint, folder):
            print(f"{checkpoint.name}: checkpoint written", file=sys.stderr, flush=True)
        if arguments.checkpoints_only:
            continue
        result = comparison.compare(command, folder, arguments.work / "results" / checkpoint.name)
        results.append(result)
        for failure in result.failures:
            print(f"{result.model}: {failure}", file=sys.stderr, flush=True)
    if results:
        versions = ", ".join(f"{name} {version}" for name, version in environment.versions().items())
        print(f"Reference: {versions}\n\n{comparison.table(results)}")
    failed = [result.model for result in results if result.failures]
    if failed:
        print(f"\n{len(failed)} of {len(results)} models differ from the reference.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
