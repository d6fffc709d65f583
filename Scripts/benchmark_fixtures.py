#!/usr/bin/env python3
"""Make small stand-ins for the sets of fetch_benchmarks.py: the same columns, other texts.

    benchmark_fixtures.py [-o Tests/Fixtures/benchmarks] [--parquet]

Writes NAME.jsonl for every set (six rows), and NAME.labels.json where the names of classes belong to the hub's column.
With --parquet writes NAME.parquet by the package `datasets` instead, class names inside: for trying what
fetch_benchmarks.py does with the package where there is no network.

JSONL needs nothing but Python. Exit status: 0 done, 73 output cannot be written.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from fetch_benchmarks import CLASS_LABEL, SETS, VALUES, BenchmarkSet

DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "Tests/Fixtures/benchmarks"
ROWS = 6
# Names as the hub spells them; a few of each set are enough.
NAMES: dict[str, list[str]] = {
    "sst2": ["negative", "positive"],
    "sst5": ["very negative", "negative", "neutral", "positive", "very positive"],
    "cr": ["negative", "positive"],
    "ag_news": ["World", "Sports", "Business", "Sci/Tech"],
    "yahoo_answers": ["Society & Culture", "Science & Mathematics", "Health"],
    "20_newsgroups": ["rec.autos", "sci.med", "talk.politics.misc"],
    "enron_spam": ["ham", "spam"],
    "emotion": ["sadness", "joy", "love", "anger", "fear", "surprise"],
    "banking77": ["activate_my_card", "card_arrival", "Refund_not_showing_up"],
    "massive_intent": ["alarm_set", "weather_query"],
}
SENTENCES = (
    "A short text of {name}, made up for this test.",
    'Quotes "and" commas, for {name}: é, 中, \U0001f600.',
    "Two lines\nof {name}.",
    "",
    "  Spaces around {name}  ",
    "The last row speaks of {name} again.",
)


def names(benchmark: BenchmarkSet) -> list[str]:
    return NAMES[benchmark.name] if isinstance(benchmark.labels, str) else list(benchmark.labels)


def rows(benchmark: BenchmarkSet) -> list[dict[str, Any]]:
    classes = names(benchmark)
    result = []
    for index, sentence in enumerate(SENTENCES):
        label = index * 5 % len(classes)
        row: dict[str, Any] = {"id": index}
        for column in benchmark.text:
            row[column] = sentence.format(name=f"{benchmark.name}, {column}")
        row[benchmark.label] = classes[label] if benchmark.labels == VALUES else label
        result.append(row)
    return result


def write_jsonl(benchmark: BenchmarkSet, folder: Path) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows(benchmark))
    (folder / f"{benchmark.name}.jsonl").write_text("".join(lines), encoding="utf-8")
    if benchmark.labels == CLASS_LABEL:
        text = json.dumps(names(benchmark), ensure_ascii=False) + "\n"
        (folder / f"{benchmark.name}.labels.json").write_text(text, encoding="utf-8")


def write_parquet(benchmark: BenchmarkSet, folder: Path) -> None:
    from datasets import ClassLabel, Dataset

    dataset = Dataset.from_list(rows(benchmark))
    if benchmark.labels == CLASS_LABEL:
        dataset = dataset.cast_column(benchmark.label, ClassLabel(names=names(benchmark)))
    dataset.to_parquet(folder / f"{benchmark.name}.parquet")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--output", type=Path, default=DEFAULT_OUTPUT)
    parser.add_argument("--parquet", action="store_true", help="by the package datasets")
    options = parser.parse_args()
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        for benchmark in SETS:
            (write_parquet if options.parquet else write_jsonl)(benchmark, options.output)
    except OSError as error:
        print(f"error: {options.output}: {error.strerror}", file=sys.stderr)
        sys.exit(73)


if __name__ == "__main__":
    main()
