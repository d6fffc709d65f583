#!/usr/bin/env python3
"""Record what scikit-learn says of many multi-label decisions, for Tests/VerificationTests.

    Scripts/metric_vectors.py [-o Tests/Fixtures/metrics.json]

A case is a list of texts, each with labels to choose from; a label need not be offered with every text. "decisions" holds
[text, label, predicted, actual] for every label of every text, "micro_f1" and "macro_f1" are scikit-learn's f1_score
(zero_division=0) of the indicator matrices whose columns are the labels that were ever offered; what was not offered is
neither predicted nor true.

Needs scikit-learn and numpy; their versions are recorded in the file. The same bytes every time with the same versions.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

import numpy
import sklearn
from sklearn.metrics import f1_score

SCIKIT_LEARN_VERSION = "1.9.1"
NUMPY_VERSION = "2.4.6"
DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "metrics.json"

Decision = tuple[int, str, int, int]

FIXED: list[tuple[str, list[Decision]]] = [
    ("one decision, right", [(0, "a", 1, 1)]),
    ("one decision, wrong", [(0, "a", 1, 0)]),
    ("one decision, missed", [(0, "a", 0, 1)]),
    ("nothing positive", [(0, "a", 0, 0), (0, "b", 0, 0), (1, "a", 0, 0)]),
    ("all predictions zero", [(0, "a", 0, 1), (0, "b", 0, 1), (1, "a", 0, 1), (1, "b", 0, 0)]),
    ("all predictions one", [(0, "a", 1, 1), (0, "b", 1, 0), (1, "a", 1, 0), (1, "b", 1, 0)]),
    ("no true positive", [(0, "a", 1, 0), (0, "b", 0, 1), (1, "a", 1, 0), (1, "b", 0, 1)]),
    ("an empty class", [(0, "a", 1, 1), (0, "empty", 0, 0), (1, "a", 0, 1), (1, "empty", 0, 0)]),
    ("a class that is only predicted", [(0, "a", 1, 1), (0, "b", 1, 0), (1, "a", 1, 1), (1, "b", 0, 0)]),
    ("one text", [(0, "a", 1, 1), (0, "b", 1, 0), (0, "c", 0, 1), (0, "d", 0, 0)]),
    ("labels of their own", [(0, "a", 1, 1), (1, "b", 1, 0), (2, "c", 0, 1), (3, "d", 0, 0)]),
    ("labels that sort together", [(0, "a", 1, 1), (0, "A", 0, 1), (0, " a", 1, 0), (0, "", 1, 1), (1, "", 0, 1)]),
    ("equal to a reader, other bytes", [(0, "\u00e9", 1, 1), (0, "e\u0301", 0, 1), (1, "\u00e9", 1, 1)]),
    ("thirds", [(0, "a", 1, 1), (1, "a", 0, 1), (2, "a", 0, 1), (0, "b", 1, 0), (1, "b", 1, 1), (0, "c", 0, 1)]),
]


def generated(count: int) -> list[tuple[str, list[Decision]]]:
    """Random cases: many texts or few, labels rare or common, predictions good or bad."""
    generator = random.Random(20251)
    cases = []
    for index in range(count):
        labels = [f"label {n}" for n in range(generator.choice([1, 2, 3, 7, 20, 60]))]
        rates = {label: generator.choice([0.0, 0.02, 0.2, 0.5, 1.0]) for label in labels}
        flip = generator.choice([0.0, 0.05, 0.5, 1.0])
        decisions = []
        for text in range(generator.choice([1, 2, 5, 30])):
            offered = generator.sample(labels, generator.randint(1, len(labels)))
            for label in offered:
                actual = int(generator.random() < rates[label])
                predicted = actual ^ int(generator.random() < flip)
                decisions.append((text, label, predicted, actual))
        cases.append((f"generated {index}", decisions))
    return cases


def scored(name: str, decisions: list[Decision]) -> dict[str, object]:
    """A case with scikit-learn's figures."""
    texts = 1 + max(text for text, *_ in decisions)
    labels = sorted({label for _, label, *_ in decisions})
    predicted, actual = (numpy.zeros((texts, len(labels)), dtype=int) for _ in range(2))
    for text, label, prediction, truth in decisions:
        predicted[text, labels.index(label)] = prediction
        actual[text, labels.index(label)] = truth
    # A matrix of one column is read as binary: the figures must be those of indicators all the same.
    if len(labels) == 1:
        micro = macro = f1_score(actual[:, 0], predicted[:, 0], average="binary", zero_division=0)
    else:
        micro, macro = (f1_score(actual, predicted, average=kind, zero_division=0) for kind in ("micro", "macro"))
    return {"name": name, "labels": len(labels), "micro_f1": float(micro), "macro_f1": float(macro), "decisions": decisions}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=DEFAULT_OUTPUT)
    parser.add_argument("--count", type=int, default=60, help="generated cases (default: 60)")
    arguments = parser.parse_args()
    found = (sklearn.__version__, numpy.__version__)
    if found != (SCIKIT_LEARN_VERSION, NUMPY_VERSION):
        print(f"note: recorded with scikit-learn {found[0]}, numpy {found[1]}", file=sys.stderr)
    cases = [scored(name, decisions) for name, decisions in FIXED + generated(arguments.count)]
    head = {"producer": "Scripts/metric_vectors.py", "scikit_learn": found[0], "numpy": found[1]}
    lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases)
    text = f'{{"reference":{json.dumps(head)},\n"cases":[\n{lines}\n]}}\n'
    arguments.output.write_text(text, encoding="utf-8")
    print(f"{arguments.output}: {len(cases)} cases, {len(text.encode())} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
