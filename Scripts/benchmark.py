#!/usr/bin/env python3
"""Measures what docs/performance.md states, on the release build, and prints it as a Markdown table.

    Scripts/benchmark.py [--work DIR] [--runs 5] [--containers]

Makes a random-weight checkpoint of DeBERTa-v3-small's dimensions (Scripts/make_random_checkpoint.py, 574 MB) in the work folder
unless it is there, converts it, and measures: time and peak resident memory of the conversion, latency and memory by `gliclass bench`,
and the whole life of a process that opens the file and classifies one short text. Medians of several runs; each run is a process
of its own. Peak resident memory is what the kernel counted for the process (VmHWM, mapped file pages included).

With --containers it measures the conversion alone, of the same weights in four containers (Scripts/repack_checkpoint.py), in turn: the
ratio to safetensors is that of medians.

Needs numpy for the checkpoint, nothing else. Timings on shared machines are noisy: run it while nothing else runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
SHORT_TEXT = "One day I will see the world!"


@dataclass
class Run:
    """One process: seconds from start to exit, peak resident bytes, what it printed."""

    seconds: float
    resident: int
    output: str


def run(command: list[str], environment: dict[str, str] | None = None) -> Run:
    """Runs `command` to its end; a failure ends the benchmark."""
    with tempfile.TemporaryFile() as output:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=output, env={**os.environ, **(environment or {})})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        if status != 0:
            sys.exit(f"error: {' '.join(command)}: expected exit status 0, found {os.waitstatus_to_exitcode(status)}")
        output.seek(0)
        return Run(seconds, usage.ru_maxrss * 1024, output.read().decode())


def programs() -> Path:
    """The folder of the release build, built first."""
    subprocess.run(["swift", "build", "-c", "release"], cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    found = subprocess.run(
        ["swift", "build", "-c", "release", "--show-bin-path"], cwd=TOP, check=True, capture_output=True, text=True
    )
    return Path(found.stdout.strip())


def checkpoint(work: Path) -> Path:
    """The random-weight checkpoint, made where it is missing."""
    folder = work / "small"
    if not (folder / "model.safetensors").exists():
        maker = TOP / "Scripts" / "make_random_checkpoint.py"
        subprocess.run([sys.executable, str(maker), str(folder), "--size", "small"], check=True)
    return folder


def compare_containers(program: Path, source: Path, work: Path, runs: int) -> None:
    """Converts the twins of `source` in turn, and prints a row for each."""
    folders = {"safetensors": source}
    for container in ("sharded", "zip", "zip-sharded"):
        folders[container] = work / f"small-{container}"
        if not folders[container].exists():
            maker = TOP / "Scripts" / "repack_checkpoint.py"
            subprocess.run(
                [sys.executable, str(maker), str(source), str(folders[container]), "--container", container], check=True)
    output = str(work / "container.glc")
    results: dict[str, list[Run]] = {name: [] for name in folders}
    for _ in range(runs + 1):
        for name, folder in folders.items():
            results[name].append(run([str(program / "gliclass-convert"), str(folder), "-o", output, "--q8"]))
    print("| container | median | ratio | resident |\n|---|---|---|---|")
    base = statistics.median(one.seconds for one in results["safetensors"][1:])
    for name, all_runs in results.items():
        seconds, resident = median_of(all_runs[1:])
        print(f"| {name} | {seconds:.2f} s | {seconds / base:.2f} | {resident:.0f} MB |")


def median_of(runs: list[Run]) -> tuple[float, float]:
    """Median seconds, largest resident megabytes."""
    return statistics.median(one.seconds for one in runs), max(one.resident for one in runs) / 1e6


def bench(program: Path, model: Path, instruction_set: str | None, *options: str) -> dict:
    """The JSON of `gliclass bench`."""
    environment = {"GLC_ISA": instruction_set} if instruction_set else {}
    return json.loads(run([str(program / "gliclass"), "bench", str(model), "--json", *options], environment).output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "gliclass-benchmark")
    parser.add_argument("--runs", type=int, default=5, help="processes of each kind")
    parser.add_argument("--containers", action="store_true", help="compare conversions from four containers, nothing else")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    program = programs()
    source = checkpoint(arguments.work)
    if arguments.containers:
        compare_containers(program, source, arguments.work, arguments.runs)
        return
    model = arguments.work / "small.glc"
    convert = [str(program / "gliclass-convert"), str(source), "-o", str(model), "--q8"]
    converted = median_of([run(convert) for _ in range(arguments.runs)])
    classify = [str(program / "gliclass"), "classify", str(model), "--labels", "travel,sport", SHORT_TEXT]
    answered = median_of([run(classify) for _ in range(arguments.runs)])

    rows = [
        ("conversion, 574 MB f32 to q8", f"{converted[0]:.2f} s, {converted[1]:.0f} MB resident", "5 s, 250 MB"),
        ("process start to exit, one short text", f"{answered[0] * 1000:.0f} ms, {answered[1]:.0f} MB resident", "150 ms"),
    ]
    cases = [("128 x 1", ["--tokens", "128"], "40 ms"), ("128 x 8", ["--tokens", "128", "--batch", "8"], ""),
             ("512 x 1", ["--tokens", "512"], "")]
    for name, options, bound in cases:
        results = [bench(program, model, None, *options) for _ in range(arguments.runs)]
        best = min(results, key=lambda result: result["median_ms"])
        middle = statistics.median(result["median_ms"] for result in results)
        resident = max(result["peak_resident_bytes"] for result in results) / 1e6
        rows.append((f"{name} tokens, {best['isa']}, {best['threads']} threads",
                     f"{middle:.1f} ms (best process {best['median_ms']:.1f}), {resident:.0f} MB resident", bound))
    result = bench(program, model, "avx2" if results[0]["isa"].startswith("avx512") else None, "--tokens", "128")
    rows.append((f"128 x 1 tokens, {result['isa']}, {result['threads']} threads", f"{result['median_ms']:.1f} ms", ""))
    rows.append(("opening the file (128,000 pieces)", f"{result['open_ms']:.1f} ms", ""))

    print("| what | measured | bound |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
