"""What the results were measured on and with."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from peers import Folders

# Of a processor's flags, those that decide which kernels an engine takes.
FLAGS = (
    "avx2",
    "fma",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "avx_vnni",
    "amx_int8",
    "amx_bf16",
    "asimddp",
    "i8mm",
    "sve",
)
PACKAGES = ("torch", "transformers", "gliclass", "onnx", "onnxruntime", "openvino", "nncf", "numpy")


def machine() -> dict[str, Any]:
    """The processor, as /proc/cpuinfo has it."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")

    def field(*names: str) -> str:
        for name in names:
            if found := re.search(rf"^{name}\s*:\s*(.*)$", text, re.MULTILINE):
                return found.group(1).strip()
        return ""

    flags = set(field("flags", "Features").split())
    model = field("model name", "CPU part") or platform.machine()
    numbers = [f"{name} {field(name)}" for name in ("cpu family", "model", "stepping") if field(name)]
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(encoding="utf-8"))
    return {
        "processor": f"{model} ({', '.join(numbers)})" if numbers else model,
        "processors": os.cpu_count(),
        "flags": [flag for flag in FLAGS if flag in flags],
        "memory_gib": round(int(memory.group(1)) / 1024 / 1024) if memory else None,
        "kernel": platform.release().split("-")[0],
    }


def versions(folders: Folders) -> dict[str, str]:
    """Of the program, its commit and the peers' packages."""
    program = "import importlib.metadata as m, sys\nfor name in sys.argv[1:]: print(m.version(name))"
    found = subprocess.run([str(folders.python), "-c", program, *PACKAGES], check=True, capture_output=True, text=True)
    of_program = subprocess.run(
        [str(folders.program), "--version"], check=True, capture_output=True, text=True
    ).stdout.strip()
    # Of the repository that the programs were built in; nothing for a copy elsewhere.
    describe = ["git", "-C", str(folders.programs), "describe", "--always", "--dirty"]
    commit = subprocess.run(describe, check=False, capture_output=True, text=True).stdout.strip()
    return {"program": of_program, "commit": commit} | dict(zip(PACKAGES, found.stdout.split(), strict=True))
