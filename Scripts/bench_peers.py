#!/usr/bin/env python3
"""Times the built `zoo` beside ONNX Runtime, OpenVINO and PyTorch, turn by turn, in fp32 on the CPU.

    python3 Scripts/bench_peers.py [--zoo .build/release/zoo] [--models NAME,...] [--cases b1,b8] [--threads 2]

One worker process a stack; turns go round, and only one stack runs at a time, so that ratios compare the same
stretch of time. Every measurement is one JSON line in the output file; a Markdown table is printed at the end.

A worker is started with BENCH_MODEL (the model's name), BENCH_CKPT (its folder) and BENCH_THREADS set. It reads one
JSON object a line from standard input and answers each with one on standard output:

    {"op":"prep","case":C}        -> {"ok":true,"max_abs_err":E,"rel_rms_err":E,...}   loads, warms up, checks the case
    {"op":"run","case":C,"n":N}   -> {"times":[SECONDS, ...]}                          runs it N times
    {"op":"free","case":C}        -> {"ok":true}
    {"op":"quit"}                 ends the worker; a failure answers {"ok":false,"error":TEXT}

`zoo bench --worker` is one; --extern NAME='COMMAND' adds others.
"""

import argparse
import json
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS))

from reference import environment, launcher

MODELS = (
    "resnet50,mobilenetv2,mobilenetv3_large,convnext_tiny,vit_b16,clip_vit_b32,minilm_l6,wav2vec2_base,"
    "dcgan_64,ddpm_cifar10"
)
OURS = "zoo"


def parsed_arguments():
    """Return the command line's settings."""
    build = SCRIPTS.parent / ".build"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zoo", type=Path, default=build / "release/zoo", help="the built command")
    parser.add_argument("--work", type=Path, default=build / "parity", help="work folder, shared with parity.py")
    parser.add_argument("--checkpoints", type=Path, help="model folders (default: WORK/checkpoints, made if missing)")
    parser.add_argument("--cache", type=Path, help="exported models and logs (default: WORK/peers)")
    parser.add_argument("--output", type=Path, help="JSON lines, appended (default: WORK/peers.jsonl)")
    parser.add_argument("--table", type=Path, help="write the Markdown table here too")
    parser.add_argument("--models", default=MODELS, help="comma-separated names of checkpoint folders")
    parser.add_argument(
        "--cases",
        default="b1,b8,b16,b64,image_b1,image_b32,text_b1,text_b80,b32,s10,s30",
        help="comma-separated names of reference cases",
    )
    parser.add_argument("--stacks", default="ort,ov,eager,compile", help="peers; also with -channels-last, -avx512")
    parser.add_argument("--extern", action="append", default=[], metavar="NAME=COMMAND", help="another worker")
    parser.add_argument("--without-zoo", action="store_true", help="time the peers alone")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--budget", type=float, default=4, help="seconds of running for each case and stack")
    parser.add_argument("--rounds", type=int, default=5, help="turns for each case and stack")
    parser.add_argument("--prepare-limit", type=float, default=600, help="seconds a stack may take to load a case")
    parser.add_argument("--prepare-only", action="store_true", help="export the models for the peers and stop")
    parser.add_argument("--python", help="an interpreter that has the reference libraries")
    arguments = parser.parse_args()
    arguments.cache = (arguments.cache or arguments.work / "peers").resolve()
    arguments.output = arguments.output or arguments.work / "peers.jsonl"
    arguments.cases = [name for name in arguments.cases.split(",") if name]
    return arguments


def model_folders(arguments):
    """Return the folders to time, writing those of the project's own checkpoints that are missing."""
    names = [name for name in arguments.models.split(",") if name]
    if arguments.checkpoints:
        return [(arguments.checkpoints / name).resolve() for name in names]
    from parity import checkpoints

    folders = []
    for checkpoint in checkpoints.select(",".join(names)):
        folder = (arguments.work / "checkpoints" / checkpoint.name).resolve()
        checkpoints.ensure(checkpoint, folder)
        folders.append(folder)
    return folders


def external_workers(arguments):
    """Return the commands of ours and of the other external workers, by stack name."""
    externals = dict(item.split("=", 1) for item in arguments.extern)
    if not arguments.without_zoo and OURS not in externals:
        if not arguments.zoo.is_file():
            raise SystemExit(f"{arguments.zoo} is missing: build it first (swift build -c release)")
        externals = {OURS: f"exec '{arguments.zoo.resolve()}' bench --worker", **externals}
    return externals


def main():
    """Measure every model, write the records, print the table."""
    arguments = parsed_arguments()
    launcher.enter(arguments.work / "venv", arguments.python)
    environment.prepare()
    from bench import report, turns

    if arguments.prepare_only:
        arguments.without_zoo, arguments.rounds = True, 0
    externals = external_workers(arguments)
    stacks = [name for name in arguments.stacks.split(",") if name]
    header, records = report.machine(arguments.threads), []
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with arguments.output.open("a") as output:
        print(json.dumps(header), file=output, flush=True)
        for folder in model_folders(arguments):
            for record in turns.measure(folder, stacks, externals, arguments):
                records.append(record)
                print(json.dumps(record), file=output, flush=True)
                print(json.dumps(record), file=sys.stderr, flush=True)
    if not arguments.prepare_only:
        table = report.markdown(header, records, OURS)
        print(table)
        if arguments.table:
            arguments.table.write_text(table)
    return 1 if any("error" in record for record in records) else 0


if __name__ == "__main__":
    sys.exit(main())
