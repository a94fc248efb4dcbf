#!/usr/bin/env python3
"""Serves one peer stack over the worker protocol of `bench_peers.py` on standard input and output."""

import argparse
import json
import os
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reference import environment

WARM_UP = 3
"""Runs before the first timed one."""


class Worker:
    """Answers requests for one model folder."""

    def __init__(self, stack, folder, cache, threads):
        """Load the libraries; the model is loaded by the first `prep`."""
        from bench.stacks import Peer

        self.folder = folder
        manifest = json.loads((folder / "ref/manifest.json").read_text())
        self.cases = {case["case"]: case for case in manifest["cases"]}
        self.peer = Peer(stack, folder, cache, threads)
        self.runs = {}

    def answer(self, request):
        """Return the answer to one request."""
        operation, case = request["op"], request.get("case")
        if operation == "prep":
            return self._prepare(case)
        if operation == "run":
            return {"times": [self._timed(self.runs[case]) for _ in range(request["n"])]}
        if operation == "free":
            self.runs.pop(case, None)
            return {"ok": True}
        raise ValueError(f"unknown op {operation}")

    def _prepare(self, case):
        """Build the function of a case, warm it up and compare its output with the reference."""
        import numpy
        import torch

        from bench import models

        start = time.perf_counter()
        entry = self.cases[case]
        output = models.timed_output(entry["outputs"])
        files = entry["inputs"].items()
        arrays = {name: torch.from_numpy(numpy.load(self.folder / "ref" / file)) for name, file in files}
        expected = numpy.load(self.folder / "ref" / entry["outputs"][output]).astype("float64")
        run = self.runs[case] = self.peer.prepare(case, output, arrays)
        difference = numpy.asarray(run(), dtype="float64").reshape(expected.shape) - expected
        for _ in range(WARM_UP):
            run()
        return {
            "ok": True,
            "prep_s": round(time.perf_counter() - start, 2),
            "max_abs_err": float(numpy.abs(difference).max()),
            "rel_rms_err": float(numpy.sqrt((difference**2).mean() / (expected**2).mean())),
            "rss_peak_mb": _peak_memory(),
        }

    @staticmethod
    def _timed(run):
        """Return the seconds one run takes."""
        start = time.perf_counter()
        run()
        return time.perf_counter() - start


def _peak_memory():
    """Return this process's largest resident set in megabytes."""
    with open("/proc/self/status") as status:
        kilobytes = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    return round(int(kilobytes) / 1024)


def main():
    """Read requests and answer them until `quit` or the end of the input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--cache", type=Path, required=True)
    arguments = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not mix with the answers
    environment.prepare()
    import torch

    threads = int(os.environ["BENCH_THREADS"])
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    worker = Worker(arguments.stack, Path(os.environ["BENCH_CKPT"]), arguments.cache, threads)
    for line in sys.stdin:
        request = json.loads(line)
        if request["op"] == "quit":
            break
        try:
            answer = worker.answer(request)
        except Exception as problem:  # a stack that fails must not end the run of the others
            traceback.print_exc()
            answer = {"ok": False, "error": f"{type(problem).__name__}: {str(problem)[:300]}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
