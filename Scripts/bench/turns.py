"""Hands out turns to worker processes, so that ratios between stacks are taken over the same stretch of time."""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

PEER_WORKER = Path(__file__).resolve().parent / "peer_worker.py"

MKL_OVERRIDE = "int mkl_serv_intel_cpu_true(void){return 1;}\n"
"""Preloaded, this makes MKL take its AVX-512 path on CPUs of other makers (`-avx512` stacks)."""

PAUSE = 0.03
"""Seconds between turns, in which the threads of the last stack stop spinning."""

MOST_RUNS = 200
"""Largest number of runs in one turn."""


class Process:
    """A worker process of one stack over one model folder."""

    def __init__(self, stack, folder, settings, command=None):
        """Start the worker; `command` is that of an external runtime."""
        self.stack = stack
        threads = str(settings.threads)
        variables = {
            **os.environ,
            **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads),
            "TORCHINDUCTOR_CACHE_DIR": str(settings.cache / "inductor"),
            "BENCH_MODEL": folder.name,
            "BENCH_CKPT": str(folder),
            "BENCH_THREADS": threads,
        }
        if stack.endswith("-avx512"):
            variables["LD_PRELOAD"] = str(_mkl_override(settings.cache))
        logs = settings.cache / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        own = [sys.executable, str(PEER_WORKER), "--stack", stack, "--cache", str(settings.cache)]
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", command] if command else own,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(logs / f"{folder.name}.{stack}.log").open("w"),
            text=True,
            env=variables,
        )

    def ask(self, limit=900, **request):
        """Send a request and return the answer, or an error after `limit` seconds."""
        timer = threading.Timer(limit, self.process.kill)
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            timer.start()
            line = self.process.stdout.readline()
            return json.loads(line) if line else {"ok": False, "error": "worker ended or timed out"}
        except (OSError, ValueError) as problem:
            return {"ok": False, "error": f"worker: {problem}"}
        finally:
            timer.cancel()

    def quit(self):
        """End the process."""
        try:
            self.process.stdin.write('{"op":"quit"}\n')
            self.process.stdin.close()
            self.process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


def _mkl_override(cache):
    """Return the path of the library to preload, compiled where needed."""
    library = cache / "libmklcpu.so"
    if not library.exists():
        cache.mkdir(parents=True, exist_ok=True)
        source = library.with_suffix(".c")
        source.write_text(MKL_OVERRIDE)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    return library


class Entrant:
    """One stack's record for one case."""

    def __init__(self, process, record):
        """Start without times."""
        self.process = process
        self.record = record
        self.times = []
        self.runs_a_turn = None

    def take_turn(self, case, seconds):
        """Run for about `seconds`; the first turn starts with one run that tells how many fit."""
        if "error" in self.record:
            return
        if self.runs_a_turn is None:
            first = self.process.ask(op="run", case=case, n=1)
            if not first.get("times"):
                self.record["error"] = first.get("error", "no times given")
                return
            self.runs_a_turn = max(1, min(MOST_RUNS, int(seconds / max(first["times"][0], 1e-6))))
        answer = self.process.ask(op="run", case=case, n=self.runs_a_turn)
        if "times" not in answer:
            self.record["error"] = answer.get("error", "no times given")
            return
        self.times += answer["times"]

    def finish(self, flops):
        """Return the record with the figures of all turns."""
        if self.times:
            median = statistics.median(self.times)
            self.record |= {
                "median_ms": round(median * 1e3, 4),
                "min_ms": round(min(self.times) * 1e3, 4),
                "max_ms": round(max(self.times) * 1e3, 4),
                "iterations": len(self.times),
            }
            if flops:
                self.record |= {"gflop": round(flops / 1e9, 3), "gflops": round(flops / median / 1e9, 1)}
        return self.record


def measure(folder, stacks, externals, settings):
    """Yield one record for every case and stack of a model folder."""
    manifest = json.loads((folder / "ref/manifest.json").read_text())
    cases = [case for case in manifest["cases"] if case["case"] in settings.cases]
    commands = {**dict.fromkeys(stacks), **externals}
    processes = [Process(stack, folder, settings, command) for stack, command in commands.items()]
    try:
        for case in cases:
            yield from _measure_case(folder.name, case, processes, settings)
    finally:
        for process in processes:
            process.quit()


def _measure_case(model, case, processes, settings):
    """Prepare a case in every worker, hand out the turns, and yield the records."""
    name, entrants = case["case"], []
    for process in processes:
        answer = process.ask(settings.prepare_limit, op="prep", case=name)
        record = {"model": model, "case": name, "stack": process.stack, "threads": settings.threads}
        if answer.pop("ok", False):
            record |= answer
        else:
            record["error"] = answer.get("error", "not prepared")
        entrants.append(Entrant(process, record))
    for _ in range(settings.rounds):
        for entrant in entrants:
            time.sleep(PAUSE)
            entrant.take_turn(name, settings.budget / settings.rounds)
    for entrant in entrants:
        yield entrant.finish(case.get("flops"))
        entrant.process.ask(60, op="free", case=name)
