#!/usr/bin/env python3
"""Makes the virtual environment of the peers that run_benchmarks.py measures: requirements.txt beside this file, pinned.

    Scripts/benchmarks/setup_peers.py [VENV] [--torch-index URL | --torch-from OTHER_VENV]

VENV defaults to gliclass-benchmarks/venv in the user's cache folder ($XDG_CACHE_HOME or ~/.cache); it must lie outside the repository.
The PyTorch of PyPI brings CUDA libraries for x86-64 (6 GB in all). Two ways around: --torch-index takes torch from another index, such
as PyTorch's own of CPU wheels, and --torch-from takes the torch (and transformers, gliclass) of a virtual environment of the same
Python version that has them, through a .pth file. Prints the path of the new environment's Python.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from paths import TOP, cache_folder

REQUIREMENTS = Path(__file__).resolve().parent / "requirements.txt"
# Taken from the other environment by --torch-from; everything else is installed.
SHARED = ("torch", "transformers", "gliclass", "accelerate")


def packages() -> dict[str, str]:
    """name: requirement, of requirements.txt."""
    lines = (line.strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return {line.split("==")[0]: line for line in lines if line and not line.startswith("#")}


def site_packages(environment: Path) -> Path:
    scheme = {"base": str(environment), "platbase": str(environment)}
    return Path(sysconfig.get_path("purelib", "venv", vars=scheme))


def installed_version(python: Path, package: str) -> str:
    """The version of `package` that `python` finds, or an empty string."""
    program = (
        "import importlib.metadata as m, sys\ntry: print(m.version(sys.argv[1]))\nexcept m.PackageNotFoundError: pass"
    )
    found = subprocess.run([str(python), "-c", program, package], check=True, capture_output=True, text=True)
    return found.stdout.strip()


def make(environment: Path, torch_index: str | None, torch_from: Path | None) -> Path:
    """Makes or completes the environment; the path of its Python."""
    if not (environment / "bin" / "python").exists():
        venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    wanted = packages()
    if torch_from is not None:
        other = site_packages(torch_from)
        if not (other / "torch").is_dir():
            sys.exit(
                f"error: {other}: no torch there; --torch-from takes an environment of this Python version that has it"
            )
        (site_packages(environment) / "shared.pth").write_text(f"{other}\n", encoding="utf-8")
        for name in SHARED:
            requirement = wanted.pop(name)
            if (version := installed_version(python, name)) != requirement.split("==")[1]:
                sys.exit(f"error: {torch_from}: expected {requirement}, found {version or 'none'}")
    elif torch_index is not None:
        subprocess.run([*pip, "--index-url", torch_index, wanted.pop("torch")], check=True)
    subprocess.run([*pip, *wanted.values()], check=True)
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("venv", nargs="?", type=Path, default=cache_folder() / "venv")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--torch-index", metavar="URL", help="the index to take torch from, instead of PyPI")
    ways.add_argument(
        "--torch-from",
        metavar="OTHER_VENV",
        type=Path,
        help="use the torch, transformers and gliclass of this environment",
    )
    arguments = parser.parse_args()
    environment = arguments.venv.resolve()
    if environment.is_relative_to(TOP):
        parser.error(f"{environment} lies in the repository")
    environment.parent.mkdir(parents=True, exist_ok=True)
    torch_from = arguments.torch_from.resolve() if arguments.torch_from else None
    print(make(environment, arguments.torch_index, torch_from))


if __name__ == "__main__":
    main()
