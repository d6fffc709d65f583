"""A compiled tokenizer against the tokenizer.json that it should be compiled from. A part of read_glc.py."""

from __future__ import annotations

import base64
import json
import random
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from glc_tokenizer import BYTE_FALLBACK, FLAGS, FUSE_UNKNOWN, IGNORE_MERGES, MODELS, NONE, Tokenizer

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# What a pattern stands for: a regular expression, a literal, or every scalar with a bit of its property set.
DIGIT, PUNCTUATION, WHITE_SPACE = {"Class": 5}, {"Class": 4}, {"Class": 2}
ESCAPES = {"L": 0, "N": 1, "s": 2, "White_Space": 2, "M": 6, "d": 7, "Nd": 7}  # bits of the property set
TEXTS, LONGEST_TEXT = 1_500, 14

Source = dict[str, Any]


def compare(tokenizer: Tokenizer, text: str) -> Iterator[str]:
    """Every difference from the tokenizer.json it should be compiled from."""
    source, model = json.loads(text), json.loads(text, parse_float=tokenizers_float)["model"]
    kind = model.get("type", "BPE" if "merges" in model else "Unigram")
    if kind != (found := MODELS[tokenizer.header.model]):
        yield f"model {found}, expected {kind}"
        return
    if tokenizer.is_bpe:
        yield from compare_bpe(tokenizer, model)
    else:
        yield from compare_pieces(tokenizer, model["vocab"])
        yield from compare_scores(tokenizer, model["vocab"], source["model"]["vocab"])
        yield from differences("unknown id", tokenizer.header.unknown, model["unk_id"])
        yield from differences("byte fallback", tokenizer.has_flag(BYTE_FALLBACK), model.get("byte_fallback", False))
    added = [{name: token[name] for name in ("id", "content", *FLAGS)} for token in source["added_tokens"]]
    yield from differences("added tokens", [t.dump() for t in tokenizer.added], sorted(added, key=lambda t: t["id"]))
    yield from differences("template", template_ids(tokenizer), source_template(source["post_processor"]))
    yield from compare_steps(tokenizer, source)
    for step in sequence(source["normalizer"], "normalizers"):
        if step["type"] == "Precompiled":
            yield from compare_charsmap(tokenizer, base64.b64decode(step["precompiled_charsmap"]))


def template_ids(tokenizer: Tokenizer) -> list[list[int]]:
    before = tokenizer.header.before
    return [tokenizer.template[:before], tokenizer.template[before:]]


# --- Models ---------------------------------------------------------------------------------------------------------


def compare_texts(tokenizer: Tokenizer, expected: list[str]) -> Iterator[str]:
    if len(expected) != tokenizer.header.pieces:
        yield f"{tokenizer.header.pieces} pieces, expected {len(expected)}"
    for i, (found, text) in enumerate(zip(tokenizer.piece_texts, expected)):
        if found != text.encode():
            yield f"piece {i}: text {found!r}, expected {text.encode()!r}"


def compare_pieces(tokenizer: Tokenizer, vocabulary: list[list[Any]]) -> Iterator[str]:
    yield from compare_texts(tokenizer, [text for text, _ in vocabulary])


def compare_bpe(tokenizer: Tokenizer, model: Source) -> Iterator[str]:
    vocabulary: dict[str, int] = model["vocab"]
    texts = {index: text for text, index in vocabulary.items()}
    yield from compare_texts(tokenizer, [texts.get(i, "") for i in range(max(texts) + 1)])
    pairs = [tuple(merge.split(" ") if isinstance(merge, str) else merge) for merge in model["merges"]]
    last = {pair: rank for rank, pair in enumerate(pairs)}  # of equal ones the last counts
    merges = [
        (vocabulary[left], vocabulary[right], vocabulary[left + right])
        for rank, (left, right) in enumerate(pairs)
        if last[left, right] == rank
    ]
    if wrong := [rank for rank, (a, b) in enumerate(zip(tokenizer.merges, merges)) if a != b]:
        yield f"{len(wrong)} merges differ, the first is {wrong[0]}"
    yield from differences("number of merges", len(tokenizer.merges), len(merges))
    unknown = model.get("unk_token")
    yield from differences("unknown id", tokenizer.header.unknown, NONE if unknown is None else vocabulary[unknown])
    for name, flag in (("fuse_unk", FUSE_UNKNOWN), ("ignore_merges", IGNORE_MERGES)):
        yield from differences(name, tokenizer.has_flag(flag), bool(model.get(name)))


def compare_scores(tokenizer: Tokenizer, as_tokenizers: list[list[Any]], correct: list[list[Any]]) -> Iterator[str]:
    """With the numbers that `tokenizers` reads, which are not always the nearest to the decimal text."""
    read, nearest = (np.array([score for _, score in v], dtype="<f8") for v in (as_tokenizers, correct))
    if len(read) != len(tokenizer.scores):
        return
    bits = tokenizer.scores.view("<u8")
    wrong = np.flatnonzero(bits != read.view("<u8"))
    if len(wrong):
        i = int(wrong[0])
        exact = np.array_equal(bits, nearest.view("<u8"))
        kind = "all are nearest to the text" if exact else "not all are nearest to the text"
        yield (f"{len(wrong)} scores differ from those that tokenizers reads, {kind}; the first is piece {i}: "
               f"{tokenizer.scores[i].item()!r}, expected {read[i].item()!r}")  # fmt: skip


def compare_charsmap(tokenizer: Tokenizer, blob: bytes) -> Iterator[str]:
    """With what the shortest-match rule leaves of the keys of a precompiled charsmap."""
    (size,) = struct.unpack_from("<I", blob)
    texts = blob[4 + size :]
    expected = {
        key: texts[value : texts.index(0, value)] for key, value in darts_items(blob[4 : 4 + size], shortest=True)
    }
    found = tokenizer.charsmap()
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


# --- Steps ----------------------------------------------------------------------------------------------------------


def compare_steps(tokenizer: Tokenizer, source: Source) -> Iterator[str]:
    found = tokenizer.header_dump()
    for name, expected in (("normalizer", source_normalizer(source["normalizer"])),
                           ("pre_tokenizer", source_pre_tokenizer(source["pre_tokenizer"]))):  # fmt: skip
        plain = [{**step, "pattern": None} for step in found[name]]
        yield from differences(name, plain, [{"pattern": None} | step | {"pattern": None} for step in expected])
        for here, there in zip(found[name], expected):
            if "pattern" in here and "pattern" in there and here["pattern"] < len(tokenizer.patterns):
                yield from compare_pattern(tokenizer, here["pattern"], there["pattern"])


def differences(name: str, found: Any, expected: Any) -> Iterator[str]:
    if found != expected:
        yield f"{name}: {found}, expected {expected}"


def sequence(step: Source | None, member: str) -> list[Source]:
    """The steps of a Sequence, of a single step, or of none."""
    if step is None:
        return []
    return [inner for s in step[member] for inner in sequence(s, member)] if step["type"] == "Sequence" else [step]


def source_normalizer(normalizer: Source | None) -> list[Source]:
    steps: list[Source] = []
    for step in sequence(normalizer, "normalizers"):
        if step["type"] == "Strip":
            steps.append({"type": "Strip", "left": step["strip_left"], "right": step["strip_right"]})
        elif step["type"] == "Replace" and step["pattern"] == {"Regex": " {2,}"} and step["content"] == " ":
            steps.append({"type": "CollapseSpaces"})
        elif step["type"] == "Replace":
            steps.append({"type": "Replace", "pattern": step["pattern"], "content": step["content"]})
        elif step["type"] == "Prepend":
            steps.append({"type": "Prepend", "content": step["prepend"]})
        else:
            steps.append({"type": step["type"]})
    return steps


def source_split(pattern: Source, behavior: str, invert: bool = False) -> Source:
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def source_pre_tokenizer(pre_tokenizer: Source | None) -> list[Source]:
    steps: list[Source] = []
    for step in sequence(pre_tokenizer, "pretokenizers"):
        kind = step["type"]
        if kind == "Metaspace":
            scheme = step.get("prepend_scheme", "never" if step.get("add_prefix_space") is False else "always")
            steps.append({"type": kind, "replacement": step["replacement"], "scheme": scheme,
                          "split": step.get("split", True)})  # fmt: skip
        elif kind == "Split":
            steps.append(source_split(step["pattern"], step["behavior"], step.get("invert", False)))
        elif kind == "Digits":
            steps.append(source_split(DIGIT, "Isolated" if step["individual_digits"] else "Contiguous"))
        elif kind == "Punctuation":
            steps.append(source_split(PUNCTUATION, step.get("behavior", "Isolated")))
        elif kind == "WhitespaceSplit":
            steps.append(source_split(WHITE_SPACE, "Removed"))
        elif kind == "ByteLevel":
            steps += [{"type": "PrefixSpace"}] if step["add_prefix_space"] else []
            steps += [source_split({"Regex": GPT2}, "Isolated")] if step.get("use_regex", True) else []
            steps.append({"type": "ByteLevel"})
        else:
            steps.append({"type": kind})
    return steps


def source_template(processor: Source | None) -> list[list[int]]:
    ids: list[list[int]] = [[], []]
    for step in sequence(processor, "processors"):
        if step["type"] in ("BertProcessing", "RobertaProcessing"):
            ids = [[step["cls"][1], *ids[0]], [*ids[1], step["sep"][1]]]
        elif step["type"] == "TemplateProcessing":
            sides: list[list[int]] = [[], []]
            side = 0
            for item in step["single"]:
                if "Sequence" in item:
                    side = 1
                else:
                    sides[side] += step["special_tokens"][item["SpecialToken"]["id"]]["ids"]
            ids = [sides[0] + ids[0], ids[1] + sides[1]]
    return ids


# --- Patterns -------------------------------------------------------------------------------------------------------


def compare_pattern(tokenizer: Tokenizer, index: int, source: Source) -> Iterator[str]:
    """The matches of an automaton against those of Python's regular expressions, in texts of scalars of all kinds."""
    pattern, numbers, properties = tokenizer.patterns[index], tokenizer.set_numbers, tokenizer.properties()
    ((kind, value),) = source.items()
    literal = set(value) if kind == "String" else set()
    first = np.unique(numbers, return_index=True)[1].tolist()
    scalars = sorted({*map(chr, range(128)), *map(chr, first), *map(chr, pattern.exceptions), *literal})

    def having(bit: int, wanted: bool = True) -> str:
        return "".join(re.escape(c) for c in scalars if (int(properties[ord(c)]) >> bit & 1) == wanted)

    if kind == "Regex":
        expression = re.sub(r"\[\^?\]?(?:\\[pP]\{.*?\}|\\.|[^\]\\])*\]|\\[pP]\{.*?\}|\\.|\$",
                            lambda match: translated(match[0], having), value, flags=re.DOTALL)  # fmt: skip
    else:
        expression = re.escape(value) if kind == "String" else f"[{having(value)}]"
    expected, chance = re.compile(expression), random.Random(index)
    likely = [c for c in scalars if c.isascii()] + [c for c in str(value) if c in scalars] * 2
    for _ in range(TEXTS):
        pool = [chance.choice(chance.choice((scalars, likely))) for _ in range(chance.randint(1, 6))]
        text = "".join(chance.choice(pool) for _ in range(chance.randint(1, LONGEST_TEXT)))
        if kind == "String" and chance.random() < 0.5:
            text += value + text
        found = pattern.matches([pattern.class_of(ord(c), int(numbers[ord(c)])) for c in text])
        if found != (matches := [match.span() for match in expected.finditer(text)]):
            yield f"{pattern.name}, {source}: matches {found} in {text!r}, expected {matches}"
            return


def translated(token: str, having: Callable[[int, bool], str]) -> str:
    """A class or an escape of Oniguruma for Python, with the scalars that have a property written out."""
    if token == "$":
        return r"(?=\n|\Z)"
    if token == r"\z":
        return r"\Z"
    if token.startswith("["):
        inner = re.sub(r"\\[pP]\{.*?\}|\\.", lambda match: members(match[0], having), token[1:-1], flags=re.DOTALL)
        return f"[{inner}]"
    return token if (found := members(token, having)) == token else f"[{found}]"


def members(escape: str, having: Callable[[int, bool], str]) -> str:
    """The scalars that an escape stands for; the escape itself if it is that of one scalar."""
    name = re.sub(r"^\\[pP]\{\^?|\}$|^\\", "", escape)
    bit = ESCAPES.get(name if escape[1] in "pP" else name.lower())
    if bit is None:
        return escape
    negated = escape[1] in "PSD" or escape.startswith(r"\p{^")
    return having(bit, not negated)


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
