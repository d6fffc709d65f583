"""The normalizer steps of a compiled tokenizer, by formats/tokenizer.md alone. A part of read_glc.py.

A text is a string and its origin: how many scalars at its front are aligned to the first character of the input. (The
format counts bytes; both are the same, as the origin ends between scalars.)
"""

from __future__ import annotations

import numpy as np

from glc_common import FormatError
from glc_tokenizer import (
    CANONICAL,
    CLASS_INDEX,
    CLASSES,
    COLLAPSE_SPACES,
    COMPATIBILITY,
    COMPOSITION,
    LOWER,
    LOWERCASE,
    NFC,
    NFD,
    NFKC,
    NFKD,
    PRECOMPILED,
    PREPEND,
    REPLACE,
    STRIP,
    STRIP_ACCENTS,
    Step,
    Tokenizer,
)

Text = tuple[str, int]
Taking = tuple[str, int]  # a scalar, and how many scalars of the text before the step it takes

WHITE_SPACE = frozenset(map(chr, [*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029,
                                  0x202F, 0x205F, 0x3000]))  # fmt: skip
CR, LF, CONTROL, EXTEND_NONE, EXTEND, LINKER, ZWJ, REGIONAL, PREPENDED, SPACING, L, V, T, LV, LVT, PICTOGRAPHIC, \
    CONSONANT = range(1, 18)  # fmt: skip
COMBINING_MARK = 1 << 8
HANGUL, HANGUL_L, HANGUL_V, HANGUL_T = 0xAC00, 0x1100, 0x1161, 0x11A7
L_COUNT, V_COUNT, T_COUNT = 19, 21, 28


class Normalizer:
    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.properties: list[int] = tokenizer.properties().tolist()
        self.set_numbers: list[int] = tokenizer.set_numbers.tolist()
        index = np.frombuffer(tokenizer.part(CLASS_INDEX), dtype=np.uint8)
        self.class_index, self.class_blocks = index.tobytes(), tokenizer.part(CLASSES)

    def __call__(self, text: Text) -> Text:
        for step in self.tokenizer.normalizer:
            text = self.apply(step, text)
        return text

    def apply(self, step: Step, text: Text) -> Text:
        kind, flags, a, _, _ = step
        if kind == STRIP:
            return strip(text, bool(flags & 1), bool(flags & 2))
        if kind == PRECOMPILED:
            return self.precompiled(text)
        if kind == COLLAPSE_SPACES:
            return replace(text, runs_of_spaces(text[0]), " ")
        if kind in (NFC, NFD, NFKC, NFKD):
            return self.form(text, kind in (NFKC, NFKD), kind in (NFC, NFKC))
        if kind == LOWERCASE:
            return replace_scalars(text, [self.lower(c) for c in text[0]])
        if kind == STRIP_ACCENTS:
            return replace_scalars(text, ["" if self.properties[ord(c)] & COMBINING_MARK else c for c in text[0]])
        if kind == REPLACE:
            return replace(text, self.matches(a, text[0]), self.tokenizer.step_text(step).decode("utf-8"))
        if kind == PREPEND:
            return prepend(text, self.tokenizer.step_text(step).decode("utf-8"))
        raise FormatError(f"normalizer step of kind {kind}")

    def matches(self, pattern: int, text: str) -> list[tuple[int, int]]:
        automaton, numbers = self.tokenizer.patterns[pattern], self.set_numbers
        return automaton.matches([automaton.class_of(ord(c), numbers[ord(c)]) for c in text])

    # --- Precompiled ------------------------------------------------------------------------------------------------

    def precompiled(self, text: Text) -> Text:
        written: list[Taking] = []
        for cluster in self.clusters(text[0]):
            replacement = self.replacement(cluster) if len(cluster.encode()) < 6 else None
            keys = list(cluster) if replacement is None else [cluster]
            for key in keys:
                value = self.replacement(key)
                new = key if value is None else value
                written += [(c, int(i < len(key))) for i, c in enumerate(new)]
                if len(new) < len(key) and written:
                    written[-1] = written[-1][0], written[-1][1] + len(key) - len(new)
        return taking(written, text[1])

    def replacement(self, key: str) -> str | None:
        """What the first node with a value on the way stands for."""
        trie, node = self.tokenizer.charsmap_trie, 0
        for byte in key.encode():
            child = trie.child(node, byte)
            if child is None:
                return None
            node = child
            if (value := trie.value(node)) is not None:
                return self.tokenizer.replacements[value].decode("utf-8")
        return None

    def grapheme_class(self, c: str) -> int:
        place = 128 * self.class_index[ord(c) >> 7] + (ord(c) & 127)
        return self.class_blocks[place] & 31 if place < len(self.class_blocks) else 0

    def clusters(self, text: str) -> list[str]:
        classes = [self.grapheme_class(c) for c in text]
        starts = [i for i in range(len(text)) if i == 0 or is_boundary(classes, i)]
        return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)])]

    # --- Mappings ---------------------------------------------------------------------------------------------------

    def mapped(self, mapping: int, c: str) -> str | None:
        index = self.tokenizer.mapping_trie.lookup(bytes([mapping]) + c.encode())
        return None if index is None else self.tokenizer.mapped[index].decode("utf-8")

    def lower(self, c: str) -> str:
        if c.isascii():
            return c.lower()
        return (self.mapped(LOWER, c) if self.properties[ord(c)] & 1 << 12 else None) or c

    def decomposed(self, c: str, compatibility: bool) -> str:
        if HANGUL <= ord(c) < HANGUL + L_COUNT * V_COUNT * T_COUNT:
            rest, t = divmod(ord(c) - HANGUL, T_COUNT)
            return chr(HANGUL_L + rest // V_COUNT) + chr(HANGUL_V + rest % V_COUNT) + (chr(HANGUL_T + t) if t else "")
        properties = 0 if c.isascii() else self.properties[ord(c)]
        if compatibility and properties & 1 << 10 and (found := self.mapped(COMPATIBILITY, c)) is not None:
            return found
        return (self.mapped(CANONICAL, c) if properties & 1 << 9 else None) or c

    def composed(self, first: str, second: str) -> str | None:
        leading, v, t = ord(first) - HANGUL_L, ord(second) - HANGUL_V, ord(second) - HANGUL_T
        if 0 <= leading < L_COUNT and 0 <= v < V_COUNT:
            return chr(HANGUL + (leading * V_COUNT + v) * T_COUNT)
        syllable = ord(first) - HANGUL
        if 0 <= syllable < L_COUNT * V_COUNT * T_COUNT and syllable % T_COUNT == 0 and 0 < t < T_COUNT:
            return chr(ord(first) + t)
        if second.isascii() or not self.properties[ord(second)] & 1 << 11:
            return None
        value = self.tokenizer.mapping_trie.lookup(bytes([COMPOSITION]) + (first + second).encode())
        return None if value is None else chr(value)

    def combining_class(self, c: str) -> int:
        return 0 if c.isascii() else self.properties[ord(c)] >> 16 & 255

    def form(self, text: Text, compatibility: bool, compose: bool) -> Text:
        # A decomposition adds all scalars but its first.
        scalars = [(s, int(i == 0)) for c in text[0] for i, s in enumerate(self.decomposed(c, compatibility))]
        start = 0
        for i in range(len(scalars) + 1):
            if i == len(scalars) or self.combining_class(scalars[i][0]) == 0:
                scalars[start:i] = sorted(scalars[start:i], key=lambda pair: self.combining_class(pair[0]))
                start = i + 1
        if compose:
            scalars = self.compose(scalars)
        return taking(scalars, text[1])

    def compose(self, scalars: list[Taking]) -> list[Taking]:
        written: list[Taking] = []
        starter, last_class = None, 0  # place of the last starter; class of the last scalar written behind it
        for c, count in scalars:
            own = self.combining_class(c)
            if starter is not None and (starter == len(written) - 1 or 0 < last_class < own):
                composite = self.composed(written[starter][0], c)
                if composite is not None:
                    written[starter] = composite, written[starter][1] + count
                    continue
            if own == 0:
                starter = len(written)
            last_class = own
            written.append((c, count))
        return written


# --- Texts and their origins ----------------------------------------------------------------------------------------


def strip(text: Text, left: bool, right: bool) -> Text:
    old, origin = text
    start, end = 0, len(old)
    while left and start < end and old[start] in WHITE_SPACE:
        start += 1
    while right and start < end and old[end - 1] in WHITE_SPACE:
        end -= 1
    return part((old, origin), start, end)


def taking(scalars: list[Taking], origin: int) -> Text:
    """A scalar counts as the first one that it takes does, and if it takes none as the last one taken before it."""
    aligned = taken = 0
    for _, count in scalars:
        aligned += (taken if count else taken - 1) < origin
        taken += count
    return "".join(c for c, _ in scalars), aligned


def part(text: Text, start: int, end: int) -> Text:
    return text[0][start:end], max(0, min(text[1], end) - start)


def prepend(text: Text, content: str) -> Text:
    old, origin = text
    return (content + old, origin + (len(content) if origin else 0)) if old else text


def replace_scalars(text: Text, parts: list[str]) -> Text:
    return "".join(parts), sum(map(len, parts[: text[1]]))


def replace(text: Text, matches: list[tuple[int, int]], content: str) -> Text:
    old, origin = text
    parts: list[str] = []
    aligned = at = 0
    for start, end in matches:
        parts += [old[at:start], content]
        aligned += max(0, min(start, origin) - at) + (len(content) if end <= origin else 0)
        at = end
    return "".join([*parts, old[at:]]), aligned + max(0, origin - at)


def runs_of_spaces(text: str) -> list[tuple[int, int]]:
    runs, start = [], 0
    for i in range(len(text) + 1):
        if i == len(text) or text[i] != " ":
            if i - start > 1:
                runs.append((start, i))
            start = i + 1
    return runs


def is_boundary(classes: list[int], i: int) -> bool:
    """Whether an extended grapheme cluster ends before scalar i (UAX #29)."""
    before, behind = classes[i - 1], classes[i]
    extends = (EXTEND_NONE, EXTEND, LINKER)
    if (before, behind) == (CR, LF):
        return False  # GB3
    if before in (CR, LF, CONTROL) or behind in (CR, LF, CONTROL):
        return True  # GB4, GB5
    if (before == L and behind in (L, V, LV, LVT)) or (before in (LV, V) and behind in (V, T)):
        return False  # GB6, GB7
    if (before in (LVT, T) and behind == T) or behind in (*extends, ZWJ, SPACING) or before == PREPENDED:
        return False  # GB8, GB9, GB9a, GB9b
    if behind == CONSONANT:  # GB9c
        at = i - 1
        linked = False
        while at >= 0 and classes[at] in (EXTEND, LINKER, ZWJ):
            linked = linked or classes[at] == LINKER
            at -= 1
        return not (linked and at >= 0 and classes[at] == CONSONANT)
    if behind == PICTOGRAPHIC and before == ZWJ:  # GB11
        at = i - 2
        while at >= 0 and classes[at] in extends:
            at -= 1
        return not (at >= 0 and classes[at] == PICTOGRAPHIC)
    if (before, behind) == (REGIONAL, REGIONAL):  # GB12, GB13
        at = i - 1
        while at >= 0 and classes[at] == REGIONAL:
            at -= 1
        return (i - 1 - at) % 2 == 0
    return True
