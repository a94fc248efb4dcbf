"""Turns the records of a run into a Markdown table."""

import datetime
import os
import platform
from importlib import metadata
from pathlib import Path

LIBRARIES = ("torch", "onnxruntime", "openvino", "transformers", "timm", "diffusers")


def machine(threads):
    """Return where and with what a run was made."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "threads": threads,
        "load": os.getloadavg()[0],
        "versions": {name: metadata.version(name) for name in LIBRARIES},
    }


def markdown(header, records, ours):
    """Return the table: median and least time of every stack, and our speed against the fastest peer's.

    The last column is the fastest peer's median divided by ours: above 1 we are faster.
    """
    stacks = list(dict.fromkeys(record["stack"] for record in records))
    versions = ", ".join(f"{name} {version}" for name, version in header["versions"].items())
    lines = [
        f"{header['cpu']}, {header['threads']} of {header['cores']} cores used, {header['date']}; {versions}; fp32.",
        "Median ms over interleaved turns (least in brackets).",
        "",
        "| model | case | " + " | ".join(stacks) + f" | fastest peer | {ours}: times its speed |",
        "|" + " --- |" * (len(stacks) + 4),
    ]
    for model, case in dict.fromkeys((record["model"], record["case"]) for record in records):
        chosen = [record for record in records if (record["model"], record["case"]) == (model, case)]
        by_stack = {record["stack"]: record for record in chosen}
        lines.append(_row(model, case, by_stack, stacks, ours))
    return "\n".join(lines) + "\n"


def _row(model, case, by_stack, stacks, ours):
    """Return the table row of one case."""
    cells = [_cell(by_stack.get(stack)) for stack in stacks]
    timed = {stack: record["median_ms"] for stack, record in by_stack.items() if "median_ms" in record}
    peers = {stack: time for stack, time in timed.items() if stack != ours}
    fastest = min(peers, key=peers.get, default="-")
    ratio = f"{peers[fastest] / timed[ours]:.2f}" if peers and ours in timed else "-"
    return f"| {model} | {case} | " + " | ".join(cells) + f" | {fastest} | {ratio} |"


def _cell(record):
    """Return what one stack did."""
    if record is None:
        return ""
    if "median_ms" not in record:
        return "failed"
    return f"{_digits(record['median_ms'])} ({_digits(record['min_ms'])})"


def _digits(milliseconds):
    """Return a time with three or four figures."""
    decimals = 0 if milliseconds >= 1000 else 1 if milliseconds >= 10 else 2
    return f"{milliseconds:.{decimals}f}"
