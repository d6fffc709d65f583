#!/usr/bin/env python3
"""Record what scikit-learn and SciPy say of many decisions, for Tests/VerificationTests.

    Scripts/metric_vectors.py [-o Tests/Fixtures/metrics.json]

The file has five lists.

"cases": one side's decisions against the truth. "decisions" holds [text, label, predicted, actual] for every label of every
text; a label need not be offered with every text. Figures are scikit-learn's (zero_division=0) of the indicator matrices whose
columns are the labels that were ever offered, in the order of "names"; what was not offered is neither predicted nor true.

"tables": two sides' logits, in eighths, and what follows from them: figures of either side as above, and best F1 over all
thresholds (precision_recall_curve); agreement, errors, McNemar's test (SciPy's binomtest), and the interval of the rate of
flips (Clopper & Pearson). A text is [labels, truths, logits of the reference, logits of the model], labels as positions.

"binomial": [b, c, p] of binomtest(b, b + c, 0.5), held against integers where they are not too large (SciPy 1.17.1 gives 0 where
p is below 1e-290 or so; the integers' p is recorded then). "proportions": [k, n, confidence, lower, upper] of the exact
interval by quantiles of the beta distribution, which are more precise than proportion_ci, held against it.

"bootstrap": [texts, replicates, confidence, seed, unit, parts, lower, upper], parts as [text, effect]: the interval of a drift
as docs/verification.md describes it, worked out again here.

Needs scikit-learn, SciPy and numpy; their versions are recorded in the file. The same bytes every time with the same versions.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from fractions import Fraction
from pathlib import Path

import numpy
import scipy
import sklearn
from scipy.special import expit, softmax
from scipy.stats import beta, binomtest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    precision_recall_curve,
    precision_recall_fscore_support,
)

VERSIONS = {"scikit_learn": "1.9.1", "scipy": "1.17.1", "numpy": "2.4.6"}
DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "metrics.json"
SWEEP_POINTS = [1, 10, 25, 49, 50, 51, 75, 99]

Decision = tuple[int, str, int, int]
# Labels (positions), truths, reference logits and model logits in eighths.
Text = tuple[list[int], list[int], list[int], list[int]]

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

# Name, mode, threshold, labels, texts.
FIXED_TABLES: list[tuple[str, str, float, list[str], list[Text]]] = [
    ("ties at the threshold", "multi-label", 0.5, ["a", "b"], [
        ([0, 1], [1, 0], [0, 0], [-1, 0]), ([0, 1], [0, 1], [0, 0], [0, -1]), ([1, 0], [1, 1], [0, 4], [0, 0])]),
    ("no positive label", "multi-label", 0.5, ["a", "b"], [
        ([0, 1], [0, 0], [-9, 3], [-8, -3]), ([0, 1], [0, 0], [-30, -30], [-30, -31])]),
    ("nothing predicted", "multi-label", 0.5, ["a", "b"], [
        ([0, 1], [1, 0], [-9, -3], [-8, -3]), ([1], [1], [-5], [-6])]),
    ("an empty class", "multi-label", 0.5, ["a", "empty"], [
        ([0, 1], [1, 0], [9, -30], [8, -31]), ([0, 1], [0, 0], [-9, -20], [1, -21])]),
    ("one text", "multi-label", 0.5, ["a", "b", "c"], [([0, 1, 2], [1, 0, 1], [9, 4, -3], [9, -1, 2])]),
    ("one decision", "multi-label", 0.5, ["a"], [([0], [1], [3], [-3])]),
    ("all logits equal", "multi-label", 0.5, ["a", "b"], [([0, 1], [1, 0], [2, 2], [2, 2]), ([0, 1], [0, 1], [2, 2], [2, 2])]),
    ("equal to a reader, other bytes", "multi-label", 0.5, ["\u00e9", "e\u0301"], [
        ([0, 1], [1, 0], [3, -5], [3, 5]), ([1, 0], [1, 0], [7, 2], [7, -2])]),
    ("single-label, ties", "single-label", 0.5, ["a", "b", "c"], [
        ([0, 1, 2], [0, 1, 0], [4, 4, 1], [3, 4, 1]), ([2, 0], [1, 0], [5, 5], [5, 5]), ([1], [1], [-9], [-8])]),
    ("single-label, one text", "single-label", 0.5, ["a", "b"], [([0, 1], [1, 0], [4, 3], [3, 4])]),
    ("single-label, nothing right", "single-label", 0.5, ["a", "b"], [([0, 1], [0, 0], [4, 3], [4, 3])]),
]

BINOMIAL = [
    (0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (1, 2), (0, 8), (3, 5), (5, 3), (2, 11), (10, 10), (10, 11), (17, 40), (0, 60),
    (100, 150), (499, 500), (500, 500), (5000, 5200), (5200, 5000), (5000, 7000), (20, 1100), (100_000, 101_000),
    (1_000_000, 1_002_000),
]
PROPORTIONS = [
    (0, 1), (1, 1), (0, 16_228), (1, 16_228), (8, 16_228), (16_227, 16_228), (16_228, 16_228), (1_600, 16_228), (5, 10),
    (3, 7), (0, 50), (1, 2), (123, 456), (50_000, 1_000_000), (999_990, 1_000_000),
]
CONFIDENCES = [0.5, 0.9, 0.95, 0.999]
# Texts, replicates, confidence, seed, unit, parts.
BOOTSTRAPS: list[tuple[int, int, float, int, float, list[tuple[int, float]]]] = [
    (1, 99, 0.95, 0, 0.5, []), (1, 99, 0.95, 0, 0.25, [(0, 0.5)]), (40, 2000, 0.95, 0, 0.01, []),
    (40, 2000, 0.95, 1, 0.01, [(3, 0.02), (7, -0.015), (39, 0.01)]), (40, 500, 0.8, 2**63 - 1, 0.0, [(0, 0.01), (0, 0.02), (1, -0.04)]),
    (300, 1000, 0.99, 12345, 0.002, [(text, 0.001 * (text % 5 - 1)) for text in range(0, 300, 7)]),
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


def generated_tables(count: int) -> list[tuple[str, str, float, list[str], list[Text]]]:
    """Random tables: logits that tell the truth more or less well, and a model that is near the reference or far."""
    generator = random.Random(20252)
    tables = []
    for index in range(count):
        mode = "single-label" if index % 4 == 3 else "multi-label"
        threshold = generator.choice([0.5, 0.5, 0.25, 0.7, 0.05])
        names = [f"label {n}" for n in range(generator.choice([1, 2, 4, 9, 25]))]
        rate, noise = generator.choice([0.05, 0.3, 0.8]), generator.choice([0, 1, 4, 20])
        texts: list[Text] = []
        for _ in range(generator.choice([1, 3, 12, 40])):
            offered = generator.sample(range(len(names)), generator.randint(1, min(len(names), 8)))
            if mode == "single-label":
                right = generator.choice(offered)
                truths = [int(label == right) for label in offered]
            else:
                truths = [int(generator.random() < rate) for _ in offered]
            reference = [round(generator.gauss(12 * truth - 6, 10)) for truth in truths]
            model = [logit + generator.randint(-noise, noise) for logit in reference]
            texts.append((offered, truths, reference, model))
        # Only labels that were offered are columns.
        used = sorted({label for offered, *_ in texts for label in offered})
        texts = [([used.index(label) for label in offered], *rest) for offered, *rest in texts]
        tables.append((f"generated {index}", mode, threshold, [names[label] for label in used], texts))
    return tables


def figures(actual: numpy.ndarray, predicted: numpy.ndarray) -> dict[str, object]:
    """scikit-learn's figures of indicator matrices."""
    texts, labels = actual.shape
    found: dict[str, object] = {}
    per_label = precision_recall_fscore_support(
        actual if labels > 1 else actual[:, 0], predicted if labels > 1 else predicted[:, 0],
        labels=None if labels > 1 else [1], average=None, zero_division=0)
    if labels > 1:
        for kind in ("micro", "macro", "weighted"):
            precision, recall, f1, _ = precision_recall_fscore_support(actual, predicted, average=kind, zero_division=0)
            found |= {f"{kind}_precision": precision, f"{kind}_recall": recall, f"{kind}_f1": f1}
        found["subset_accuracy"] = accuracy_score(actual, predicted)
    else:
        # A matrix of one column is read as binary: the figures must be those of indicators all the same.
        for kind in ("micro", "macro", "weighted"):
            for name, values in zip(("precision", "recall", "f1"), per_label, strict=False):
                found[f"{kind}_{name}"] = values[0]
        found["subset_accuracy"] = accuracy_score(actual[:, 0], predicted[:, 0])
        assert found["micro_f1"] == f1_score(actual[:, 0], predicted[:, 0], average="binary", zero_division=0)
    found = {name: float(value) for name, value in sorted(found.items())}
    found["per_label"] = [[float(p), float(r), float(f), int(s)] for p, r, f, s in zip(*per_label, strict=True)]
    return found


def scored(name: str, decisions: list[Decision]) -> dict[str, object]:
    """A case with scikit-learn's figures."""
    texts = 1 + max(text for text, *_ in decisions)
    labels = sorted({label for _, label, *_ in decisions})
    predicted, actual = (numpy.zeros((texts, len(labels)), dtype=int) for _ in range(2))
    for text, label, prediction, truth in decisions:
        predicted[text, labels.index(label)] = prediction
        actual[text, labels.index(label)] = truth
    head = {"name": name, "labels": len(labels), "names": labels}
    return head | figures(actual, predicted) | {"decisions": decisions}


def distribution(errors: numpy.ndarray) -> list[float]:
    """Mean, median and 99th percentile by nearest rank, and maximum."""
    p50, p99 = numpy.quantile(errors, [0.5, 0.99], method="inverted_cdf")
    return [float(errors.mean()), float(p50), float(p99), float(errors.max())]


def best_f1(actual: list[int], scores: list[float]) -> float:
    """The largest F1 on the curve, 0 without a positive."""
    if not any(actual):
        return 0.0
    precision, recall, _ = precision_recall_curve(actual, scores)
    total = precision + recall
    return float(numpy.max(numpy.divide(2 * precision * recall, total, out=numpy.zeros_like(total), where=total > 0)))


def compared(name: str, mode: str, threshold: float, names: list[str], texts: list[Text]) -> dict[str, object]:
    """A table with the figures of both sides and of their difference."""
    shape = (len(texts), len(names))
    actual = numpy.zeros(shape, dtype=int)
    sides: dict[str, dict[str, object]] = {}
    flat: dict[str, list[float]] = {}
    flat_predicted: dict[str, list[int]] = {}
    flat_truths = [truth for _, truths, *_ in texts for truth in truths]
    bests: dict[str, list[int]] = {}
    for side, place in (("reference", 2), ("model", 3)):
        predicted, sweep = numpy.zeros(shape, dtype=int), {point: numpy.zeros(shape, dtype=int) for point in SWEEP_POINTS}
        flat[side], flat_predicted[side], bests[side], right = [], [], [], 0
        for row, text in enumerate(texts):
            logits = numpy.array(text[place]) / 8
            scores = expit(logits) if mode == "multi-label" else softmax(logits)
            bests[side].append(int(numpy.argmax(logits)))
            right += text[1][bests[side][-1]]
            for position, label in enumerate(text[0]):
                actual[row, label] = text[1][position]
                chosen = position == bests[side][-1] if mode == "single-label" else scores[position] >= threshold
                predicted[row, label] = chosen
                flat_predicted[side].append(int(chosen))
                for point in SWEEP_POINTS:
                    sweep[point][row, label] = scores[position] >= point / 100
            flat[side] += scores.tolist()
        sides[side] = figures(actual, predicted) | {"accuracy": right / len(texts)}
        if mode == "multi-label":
            curves = [figures(actual, sweep[point]) for point in SWEEP_POINTS]
            sides[side]["sweep"] = [[point / 100, c["micro_f1"], c["macro_f1"]] for point, c in zip(SWEEP_POINTS, curves)]
            sides[side]["best_f1"] = best_f1(flat_truths, flat[side])
    flips = [r != m for r, m in zip(flat_predicted["reference"], flat_predicted["model"])]
    only_reference = sum(f and r == t for f, r, t in zip(flips, flat_predicted["reference"], flat_truths))
    only_model = sum(flips) - only_reference
    starts = numpy.cumsum([0] + [len(text[0]) for text in texts])
    logit_errors = numpy.array([abs(m - r) / 8 for text in texts for r, m in zip(text[2], text[3])])
    return {
        "name": name, "mode": mode, "threshold": threshold, "names": names, "texts": texts, **sides,
        "logit_error": distribution(logit_errors),
        "probability_error": distribution(numpy.abs(numpy.array(flat["model"]) - numpy.array(flat["reference"]))),
        "flips": sum(flips), "flip_rate": list(proportion(sum(flips), len(flips), 0.95)),
        "agreement_f1": float(f1_score(flat_predicted["reference"], flat_predicted["model"], zero_division=1)),
        "top1": float(numpy.mean([r == m for r, m in zip(bests["reference"], bests["model"])])),
        "whole_texts": float(numpy.mean([not any(flips[a:b]) for a, b in zip(starts, starts[1:])])),
        "mcnemar": [only_reference, only_model, sign_test(only_reference, only_model)],
    }


def sign_test(first: int, second: int) -> float:
    """binomtest's p-value; 1 without trials, which it refuses."""
    return float(binomtest(first, first + second, 0.5).pvalue) if first + second else 1.0


def exact_sign_test(first: int, second: int) -> float:
    """The p-value of integers: binomtest's, checked, where it is not lost; see the head."""
    trials, recorded = first + second, sign_test(first, second)
    if first == second or trials > 250_000:
        return recorded
    tail, term = 0, 1
    for successes in range(min(first, second) + 1):
        tail += term
        term = term * (trials - successes) // (successes + 1)
    exact = float(min(Fraction(1), Fraction(2 * tail, 2**trials)))
    if recorded == 0:
        return exact
    if abs(recorded - exact) > 1e-12 * exact:
        raise SystemExit(f"error: binomtest({first}, {trials}) is {recorded}, integers give {exact}")
    return recorded


def proportion(count: int, trials: int, confidence: float) -> tuple[float, float]:
    """Clopper and Pearson's interval."""
    outside = (1 - confidence) / 2
    lower = float(beta.ppf(outside, count, trials - count + 1)) if count else 0.0
    upper = float(beta.isf(outside, count + 1, trials - count)) if count < trials else 1.0
    interval = binomtest(count, trials).proportion_ci(confidence, "exact")
    if abs(lower - interval.low) > 1e-9 or abs(upper - interval.high) > 1e-9:
        raise SystemExit(f"error: {count} of {trials}: beta gives {lower}, {upper}, proportion_ci {interval}")
    return lower, upper


def mixed(value: int) -> int:
    """The output function of SplitMix64."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ value >> 27) * 0x94D049BB133111EB % 2**64
    return value ^ value >> 31


def weights(seed: int, replicate: int, count: int) -> numpy.ndarray:
    """Exponential weights of the texts of a replicate."""
    step = 0x9E3779B97F4A7C15
    key = mixed((seed + (replicate + 1) * step) % 2**64)
    bits = [mixed((key + (text + 1) * step) % 2**64) >> 12 for text in range(count)]
    return -numpy.log((numpy.array(bits) + 0.5) / 2**52)


def bootstrap(
    texts: int, replicates: int, confidence: float, seed: int, unit: float, parts: list[tuple[int, float]]
) -> tuple[float, float]:
    """The interval of a drift whose parts are given: n (sum w d + w0 d0) / (sum w + w0) with a text more that was not seen."""
    effects = numpy.zeros(texts)
    for text, effect in parts:
        effects[text] += effect
    loss, gain = max(unit, effects.max()), max(unit, -effects.min())
    lowers, uppers = [], []
    for replicate in range(replicates):
        *seen, unseen = weights(seed, replicate, texts + 1)
        scale, drift = texts / (sum(seen) + unseen), float(numpy.dot(seen, effects))
        lowers.append(scale * (drift - unseen * gain))
        uppers.append(scale * (drift + unseen * loss))
    rank = max(1, int((1 - confidence) / 2 * (replicates + 1) * (1 + 1e-12)))
    return max(-1.0, sorted(lowers)[rank - 1]), min(1.0, sorted(uppers)[replicates - rank])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=DEFAULT_OUTPUT)
    parser.add_argument("--count", type=int, default=60, help="generated cases (default: 60)")
    parser.add_argument("--tables", type=int, default=40, help="generated tables (default: 40)")
    arguments = parser.parse_args()
    found = {"scikit_learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": numpy.__version__}
    if found != VERSIONS:
        print(f"note: recorded with {found}, not {VERSIONS}", file=sys.stderr)
    lists = {
        "cases": [scored(*case) for case in FIXED + generated(arguments.count)],
        "tables": [compared(*table) for table in FIXED_TABLES + generated_tables(arguments.tables)],
        "binomial": [[b, c, exact_sign_test(b, c)] for b, c in BINOMIAL],
        "proportions": [
            [k, n, confidence, *proportion(k, n, confidence)] for k, n in PROPORTIONS for confidence in CONFIDENCES
        ],
        "bootstrap": [[*case, *bootstrap(*case)] for case in BOOTSTRAPS],
    }
    parts = [f'"reference":{json.dumps({"producer": "Scripts/metric_vectors.py"} | found)}']
    for name, entries in lists.items():
        lines = ",\n".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in entries)
        parts.append(f'"{name}":[\n{lines}\n]')
    text = "{" + ",\n".join(parts) + "}\n"
    arguments.output.write_text(text, encoding="utf-8")
    counts = ", ".join(f"{len(entries)} {name}" for name, entries in lists.items())
    print(f"{arguments.output}: {counts}, {len(text.encode())} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
