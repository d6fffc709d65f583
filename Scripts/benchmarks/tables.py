"""Markdown of a results file."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from peers import INSTRUCTION_SETS, OURS, PEERS

Results = dict[str, Any]
# The cases that stand side by side, by section.
SIDE_BY_SIDE = ("small", "base", "large")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]) + "\n"


def title_of(name: str) -> str:
    return f"**{name}**" if name == OURS else PEERS.get(name, name)


def milliseconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def megabytes(value: float | None) -> str:
    return "–" if value is None else f"{value / 1e6:,.0f} MB"


def ratio(other: Results, ours: Results) -> float:
    """How many times as long `other` took: the median of the rounds' own ratios, each of neighbouring minutes."""
    pairs = zip(other["turns_ms"], ours["turns_ms"], strict=False)
    return statistics.median(theirs / mine for theirs, mine in pairs)


def measured(results: Results, name: str) -> Results | None:
    """What `name` reached, unless it failed or took no part."""
    result = results.get(name)
    return None if result is None or "failed" in result else result


def fastest_peer(results: Results) -> str | None:
    names = [name for name in PEERS if measured(results, name)]
    return min(names, key=lambda name: results[name]["median_ms"], default=None)


def points_of(document: Results, section: str) -> list[Results]:
    return document["sections"].get(section, {}).get("points", [])


def case_title(point: Results) -> str:
    return f"{point['size']} {point['tokens']}×{point['batch']}"


def cell(result: Results | None, ours: Results | None, known: bool) -> str:
    if result is None:
        return "failed" if known else "–"
    text = f"{milliseconds(result['median_ms'])} ({milliseconds(result['min_ms'])})"
    return text if ours is None or result is ours else f"{text} {ratio(result, ours):.2f}×"


def comparison(document: Results) -> str:
    """Participants by cases."""
    points = [point for section in SIDE_BY_SIDE for point in points_of(document, section)]
    if not points:
        return ""
    isas = [f"{OURS} {isa}" for isa in INSTRUCTION_SETS[1:]]
    rows = []
    for name in (OURS, *isas, *PEERS):
        if not any(name in point["results"] for point in points):
            continue
        cells = []
        for point in points:
            ours = measured(point["results"], OURS)
            cells.append(cell(measured(point["results"], name), ours, name in point["results"]))
        rows.append([title_of(name), *cells])
    last = []
    for point in points:
        ours, best = measured(point["results"], OURS), fastest_peer(point["results"])
        last.append(f"**{ratio(point['results'][best], ours):.2f}×** {title_of(best)}" if ours and best else "–")
    rows.append(["fastest peer, against ours", *last])
    return table(["engine; median ms (fastest), against ours", *map(case_title, points)], rows)


def cold_start(document: Results) -> str:
    rows = []
    for point in points_of(document, "cold"):
        for name, result in point["results"].items():
            if "failed" in result:
                rows.append([title_of(name), "failed", "–", "–", "–"])
                continue
            load = f"{result['load_ms']:,.0f} ms" if "load_ms" in result else "–"
            rows.append(
                [
                    title_of(name),
                    f"{result['start_ms']:,.0f} ms",
                    load,
                    megabytes(result["peak_resident_bytes"]),
                    megabytes(result["file_bytes"]),
                ]
            )
    return (
        table(
            [
                "base, one text of 128 tokens",
                "process start to answer",
                "of it imports and loading",
                "peak resident",
                "file",
            ],
            rows,
        )
        if rows
        else ""
    )


def sweep(document: Results, section: str, column: str) -> str:
    """A row for each point, a column for each participant: milliseconds."""
    points = points_of(document, section)
    if not points:
        return ""
    names = [name for name in (OURS, *PEERS) if any(name in point["results"] for point in points)]
    rows = []
    for point in points:
        results = point["results"]
        cells = []
        for name in names:
            result = measured(results, name)
            cells.append(milliseconds(result["median_ms"]) if result else "failed" if name in results else "–")
        ours, best = measured(results, OURS), fastest_peer(results)
        rows.append(
            [
                str(point[column]),
                str(point["tokens"]),
                *cells,
                f"{ratio(results[best], ours):.2f}×" if ours and best else "–",
            ]
        )
    head = [column, "tokens of the prompt", *map(title_of, names), "fastest peer, against ours"]
    if column != "labels":  # There alone the length follows the column.
        head, rows = [head[0], *head[2:]], [[row[0], *row[2:]] for row in rows]
    return table(head, rows)


def one_pass(document: Results) -> str:
    """64 labels in one pass against a pass a label, as a cross-encoder needs."""
    by_labels = {point["labels"]: measured(point["results"], OURS) for point in points_of(document, "labels")}
    one, many = by_labels.get(1), by_labels.get(64)
    if not one or not many:
        return ""
    single, together = one["median_ms"], many["median_ms"]
    return (
        f"64 labels on a text of 256 tokens take {milliseconds(together)} ms in one pass. A pass a label, as a cross-encoder "
        f"needs, takes 64 × {milliseconds(single)} ms: {64 * single / together:.1f} times as long. "
        f"(One label alone is {together / single:.2f} times as fast as 64.)\n"
    )


def vocabulary(document: Results) -> str:
    rows = []
    for point in points_of(document, "vocabulary"):
        for name, result in point["results"].items():
            if "failed" in result:
                rows.append([f"{int(name):,}", "failed", "–", "–", "–"])
                continue
            rows.append(
                [
                    f"{int(name):,}",
                    f"{milliseconds(result['median_ms'])} ({milliseconds(result['min_ms'])})",
                    f"{result['open_ms']:.1f} ms",
                    megabytes(result["peak_resident_bytes"]),
                    megabytes(result["file_bytes"]),
                ]
            )
    return (
        table(["vocabulary, small, 128×1", "ms: median (fastest)", "opening (fastest)", "peak resident", "file"], rows)
        if rows
        else ""
    )


def failures(document: Results) -> str:
    """Every participant and export that failed, with its words."""
    lines = []
    for size, made in document.get("exports", {}).items():
        lines += [
            f"- export of {size} to {name}: {result['failed']}" for name, result in made.items() if "failed" in result
        ]
    for section in document["sections"].values():
        for point in section["points"]:
            lines += [
                f"- {title_of(name)}, {case_title(point)}: {result['failed']}"
                for name, result in point["results"].items()
                if "failed" in result
            ]
    return "\n".join(dict.fromkeys(lines)) + "\n" if lines else ""
