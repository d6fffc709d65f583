"""The inputs that every engine is measured with: the token ids of `gliclass bench` (Sources/ClassifyCommand/Bench.swift), id for id."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy


@dataclass(frozen=True)
class Markers:
    """Ids of <<LABEL>> and <<SEP>>; every id below both is an ordinary token."""

    label: int
    separator: int

    @staticmethod
    def of(checkpoint: Path) -> Markers:
        config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
        return Markers(config["class_token_index"], config["text_token_index"])


class Tokens:
    """A linear congruential generator (Knuth, MMIX), as in Bench.swift."""

    def __init__(self, ordinary: int) -> None:
        self._state = 0x9E37_79B9_7F4A_7C15
        self._ordinary = ordinary

    def next(self) -> int:
        self._state = (self._state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % (1 << 64)
        return (self._state >> 33) % self._ordinary


def prompts(markers: Markers, tokens: int, batch: int, labels: int) -> numpy.ndarray:
    """int64 [batch, tokens]: a token, `labels` times (<<LABEL>>, a token), <<SEP>>, and tokens up to the length. No padding."""
    if not 1 <= labels <= (tokens - 3) // 2:
        raise ValueError(f"{labels} labels do not fit into {tokens} tokens")
    source = Tokens(min(markers.label, markers.separator))
    rows = []
    for _ in range(batch):
        ids = [source.next()]
        for _ in range(labels):
            ids += [markers.label, source.next()]
        ids.append(markers.separator)
        ids += [source.next() for _ in range(tokens - len(ids))]
        rows.append(ids)
    return numpy.array(rows, dtype=numpy.int64)
