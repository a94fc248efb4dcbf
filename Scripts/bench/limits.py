#!/usr/bin/env python3
"""Says how near the benchmark's models come to what the machine allows: the table of Docs/performance.md.

    python3 Scripts/bench/limits.py CHECKPOINTS [--zoo .build/release/zoo] [--seconds 2] [--models NAME,...]

CHECKPOINTS holds the folders that `bench_peers.py` makes. For each row: the operations of a pass and the bytes that its
operations touch, one after another, on one thread (`zoo bench --balance`); the time that either would take at the
machine's speed, measured by `zoo bench` (multiply-adds in registers) and `zoo-bench --filter memory` (copying what no
cache holds); and the median and least time of a pass. Bytes that lie in a cache cost less than the memory's limit says,
and a convolution that Winograd's algorithm shortens less than its operations: a row may beat either limit.
"""

import argparse
import json
import subprocess
from pathlib import Path

# What goes through, the folder, options of `zoo bench`, and in how many passes of that size pictures go.
ROWS = (
    ("ResNet-50, 1 picture", "resnet50", [], 1),
    ("MobileNetV2, 1", "mobilenetv2", [], 1),
    ("MobileNetV3-large, 1", "mobilenetv3_large", [], 1),
    ("ConvNeXt-T, 1", "convnext_tiny", [], 1),
    ("ViT-B/16, 1", "vit_b16", [], 1),
    ("ViT-B/16, 8", "vit_b16", ["--batch", "8"], 8),
    ("CLIP ViT-B/32, 1 picture", "clip_vit_b32", [], 1),
    ("CLIP ViT-B/32, 32 pictures", "clip_vit_b32", ["--batch", "32"], 7),
    ("CLIP ViT-B/32, 1 text of 77 tokens", "clip_vit_b32", ["--tower", "text"], 1),
    ("CLIP ViT-B/32, 80 such texts", "clip_vit_b32", ["--tower", "text", "--batch", "80"], 1),
    ("MiniLM-L6, 32 texts of 128 tokens", "minilm_l6", ["--batch", "32", "--tokens", "128"], 1),
    ("wav2vec2-base, 10 s", "wav2vec2_base", [], 1),
    ("wav2vec2-base, 30 s", "wav2vec2_base", ["--duration", "30"], 1),
    ("DCGAN, 1", "dcgan_64", [], 1),
    ("DCGAN, 64", "dcgan_64", ["--batch", "64"], 4),
    ("DDPM (CIFAR-10), 1", "ddpm_cifar10", [], 1),
    ("DDPM (CIFAR-10), 16", "ddpm_cifar10", ["--batch", "16"], 1),
)


def answers(*words):
    """Return the JSON lines that a command prints."""
    text = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def main():
    """Measure and print the table."""
    build = Path(__file__).resolve().parent.parent.parent / ".build/release"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoints", type=Path)
    parser.add_argument("--zoo", type=Path, default=build / "zoo", help="the built command, zoo-bench beside it")
    parser.add_argument("--seconds", default="2", help="of each row")
    parser.add_argument("--models", help="comma-separated names of checkpoint folders")
    arguments = parser.parse_args()
    chosen = arguments.models.split(",") if arguments.models else [model for _, model, _, _ in ROWS]
    memory = answers(arguments.zoo.parent / "zoo-bench", "--filter", "memory", "--json")[0]
    rate = memory["gb_per_s"]
    print(f"{memory['tier']}, {memory['threads']} threads, memory {rate:.1f} GB/s\n")
    print("| inputs of a pass | GFLOP | MB touched | by operations | by memory | median (least) ms | of the limit |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for title, model, options, passes in ROWS:
        if model not in chosen:
            continue
        folder = arguments.checkpoints / model
        timed = answers(arguments.zoo, "bench", folder, *options, "--seconds", arguments.seconds, "--json")[0]
        counted = answers(arguments.zoo, "bench", folder, *options, "--balance", "2", "--json")[0]
        touched = counted["balances"][0]["touched_by_one"] * passes
        by_operations = timed["gflop"] / timed["peak_gflops"] * 1e3
        by_memory = touched / rate / 1e6
        share = max(by_operations, by_memory) / timed["min_ms"]
        print(
            f"| {title} | {timed['gflop']:.1f} | {touched / 1e6:.0f} | {by_operations:.1f} | {by_memory:.1f} "
            f"| {timed['median_ms']:.1f} ({timed['min_ms']:.1f}) | {share:.0%} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
