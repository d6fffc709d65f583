"""Round robin: every participant measures a case in turn, several times over, so that all medians come from the same minutes."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from peers import Case, Failed, Ours, Peer

# Seconds between turns: until the threads of the one before have stopped spinning.
PAUSE = 0.05
# A turn lasts about so many seconds, and one to so many runs.
TURN_SECONDS, TURN_RUNS = 0.3, 15

# Milliseconds of one turn's runs, median and minimum, and how many runs.
Turn = Callable[[], tuple[float, float, int]]


def rounds_of(seconds: float, rounds: int) -> int:
    """How many of the rounds take runs of so many seconds part in: so that a long text does not take all evening."""
    return rounds if seconds < 2 else min(rounds, 3) if seconds < 5 else 1


def turns_of(participant: Peer | Ours, case: Case) -> tuple[Turn, float, dict[str, Any]]:
    """Warms a participant up for a case; what takes a turn, about how many seconds a run takes, and what else it says."""
    if isinstance(participant, Ours):
        first = participant.bench(case, 1)
        seconds = first["median_ms"] / 1000
        runs = max(3 if seconds < 1 else 1, min(TURN_RUNS, round(TURN_SECONDS / max(1e-6, seconds))))

        named = ("isa", "threads", "open_ms", "workspace_bytes", "peak_resident_bytes")
        facts = {name: first[name] for name in named if name in first}

        def turn_of_ours() -> tuple[float, float, int]:
            result = participant.bench(case, runs)
            # The first process of all may find the file outside the page cache.
            facts["open_ms"] = min(facts["open_ms"], result["open_ms"])
            facts["peak_resident_bytes"] = max(facts["peak_resident_bytes"], result["peak_resident_bytes"])
            return result["median_ms"], result["min_ms"], runs

        return turn_of_ours, seconds, facts

    seconds = participant.run(case, warm=2, runs=1)[0]
    runs = max(1, min(TURN_RUNS, round(TURN_SECONDS / max(1e-6, seconds))))
    # A run of more than a second brings its own weights back into the caches.
    warm = 1 if seconds < 1 else 0

    def turn_of_peer() -> tuple[float, float, int]:
        times = participant.run(case, warm, runs)
        return statistics.median(times) * 1000, min(times) * 1000, runs

    return turn_of_peer, seconds, {}


def measure(case: Case, participants: Sequence[Peer | Ours], rounds: int) -> dict[str, dict[str, Any]]:
    """{participant: results}: "median_ms" of the turns' medians, "min_ms" of all "runs", "turns_ms" (each turn's median); or "failed"."""
    turns: dict[str, tuple[Turn, int]] = {}
    results: dict[str, dict[str, Any]] = {}
    for participant in participants:
        try:
            turn, seconds, facts = turns_of(participant, case)
            turns[participant.name] = turn, rounds_of(seconds, rounds)
            # The turns go on adding to what it says.
            facts |= {"turns_ms": [], "min_ms": float("inf"), "runs": 0}
            results[participant.name] = facts
        except Failed as error:
            results[participant.name] = {"failed": str(error)}
    names = list(turns)
    for round_index in range(rounds):
        # Another one begins each time, so that nobody always follows the same neighbour's heat.
        for position in range(len(names)):
            name = names[(position + round_index) % len(names)]
            result = results[name]
            turn, limit = turns[name]
            if "failed" in result or round_index >= limit:
                continue
            time.sleep(PAUSE)
            try:
                median, fastest, runs = turn()
            except Failed as error:
                results[name] = {"failed": str(error)}
                continue
            result["turns_ms"].append(round(median, 4))
            result["min_ms"] = min(result["min_ms"], round(fastest, 4))
            result["runs"] += runs
    for result in results.values():
        if "turns_ms" in result:
            result["median_ms"] = round(statistics.median(result["turns_ms"]), 4)
    report(case, results)
    return results


def report(case: Case, results: dict[str, dict[str, Any]]) -> None:
    """A line for each participant, on standard error."""
    print(f"  {case.tokens} tokens x {case.batch}, {case.labels} labels", file=sys.stderr)
    for name, result in results.items():
        said = (
            result.get("failed")
            or f"{result['median_ms']:.2f} ms (fastest {result['min_ms']:.2f}, {result['runs']} runs)"
        )
        print(f"    {name:20} {said}", file=sys.stderr)
