"""The compiled tokenizer section, read by formats/tokenizer.md alone. A part of read_glc.py.

`Tokenizer(section)` reads it; `check` lists violations of the format, `compare` differences from a tokenizer.json.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

HEADER = struct.Struct("<4sHHIHHQ14Id4sII16s12s")
HEADER_SIZE, PART_COUNT = 576, 28
NONE = 0xFFFFFFFF
PROFILES = {1: "tokenizers", 2: "transformers-5"}
STRIP, PRECOMPILED, COLLAPSE_SPACES, METASPACE = 1, 2, 3, 1
NORMALIZERS = {STRIP: "Strip", PRECOMPILED: "Precompiled", COLLAPSE_SPACES: "CollapseSpaces"}
SCHEMES = ("never", "first", "always")
(PIECE_TRIE, SCORES, PIECE_OFFSETS, PIECE_TEXTS, CHARSMAP_TRIE, REPLACEMENT_OFFSETS, REPLACEMENTS, NORMALIZER,
 PRE_TOKENIZER, ADDED, ADDED_TEXTS, RAW_TRIE, NORMALIZED_TRIE, TEMPLATE, CLASS_INDEX, CLASSES) = range(16)  # fmt: skip
FLAGS = {"single_word": 1, "lstrip": 2, "rstrip": 4, "normalized": 8, "special": 16}
INNER, INNER_VALUE, LEAF, CELL = 0, 1, 2, 3
OTHER_CLASS, LAST_CLASS = 0, 17


class FormatError(Exception):
    """The file cannot be read on; what is wrong."""


def round_up(value: int, step: int) -> int:
    return -(-value // step) * step


@dataclass(frozen=True)
class Header:
    magic: bytes
    major: int
    minor: int
    header_size: int
    model: int
    profile: int
    size: int
    flags: int
    pieces: int
    vocabulary: int
    added_tokens: int
    unknown: int
    padding: int
    before: int
    after: int
    label: int
    separator: int
    example: int
    longest_piece: int
    longest_key: int
    model_max_length: int
    unknown_score: float
    unicode: bytes
    normalizer_steps: int
    pre_tokenizer_steps: int
    tokenizers: bytes
    reserved: bytes

    @property
    def tokenizers_version(self) -> str:
        return self.tokenizers.rstrip(b"\0").decode("ascii", "replace")


@dataclass(frozen=True)
class AddedToken:
    id: int
    flags: int
    content: bytes
    match: bytes

    @property
    def normalized(self) -> bool:
        return bool(self.flags & FLAGS["normalized"])

    def dump(self) -> dict[str, Any]:
        named: dict[str, Any] = {"id": self.id, "content": self.content.decode("utf-8", "replace")}
        return named | {name: bool(self.flags & bit) for name, bit in FLAGS.items()}


# --- Tries ----------------------------------------------------------------------------------------------------------


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


# --- The section ----------------------------------------------------------------------------------------------------


class Tokenizer:
    """Reading raises FormatError where it cannot go on."""

    def __init__(self, section: bytes) -> None:
        if len(section) < HEADER_SIZE or section[:4] != b"GLTK":
            raise FormatError("magic, or shorter than its header")
        self.section = section
        self.header = Header(*HEADER.unpack_from(section))
        if (self.header.major, self.header.header_size) != (1, HEADER_SIZE):
            raise FormatError(f"major version {self.header.major}, header of {self.header.header_size} bytes")
        table = struct.unpack_from(f"<{2 * PART_COUNT}Q", section, 128)
        self.extents = list(zip(table[::2], table[1::2]))
        self.check_sizes()
        self.piece_texts = self.texts(PIECE_OFFSETS, PIECE_TEXTS)
        self.scores = np.frombuffer(self.part(SCORES), dtype="<f8")
        self.replacements = self.texts(REPLACEMENT_OFFSETS, REPLACEMENTS)
        self.template = np.frombuffer(self.part(TEMPLATE), dtype="<u4").tolist()
        self.added = self.read_added()
        self.normalizer = self.steps(NORMALIZER, self.header.normalizer_steps)
        self.pre_tokenizer = self.steps(PRE_TOKENIZER, self.header.pre_tokenizer_steps)
        self.piece_trie = self.trie(PIECE_TRIE, "piece trie")
        self.charsmap_trie = self.trie(CHARSMAP_TRIE, "charsmap trie")
        self.raw_trie = self.trie(RAW_TRIE, "trie of raw added tokens")
        self.normalized_trie = self.trie(NORMALIZED_TRIE, "trie of normalized added tokens")

    def part(self, index: int) -> bytes:
        offset, size = self.extents[index]
        return self.section[offset : offset + size]

    def check_sizes(self) -> None:
        header = self.header
        sizes = {
            SCORES: 8 * header.pieces,
            PIECE_OFFSETS: 4 * (header.pieces + 1),
            NORMALIZER: 16 * header.normalizer_steps,
            PRE_TOKENIZER: 16 * header.pre_tokenizer_steps,
            ADDED: 32 * header.added_tokens,
            TEMPLATE: 4 * (header.before + header.after),
        }
        for index, (offset, size) in enumerate(self.extents):
            if (offset or size) and (offset < HEADER_SIZE or offset + size > len(self.section)):
                raise FormatError(f"part {index}: {size} bytes at {offset}, in a section of {len(self.section)}")
            if size != sizes.get(index, size):
                raise FormatError(f"part {index}: {size} bytes, expected {sizes[index]}")
            if index in (PIECE_TRIE, CHARSMAP_TRIE, REPLACEMENT_OFFSETS, RAW_TRIE, NORMALIZED_TRIE) and size % 4:
                raise FormatError(f"part {index}: {size} bytes, no multiple of 4")

    def texts(self, offsets_part: int, texts_part: int) -> list[bytes]:
        offsets = np.frombuffer(self.part(offsets_part), dtype="<u4").astype(np.int64)
        texts = self.part(texts_part)
        if len(offsets) == 0:
            return []
        if offsets[0] != 0 or offsets[-1] != len(texts) or (np.diff(offsets) < 0).any():
            raise FormatError(f"part {offsets_part}: offsets do not ascend from 0 to {len(texts)}")
        return [texts[a:b] for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist())]

    def steps(self, part: int, count: int) -> list[tuple[int, ...]]:
        data = self.part(part)
        return [struct.unpack_from("<HHIII", data, 16 * i) for i in range(count)]

    def trie(self, part: int, name: str) -> Trie:
        return Trie(name, self.part(part))

    def read_added(self) -> list[AddedToken]:
        records, texts, tokens = self.part(ADDED), self.part(ADDED_TEXTS), []
        for i in range(self.header.added_tokens):
            token, flags, at, size, match_at, match_size = struct.unpack_from("<6I", records, 32 * i)
            if at + size > len(texts) or match_at + match_size > len(texts):
                raise FormatError(f"added token {i}: text outside of part {ADDED_TEXTS}")
            tokens.append(AddedToken(token, flags, texts[at : at + size], texts[match_at : match_at + match_size]))
        return tokens

    def has_step(self, kind: int) -> bool:
        return any(step[0] == kind for step in self.normalizer)

    # --- Checking ---------------------------------------------------------------------------------------------------

    def check(self) -> Iterator[str]:
        yield from self.check_header()
        yield from self.check_layout()
        yield from self.check_pieces()
        yield from self.check_added()
        yield from self.check_steps()
        if self.has_step(PRECOMPILED):
            yield from self.check_charsmap()
            yield from self.check_classes()

    def check_header(self) -> Iterator[str]:
        header = self.header
        ids = [*range(header.pieces), *(token.id for token in self.added)]
        allowed = (
            ("minor version", header.minor, (0,)),
            ("model kind", header.model, (1,)),
            ("profile", header.profile, PROFILES),
            ("size", header.size, (len(self.section),)),
            ("flags", header.flags, (1,)),
            ("pieces", header.pieces, range(1, 4_194_304)),
            ("vocabulary size", header.vocabulary, (max(ids) + 1,)),
            ("unknown id", header.unknown, range(header.pieces)),
            ("template ids before", header.before, range(17)),
            ("template ids after", header.after, range(17)),
            ("longest piece", header.longest_piece, (max(map(len, self.piece_texts), default=0),)),
            ("longest piece", header.longest_piece, range(1025)),
            ("longest added token", header.longest_key, (max((len(token.match) for token in self.added), default=0),)),
            ("longest added token", header.longest_key, range(1025)),
            ("normalizer steps", header.normalizer_steps, range(17)),
            ("pre-tokenizer steps", header.pre_tokenizer_steps, range(17)),
            ("unknown score", header.unknown_score, (float(self.scores.min()) - 10,)),
            ("Unicode version, last byte", header.unicode[3], (0,)),
            ("reserved bytes", header.reserved, (bytes(12),)),
        )
        for name, found, values in allowed:
            if found not in values:
                yield f"header: {name} {found!r}, expected {values!r}"
        version = header.tokenizers.rstrip(b"\0")
        if not version or b"\0" in version or not version.isascii():
            yield f"header: version of tokenizers {header.tokenizers!r}"
        for name in ("padding", "label", "separator", "example"):
            token = getattr(header, name)
            if token != NONE and token >= header.vocabulary:
                yield f"header: {name} id {token} in a vocabulary of {header.vocabulary}"
        for token in self.template:
            if token >= header.vocabulary:
                yield f"template: id {token} in a vocabulary of {header.vocabulary}"

    def check_layout(self) -> Iterator[str]:
        """Alignment, no overlap, zeros in the gaps, reserved parts absent."""
        end = HEADER_SIZE
        for offset, size, index in sorted((*extent, i) for i, extent in enumerate(self.extents) if extent != (0, 0)):
            if index > CLASSES:
                yield f"part {index}: reserved, but present"
            if offset % 64:
                yield f"part {index}: offset {offset} is no multiple of 64"
            if offset < end:
                yield f"part {index}: at {offset}, overlaps one that ends at {end}"
            elif self.section.count(0, end, offset) != offset - end:
                yield f"part {index}: bytes {end} to {offset} before it are not zero"
            end = max(end, offset + size)
        if self.section.count(0, end) != len(self.section) - end:
            yield f"bytes after {end}, the end of the last part, are not zero"

    def check_pieces(self) -> Iterator[str]:
        yield from (f"piece {i}: {error}" for i, error in invalid_texts(self.piece_texts))
        if not np.isfinite(self.scores).all():
            yield "scores that are not finite"
        expected = {text: i for i, text in enumerate(self.piece_texts)}
        if b"" in expected:
            yield f"piece {expected.pop(b'')}: empty"
        yield from self.piece_trie.check(expected)

    def check_added(self) -> Iterator[str]:
        ids = [token.id for token in self.added]
        if sorted(set(ids)) != ids:
            yield "added tokens: ids do not ascend"
        for i, token in enumerate(self.added):
            yield from (f"added token {i}: {error}" for _, error in invalid_texts([token.content, token.match]))
            if token.flags & ~30 or not token.match:
                yield f"added token {i}: flags {token.flags:#x}, matches {token.match!r}"
            if not token.normalized and token.match != token.content:
                yield f"added token {i}: {token.content!r} matches {token.match!r}, but is not normalized"
            if self.part(ADDED)[32 * i + 24 : 32 * i + 32] != bytes(8):
                yield f"added token {i}: reserved fields are not zero"
        for trie, normalized in ((self.raw_trie, False), (self.normalized_trie, True)):
            expected = {token.match: i for i, token in enumerate(self.added) if token.normalized == normalized}
            if expected or trie.labels:
                yield from trie.check(expected)

    def check_steps(self) -> Iterator[str]:
        for i, (kind, flags, *fields) in enumerate(self.normalizer):
            if kind not in NORMALIZERS or flags & ~(3 if kind == STRIP else 0) or any(fields):
                yield f"normalizer step {i}: kind {kind}, flags {flags:#x}, fields {fields}"
        for i, (kind, flags, scheme, scalar, last) in enumerate(self.pre_tokenizer):
            if kind != METASPACE or flags & ~1 or scheme >= len(SCHEMES) or not is_scalar(scalar) or last:
                yield f"pre-tokenizer step {i}: kind {kind}, flags {flags:#x}, fields {[scheme, scalar, last]}"
        if len(self.pre_tokenizer) > 1:
            yield "pre-tokenizer: more than one Metaspace"
        present = [part for part in (*range(4, 7), CLASS_INDEX, CLASSES) if self.extents[part] != (0, 0)]
        if self.has_step(PRECOMPILED) != bool(present):
            yield f"Precompiled step: {self.has_step(PRECOMPILED)}, parts {present} present"

    def check_charsmap(self) -> Iterator[str]:
        keys = self.charsmap_trie.items()
        yield from self.charsmap_trie.check(keys)
        yield from (f"charsmap: key {i}: {error}" for i, error in invalid_texts(list(keys)))
        yield from (f"replacement {i}: {error}" for i, error in invalid_texts(self.replacements))
        for key, value in keys.items():
            if value >= len(self.replacements):
                yield f"charsmap: {key!r} leads to replacement {value} of {len(self.replacements)}"
            if any(key[:length] in keys for length in range(len(key))):
                yield f"charsmap: {key!r} can never be reached"
        if unused := len(self.replacements) - len(set(keys.values())):
            yield f"charsmap: {unused} replacements that no key leads to"
        if any(len(text) > 255 for text in self.replacements):
            yield "charsmap: a replacement of more than 255 bytes"

    def check_classes(self) -> Iterator[str]:
        index = np.frombuffer(self.part(CLASS_INDEX), dtype=np.uint8)
        blocks = np.frombuffer(self.part(CLASSES), dtype=np.uint8)
        if len(index) != 8_704 or len(blocks) % 128 or len(blocks) == 0:
            yield f"scalar classes: parts of {len(index)} and {len(blocks)} bytes"
            return
        if index.max() >= len(blocks) // 128 or blocks.max() > LAST_CLASS:
            yield f"scalar classes: block {index.max()} of {len(blocks) // 128}, class byte {blocks.max()}"
            return
        classes = blocks.reshape(-1, 128)[index].reshape(-1)
        for name, scalars, expected in known_classes():
            if (classes[scalars] != expected).any():
                yield f"scalar classes: {name} is not all of class {expected}"

    # --- Plain form -------------------------------------------------------------------------------------------------

    def header_dump(self) -> dict[str, Any]:
        header = self.header
        named = {name: getattr(header, name) for name in (
            "pieces", "vocabulary", "added_tokens", "unknown", "padding", "label", "separator", "example",
            "longest_piece", "longest_key", "model_max_length", "unknown_score")}  # fmt: skip
        return {
            "version": f"{header.major}.{header.minor}",
            "profile": PROFILES.get(header.profile, header.profile),
            "tokenizers": header.tokenizers_version,
            "unicode": ".".join(map(str, header.unicode[:3])),
            **{name: None if value == NONE else value for name, value in named.items()},
            "template": {"before": self.template[: header.before], "after": self.template[header.before :]},
            "normalizer": [self.normalizer_dump(*step) for step in self.normalizer],
            "pre_tokenizer": [self.pre_tokenizer_dump(*step) for step in self.pre_tokenizer],
        }

    @staticmethod
    def normalizer_dump(kind: int, flags: int, *_: int) -> dict[str, Any]:
        step: dict[str, Any] = {"type": NORMALIZERS.get(kind, kind)}
        return step | ({"left": bool(flags & 1), "right": bool(flags & 2)} if kind == STRIP else {})

    @staticmethod
    def pre_tokenizer_dump(kind: int, flags: int, scheme: int, scalar: int, _: int) -> dict[str, Any]:
        if kind != METASPACE or scheme >= len(SCHEMES) or not is_scalar(scalar):
            return {"type": kind}
        return {"type": "Metaspace", "replacement": chr(scalar), "scheme": SCHEMES[scheme], "split": bool(flags & 1)}

    def charsmap(self) -> dict[bytes, bytes]:
        return {key: self.replacements[value] for key, value in self.charsmap_trie.items().items()
                if value < len(self.replacements)}  # fmt: skip

    def dump(self) -> dict[str, Any]:
        texts = (text.decode("utf-8", "replace") for text in self.piece_texts)
        charsmap = sorted(self.charsmap().items())
        return {
            **self.header_dump(),
            "added_tokens": [token.dump() for token in self.added],
            "pieces": [list(piece) for piece in zip(texts, self.scores.tolist())],
            "charsmap": [[key.decode("utf-8", "replace"), text.decode("utf-8", "replace")] for key, text in charsmap],
        }

    # --- Against tokenizer.json -------------------------------------------------------------------------------------

    def compare(self, text: str) -> Iterator[str]:
        """Every difference from the tokenizer.json it should be compiled from."""
        source, model = json.loads(text), json.loads(text, parse_float=tokenizers_float)["model"]
        yield from self.compare_pieces(model["vocab"])
        yield from self.compare_scores(model["vocab"], source["model"]["vocab"])
        yield from differences("unknown id", self.header.unknown, model["unk_id"])
        added = [{name: token[name] for name in ("id", "content", *FLAGS)} for token in source["added_tokens"]]
        yield from differences("added tokens", [t.dump() for t in self.added], sorted(added, key=lambda t: t["id"]))
        yield from differences("template", self.template_ids(), source_template(source["post_processor"]))
        steps = self.header_dump()
        yield from differences("normalizer", steps["normalizer"], source_normalizer(source["normalizer"]))
        yield from differences("pre-tokenizer", steps["pre_tokenizer"], source_pre_tokenizer(source["pre_tokenizer"]))
        for step in sequence(source["normalizer"], "normalizers"):
            if step["type"] == "Precompiled":
                yield from self.compare_charsmap(base64.b64decode(step["precompiled_charsmap"]))

    def template_ids(self) -> list[list[int]]:
        return [self.template[: self.header.before], self.template[self.header.before :]]

    def compare_pieces(self, vocabulary: list[list[Any]]) -> Iterator[str]:
        if len(vocabulary) != self.header.pieces:
            yield f"{self.header.pieces} pieces, expected {len(vocabulary)}"
        for i, (found, (text, _)) in enumerate(zip(self.piece_texts, vocabulary)):
            if found != text.encode():
                yield f"piece {i}: text {found!r}, expected {text.encode()!r}"

    def compare_scores(self, as_tokenizers: list[list[Any]], correct: list[list[Any]]) -> Iterator[str]:
        """With the numbers that `tokenizers` reads, which are not always the nearest to the decimal text."""
        read, nearest = (np.array([score for _, score in v], dtype="<f8") for v in (as_tokenizers, correct))
        if len(read) != len(self.scores):
            return
        bits = self.scores.view("<u8")
        wrong = np.flatnonzero(bits != read.view("<u8"))
        if len(wrong):
            i = int(wrong[0])
            exact = np.array_equal(bits, nearest.view("<u8"))
            kind = "all are nearest to the text" if exact else "not all are nearest to the text"
            yield (f"{len(wrong)} scores differ from those that tokenizers reads, {kind}; the first is piece {i}: "
                   f"{self.scores[i].item()!r}, expected {read[i].item()!r}")  # fmt: skip

    def compare_charsmap(self, blob: bytes) -> Iterator[str]:
        """With what the shortest-match rule leaves of the keys of a precompiled charsmap."""
        (size,) = struct.unpack_from("<I", blob)
        texts = blob[4 + size :]
        expected = {
            key: texts[value : texts.index(0, value)] for key, value in darts_items(blob[4 : 4 + size], shortest=True)
        }
        found = self.charsmap()
        wrong = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
        if wrong:
            key = min(wrong)
            yield (f"charsmap: {len(wrong)} of {len(expected)} keys differ, as {key!r}: {found.get(key)!r}, "
                   f"expected {expected.get(key)!r}")  # fmt: skip


def tokenizers_float(text: str) -> float:
    """A JSON number as `tokenizers` reads it (serde_json without `float_roundtrip`): up to 64 bits of digits, then one
    binary64 multiplication or division by a power of ten. It can miss the nearest value by a unit in the last place."""
    mantissa, _, exponent_text = text.lower().partition("e")
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    significand, exponent, full = 0, int(exponent_text or 0), False
    for place, digit in enumerate(whole + fraction):
        full = full or 10 * significand + int(digit) >= 1 << 64
        significand = significand if full else 10 * significand + int(digit)
        exponent += full - (place >= len(whole))
    value = float(significand)
    while exponent < -308 and value:
        value, exponent = value / 1e308, exponent + 308
    value = value * float(f"1e{exponent}") if exponent >= 0 else value / float(f"1e{-max(exponent, -308)}")
    return -value if text.startswith("-") else value


def is_scalar(value: int) -> bool:
    return value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF


def invalid_texts(texts: list[bytes]) -> Iterator[tuple[int, str]]:
    for i, text in enumerate(texts):
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as error:
            yield i, str(error)


def known_classes() -> list[tuple[str, np.ndarray, int]]:
    """Scalars whose class no version of Unicode changes."""
    syllables = np.arange(0xAC00, 0xD7A4)
    return [
        ("CR", np.array([0x0D]), 1),
        ("LF", np.array([0x0A]), 2),
        ("ZWJ", np.array([0x200D]), 7),
        ("Regional_Indicator", np.arange(0x1F1E6, 0x1F200), 8),
        ("Hangul L", np.arange(0x1100, 0x1160), 11),
        ("Hangul V", np.arange(0x1160, 0x11A8), 12),
        ("Hangul T", np.arange(0x11A8, 0x1200), 13),
        ("Hangul LV", syllables[::28], 14),
        ("Hangul LVT", np.delete(syllables, np.s_[::28]), 15),
        ("ASCII letters", np.arange(0x41, 0x5B), OTHER_CLASS),
    ]


def differences(name: str, found: Any, expected: Any) -> Iterator[str]:
    if found != expected:
        yield f"{name}: {found}, expected {expected}"


def sequence(step: dict[str, Any] | None, member: str) -> list[dict[str, Any]]:
    """The steps of a Sequence, of a single step, or of none."""
    if step is None:
        return []
    return [inner for s in step[member] for inner in sequence(s, member)] if step["type"] == "Sequence" else [step]


def source_normalizer(normalizer: dict[str, Any] | None) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    for step in sequence(normalizer, "normalizers"):
        if step["type"] == "Strip":
            steps.append({"type": "Strip", "left": step["strip_left"], "right": step["strip_right"]})
        elif step["type"] == "Replace" and step["pattern"] == {"Regex": " {2,}"} and step["content"] == " ":
            steps.append({"type": "CollapseSpaces"})
        else:
            steps.append({"type": step["type"]})
    return steps


def source_pre_tokenizer(pre_tokenizer: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [
        {"type": step["type"], "replacement": step.get("replacement"), "scheme": step.get("prepend_scheme"),
         "split": step.get("split")}
        for step in sequence(pre_tokenizer, "pretokenizers")
    ]  # fmt: skip


def source_template(processor: dict[str, Any] | None) -> list[list[int]]:
    ids: list[list[int]] = [[], []]
    side = 0
    for item in processor["single"] if processor else []:
        if "Sequence" in item:
            side = 1
        else:
            ids[side] += processor["special_tokens"][item["SpecialToken"]["id"]]["ids"]
    return ids


def darts_items(data: bytes, shortest: bool) -> Iterator[tuple[bytes, int]]:
    """Keys and values of a darts-clone double array; with `shortest`, none that has another as a proper prefix."""
    units = np.frombuffer(data, dtype="<u4").astype(np.int64)
    bytes_ = np.arange(1, 256)
    level = [(0, b"")]
    while level:
        following = []
        for position, key in level:
            unit = int(units[position])
            base = position ^ (unit >> 10 << ((unit & 0x200) >> 6))
            if key and unit & 0x100:
                yield key, int(units[base]) & 0x7FFFFFFF
                if shortest:
                    continue
            candidates = base ^ bytes_
            candidates = candidates[candidates < len(units)]
            labels = (units[candidates] & 0x800000FF) == (candidates ^ base)
            following += [(int(child), key + bytes([int(child) ^ base])) for child in candidates[labels]]
        level = following
