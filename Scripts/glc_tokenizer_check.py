"""Every rule of formats/tokenizer.md, as lines about what breaks it. A part of read_glc.py.

Charsmap and tables of Unicode: glc_unicode_check.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import glc_unicode_check
from glc_common import FormatError, invalid_texts, is_scalar
from glc_normalize import Normalizer
from glc_tokenizer import (
    ADDED,
    BEHAVIORS,
    BYTE_FALLBACK,
    BYTE_IDS,
    BYTE_LEVEL,
    CHARSMAP_TRIE,
    CLASS_INDEX,
    CLASSES,
    FLAGS,
    FUSE_UNKNOWN,
    HEADER_SIZE,
    IGNORE_MERGES,
    INVERT,
    LOWERCASE,
    MAPPED_OFFSETS,
    MAPPED_TEXTS,
    MAPPING_TRIE,
    MERGE_TABLE,
    MERGES,
    METASPACE,
    NFC,
    NFD,
    NFKC,
    NFKD,
    NONE,
    NORMALIZERS,
    PATTERNS,
    PRECOMPILED,
    PREFIX_SPACE,
    PREPEND,
    PROBES,
    PROFILES,
    PROPERTIES,
    PROPERTY_INDEX,
    PROPERTY_SETS,
    REPLACE,
    REPLACEMENT_OFFSETS,
    SCHEMES,
    SCORES,
    SPELLED,
    SPLIT,
    STRIP,
    STRIP_ACCENTS,
    Tokenizer,
    pair_hash,
)

SINCE_1_0 = ({STRIP, PRECOMPILED, 3}, {METASPACE})
PARTS_SINCE_1_1 = range(MERGES, PATTERNS + 1)


def check(tokenizer: Tokenizer) -> Iterator[str]:
    sound = True
    for problem in check_parts(tokenizer):
        sound = False
        yield problem
    if sound:
        yield from check_normalized(tokenizer)


def check_parts(tokenizer: Tokenizer) -> Iterator[str]:
    yield from check_header(tokenizer)
    yield from check_layout(tokenizer)
    yield from check_presence(tokenizer)
    yield from check_pieces(tokenizer)
    yield from check_added(tokenizer)
    yield from check_steps(tokenizer)
    if tokenizer.is_bpe:
        yield from check_merges(tokenizer)
    yield from check_patterns(tokenizer)
    yield from glc_unicode_check.check(tokenizer)


def minor_version(tokenizer: Tokenizer) -> int:
    """The lowest that has what the section uses."""
    header = tokenizer.header
    kinds = [{step[0] for step in steps} for steps in (tokenizer.normalizer, tokenizer.pre_tokenizer)]
    newer = (
        tokenizer.is_bpe
        or tokenizer.has_flag(BYTE_FALLBACK)
        or header.profile == 2
        or any(found - known for found, known in zip(kinds, SINCE_1_0))
        or header.pre_tokenizer_steps > 1
        or any(token.flags & FLAGS["single_word"] for token in tokenizer.added)
        or any(tokenizer.extents[part] != (0, 0) for part in PARTS_SINCE_1_1)
    )
    return int(newer)


def check_header(tokenizer: Tokenizer) -> Iterator[str]:
    header, texts = tokenizer.header, tokenizer.piece_texts
    ids = [header.pieces - 1, *(token.id for token in tokenizer.added)]
    flags = (FUSE_UNKNOWN | IGNORE_MERGES) if tokenizer.is_bpe else (FUSE_UNKNOWN | BYTE_FALLBACK)
    no_unknown = tokenizer.is_bpe and header.unknown == NONE
    unknown_score = 0.0 if tokenizer.is_bpe else float(tokenizer.scores.min()) - 10
    allowed = (
        ("minor version", header.minor, (minor_version(tokenizer),)),
        ("profile", header.profile, PROFILES),
        ("size", header.size, (len(tokenizer.section),)),
        ("unknown flags", header.flags & ~flags, (0,)),
        ("fuse unknown", tokenizer.has_flag(FUSE_UNKNOWN) or tokenizer.is_bpe, (True,)),
        ("pieces", header.pieces, range(1, 4_194_304)),
        ("vocabulary size", header.vocabulary, (max(ids) + 1,)),
        ("unknown id", 0 if no_unknown else header.unknown, range(header.pieces)),
        ("template ids before", header.before, range(17)),
        ("template ids after", header.after, range(17)),
        ("longest piece", header.longest_piece, (max(map(len, texts), default=0),)),
        ("longest piece", header.longest_piece, range(1025)),
        ("longest added token", header.longest_key, (max((len(token.match) for token in tokenizer.added), default=0),)),
        ("longest added token", header.longest_key, range(1025)),
        ("normalizer steps", header.normalizer_steps, range(17)),
        ("pre-tokenizer steps", header.pre_tokenizer_steps, range(17)),
        ("unknown score", header.unknown_score, (unknown_score,)),
        ("Unicode version of classes, last byte", header.unicode[3], (0,)),
        ("Unicode version of forms, last byte", header.unicode_forms[3], (0,)),
        ("Unicode version of patterns, last byte", header.unicode_patterns[3], (0,)),
        ("reserved bytes", header.reserved, (bytes(4),)),
    )
    for name, found, values in allowed:
        if found not in values:
            yield f"header: {name} {found!r}, expected {values!r}"
    version = header.tokenizers.rstrip(b"\0")
    if not version or b"\0" in version or not version.isascii():
        yield f"header: version of tokenizers {header.tokenizers!r}"
    for version, part in ((header.unicode, CLASSES), (header.unicode_forms, PROPERTIES),
                          (header.unicode_patterns, PROPERTIES)):  # fmt: skip
        if (version != bytes(4)) != (tokenizer.extents[part] != (0, 0)):
            yield f"header: Unicode version {version.hex()}, part {part} of {tokenizer.extents[part][1]} bytes"
    for name in ("padding", "label", "separator", "example"):
        token = getattr(header, name)
        if token != NONE and token >= header.vocabulary:
            yield f"header: {name} id {token} in a vocabulary of {header.vocabulary}"
    for token in tokenizer.template:
        if token >= header.vocabulary:
            yield f"template: id {token} in a vocabulary of {header.vocabulary}"
    if tokenizer.is_bpe and (not texts[-1] or (header.unknown < len(texts) and not texts[header.unknown])):
        yield "header: the last piece or the unknown one is none"


def check_layout(tokenizer: Tokenizer) -> Iterator[str]:
    """Alignment, no overlap, zeros in the gaps, reserved parts absent."""
    end, section = HEADER_SIZE, tokenizer.section
    extents = enumerate(tokenizer.extents)
    for offset, size, index in sorted((*extent, i) for i, extent in extents if extent != (0, 0)):
        if index > PATTERNS:
            yield f"part {index}: reserved, but present"
        if offset % 64:
            yield f"part {index}: offset {offset} is no multiple of 64"
        if offset < end:
            yield f"part {index}: at {offset}, overlaps one that ends at {end}"
        elif section.count(0, end, offset) != offset - end:
            yield f"part {index}: bytes {end} to {offset} before it are not zero"
        end = max(end, offset + size)
    if section.count(0, end) != len(section) - end:
        yield f"bytes after {end}, the end of the last part, are not zero"


def check_presence(tokenizer: Tokenizer) -> Iterator[str]:
    """Parts that nothing uses are absent, and those that something uses are not."""
    form = tokenizer.has_step(NFC, NFD, NFKC, NFKD)
    pattern = bool(tokenizer.patterns)
    single_word = any(token.flags & FLAGS["single_word"] for token in tokenizer.added)
    mapping = form or tokenizer.has_step(LOWERCASE)
    used = dict.fromkeys((CHARSMAP_TRIE, REPLACEMENT_OFFSETS, CLASS_INDEX, CLASSES), tokenizer.has_step(PRECOMPILED))
    used |= {SCORES: not tokenizer.is_bpe, MERGE_TABLE: tokenizer.is_bpe, MERGES: bool(tokenizer.merges)}
    used[BYTE_IDS] = tokenizer.is_bpe or tokenizer.has_flag(BYTE_FALLBACK)
    properties = pattern or mapping or single_word or tokenizer.has_step(STRIP_ACCENTS)
    used |= dict.fromkeys((PROPERTY_INDEX, PROPERTIES, PROPERTY_SETS), properties)
    used |= dict.fromkeys((MAPPING_TRIE, MAPPED_OFFSETS, MAPPED_TEXTS), mapping)
    used[PATTERNS] = pattern
    for part, needed in used.items():
        if needed != (tokenizer.extents[part][1] > 0):
            yield f"part {part}: {tokenizer.extents[part][1]} bytes, but {'used' if needed else 'nothing uses it'}"


def check_pieces(tokenizer: Tokenizer) -> Iterator[str]:
    texts = tokenizer.piece_texts
    yield from (f"piece {i}: {error}" for i, error in invalid_texts(texts))
    if not np.isfinite(tokenizer.scores).all():
        yield "scores that are not finite"
    expected = {text: i for i, text in enumerate(texts)}
    empty = expected.pop(b"", None)
    if tokenizer.is_bpe:
        if len(expected) != sum(map(bool, texts)):
            yield "pieces: two have the same text"
    elif empty is not None:
        yield f"piece {empty}: empty"
    yield from tokenizer.piece_trie.check(expected)
    for byte, found in enumerate(tokenizer.byte_ids):
        text = SPELLED[byte] if tokenizer.is_bpe else f"<0x{byte:02X}>"
        if found != (piece := expected.get(text.encode(), NONE)):
            yield f"byte {byte:#04x}: piece {found}, that of {text!r} is {piece}"


def check_added(tokenizer: Tokenizer) -> Iterator[str]:
    ids = [token.id for token in tokenizer.added]
    if sorted(set(ids)) != ids:
        yield "added tokens: ids do not ascend"
    for i, token in enumerate(tokenizer.added):
        yield from (f"added token {i}: {error}" for _, error in invalid_texts([token.content, token.match]))
        if token.flags & ~31 or not token.match:
            yield f"added token {i}: flags {token.flags:#x}, matches {token.match!r}"
        if not token.normalized and token.match != token.content:
            yield f"added token {i}: {token.content!r} matches {token.match!r}, but is not normalized"
        if tokenizer.part(ADDED)[32 * i + 24 : 32 * i + 32] != bytes(8):
            yield f"added token {i}: reserved fields are not zero"
    for trie, normalized in ((tokenizer.raw_trie, False), (tokenizer.normalized_trie, True)):
        tokens = [(token.match, i) for i, token in enumerate(tokenizer.added) if token.normalized == normalized]
        expected = dict(tokens)
        if len(expected) != len(tokens):
            yield f"{trie.name}: two tokens match the same text"
        if expected or trie.labels:
            yield from trie.check(expected)


def check_normalized(tokenizer: Tokenizer) -> Iterator[str]:
    """That normalized tokens match the normalized form of their content."""
    normalize = Normalizer(tokenizer)
    for token in tokenizer.added:
        text = normalize((token.content.decode("utf-8", "replace"), 0))[0].encode()
        if token.normalized and text != token.match:
            yield f"added token {token.id}: matches {token.match!r}, normalized it is {text!r}"


def check_steps(tokenizer: Tokenizer) -> Iterator[str]:
    patterns, used = len(tokenizer.patterns), set()
    for i, step in enumerate(tokenizer.normalizer):
        kind, flags, a, b, c = step
        fields = {REPLACE: (0, patterns, NONE, NONE), PREPEND: (0, 1, NONE, NONE), STRIP: (3, 1, 1, 1)}
        if kind not in NORMALIZERS or exceeds((flags, a, b, c), fields.get(kind, (0, 1, 1, 1))):
            yield f"normalizer step {i}: {step}"
        if kind in (REPLACE, PREPEND):
            yield from check_step_text(tokenizer, f"normalizer step {i}", step)
        if kind == REPLACE:
            used.add(a)
    for i, step in enumerate(tokenizer.pre_tokenizer):
        kind, flags, a, b, c = step
        allowed = {
            METASPACE: (1, len(SCHEMES), 0x110000, 1),
            SPLIT: (7 | INVERT, patterns, 1, 1),
            PREFIX_SPACE: (0, 1, 1, 1),
            BYTE_LEVEL: (0, 1, 1, 1),
        }
        if kind not in allowed or exceeds((flags, a, b, c), allowed[kind]):
            yield f"pre-tokenizer step {i}: {step}"
        if (kind == METASPACE and not is_scalar(b)) or (kind == SPLIT and flags & 7 >= len(BEHAVIORS)):
            yield f"pre-tokenizer step {i}: replacement or behavior of {step}"
        if kind == SPLIT:
            used.add(a)
    kinds = [step[0] for step in tokenizer.pre_tokenizer]
    if tokenizer.is_bpe != (kinds[-1:] == [BYTE_LEVEL]) or BYTE_LEVEL in kinds[:-1]:
        yield f"pre-tokenizer steps of the kinds {kinds} under model kind {tokenizer.header.model}"
    if unused := set(range(patterns)) - used:
        yield f"patterns {sorted(unused)}: no step uses them"


def exceeds(fields: tuple[int, ...], limits: tuple[int, ...]) -> bool:
    """Whether there are flags that are not allowed, or fields that are not below their limit."""
    return bool(fields[0] & ~limits[0]) or any(a >= b for a, b in zip(fields[1:], limits[1:]))


def check_step_text(tokenizer: Tokenizer, name: str, step: tuple[int, ...]) -> Iterator[str]:
    try:
        yield from (f"{name}: {error}" for _, error in invalid_texts([tokenizer.step_text(step)]))
    except FormatError as error:
        yield f"{name}: {error}"


def check_merges(tokenizer: Tokenizer) -> Iterator[str]:
    texts, merges, table = tokenizer.piece_texts, tokenizer.merges, tokenizer.merge_table
    for rank, merge in enumerate(merges):
        if max(merge) >= len(texts):
            yield f"merge {rank}: ids {merge}"
        elif texts[merge[0]] + texts[merge[1]] != texts[merge[2]] or not (texts[merge[0]] and texts[merge[1]]):
            yield f"merge {rank}: {[texts[i] for i in merge]}"
    pairs = [(left, right) for left, right, _ in merges]
    if len(set(pairs)) != len(pairs):
        yield "merges: a pair is there twice"
    slots = len(table)
    if not 2 <= slots <= 1 << 23 or slots & slots - 1 or slots < 2 * len(merges):
        yield f"merge table: {slots} slots for {len(merges)} merges"
        return
    if sorted(entry for entry in table if entry) != list(range(1, len(merges) + 1)):
        yield "merge table: its entries are not the ranks, each once"
    lost = [rank for rank, pair in enumerate(pairs) if tokenizer.find_merge(*pair) is None]
    if lost:
        yield f"merge table: {len(lost)} merges are not found, the first is {lost[0]}"
    size = 2
    while size < 2 * len(merges) or (expected := merge_table(pairs, size)) is None:
        size *= 2
    if size != slots:
        yield f"merge table: {slots} slots, but {size} suffice"
    elif expected != table:
        yield "merge table: not as it is when the merges go in by rank"


def merge_table(pairs: list[tuple[int, int]], slots: int) -> list[int] | None:
    """The table when the merges go in by rank; none if one would have to lie beyond the last probe."""
    table = [0] * slots
    for rank, (left, right) in enumerate(pairs):
        start = pair_hash(left, right)
        for probe in range(min(PROBES, slots)):
            if table[(start + probe) % slots] == 0:
                table[(start + probe) % slots] = rank + 1
                break
        else:
            return None
    return table


def check_patterns(tokenizer: Tokenizer) -> Iterator[str]:
    data = tokenizer.part(PATTERNS)
    if not data:
        return
    end = 4 + 8 * len(tokenizer.patterns)
    for pattern, (offset, size) in zip(tokenizer.patterns, tokenizer.pattern_extents):
        if offset % 4 or offset < end or data.count(0, end, offset) != offset - end:
            yield f"{pattern.name}: at {offset}, behind one that ends at {end}"
        end = max(end, offset + size)
        yield from pattern.check()
        if any(pattern.of_set[len(tokenizer.property_sets) :]):
            yield f"{pattern.name}: classes of property sets that there are not"
    if data.count(0, end) != len(data) - end:
        yield f"patterns: bytes after {end}, the end of the last one, are not zero"
    if len({data[offset : offset + size] for offset, size in tokenizer.pattern_extents}) != len(tokenizer.patterns):
        yield "patterns: two are the same"
