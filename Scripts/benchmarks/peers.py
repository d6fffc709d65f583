"""Who takes part: our engine on an instruction set, and the peers, each a process of its own. Standard library only: the driver stays small."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

# Name: how a table calls it.
PEERS = {
    "pytorch-f32": "PyTorch f32 (`gliclass` itself)",
    "pytorch-bf16": "PyTorch bf16",
    "onnxruntime-f32": "ONNX Runtime f32",
    "onnxruntime-int8": "ONNX Runtime dynamic int8",
    "openvino-f32": "OpenVINO f32",
    "openvino-bf16": "OpenVINO bf16",
    "openvino-int8": "OpenVINO int8 (NNCF)",
    "openvino-int8-fixed": "OpenVINO int8, one shape",
}
# What takes part in the sweeps: the package itself, and the two fastest that take any shape.
SWEEP_PEERS = ("pytorch-f32", "onnxruntime-int8", "openvino-int8")
# Files that each runs, in the folder of the exports; PyTorch runs the checkpoint.
PEER_FILES = {
    "onnxruntime-f32": ("model.onnx",),
    "onnxruntime-int8": ("int8.onnx",),
    "openvino-f32": ("openvino.xml", "openvino.bin"),
    "openvino-bf16": ("openvino.xml", "openvino.bin"),
    "openvino-int8": ("nncf.xml", "nncf.bin"),
    "openvino-int8-fixed": ("nncf.xml", "nncf.bin"),
}
# `default` is what the program chooses by itself.
INSTRUCTION_SETS = ("default", "amx", "avx512vnni", "avxvnni", "avx2")
OURS = "gliclass"


@dataclass(frozen=True)
class Case:
    """One input: a batch of texts of as many tokens, prompt included, with as many labels each."""

    tokens: int
    batch: int = 1
    labels: int = 8


class Failed(Exception):
    """A participant could not load or run: reported in the results, not dropped."""


@dataclass
class Folders:
    """Where things are: the checkpoints, the .glc files and the exports of a work folder; the programs; the peers' Python."""

    work: Path
    programs: Path
    python: Path

    def checkpoint(self, size: str) -> Path:
        return self.work / "checkpoints" / size

    def model(self, size: str) -> Path:
        return self.work / f"{size}.glc"

    def exports(self, size: str) -> Path:
        return self.work / "peers" / size

    @property
    def program(self) -> Path:
        return self.programs / "gliclass"


class Peer:
    """A worker.py that is kept alive."""

    def __init__(self, name: str, size: str, folders: Folders, threads: int) -> None:
        self.name = name
        worker = Path(__file__).resolve().parent / "worker.py"
        command = [
            str(folders.python),
            str(worker),
            name,
            str(folders.checkpoint(size)),
            str(folders.exports(size)),
            str(threads),
        ]
        environment = os.environ | {
            "OMP_NUM_THREADS": str(threads),
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
        }
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        try:
            self.load_seconds: float = self._answer()["load_seconds"]
        except Failed:
            self.close()
            raise

    def _answer(self) -> dict[str, Any]:
        output = self._process.stdout
        assert output is not None
        line = output.readline()
        if not line:
            raise Failed(f"the worker ended with status {self._process.wait()}")
        answer = json.loads(line)
        if "failed" in answer:
            raise Failed(answer["failed"])
        return answer

    def ask(self, **request: Any) -> dict[str, Any]:
        sink: IO[str] | None = self._process.stdin
        assert sink is not None
        try:
            sink.write(json.dumps(request) + "\n")
            sink.flush()
        except BrokenPipeError:
            raise Failed(f"the worker ended with status {self._process.wait()}") from None
        return self._answer()

    def run(self, case: Case, warm: int, runs: int) -> list[float]:
        """Seconds of `runs` runs, after `warm` that are not timed."""
        return self.ask(tokens=case.tokens, batch=case.batch, labels=case.labels, warm=warm, runs=runs)["times"]

    def close(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()


class Ours:
    """`gliclass bench` on an instruction set: a new process each turn, with three warm-ups of its own."""

    def __init__(self, isa: str, model: Path, folders: Folders, threads: int) -> None:
        self.name = OURS if isa == "default" else f"{OURS} {isa}"
        self._model, self._program, self._threads = model, folders.program, threads
        self._environment = {key: value for key, value in os.environ.items() if key != "GLC_ISA"}
        if isa != "default":
            self._environment["GLC_ISA"] = isa

    def bench(self, case: Case, runs: int) -> dict[str, Any]:
        """The JSON of `gliclass bench`."""
        options = {
            "tokens": case.tokens,
            "batch": case.batch,
            "labels": case.labels,
            "runs": runs,
            "threads": self._threads,
        }
        command = [str(self._program), "bench", str(self._model), "--json"]
        for option, value in options.items():
            command += [f"--{option}", str(value)]
        done = subprocess.run(command, capture_output=True, text=True, env=self._environment, check=False)
        if done.returncode != 0:
            raise Failed((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[0])
        return json.loads(done.stdout)


def instruction_sets(model: Path, folders: Folders, threads: int) -> dict[str, str]:
    """Those of INSTRUCTION_SETS that the program accepts on this machine: {name: what it says it ran}."""
    accepted = {}
    for isa in INSTRUCTION_SETS:
        try:
            accepted[isa] = Ours(isa, model, folders, threads).bench(Case(32), 1)["isa"]
        except Failed:
            if isa == "default":
                raise
    return accepted
