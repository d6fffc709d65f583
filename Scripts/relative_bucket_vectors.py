#!/usr/bin/env python3
"""Record the relative-position buckets of transformers' DeBERTa-v2, and where they differ from exact arithmetic.

    relative_bucket_vectors.py [-o Tests/Fixtures/buckets.json]

For each (position_buckets, max_position) the buckets of the distances 0...4096 are taken from
`modeling_deberta_v2.build_relative_position` (float32 torch), both signs. Beyond mid = buckets / 2 the formula is

    bucket(r) = ceil(ln(r / mid) / ln((max_position - 1) / mid) * (mid - 1)) + mid

The exact value needs no logarithm: the ceiling is the least n with (r / mid)^(mid - 1) <= ((max_position - 1) / mid)^n,
which integers decide. numpy's float64 logarithm is compared as well, because an engine may well use float64.

The file: "first_distance"[b] is the smallest distance whose bucket is b (bucket of -r is -bucket(r)), the last run ends
at "last_distance"; no bucket is clamped. "torch_differs_from_exact" and "float64_differs_from_exact" list
[distance, found, exact]. A bucket of `position_buckets` or more is clamped by the model to position_buckets - 1 (and on
the negative side to -position_buckets), so that a difference among those cannot be seen in an output.

Needs torch, transformers and numpy. The differences are printed to standard output.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import math
from pathlib import Path
from typing import Any

import numpy
import torch
from transformers.models.deberta_v2.modeling_deberta_v2 import build_relative_position

CASES = [(256, 512), (64, 512), (16, 512), (320, 640), (256, 1024), (32, 128)]
LAST_DISTANCE = 4096
DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "buckets.json"


def torch_buckets(buckets: int, max_position: int) -> list[int]:
    """The bucket of each distance by transformers; the negative side is checked to mirror it."""
    one, many = torch.empty(1, 1), torch.empty(LAST_DISTANCE + 1, 1)
    positive = build_relative_position(many, one, buckets, max_position).flatten().tolist()
    negative = build_relative_position(one, many, buckets, max_position).flatten().tolist()
    if [-bucket for bucket in negative] != positive:
        raise SystemExit(f"error: ({buckets}, {max_position}): the two signs are not symmetric")
    return positive


def exact_buckets(buckets: int, max_position: int) -> list[int]:
    """The bucket of each distance by integer arithmetic alone."""
    mid = buckets // 2
    result = list(range(mid + 1))
    step = 0
    for distance in range(mid + 1, LAST_DISTANCE + 1):
        while not reaches(distance, step, mid, max_position):
            step += 1
        result.append(step + mid)
    return result


def reaches(distance: int, step: int, mid: int, max_position: int) -> bool:
    """Whether (distance / mid)^(mid - 1) <= ((max_position - 1) / mid)^step, denominators multiplied out."""
    return distance ** (mid - 1) * mid**step <= (max_position - 1) ** step * mid ** (mid - 1)


def float64_buckets(buckets: int, max_position: int) -> list[int]:
    """The bucket of each distance by the formula in float64, evaluated from left to right."""
    mid = buckets // 2
    distances = numpy.arange(mid + 1, LAST_DISTANCE + 1, dtype=numpy.float64)
    steps = numpy.ceil(numpy.log(distances / mid) / math.log((max_position - 1) / mid) * (mid - 1))
    return list(range(mid + 1)) + (steps.astype(numpy.int64) + mid).tolist()


def first_distances(values: list[int]) -> list[int]:
    """Run-length form: element b is the first distance of bucket b."""
    starts = [0] + [index for index in range(1, len(values)) if values[index] != values[index - 1]]
    if [values[start] for start in starts] != list(range(len(starts))):
        raise SystemExit("error: buckets do not ascend one by one; the run-length form cannot hold them")
    return starts


def differences(found: list[int], exact: list[int]) -> list[list[int]]:
    return [[distance, a, b] for distance, (a, b) in enumerate(zip(found, exact, strict=True)) if a != b]


def make_case(buckets: int, max_position: int) -> dict[str, Any]:
    by_torch, exact = torch_buckets(buckets, max_position), exact_buckets(buckets, max_position)
    return {
        "position_buckets": buckets,
        "max_position": max_position,
        "first_distance": first_distances(by_torch),
        "torch_differs_from_exact": differences(by_torch, exact),
        "float64_differs_from_exact": differences(float64_buckets(buckets, max_position), exact),
    }


def report(case: dict[str, Any]) -> None:
    limit = case["position_buckets"]
    print(f"({limit}, {case['max_position']}): bucket {len(case['first_distance']) - 1} at distance {LAST_DISTANCE}")
    for kind in ("torch", "float64"):
        found = case[f"{kind}_differs_from_exact"]
        print(f"  {kind}: {len(found)} distances differ from the exact bucket")
        for distance, bucket, exact in found:
            note = " (both clamped)" if min(bucket, exact) >= limit - 1 else ""
            print(f"    distance {distance}: {bucket}, exactly {exact}{note}")


def write(path: Path, cases: list[dict[str, Any]]) -> None:
    """One line a case: readable in a diff without a line for every number."""
    head = {
        "producer": "transformers.models.deberta_v2.modeling_deberta_v2.build_relative_position, float32",
        "transformers": importlib.metadata.version("transformers"),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "last_distance": LAST_DISTANCE,
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    body = ",\n".join(f"    {json.dumps(case)}" for case in cases)
    path.write_text("{\n" + "\n".join(lines) + f'\n  "cases": [\n{body}\n  ]\n}}\n', encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=DEFAULT_OUTPUT, help="the file to write")
    arguments = parser.parse_args()
    cases = [make_case(*case) for case in CASES]
    for case in cases:
        report(case)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    write(arguments.output, cases)


if __name__ == "__main__":
    main()
