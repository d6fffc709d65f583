#!/usr/bin/env python3
"""Records what the regular expressions of `tokenizers` match, for Tests/TokenizationTests/PatternTests.swift.

    Scripts/pattern_vectors.py    write Tests/Fixtures/tokenizer/patterns.json

Needs tokenizers 0.23.3. Matches are byte ranges, as Split gives them; Replace is held against the same ranges. For every
character of the strings (and all of ASCII) the file also has the property bits of formats/tokenizer.md, by asking the library.
"""

import json
import platform
import random
import sys
from pathlib import Path

from tokenizers import Regex, __version__, normalizers, pre_tokenizers

OUTPUT = Path(__file__).resolve().parent.parent / "Tests/Fixtures/tokenizer/patterns.json"
TOKENIZERS_VERSION = "0.23.3"

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")

EXPRESSIONS = [
    GPT2, LLAMA3, LLAMA3.replace("{1,3}", ""), r" {2,}", r"\s+", r"\s{2,}|[\n\r\t]", r"\d", r"\D+", r"[^\S\n]+", r"[0-9]", r".+",
    r"[^\p{L}\p{M}\p{N}]", r"\P{L}+", r"\p{^N}{2,3}", r"\p{M}+", r"(?i:[sk]|ll|'D)", r"(?i:[^a-z ])+", r"a(?=b)|b(?!\p{L})", r"a?b$|\s\z",
    r"\x{e9}|\u4e2d|\x41|[\]\-^]", r"(?:ab|a)(?:bc|c)?", r"{|}|a{,2}b", r"[à-ïー☎'-)]+", r"\r?\n|\r", r"(\S)(\s|$)",
]
LITERALS = [" ", "▁", "ab", "é", "\r\n", "''"]
# Pre-tokenizers that are the class of one property bit.
CLASSES = [
    (4, pre_tokenizers.WhitespaceSplit()), (16, pre_tokenizers.Punctuation("isolated")), (32, pre_tokenizers.Digits(True)),
]

FIXED = [
    "", " ", "  ", "   a", "a   ", "a  b   c", "I'll we've DON'T she'S it'ſ", "'s's 'S", "a1b22c333d4444 5²½Ⅷ٣", "a\nb\r\nc\r\r\n\n d", "  \n \n   x \n",
    "\t\t x\u00a0\u3000y\u0085z", "naïve café cafe\u0301 é", "中文，日本語ー。カタカナ", "ภาษาไทย ำ", "हिन्दी क्ष", "😀👍🏽 ☎️ ¡hola!", "{a} {ab} aab aaab}", "abc abbc acb ab",
    "-_^[]-- $€ a-b", "ÀÉÎ àéî ß ẞ ﬁ ſ K kK sS", "\u0301\u0345 ι\u0345", "a.b,c;d:e!f?", "▁a▁▁b ▁", "x\u200by\u200dz\ufeff", "\0\x01\x7f\x1f", "ab\nab", "b a b.",
    "\u2028\u2029\u1680\u202f", "ٱلسلام ١٢٣ لله",
]
ALPHABETS = [
    "ab ", "ab  \n\r1.", "'sStTlLdDvVeErR mM", "aé中ー😀 1²\u0301\u00a0'", " \t\n\r\u3000\u0085", "abc{},-^]é☎àï()$", "sSſkKKlL' ", "0123٣½Ⅷ a\n",
]


def strings():
    generator = random.Random(20251)
    texts = list(FIXED)
    while len(texts) < 62:
        alphabet = generator.choice(ALPHABETS)
        texts.append("".join(generator.choice(alphabet) for _ in range(generator.choice([4, 10, 20, 30]))))
    return texts


def byte_offsets(text):
    offsets = [0]
    for character in text:
        offsets.append(offsets[-1] + len(character.encode()))
    return offsets


def matches(pattern, text):
    """The matches of `pattern` in `text` as [start, end, start, end, …] in bytes."""
    offsets = byte_offsets(text)
    split = pre_tokenizers.Split(pattern, "removed", invert=True)
    found = [offset for _, span in split.pre_tokenize_str(text) for offset in span]
    expected, position = "", 0
    for start, end in zip(found[::2], found[1::2]):
        expected += text[position:start] + "#"
        position = end
    replaced = normalizers.Replace(pattern, "#").normalize_str(text)
    assert replaced == expected + text[position:], (pattern, text, replaced)
    return [offsets[offset] for offset in found]


def class_matches(pre_tokenizer, bit, properties, text):
    """The same for single characters with a bit, held against the pre-tokenizer that splits at them."""
    offsets = byte_offsets(text)
    found = [place for place, character in enumerate(text) if properties[ord(character)] & bit]
    parts, position = [], 0
    for place in [*found, len(text)]:
        parts += [(position, place)] * (place > position) + [(place, place + 1)] * (place < len(text) and bit != 4)
        position = place + 1
    assert [span for _, span in pre_tokenizer.pre_tokenize_str(text)] == parts, (bit, text)
    return [offset for place in found for offset in (offsets[place], offsets[place + 1])]


def property_bits(character):
    names = {0: r"\p{L}", 1: r"\p{N}", 2: r"\s", 6: r"\p{M}", 7: r"\d"}
    bits = sum(1 << bit for bit, name in names.items() if matches(Regex(name), character))
    # Between two letters, a character that is split off has the property.
    for bit, pre_tokenizer in CLASSES[1:]:
        bits |= bit * (len(pre_tokenizer.pre_tokenize_str(f"x{character}x")) > 1)
    return bits


def main():
    if __version__ != TOKENIZERS_VERSION:
        sys.exit(f"error: expected tokenizers {TOKENIZERS_VERSION}, found {__version__}")
    texts = strings()
    characters = sorted({*map(chr, range(128)), *"".join(texts)})
    properties = {ord(character): property_bits(character) for character in characters}
    rows = [{"regex": e, "matches": [matches(Regex(e), text) for text in texts]} for e in EXPRESSIONS]
    rows += [{"literal": e, "matches": [matches(e, text) for text in texts]} for e in LITERALS]
    rows += [{"mask": bit, "matches": [class_matches(p, bit, properties, text) for text in texts]} for bit, p in CLASSES]
    reference = {"producer": "Scripts/pattern_vectors.py", "tokenizers": __version__, "python": platform.python_version()}
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    document = "".join([
        '{"reference":', json.dumps(reference), ',\n"properties":', json.dumps([n for p in properties.items() for n in p], separators=(",", ":")),
        ',\n"strings":', json.dumps(texts, ensure_ascii=False), ',\n"patterns":[\n', ",\n".join(lines), "\n]}\n",
    ])
    json.loads(document)
    OUTPUT.write_text(document, encoding="utf-8")
    print(f"{OUTPUT.name}: {len(rows)} patterns, {len(texts)} strings, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
