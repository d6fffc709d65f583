#!/usr/bin/env python3
"""One peer as a small server: loads a model, then answers one JSON object a line on standard input with one on standard output.

    worker.py ENGINE CHECKPOINT EXPORTS THREADS

The first line it writes says that the model is loaded. A request {"tokens", "batch", "labels", "warm", "runs"} is answered by
{"times": [seconds, …]}; with "logits": true by those of the last run too. {"memory": true} is answered by {"peak_resident_bytes"}.
A failure is answered by {"failed": message}. Ends with its standard input.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    # Libraries that print to standard output must not disturb the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    name, checkpoint, exports, threads = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])

    def answer(values: dict[str, Any]) -> None:
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    def failed(error: Exception) -> None:
        answer({"failed": f"{type(error).__name__}: {error}".splitlines()[0][:300]})

    start = time.monotonic()
    try:
        import engines
        from inputs import Markers, prompts

        markers = Markers.of(checkpoint)
        forward = engines.load(name, checkpoint, exports, threads)
    except Exception as error:  # Whatever a peer raises is a result to report.
        return failed(error)
    answer({"ready": True, "load_seconds": time.monotonic() - start})
    for line in sys.stdin:
        request = json.loads(line)
        if request.get("memory"):
            answer({"peak_resident_bytes": peak_resident()})
            continue
        try:
            labels = request["labels"]
            ids = prompts(markers, request["tokens"], request["batch"], labels)
            times = []
            for run in range(request["warm"] + request["runs"]):
                begin = time.perf_counter()
                logits = forward(ids, labels)
                if run >= request["warm"]:
                    times.append(time.perf_counter() - begin)
            if logits.shape != (request["batch"], labels):
                raise ValueError(f"expected logits {(request['batch'], labels)}, found {logits.shape}")
            answer({"times": times} | ({"logits": logits.tolist()} if request.get("logits") else {}))
        except Exception as error:
            failed(error)


def peak_resident() -> int:
    """VmHWM of this process, in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main()
