"""Patterns of a compiled tokenizer: automata over classes of scalars. A part of read_glc.py."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from glc_common import FormatError, is_scalar

HEAD = 392  # bytes before the exceptions
DEAD, START, ENDS = 0, 1, 0x8000

Pair = tuple[int, int]
Node = TypeVar("Node")


class Pattern:
    def __init__(self, name: str, data: bytes) -> None:
        if len(data) < HEAD:
            raise FormatError(f"{name}: {len(data)} bytes")
        self.name = name
        self.states, self.classes, count = struct.unpack_from("<HHI", data)
        size = HEAD + 8 * count + 2 * self.states * (self.classes + 1)
        if len(data) != size:
            raise FormatError(f"{name}: {len(data)} bytes, expected {size}")
        if not 2 <= self.states <= 4_096 or not 1 <= self.classes <= 255 or count > 1_024:
            raise FormatError(f"{name}: {self.states} states, {self.classes} classes, {count} exceptions")
        self.ascii = data[8:136]
        self.of_set = data[136:HEAD]
        pairs = struct.unpack_from(f"<{2 * count}I", data, HEAD)
        self.exception_list: list[Pair] = list(zip(pairs[::2], pairs[1::2]))
        self.exceptions = dict(self.exception_list)
        table = np.frombuffer(data, dtype="<u2", offset=HEAD + 8 * count)
        self.rows: list[list[int]] = table.reshape(self.states, self.classes + 1).tolist()

    def class_of(self, scalar: int, property_set: int) -> int:
        if scalar < 128:
            return self.ascii[scalar]
        return self.exceptions.get(scalar, self.of_set[property_set])

    def matches(self, classes: list[int]) -> list[Pair]:
        """Starts and ends of the matches in a text of scalars with these classes."""
        found, position = [], 0
        classes = [*classes, self.classes]
        while position < len(classes) - 1:
            end = self.match_end(classes, position)
            if end is None:
                position += 1
            else:
                found.append((position, end))
                position = end
        return found

    def match_end(self, classes: list[int], start: int) -> int | None:
        state, end = START, None
        for position in range(start, len(classes)):
            transition = self.rows[state][classes[position]]
            if transition & ENDS:
                end = position
            state = transition & ~ENDS
            if state == DEAD:
                break
        return end

    # --- Checking ---------------------------------------------------------------------------------------------------

    def check(self) -> Iterator[str]:
        scalars = [scalar for scalar, _ in self.exception_list]
        if sorted(set(scalars)) != scalars or any(s < 128 or not is_scalar(s) for s in scalars):
            yield f"{self.name}: exceptions are not ascending scalars beyond ASCII"
        if max(*self.ascii, *self.of_set, *self.exceptions.values(), 0) >= self.classes:
            yield f"{self.name}: classes beyond {self.classes}"
            return
        if max(transition & ~ENDS for row in self.rows for transition in row) >= self.states:
            yield f"{self.name}: transitions to states beyond {self.states}"
            return
        if any(self.rows[DEAD]):
            yield f"{self.name}: transitions from state 0"
        if any(row[self.classes] & ~ENDS for row in self.rows):
            yield f"{self.name}: transitions behind the end of the text"
        if any(transition & ENDS for transition in self.rows[START]):
            yield f"{self.name}: matches that are empty"
        yield from self.check_linear()

    def check_linear(self) -> Iterator[str]:
        """That matching takes linear time, by the two conditions of the format."""
        quiet = {state: {t for t in row if t and not t & ENDS} for state, row in enumerate(self.rows)}
        endless = endless_nodes(quiet)
        if START in endless:
            yield f"{self.name}: a search can read on endlessly before an end"
            return
        alive = reachable({START}, {state: {t & ~ENDS for t in row} - {DEAD} for state, row in enumerate(self.rows)})
        pairs: set[Pair] = set()
        for state in alive:
            for column, transition in enumerate(self.rows[state][:-1]):
                if transition & ENDS and transition & ~ENDS in endless:
                    pairs.add((transition & ~ENDS, self.rows[START][column] & ~ENDS))
        following: dict[Pair, set[Pair]] = {}
        silent: dict[Pair, set[Pair]] = {}
        stack = list(pairs)
        while stack:
            pair = stack.pop()
            if pair in following:
                continue
            first, second = pair
            if second == DEAD:
                yield f"{self.name}: what is read in vain by state {first} can be read again without an end"
                return
            following[pair], silent[pair] = set(), set()
            for one, two in zip(self.rows[first][:-1], self.rows[second][:-1]):
                if one in endless and not one & ENDS:
                    following[pair].add((one, two & ~ENDS))
                    if not two & ENDS:
                        silent[pair].add((one, two))
            stack.extend(following[pair])
        if endless_nodes(silent):
            yield f"{self.name}: a search can read in vain what the next one reads without an end"


def reachable(start: set[int], edges: dict[int, set[int]]) -> set[int]:
    found, stack = set(start), list(start)
    while stack:
        for state in edges[stack.pop()] - found:
            found.add(state)
            stack.append(state)
    return found


def endless_nodes(edges: dict[Node, set[Node]]) -> set[Node]:
    """The nodes from which a cycle can be reached: what is left when those without a way on are taken away."""
    behind: dict[Node, list[Node]] = {node: [] for node in edges}
    for node, targets in edges.items():
        for target in targets:
            behind[target].append(node)
    ways = {node: len(targets) for node, targets in edges.items()}
    stack, left = [node for node, count in ways.items() if count == 0], set(edges)
    while stack:
        gone = stack.pop()
        left.remove(gone)
        for node in behind[gone]:
            ways[node] -= 1
            if ways[node] == 0:
                stack.append(node)
    return left
