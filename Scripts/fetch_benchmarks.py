#!/usr/bin/env python3
"""Turn public classification sets into data sets that gliclass-verify and reference_outputs.py read.

    fetch_benchmarks.py -o DIR [NAME ...] [--limit N] [--seed 0]     write DIR/NAME.jsonl, all sets unless named
    fetch_benchmarks.py --list                                       show the sets
    fetch_benchmarks.py -o DIR [NAME ...] --source FOLDER            read FOLDER/NAME.jsonl, .csv or .parquet instead

Each line is {"text", "all_labels", "true_labels"}: the set's text (several columns joined by a line end), the names of
all its classes, underscores turned to spaces, and the one that is right. --limit keeps N texts, chosen by --seed from
the whole split and in its order: the same ones every time.

The sets come from the Hugging Face hub by the package `datasets` (5.2.0 was tried), which keeps them in its own cache;
what may be done with each is said on its page there. Sets that the hub has as a loading script alone are not in the
list: no current version of the package runs those.

A FOLDER of local files is for sets that are there already, and for tests. JSONL there needs no package. Columns are
those of the hub; where the names of classes are part of the hub's set, FOLDER/NAME.labels.json lists them (Parquet that
`datasets` wrote has them itself).

Exit status: 0 done, 64 usage, 65 data that are not what the table says, 66 package, set or file missing, 73 output
cannot be written.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from script_io import fail, positive, write_lines

CLASS_LABEL = "class label"
VALUES = "values"


@dataclass(frozen=True)
class BenchmarkSet:
    """A public set: where it is, and what its columns mean."""

    name: str
    hub_id: str
    split: str
    text: tuple[str, ...]
    label: str
    # What the labels are called: names that belong to the column (ClassLabel), the values of the column itself, or a
    # list that class ids count in.
    labels: str | tuple[str, ...]
    config: str | None = None


SENTIMENT = ("negative", "positive")
DBPEDIA = (
    "company", "educational institution", "artist", "athlete", "office holder", "mean of transportation", "building",
    "natural place", "village", "animal", "plant", "album", "film", "written work",
)  # fmt: skip

SETS = (
    BenchmarkSet("sst2", "stanfordnlp/sst2", "validation", ("sentence",), "label", CLASS_LABEL),
    BenchmarkSet("sst5", "SetFit/sst5", "test", ("text",), "label_text", VALUES),
    BenchmarkSet("cr", "SetFit/CR", "test", ("text",), "label_text", VALUES),
    BenchmarkSet("imdb", "stanfordnlp/imdb", "test", ("text",), "label", SENTIMENT),
    BenchmarkSet("rotten_tomatoes", "cornell-movie-review-data/rotten_tomatoes", "test", ("text",), "label", SENTIMENT),
    BenchmarkSet("ag_news", "fancyzhx/ag_news", "test", ("text",), "label", CLASS_LABEL),
    BenchmarkSet("dbpedia_14", "fancyzhx/dbpedia_14", "test", ("title", "content"), "label", DBPEDIA),
    BenchmarkSet(
        "yahoo_answers", "community-datasets/yahoo_answers_topics", "test", ("question_title", "question_content"),
        "topic", CLASS_LABEL,
    ),  # fmt: skip
    BenchmarkSet("20_newsgroups", "SetFit/20_newsgroups", "test", ("text",), "label_text", VALUES),
    BenchmarkSet("enron_spam", "SetFit/enron_spam", "test", ("subject", "message"), "label_text", VALUES),
    BenchmarkSet("emotion", "dair-ai/emotion", "test", ("text",), "label", CLASS_LABEL, "split"),
    BenchmarkSet("banking77", "mteb/banking77", "test", ("text",), "label_text", VALUES),
    BenchmarkSet("massive_intent", "mteb/amazon_massive_intent", "test", ("text",), "label_text", VALUES, "en"),
)


# --- Reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """The rows of a split, by column and index, and the class names that came with it."""

    place: str
    columns: list[str]
    rows: Any  # An indexable of mappings, with a length: a list, or a Dataset.
    class_names: Sequence[str] | None

    def column(self, name: str) -> list[Any]:
        if name not in self.columns:
            fail(f"{self.place}: expected a column {name!r}, found {', '.join(map(repr, self.columns))}")
        return [row[name] for row in self.rows] if isinstance(self.rows, list) else list(self.rows[name])


def from_hub(benchmark: BenchmarkSet) -> Table:
    """The split, downloaded or from the cache of `datasets`."""
    datasets = package()
    try:
        rows = datasets.load_dataset(benchmark.hub_id, benchmark.config, split=benchmark.split)
    except Exception as error:  # Of many kinds: no network, no such set, a changed one.
        fail(f"{benchmark.hub_id}: cannot be fetched: {' '.join(str(error).split())[:300]}", 66)
    return from_dataset(benchmark, rows, benchmark.hub_id)


def from_folder(benchmark: BenchmarkSet, folder: Path) -> Table:
    """The split from a local file."""
    for kind in ("jsonl", "csv", "parquet"):
        path = folder / f"{benchmark.name}.{kind}"
        if not path.is_file():
            continue
        names = class_names(folder / f"{benchmark.name}.labels.json")
        if kind == "jsonl":
            rows = read_lines(path)
            columns = [name for name in rows[0] if all(name in row for row in rows)] if rows else []
            return Table(str(path), columns, rows, names)
        try:
            loaded = package().load_dataset(kind, data_files=str(path), split="train")
        except Exception as error:
            fail(f"{path}: cannot be read: {' '.join(str(error).split())[:300]}")
        return from_dataset(benchmark, loaded, str(path), names)
    fail(f"{folder}: no {benchmark.name}.jsonl, .csv or .parquet", 66)


def from_dataset(benchmark: BenchmarkSet, rows: Any, place: str, names: Sequence[str] | None = None) -> Table:
    feature = rows.features.get(benchmark.label)
    return Table(place, rows.column_names, rows, getattr(feature, "names", None) or names)


def package() -> Any:
    try:
        import datasets
    except ImportError as error:
        fail(f"the package datasets is missing ({error}): pip install datasets", 66)
    datasets.disable_progress_bars()
    return datasets


def read_lines(path: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            fail(f"{path}: line {number}: {error}")
        if not isinstance(row, dict):
            fail(f"{path}: line {number}: expected an object")
        rows.append(row)
    return rows


def class_names(path: Path) -> list[str] | None:
    if not path.is_file():
        return None
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        fail(f"{path}: {error}")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        fail(f"{path}: expected a list of names")
    return names


# --- Examples ---------------------------------------------------------------------------------------------------------


def spaced(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def examples(benchmark: BenchmarkSet, table: Table, limit: int | None, seed: int) -> Iterator[dict[str, Any]]:
    """The lines of the data set."""
    texts = [table.column(name) for name in benchmark.text]
    values = table.column(benchmark.label)
    if not values:
        fail(f"{table.place}: no rows")
    names, indices = label_names(benchmark, table, values)
    labels = [spaced(name) for name in names]
    if len(set(labels)) != len(labels) or not all(labels):
        fail(f"{table.place}: {benchmark.label}: class names that are empty or alike")
    chosen: Sequence[int] = range(len(values))
    if limit is not None and limit < len(values):
        chosen = sorted(random.Random(seed).sample(chosen, limit))
    for row in chosen:
        parts = [column[row] for column in texts]
        if not all(part is None or isinstance(part, str) for part in parts):
            fail(f"{table.place}: row {row}: expected texts in {', '.join(benchmark.text)}")
        text = "\n".join(part for part in parts if part)
        yield {"text": text, "all_labels": labels, "true_labels": [labels[indices[row]]]}


def label_names(benchmark: BenchmarkSet, table: Table, values: list[Any]) -> tuple[Sequence[str], list[int]]:
    """The names of all classes, and which of them each row has."""
    place = f"{table.place}: {benchmark.label}"
    if benchmark.labels == VALUES:
        if not all(isinstance(value, str) for value in values):
            fail(f"{place}: expected names")
        names: Sequence[str] = sorted(set(values))
        positions = {name: index for index, name in enumerate(names)}
        return names, [positions[value] for value in values]
    names = (table.class_names or ()) if isinstance(benchmark.labels, str) else benchmark.labels
    if not names:
        fail(f"{place}: expected class names with it, found none")
    for row, value in enumerate(values):
        if not isinstance(value, int) or not 0 <= value < len(names):
            fail(f"{place}: row {row}: expected a class id from 0 to {len(names) - 1}, found {value!r}")
    return names, values


# --- The program ------------------------------------------------------------------------------------------------------


def print_list() -> None:
    for benchmark in SETS:
        config = f" ({benchmark.config})" if benchmark.config else ""
        print(f"{benchmark.name:<16} {benchmark.hub_id}{config}, {benchmark.split}")


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        fail(message, 64)


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", metavar="NAME", nargs="*", help="sets (see --list); all unless given")
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, help="the folder to write to")
    parser.add_argument("--limit", metavar="N", type=positive, help="the most texts of a set")
    parser.add_argument("--seed", type=int, default=0, help="which texts --limit chooses (default 0)")
    parser.add_argument("--source", metavar="FOLDER", type=Path, help="read local files instead of the hub")
    parser.add_argument("--list", action="store_true", help="show the sets and stop")
    arguments = parser.parse_args()
    known = [benchmark.name for benchmark in SETS]
    for name in arguments.names:
        if name not in known:
            parser.error(f"no set {name!r}; there are {', '.join(known)}")
    if arguments.output is None and not arguments.list:
        parser.error("expected -o DIR or --list")
    return arguments


def main() -> None:
    arguments = parse_arguments()
    if arguments.list:
        print_list()
        return
    for benchmark in SETS:
        if arguments.names and benchmark.name not in arguments.names:
            continue
        table = from_folder(benchmark, arguments.source) if arguments.source else from_hub(benchmark)
        path = arguments.output / f"{benchmark.name}.jsonl"
        count = write_lines(path, examples(benchmark, table, arguments.limit, arguments.seed))
        print(f"{path}: {count} texts")


if __name__ == "__main__":
    main()
