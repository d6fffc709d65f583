"""Charsmap and tables of Unicode in a compiled tokenizer: classes, properties, mappings. A part of read_glc.py.

Beside the rules of formats/tokenizer.md: what they say of scalars that no version of Unicode changes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Literal

import numpy as np

from glc_common import invalid_texts, is_scalar
from glc_normalize import WHITE_SPACE, Normalizer
from glc_tokenizer import (
    BLOCKS,
    CANONICAL,
    CLASS_INDEX,
    CLASSES,
    COMPATIBILITY,
    COMPOSITION,
    LOWER,
    LOWERCASE,
    NFC,
    NFD,
    NFKC,
    NFKD,
    PRECOMPILED,
    PROPERTIES,
    PROPERTY_INDEX,
    Tokenizer,
)

LAST_CLASS = 17
LETTER, NUMBER, SPACE, WORD, PUNCTUATION, NUMERIC, MARK, DECIMAL, COMBINING, CANONICAL_BIT, COMPATIBILITY_BIT, \
    SECOND_BIT, LOWER_BIT = range(13)  # fmt: skip
ALLOWED = 0x00FF1FFF
HANGUL = [*range(0x1100, 0x1200), *range(0xAC00, 0xD7A4)]


def check(tokenizer: Tokenizer) -> Iterator[str]:
    if tokenizer.has_step(PRECOMPILED):
        yield from check_charsmap(tokenizer)
        yield from check_classes(tokenizer)
    if tokenizer.property_sets:
        yield from check_properties(tokenizer)
        yield from check_known_properties(tokenizer)
    if tokenizer.mapping_trie.labels:
        yield from check_mappings(tokenizer)


def check_properties(tokenizer: Tokenizer) -> Iterator[str]:
    index = np.frombuffer(tokenizer.part(PROPERTY_INDEX), dtype="<u2").tolist()
    data, sets = tokenizer.part(PROPERTIES), tokenizer.property_sets
    blocks = [data[i : i + 128] for i in range(0, len(data), 128)]
    if list(dict.fromkeys(index)) != list(range(len(blocks))):
        yield f"properties: {len(blocks)} blocks, not each used, in the order of first use"
    if len(set(blocks)) != len(blocks):
        yield "properties: a block is there twice"
    if len(sets) > 256 or len(set(sets)) != len(sets) or set(data) != set(range(len(sets))):
        yield f"properties: {len(sets)} sets, not each once and used"
    if sets[0] or any(value & ~ALLOWED for value in sets):
        yield f"properties: set 0 is {sets[0]:#x}, or a set has bits that are reserved"
    properties = tokenizer.properties()
    arithmetic = 1 << CANONICAL_BIT | 1 << COMPATIBILITY_BIT | 1 << SECOND_BIT
    if (properties[:128] & (arithmetic | 0xFF0000)).any() or (properties[HANGUL] & arithmetic).any():
        yield "properties: ASCII or Hangul with a decomposition, a composition or a class"
    if (properties[properties & 1 << CANONICAL_BIT != 0] >> 16).any():
        yield "properties: a scalar with a canonical decomposition has a class"
    if properties[0xD800:0xE000].any():
        yield "properties: surrogates have some"


def check_known_properties(tokenizer: Tokenizer) -> Iterator[str]:
    """Scalars that have the same category since Unicode 3.2 have it in every version."""
    properties = tokenizer.properties().tolist()
    expected = {"L": (LETTER, WORD), "N": (NUMBER, NUMERIC), "M": (MARK, WORD, COMBINING), "P": (PUNCTUATION,)}
    others = (LETTER, NUMBER, PUNCTUATION, NUMERIC, MARK, COMBINING)
    masks = {name: sum(1 << bit for bit in bits) for name, bits in expected.items()}
    for scalar in range(0x30000):
        category = unicodedata.category(chr(scalar))
        if category in ("Cs", "Cn") or unicodedata.ucd_3_2_0.category(chr(scalar)) != category:
            continue
        mask = masks.get(category[0], 0) | (1 << DECIMAL | 1 << WORD if category == "Nd" else 0)
        absent = sum(1 << bit for bit in others) & ~mask
        absent = absent & ~(1 << PUNCTUATION) if category[0] == "S" and scalar < 128 else absent
        found = properties[scalar]
        if found & mask != mask or found & absent or (found >> SPACE & 1) != (chr(scalar) in WHITE_SPACE):
            yield f"properties: {scalar:#06x} of category {category} has {found:#x}"


def check_mappings(tokenizer: Tokenizer) -> Iterator[str]:
    sound = True
    for problem in check_mapping_parts(tokenizer):
        sound = False
        yield problem
    if sound:
        mappings = tokenizer.mappings()
        yield from check_mapping_bits(tokenizer, mappings)
        yield from check_decompositions(Normalizer(tokenizer), mappings)
        yield from check_stable_mappings(Normalizer(tokenizer), mappings)


def check_mapping_parts(tokenizer: Tokenizer) -> Iterator[str]:
    keys = tokenizer.mapping_trie.items()
    yield from tokenizer.mapping_trie.check(keys)
    yield from (f"mapping key {i}: {error}" for i, error in invalid_texts(key[1:] for key in keys))
    yield from (f"mapped text {i}: {error}" for i, error in invalid_texts(tokenizer.mapped))
    if any(len(text) > 255 for text in tokenizer.mapped):
        yield "mappings: a text of more than 255 bytes"
    used = {CANONICAL} if tokenizer.has_step(NFC, NFD, NFKC, NFKD) else set()
    used |= {COMPATIBILITY} if tokenizer.has_step(NFKC, NFKD) else set()
    used |= {LOWER} if tokenizer.has_step(LOWERCASE) else set()
    used |= {COMPOSITION} if tokenizer.has_step(NFC, NFKC) else set()
    if {key[0] for key in keys} != used:
        yield f"mappings: {sorted({key[0] for key in keys})}, but the steps use {sorted(used)}"
    values = {value for key, value in keys.items() if key[0] != COMPOSITION}
    if values != set(range(len(tokenizer.mapped))):
        yield f"mappings: values {min(values)} to {max(values)} for {len(tokenizer.mapped)} texts, not each used"
    if not all(is_scalar(value) for key, value in keys.items() if key[0] == COMPOSITION):
        yield "mappings: compositions to what is no scalar"
    for mapping, table in tokenizer.mappings().items():
        if any(len(key) != (2 if mapping == COMPOSITION else 1) for key in table):
            yield f"mapping {mapping}: keys of another number of scalars"


def check_mapping_bits(tokenizer: Tokenizer, mappings: dict[int, dict[str, str]]) -> Iterator[str]:
    properties = tokenizer.properties()
    for mapping, bit in ((CANONICAL, CANONICAL_BIT), (COMPATIBILITY, COMPATIBILITY_BIT), (COMPOSITION, SECOND_BIT),
                         (LOWER, LOWER_BIT)):  # fmt: skip
        if mapping in mappings:
            having = {scalar for scalar in np.flatnonzero(properties & 1 << bit).tolist() if scalar > 127}
            mapped = {ord(key[-1]) for key in mappings[mapping] if not key[-1].isascii()}
            if having != mapped:
                yield f"mapping {mapping}: {len(having)} scalars with bit {bit}, {len(mapped)} keys; differ in " \
                      f"{sorted(map(hex, having ^ mapped))[:5]}"  # fmt: skip


def check_decompositions(normalizer: Normalizer, mappings: dict[int, dict[str, str]]) -> Iterator[str]:
    canonical, compatibility = mappings.get(CANONICAL, {}), mappings.get(COMPATIBILITY, {})
    for mapping, table in ((CANONICAL, canonical), (COMPATIBILITY, compatibility)):
        for key, text in table.items():
            if text == key or normalizer.form((text, 0), mapping == COMPATIBILITY, False)[0] != text:
                yield f"mapping {mapping}: {key!r} leads to {text!r}, which is not decomposed or not in order"
    if same := [key for key, text in compatibility.items() if canonical.get(key, key) == text]:
        yield f"mapping {COMPATIBILITY}: no other than mapping {CANONICAL} for {same[:5]}"
    for pair, composite in mappings.get(COMPOSITION, {}).items():
        if normalizer.form((pair, 0), False, False)[0] != normalizer.form((composite, 0), False, False)[0]:
            yield f"mapping {COMPOSITION}: {pair!r} is not what {composite!r} is decomposed to"


def check_stable_mappings(normalizer: Normalizer, mappings: dict[int, dict[str, str]]) -> Iterator[str]:
    """Against the tables of Python: what has a decomposition, a composition or a lower case keeps it in every version.
    So every mapping is in both, but for scalars that Python does not know yet, or that are newer than Unicode 3.2."""
    all_forms: list[tuple[Literal["NFD", "NFC", "NFKD"], bool, bool]] = [
        ("NFD", False, False), ("NFC", False, True), ("NFKD", True, False),
    ]  # fmt: skip
    forms = [form for form, mapping in zip(all_forms, (CANONICAL, COMPOSITION, COMPATIBILITY)) if mapping in mappings]
    mapped = {c for mapping, table in mappings.items() if mapping != COMPOSITION for c in table}
    mapped |= set(mappings.get(COMPOSITION, {}).values())
    for scalar in [*range(0x80, 0xD800), *range(0xE000, 0x30000)]:
        c = chr(scalar)
        if unicodedata.category(c) == "Cn" or (c not in mapped and unicodedata.ucd_3_2_0.category(c) == "Cn"):
            continue
        for form, compatibility, compose in forms:
            expected = unicodedata.normalize(form, c)
            if c in mapped or c != expected:
                if (found := normalizer.form((c, 0), compatibility, compose)[0]) != expected:
                    yield f"{form}: {c!r} becomes {found!r}, expected {expected!r}"
        if LOWER in mappings and c.lower() not in (c, normalizer.lower(c)):
            yield f"lower case: {c!r} becomes {normalizer.lower(c)!r}, expected {c.lower()!r}"


def check_charsmap(tokenizer: Tokenizer) -> Iterator[str]:
    keys = tokenizer.charsmap_trie.items()
    yield from tokenizer.charsmap_trie.check(keys)
    yield from (f"charsmap: key {i}: {error}" for i, error in invalid_texts(list(keys)))
    yield from (f"replacement {i}: {error}" for i, error in invalid_texts(tokenizer.replacements))
    for key, value in keys.items():
        if value >= len(tokenizer.replacements):
            yield f"charsmap: {key!r} leads to replacement {value} of {len(tokenizer.replacements)}"
        if any(key[:length] in keys for length in range(len(key))):
            yield f"charsmap: {key!r} can never be reached"
    if unused := len(tokenizer.replacements) - len(set(keys.values())):
        yield f"charsmap: {unused} replacements that no key leads to"
    if any(len(text) > 255 for text in tokenizer.replacements):
        yield "charsmap: a replacement of more than 255 bytes"


def check_classes(tokenizer: Tokenizer) -> Iterator[str]:
    index = np.frombuffer(tokenizer.part(CLASS_INDEX), dtype=np.uint8)
    blocks = np.frombuffer(tokenizer.part(CLASSES), dtype=np.uint8)
    if len(index) != BLOCKS or len(blocks) % 128 or len(blocks) == 0:
        yield f"scalar classes: parts of {len(index)} and {len(blocks)} bytes"
        return
    if index.max() >= len(blocks) // 128 or blocks.max() > LAST_CLASS:
        yield f"scalar classes: block {index.max()} of {len(blocks) // 128}, class byte {blocks.max()}"
        return
    classes = blocks.reshape(-1, 128)[index].reshape(-1)
    for name, scalars, expected in known_classes():
        if (classes[scalars] != expected).any():
            yield f"scalar classes: {name} is not all of class {expected}"


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
        ("ASCII letters", np.arange(0x41, 0x5B), 0),
    ]
