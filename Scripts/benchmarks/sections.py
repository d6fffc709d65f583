"""What is measured: sections of cases, each by the participants that it names."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cold import measure_cold
from peers import OURS, PEERS, SWEEP_PEERS, Case, Failed, Folders, Ours, Peer, instruction_sets
from prepare import VOCABULARIES
from rounds import measure

# Tokens of the text in the sweep over labels; the prompt adds two a label, [CLS], <<SEP>> and [SEP].
LABELLED_TEXT = 256


@dataclass(frozen=True)
class Settings:
    """How thorough: rounds of the goal's cases, rounds of the sweeps, processes of a cold start (ours, peers')."""

    threads: int
    rounds: int = 7
    sweep_rounds: int = 3
    cold_runs: int = 9
    cold_peer_runs: int = 3


# What measures a section, given where things are.
Section = Callable[[Folders, Settings], dict[str, Any]]


def start_peers(names: tuple[str, ...], size: str, folders: Folders, threads: int) -> tuple[list[Peer], dict[str, Any]]:
    """One worker each; those that cannot load are results already."""
    start = time.monotonic()
    peers: list[Peer] = []
    failed: dict[str, Any] = {}
    for name in names:
        try:
            peers.append(Peer(name, size, folders, threads))
        except Failed as error:
            failed[name] = {"failed": str(error)}
            print(f"    {name:20} {error}", file=sys.stderr)
    print(f"  {len(peers)} peers loaded in {time.monotonic() - start:.0f} s", file=sys.stderr)
    return peers, failed


def logit_differences(peers: list[Peer]) -> dict[str, float]:
    """Largest difference of a logit from the first of `peers` (PyTorch f32), that all compute the same model."""
    reference: list[float] = []
    differences = {}
    for peer in peers:
        try:
            logits = peer.ask(tokens=128, batch=1, labels=8, warm=0, runs=1, logits=True)["logits"][0]
        except Failed:
            continue  # It is reported when a case is measured.
        if not reference and peer.name == "pytorch-f32":
            reference = logits
        if reference:
            differences[peer.name] = round(
                max(abs(one - other) for one, other in zip(logits, reference, strict=True)), 6
            )
    return differences


def side_by_side(size: str, cases: tuple[Case, ...]) -> Section:
    """Every peer, and ours on every instruction set that the machine has, on one size."""

    def section(folders: Folders, settings: Settings) -> dict[str, Any]:
        model = folders.model(size)
        isas = instruction_sets(model, folders, settings.threads)
        ours = [Ours(isa, model, folders, settings.threads) for isa in isas]
        peers, failed = start_peers(tuple(PEERS), size, folders, settings.threads)
        try:
            differences = logit_differences(peers)
            points = [point(size, case, measure(case, [*ours, *peers], settings.rounds) | failed) for case in cases]
        finally:
            for peer in peers:
                peer.close()
        return {"instruction_sets": isas, "logit_differences": differences, "points": points}

    return section


def sweep(size: str, cases: tuple[Case, ...], for_peers: Callable[[Case], bool]) -> Section:
    """Ours over all cases, and some peers over those that are for them."""

    def section(folders: Folders, settings: Settings) -> dict[str, Any]:
        ours = Ours("default", folders.model(size), folders, settings.threads)
        peers, failed = start_peers(SWEEP_PEERS, size, folders, settings.threads)
        points = []
        try:
            for case in cases:
                beside = peers if for_peers(case) else []
                results = measure(case, [ours, *beside], settings.sweep_rounds)
                points.append(point(size, case, results | (failed if beside else {})))
        finally:
            for peer in peers:
                peer.close()
        return {"points": points}

    return section


def vocabulary(folders: Folders, settings: Settings) -> dict[str, Any]:
    """Ours alone: the number of rows must not matter."""
    case = Case(128)
    ours = []
    for rows in VOCABULARIES:
        participant = Ours("default", folders.model(f"vocabulary-{rows}"), folders, settings.threads)
        participant.name = str(rows)
        ours.append(participant)
    results = measure(case, ours, settings.rounds)
    for rows in VOCABULARIES:
        results[str(rows)]["file_bytes"] = folders.model(f"vocabulary-{rows}").stat().st_size
    return {"points": [point("small", case, results)]}


def cold(size: str) -> Section:
    def section(folders: Folders, settings: Settings) -> dict[str, Any]:
        results = measure_cold(size, folders, settings.threads, settings.cold_runs, settings.cold_peer_runs)
        return {"points": [point(size, Case(128), results)]}

    return section


def point(size: str, case: Case, results: dict[str, Any]) -> dict[str, Any]:
    return {"size": size, "tokens": case.tokens, "batch": case.batch, "labels": case.labels, "results": results}


def labels_that_fit(tokens: int) -> int:
    """8, or as many as a prompt of so few tokens holds."""
    return min(8, (tokens - 3) // 2)


TOKEN_SWEEP = tuple(
    Case(tokens, labels=labels_that_fit(tokens)) for tokens in (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
)
LABEL_SWEEP = tuple(Case(LABELLED_TEXT + 3 + 2 * labels, labels=labels) for labels in (1, 2, 4, 8, 16, 32, 64, 128))
BATCH_SWEEP = tuple(Case(128, batch) for batch in (1, 2, 4, 8, 16, 32))

SECTIONS: dict[str, Section] = {
    "small": side_by_side("small", (Case(128), Case(128, batch=8))),
    "base": side_by_side("base", (Case(128), Case(512))),
    "large": side_by_side("large", (Case(128),)),
    "tokens": sweep("base", TOKEN_SWEEP, lambda case: case.tokens <= 1024),
    "labels": sweep("base", LABEL_SWEEP, lambda case: case.labels in (1, 8, 64, 128)),
    "batch": sweep("base", BATCH_SWEEP, lambda case: case.batch in (1, 4, 16)),
    "vocabulary": vocabulary,
    "cold": cold("base"),
}
# The four cases of the goal, in fewer rounds.
QUICK, QUICK_ROUNDS = ("small", "base"), 5
assert OURS not in PEERS
