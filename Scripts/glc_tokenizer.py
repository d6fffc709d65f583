"""The compiled tokenizer section, read by formats/tokenizer.md alone. A part of read_glc.py.

`Tokenizer(section)` reads it and gives it in plain form. What is made of it: glc_tokenizer_check.py (violations of the
format), glc_tokenizer_source.py (differences from a tokenizer.json), glc_encode.py (ids of texts).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from glc_common import FormatError, is_scalar
from glc_pattern import Pattern
from glc_trie import Trie

HEADER = struct.Struct("<4sHHIHHQ14Id4sII16s4s4s4s")
HEADER_SIZE, PART_COUNT = 576, 28
NONE = 0xFFFFFFFF
UNIGRAM, BPE = 1, 2
MODELS = {UNIGRAM: "Unigram", BPE: "BPE"}
PROFILES = {1: "tokenizers", 2: "transformers-5"}
FUSE_UNKNOWN, BYTE_FALLBACK, IGNORE_MERGES = 1, 2, 4
STRIP, PRECOMPILED, COLLAPSE_SPACES = 1, 2, 3
NFC, NFD, NFKC, NFKD, LOWERCASE, STRIP_ACCENTS, REPLACE, PREPEND = 16, 17, 18, 19, 20, 21, 22, 24
NORMALIZERS = {
    STRIP: "Strip", PRECOMPILED: "Precompiled", COLLAPSE_SPACES: "CollapseSpaces", NFC: "NFC", NFD: "NFD",
    NFKC: "NFKC", NFKD: "NFKD", LOWERCASE: "Lowercase", STRIP_ACCENTS: "StripAccents", REPLACE: "Replace",
    PREPEND: "Prepend",
}  # fmt: skip
METASPACE, SPLIT, PREFIX_SPACE, BYTE_LEVEL = 1, 2, 3, 4
PRE_TOKENIZERS = {METASPACE: "Metaspace", SPLIT: "Split", PREFIX_SPACE: "PrefixSpace", BYTE_LEVEL: "ByteLevel"}
SCHEMES = ("never", "first", "always")
BEHAVIORS = ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")
INVERT = 8
(PIECE_TRIE, SCORES, PIECE_OFFSETS, PIECE_TEXTS, CHARSMAP_TRIE, REPLACEMENT_OFFSETS, REPLACEMENTS, NORMALIZER,
 PRE_TOKENIZER, ADDED, ADDED_TEXTS, RAW_TRIE, NORMALIZED_TRIE, TEMPLATE, CLASS_INDEX, CLASSES, MERGES, BYTE_IDS,
 MERGE_TABLE, PROPERTY_INDEX, PROPERTIES, PROPERTY_SETS, MAPPING_TRIE, MAPPED_OFFSETS, MAPPED_TEXTS,
 PATTERNS) = range(26)  # fmt: skip
FLAGS = {"single_word": 1, "lstrip": 2, "rstrip": 4, "normalized": 8, "special": 16}
CANONICAL, COMPATIBILITY, LOWER, COMPOSITION = 1, 2, 3, 4  # the mappings
BLOCKS = 0x110000 // 128
PROBES = 64  # slots of the merge table in which a merge may lie
# The alphabet of GPT-2: printable characters of Latin-1 stand for themselves, other bytes for U+0100 and on.
PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
OTHERS = [byte for byte in range(256) if byte not in PRINTABLE]
SPELLED = {byte: chr(byte) for byte in PRINTABLE} | {byte: chr(256 + n) for n, byte in enumerate(OTHERS)}

Step = tuple[int, ...]


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
    unicode_forms: bytes
    unicode_patterns: bytes
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


# --- The section ----------------------------------------------------------------------------------------------------


def pair_hash(left: int, right: int) -> int:
    mixed = (left * 0x9E3779B1 + right * 0x85EBCA77) & 0xFFFFFFFF
    return mixed ^ mixed >> 15


class Tokenizer:
    """Reading raises FormatError where it cannot go on."""

    def __init__(self, section: bytes) -> None:
        if len(section) < HEADER_SIZE or section[:4] != b"GLTK":
            raise FormatError("magic, or shorter than its header")
        self.section = section
        self.header = Header(*HEADER.unpack_from(section))
        if (self.header.major, self.header.header_size) != (1, HEADER_SIZE):
            raise FormatError(f"major version {self.header.major}, header of {self.header.header_size} bytes")
        if self.header.model not in MODELS:
            raise FormatError(f"model kind {self.header.model}")
        table = struct.unpack_from(f"<{2 * PART_COUNT}Q", section, 128)
        self.extents = list(zip(table[::2], table[1::2]))
        self.check_sizes()
        self.piece_texts = self.texts(PIECE_OFFSETS, PIECE_TEXTS)
        self.scores = np.frombuffer(self.part(SCORES), dtype="<f8")
        self.replacements = self.texts(REPLACEMENT_OFFSETS, REPLACEMENTS)
        self.template = self.numbers(TEMPLATE)
        self.added = self.read_added()
        self.normalizer = self.steps(NORMALIZER, self.header.normalizer_steps)
        self.pre_tokenizer = self.steps(PRE_TOKENIZER, self.header.pre_tokenizer_steps)
        self.piece_trie = self.trie(PIECE_TRIE, "piece trie")
        self.charsmap_trie = self.trie(CHARSMAP_TRIE, "charsmap trie")
        self.raw_trie = self.trie(RAW_TRIE, "trie of raw added tokens")
        self.normalized_trie = self.trie(NORMALIZED_TRIE, "trie of normalized added tokens")
        merges = self.numbers(MERGES)
        self.merges = list(zip(merges[::3], merges[1::3], merges[2::3]))  # left, right, result
        self.merge_table = self.numbers(MERGE_TABLE)
        self.byte_ids = self.numbers(BYTE_IDS)
        self.property_sets = self.numbers(PROPERTY_SETS)
        self.set_numbers = self.read_set_numbers()
        self.mapping_trie = self.trie(MAPPING_TRIE, "mapping trie")
        self.mapped = self.texts(MAPPED_OFFSETS, MAPPED_TEXTS)
        self.patterns = self.read_patterns()

    @property
    def is_bpe(self) -> bool:
        return self.header.model == BPE

    def has_flag(self, flag: int) -> bool:
        return bool(self.header.flags & flag)

    def has_step(self, *kinds: int) -> bool:
        return any(step[0] in kinds for step in self.normalizer)

    # --- Parts ------------------------------------------------------------------------------------------------------

    def part(self, index: int) -> bytes:
        offset, size = self.extents[index]
        return self.section[offset : offset + size]

    def numbers(self, part: int) -> list[int]:
        numbers: list[int] = np.frombuffer(self.part(part), dtype="<u4").tolist()
        return numbers

    def check_sizes(self) -> None:
        header = self.header
        fixed = {
            SCORES: 0 if self.is_bpe else 8 * header.pieces,
            PIECE_OFFSETS: 4 * (header.pieces + 1),
            NORMALIZER: 16 * header.normalizer_steps,
            PRE_TOKENIZER: 16 * header.pre_tokenizer_steps,
            ADDED: 32 * header.added_tokens,
            TEMPLATE: 4 * (header.before + header.after),
            BYTE_IDS: 1_024,
            CLASS_INDEX: BLOCKS,
            PROPERTY_INDEX: 2 * BLOCKS,
        }
        whole = dict.fromkeys((PIECE_TRIE, CHARSMAP_TRIE, REPLACEMENT_OFFSETS, RAW_TRIE, NORMALIZED_TRIE, MERGE_TABLE,
                               PROPERTY_SETS, MAPPING_TRIE, MAPPED_OFFSETS), 4)  # fmt: skip
        whole |= {MERGES: 12, CLASSES: 128, PROPERTIES: 128}
        optional = (BYTE_IDS, CLASS_INDEX, PROPERTY_INDEX)
        for index, (offset, size) in enumerate(self.extents):
            if (offset or size) and (offset < HEADER_SIZE or offset + size > len(self.section)):
                raise FormatError(f"part {index}: {size} bytes at {offset}, in a section of {len(self.section)}")
            if size != fixed.get(index, size) and not (index in optional and size == 0):
                raise FormatError(f"part {index}: {size} bytes, expected {fixed[index]}")
            if size % whole.get(index, 1):
                raise FormatError(f"part {index}: {size} bytes, no multiple of {whole[index]}")

    def texts(self, offsets_part: int, texts_part: int) -> list[bytes]:
        offsets = np.frombuffer(self.part(offsets_part), dtype="<u4").astype(np.int64)
        texts = self.part(texts_part)
        if len(offsets) == 0:
            return []
        if offsets[0] != 0 or offsets[-1] != len(texts) or (np.diff(offsets) < 0).any():
            raise FormatError(f"part {offsets_part}: offsets do not ascend from 0 to {len(texts)}")
        return [texts[a:b] for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist())]

    def steps(self, part: int, count: int) -> list[Step]:
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

    def step_text(self, step: Step) -> bytes:
        """The text that a step names by offset and size in b and c."""
        texts, (offset, size) = self.part(ADDED_TEXTS), step[3:]
        if offset + size > len(texts):
            raise FormatError(f"step of kind {step[0]}: text outside of part {ADDED_TEXTS}")
        return texts[offset : offset + size]

    def read_set_numbers(self) -> np.ndarray:
        """The number of the property set of every scalar; 0 where the parts do not reach."""
        index = np.frombuffer(self.part(PROPERTY_INDEX), dtype="<u2")
        blocks = np.frombuffer(self.part(PROPERTIES), dtype=np.uint8).reshape(-1, 128)
        if len(index) == 0:
            return np.zeros(128 * BLOCKS, dtype=np.uint8)
        blocks = np.concatenate([blocks, np.zeros((1, 128), dtype=np.uint8)])
        return blocks[np.minimum(index, len(blocks) - 1)].reshape(-1)

    def find_merge(self, left: int, right: int) -> tuple[int, int] | None:
        """Rank and result of a merge, by the merge table."""
        slots, start = len(self.merge_table), pair_hash(left, right)
        for probe in range(min(PROBES, slots)):
            entry = self.merge_table[(start + probe) % slots]
            if entry == 0:
                return None
            if entry <= len(self.merges) and self.merges[entry - 1][:2] == (left, right):
                return entry - 1, self.merges[entry - 1][2]
        return None

    def properties(self) -> np.ndarray:
        """The property set of every scalar."""
        sets = np.zeros(256, dtype=np.uint32)
        sets[: len(self.property_sets)] = self.property_sets[:256]
        return sets[self.set_numbers]

    def read_patterns(self) -> list[Pattern]:
        data = self.part(PATTERNS)
        self.pattern_extents: list[tuple[int, int]] = []
        if not data:
            return []
        count = int.from_bytes(data[:4], "little")
        if len(data) < 4 + 8 * count or count > 64:
            raise FormatError(f"patterns: {count} in {len(data)} bytes")
        self.pattern_extents = [struct.unpack_from("<II", data, 4 + 8 * i) for i in range(count)]
        if any(offset + size > len(data) for offset, size in self.pattern_extents):
            raise FormatError("patterns: outside of their part")
        return [Pattern(f"pattern {i}", data[at : at + size]) for i, (at, size) in enumerate(self.pattern_extents)]

    def mappings(self) -> dict[int, dict[str, str]]:
        """For every mapping what it maps; only what is well-formed."""
        found: dict[int, dict[str, str]] = {}
        for key, value in self.mapping_trie.items().items():
            kind, text = key[0], key[1:].decode("utf-8", "replace")
            if kind == COMPOSITION and is_scalar(value):
                found.setdefault(kind, {})[text] = chr(value)
            elif kind != COMPOSITION and value < len(self.mapped):
                found.setdefault(kind, {})[text] = self.mapped[value].decode("utf-8", "replace")
        return found

    # --- Plain form -------------------------------------------------------------------------------------------------

    def header_dump(self) -> dict[str, Any]:
        header = self.header
        named = {name: getattr(header, name) for name in (
            "pieces", "vocabulary", "added_tokens", "unknown", "padding", "label", "separator", "example",
            "longest_piece", "longest_key", "model_max_length", "unknown_score")}  # fmt: skip
        flags = {"fuse_unknown": FUSE_UNKNOWN, "byte_fallback": BYTE_FALLBACK, "ignore_merges": IGNORE_MERGES}
        versions = {"classes": header.unicode, "forms": header.unicode_forms, "patterns": header.unicode_patterns}
        return {
            "version": f"{header.major}.{header.minor}",
            "model": MODELS[header.model],
            "profile": PROFILES.get(header.profile, header.profile),
            "tokenizers": header.tokenizers_version,
            "unicode": {name: ".".join(map(str, version[:3])) for name, version in versions.items()},
            **{name: self.has_flag(flag) for name, flag in flags.items()},
            **{name: None if value == NONE else value for name, value in named.items()},
            "template": {"before": self.template[: header.before], "after": self.template[header.before :]},
            "normalizer": [self.normalizer_dump(step) for step in self.normalizer],
            "pre_tokenizer": [self.pre_tokenizer_dump(step) for step in self.pre_tokenizer],
        }

    def normalizer_dump(self, step: Step) -> dict[str, Any]:
        kind, flags, pattern = step[:3]
        named: dict[str, Any] = {"type": NORMALIZERS.get(kind, kind)}
        if kind == STRIP:
            named |= {"left": bool(flags & 1), "right": bool(flags & 2)}
        if kind == REPLACE:
            named["pattern"] = pattern
        if kind in (REPLACE, PREPEND):
            named["content"] = self.step_text(step).decode("utf-8", "replace")
        return named

    @staticmethod
    def pre_tokenizer_dump(step: Step) -> dict[str, Any]:
        kind, flags, a, b, _ = step
        if kind == METASPACE and a < len(SCHEMES) and is_scalar(b):
            return {"type": "Metaspace", "replacement": chr(b), "scheme": SCHEMES[a], "split": bool(flags & 1)}
        if kind == SPLIT and flags & 7 < len(BEHAVIORS):
            behavior = BEHAVIORS[flags & 7]
            return {"type": "Split", "pattern": a, "behavior": behavior, "invert": bool(flags & INVERT)}
        return {"type": PRE_TOKENIZERS.get(kind, kind)}

    def charsmap(self) -> dict[bytes, bytes]:
        return {key: self.replacements[value] for key, value in self.charsmap_trie.items().items()
                if value < len(self.replacements)}  # fmt: skip

    def dump(self) -> dict[str, Any]:
        texts = [text.decode("utf-8", "replace") for text in self.piece_texts]
        pieces = texts if self.is_bpe else [list(piece) for piece in zip(texts, self.scores.tolist())]
        charsmap = sorted(self.charsmap().items())
        return {
            **self.header_dump(),
            "added_tokens": [token.dump() for token in self.added],
            "pieces": pieces,
            "merges": self.merges,
            "byte_ids": [None if value == NONE else value for value in self.byte_ids],
            "charsmap": [[key.decode("utf-8", "replace"), text.decode("utf-8", "replace")] for key, text in charsmap],
            "mappings": self.mappings(),
        }
