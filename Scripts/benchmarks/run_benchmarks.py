#!/usr/bin/env python3
"""Measures `gliclass` beside what users would pick instead, and writes one JSON file; render.py makes tables and plots of it.

    Scripts/benchmarks/run_benchmarks.py [SECTION ...] [--quick] [--work DIR] [--programs DIR] [--threads 2] [--results FILE]

Sections: small, base, large (every peer and instruction set, side by side), tokens, labels, batch (sweeps on base, fewer peers),
vocabulary (ours alone), cold (process start to one answer, memory, file sizes). All of them unless some are named; --quick stands for small and
base, the four cases of the goal. A section replaces what the results file has of it and leaves the others, so that a long run can be
made in parts on one machine.

One process a peer, kept alive; every case is measured in rounds, each participant in turn (rounds.py). Needs what setup_peers.py and
prepare.py make. Run it while nothing else runs. Standard library only.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from pathlib import Path
from typing import Any

from machine import machine, versions
from paths import add_folder_arguments, folders_of
from peers import Folders
from sections import QUICK, QUICK_ROUNDS, SECTIONS, Settings


def exports(folders: Folders) -> dict[str, Any]:
    """What export_peers.py said of each size: seconds, memory, bytes or failures."""
    return {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folders.work.glob("peers/*/export.json"))
    }


def read_results(path: Path, here: dict[str, Any]) -> dict[str, Any]:
    """The results so far, if they are of this machine."""
    if not path.exists():
        return {"machine": here, "sections": {}}
    results = json.loads(path.read_text(encoding="utf-8"))
    if results["machine"] != here:
        sys.exit(f"error: {path}: measured on another machine; name another file, or remove it")
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help=f"the sections {' and '.join(QUICK)}")
    parser.add_argument("--threads", type=int, default=2, help="threads of every engine (default 2)")
    parser.add_argument("--rounds", type=int, help="rounds of every case (default 7; 5 with --quick; 3 in sweeps)")
    parser.add_argument("--results", metavar="FILE", type=Path, help="default: results.json in the work folder")
    add_folder_arguments(parser)
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.sections if name not in SECTIONS]:
        parser.error(f"unknown section {unknown[0]}; there are {', '.join(SECTIONS)}")
    folders = folders_of(parser, arguments)
    names = arguments.sections or (QUICK if arguments.quick else tuple(SECTIONS))
    settings = Settings(arguments.threads, rounds=QUICK_ROUNDS) if arguments.quick else Settings(arguments.threads)
    if arguments.rounds:
        settings = Settings(arguments.threads, rounds=arguments.rounds, sweep_rounds=arguments.rounds)
    path = arguments.results or folders.work / "results.json"
    results = read_results(path, machine())
    results |= {"versions": versions(folders), "exports": exports(folders)}
    for name in names:
        print(name, file=sys.stderr)
        start = time.monotonic()
        section = SECTIONS[name](folders, settings)
        section |= {
            "date": datetime.date.today().isoformat(),
            "threads": settings.threads,
            "seconds": round(time.monotonic() - start),
            "versions": results["versions"],
        }
        results["sections"][name] = section
        # After each section: a run that is cut short keeps what it has.
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(f"  {section['seconds']} s", file=sys.stderr)
    print(path)


if __name__ == "__main__":
    main()
