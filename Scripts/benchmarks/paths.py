"""Where the benchmarks keep what they make: outside the repository."""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path

from peers import Folders

TOP = Path(__file__).resolve().parent.parent.parent


def cache_folder() -> Path:
    """gliclass-benchmarks in the user's cache folder: models of several gigabytes, and the environment of the peers."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "gliclass-benchmarks"


def add_folder_arguments(parser: argparse.ArgumentParser) -> None:
    """The folders that prepare.py and run_benchmarks.py share."""
    parser.add_argument(
        "--work",
        metavar="DIR",
        type=Path,
        default=cache_folder(),
        help="models and exports (default: in the cache folder)",
    )
    parser.add_argument(
        "--python", metavar="FILE", type=Path, help="Python of the peers (default: DIR/venv/bin/python)"
    )
    parser.add_argument(
        "--programs",
        metavar="DIR",
        type=Path,
        help="folder of gliclass and gliclass-convert (default: the release build, built first)",
    )


def release_build() -> Path:
    """The folder of the release build, built first."""
    subprocess.run(["swift", "build", "-c", "release"], cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    command = ["swift", "build", "-c", "release", "--show-bin-path"]
    return Path(subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True).stdout.strip())


def folders_of(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> Folders:
    """The folders that the arguments name, checked."""
    work = arguments.work.resolve()
    if work.is_relative_to(TOP):
        parser.error(f"{work} lies in the repository")
    # Not resolved: a virtual environment's Python is a link, and would lose its environment.
    python = Path(os.path.abspath(arguments.python or work / "venv" / "bin" / "python"))
    if not python.exists():
        parser.error(f"{python}: no such file; Scripts/benchmarks/setup_peers.py makes it")
    programs = arguments.programs.resolve() if arguments.programs else release_build()
    for name in ("gliclass", "gliclass-convert"):
        if not (programs / name).exists():
            parser.error(f"{programs / name}: no such file")
    return Folders(work, programs, python)
