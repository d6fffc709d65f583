"""The tries of a compiled tokenizer: double arrays addressed by XOR. A part of read_glc.py."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

INNER, INNER_VALUE, LEAF, CELL = 0, 1, 2, 3


class Trie:
    """A double array: unit = label (bits 0 to 7), kind (8, 9), base or value (10 to 31)."""

    def __init__(self, name: str, data: bytes) -> None:
        units = np.frombuffer(data, dtype="<u4")
        self.name = name
        self.labels: list[int] = (units & 0xFF).tolist()
        self.kinds: list[int] = (units >> 8 & 3).tolist()
        self.fields: list[int] = (units >> 10).tolist()

    def child(self, node: int, byte: int) -> int | None:
        if byte == 0 or self.kinds[node] not in (INNER, INNER_VALUE):
            return None
        index = self.fields[node] ^ byte
        if index < len(self.labels) and self.labels[index] == byte and self.kinds[index] != CELL:
            return index
        return None

    def value(self, node: int) -> int | None:
        if self.kinds[node] == LEAF:
            return self.fields[node]
        if self.kinds[node] == INNER_VALUE:
            cell = self.fields[node]
            if cell < len(self.labels) and self.kinds[cell] == CELL and self.labels[cell] == 0:
                return self.fields[cell]
        return None

    def lookup(self, key: bytes) -> int | None:
        node: int | None = 0 if self.labels else None
        for byte in key:
            if node is None:
                return None
            node = self.child(node, byte)
        return None if node is None else self.value(node)

    def items(self) -> dict[bytes, int]:
        """Every key with its value, by descent from the root, not by lookup."""
        children: dict[int, list[int]] = {}
        for index, (label, kind) in enumerate(zip(self.labels, self.kinds)):
            if label and kind != CELL:
                children.setdefault(index ^ label, []).append(index)
        found: dict[bytes, int] = {}
        stack = [(0, b"")] if self.labels else []
        seen = bytearray(len(self.labels))
        while stack:
            node, key = stack.pop()
            if seen[node]:
                continue  # only when two nodes share a base, which check_structure reports
            seen[node] = 1
            value = self.value(node)
            if value is not None:
                found[key] = value
            if self.kinds[node] in (INNER, INNER_VALUE):
                below = children.get(self.fields[node], ())
                stack.extend((child, key + bytes([self.labels[child]])) for child in below)
        self.reached = sum(seen)
        return found

    def check(self, expected: dict[bytes, int]) -> Iterator[str]:
        """The structure; that every expected key is found by a walk, and that there are no others."""
        yield from self.check_structure()
        wrong = [key for key, value in expected.items() if self.lookup(key) != value]
        if wrong:
            yield f"{self.name}: {len(wrong)} keys lead elsewhere, as {wrong[0]!r} to {self.lookup(wrong[0])}, " \
                  f"expected {expected[wrong[0]]}"  # fmt: skip
        found = self.items()
        if extra := found.keys() - expected.keys():
            yield f"{self.name}: {len(extra)} keys that stand for nothing, as {min(extra)!r}"
        nodes = sum(kind != CELL for kind in self.kinds)
        if self.reached != nodes:
            yield f"{self.name}: {nodes - self.reached} nodes that no key reaches"
        values = self.kinds.count(LEAF) + self.kinds.count(INNER_VALUE)
        if values != len(expected):
            yield f"{self.name}: {values} nodes with a value, expected {len(expected)}"

    def check_structure(self) -> Iterator[str]:
        if not 0 < len(self.labels) <= 4_194_304:
            yield f"{self.name}: {len(self.labels)} units"
            return
        if self.labels[0] or self.kinds[0] not in (INNER, INNER_VALUE):
            yield f"{self.name}: root with label {self.labels[0]}, kind {self.kinds[0]}"
        inner = [i for i, kind in enumerate(self.kinds) if kind in (INNER, INNER_VALUE)]
        if len({self.fields[i] for i in inner}) != len(inner):
            yield f"{self.name}: inner nodes that share a base"
        with_value = [i for i in inner if self.kinds[i] == INNER_VALUE]
        if any(self.value(i) is None for i in with_value):
            yield f"{self.name}: inner nodes whose value cell is none"
        cells = {self.fields[i] for i in with_value}
        for index, (label, kind, field) in enumerate(zip(self.labels, self.kinds, self.fields)):
            if kind == CELL and (label or (field and index not in cells)):
                yield f"{self.name}: unit {index} is of kind 3 and not used, but not zero"
            if kind != CELL and not label and index:
                yield f"{self.name}: unit {index} is a node without a label"
