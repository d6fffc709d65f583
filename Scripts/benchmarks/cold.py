"""Cold start and memory: from the start of a process to one answer, with the page cache warm."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from peers import OURS, PEER_FILES, PEERS, Case, Failed, Folders, Peer

TOKENS = 128
LABELS = "travel,sport,science,politics,music,food,health,business"
SENTENCE = "One day I will see the world and write about the people who live beside the great rivers of the north . "


def text_of(tokens: int, model: Path, folders: Folders) -> tuple[str, int]:
    """A text that makes a prompt of about `tokens` tokens with LABELS, and how many it makes."""
    words = (SENTENCE * tokens).split()

    def count(length: int) -> int:
        command = [str(folders.program), "tokenize", str(model), "--labels", LABELS, "--json", " ".join(words[:length])]
        return len(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["ids"])

    low, high = 1, tokens
    while low < high:  # The longest that fits.
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(middle) <= tokens else (low, middle - 1)
    return " ".join(words[:low]), count(low)


def timed_process(command: list[str]) -> tuple[float, int | None]:
    """Seconds from start to exit, and peak resident bytes.

    The kernel's maximum survives exec: a child that began as a copy of a bigger parent reports the parent's. Then it is left out."""
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed(f"exit status {process.returncode}")
    resident = usage.ru_maxrss * 1024
    return seconds, resident if resident > own_peak() else None


def own_peak() -> int:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def of_ours(size: str, folders: Folders, threads: int, runs: int) -> dict[str, Any]:
    """`gliclass classify` of one text: tokenizing and printing included."""
    model = folders.model(size)
    text, tokens = text_of(TOKENS, model, folders)
    command = [str(folders.program), "classify", str(model), "--labels", LABELS, "--threads", str(threads), text]
    timed_process(command)
    results = [timed_process(command) for _ in range(runs)]
    resident = [one for _, one in results if one is not None]
    return {
        "start_ms": statistics.median(seconds for seconds, _ in results) * 1000,
        "start_min_ms": min(seconds for seconds, _ in results) * 1000,
        "runs": runs,
        "tokens": tokens,
        "peak_resident_bytes": max(resident, default=None),
        "file_bytes": model.stat().st_size,
    }


def of_peer(name: str, size: str, folders: Folders, threads: int, runs: int) -> dict[str, Any]:
    """A Python process that imports, loads and answers once, given token ids: without a tokenizer."""
    times, loads, resident = [], [], 0
    for _ in range(runs):  # The median leaves out the first, should the page cache have been cold.
        peer = Peer(name, size, folders, threads)
        try:
            peer.run(Case(TOKENS), 0, 1)
            times.append(time.monotonic() - peer.started)
            loads.append(peer.load_seconds)
            resident = max(resident, peer.ask(memory=True)["peak_resident_bytes"])
        finally:
            peer.close()
    files = [folders.exports(size) / file for file in PEER_FILES.get(name, ())] or [
        folders.checkpoint(size) / "model.safetensors"
    ]
    return {
        "start_ms": statistics.median(times) * 1000,
        "start_min_ms": min(times) * 1000,
        "runs": runs,
        "tokens": TOKENS,
        "load_ms": statistics.median(loads) * 1000,
        "peak_resident_bytes": resident,
        "file_bytes": sum(file.stat().st_size for file in files),
    }


def measure_cold(size: str, folders: Folders, threads: int, runs: int, peer_runs: int) -> dict[str, Any]:
    """{participant: times, memory and size of the files, or {"failed"}}."""
    results: dict[str, Any] = {}
    for name in (OURS, *PEERS):
        try:
            results[name] = (
                of_ours(size, folders, threads, runs)
                if name == OURS
                else of_peer(name, size, folders, threads, peer_runs)
            )
        except Failed as error:
            results[name] = {"failed": str(error)}
        print(f"    {name:20} {results[name]}", file=sys.stderr)
    return results
