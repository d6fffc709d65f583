#!/usr/bin/env python3
"""Makes what run_benchmarks.py measures, outside the repository: checkpoints with random weights, .glc files, and the peers' exports.

    Scripts/benchmarks/prepare.py [--work DIR] [--python VENV/bin/python] [--programs DIR] [--sizes small base large] [--vocabularies]

DIR/checkpoints/SIZE are checkpoints at published dimensions (Scripts/make_random_checkpoint.py), DIR/SIZE.glc what gliclass-convert
--q8 makes of them, DIR/peers/SIZE what export_peers.py does. --vocabularies adds DIR/vocabulary-ROWS.glc: `small` with vocabularies of
several sizes (their checkpoints are removed again). What exists is left as it is, but .glc files are made anew with --convert.
Checkpoints and exports are made in the environment of setup_peers.py; this script itself needs the standard library only.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from paths import TOP, add_folder_arguments, folders_of
from peers import Folders

# Vocabulary rows, markers included: 4 of each.
VOCABULARIES = (8_000, 32_000, 128_000, 256_000)


def make_checkpoint(out: Path, python: Path, *options: str) -> None:
    if (out / "model.safetensors").exists():
        return
    maker = TOP / "Scripts" / "make_random_checkpoint.py"
    subprocess.run([str(python), str(maker), str(out), *options], check=True)


def convert(folders: Folders, checkpoint: Path, model: Path, again: bool) -> None:
    if again or not model.exists():
        command = [str(folders.programs / "gliclass-convert"), str(checkpoint), "-o", str(model), "--q8"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def prepare_size(folders: Folders, size: str, again: bool) -> None:
    checkpoint = folders.checkpoint(size)
    make_checkpoint(checkpoint, folders.python, "--size", size)
    convert(folders, checkpoint, folders.model(size), again)
    exporter = Path(__file__).resolve().parent / "export_peers.py"
    subprocess.run([str(folders.python), str(exporter), str(checkpoint), str(folders.exports(size))], check=True)


def prepare_vocabularies(folders: Folders, again: bool) -> None:
    for rows in VOCABULARIES:
        model = folders.model(f"vocabulary-{rows}")
        if model.exists() and not again:
            continue
        checkpoint = folders.checkpoint(f"vocabulary-{rows}")
        make_checkpoint(checkpoint, folders.python, "--size", "small", "--pieces", str(rows - 4))
        convert(folders, checkpoint, model, again=True)
        shutil.rmtree(checkpoint)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_folder_arguments(parser)
    parser.add_argument("--sizes", nargs="*", choices=("small", "base", "large"), default=["small", "base", "large"])
    parser.add_argument("--vocabularies", action="store_true", help="make the models of the vocabulary sweep too")
    parser.add_argument("--convert", action="store_true", help="convert again what was converted")
    arguments = parser.parse_args()
    folders = folders_of(parser, arguments)
    folders.work.mkdir(parents=True, exist_ok=True)
    for size in arguments.sizes:
        print(f"preparing {size}", file=sys.stderr)
        prepare_size(folders, size, arguments.convert)
    if arguments.vocabularies:
        prepare_vocabularies(folders, arguments.convert)


if __name__ == "__main__":
    main()
