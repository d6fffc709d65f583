#!/usr/bin/env python3
"""Records what the Python libraries make of many strings, for Tests/TokenizationTests.

    Scripts/tokenizer_vectors.py                         write Tests/Fixtures/tokenizer/{vectors,prompts}.jsonl
    Scripts/tokenizer_vectors.py --check-scalar-classes  hold ScalarClassData.swift against the tokenizers library

Needs tokenizers 0.23.3, and for prompts gliclass 0.1.21. The tokenizer is that of the demo checkpoint,
Tests/Fixtures/debian-tags-f16/tokenizer.json (or the file given with --tokenizer). The first line of each file says which
versions and which tokenizer made it.
"""

import argparse
import hashlib
import json
import platform
import random
import re
import struct
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "Tests/Fixtures/tokenizer"
TOKENIZERS_VERSION = "0.23.3"

WHITE_SPACE = [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029,
               0x202F, 0x205F, 0x3000]
NEARLY_SPACE = [0x1C, 0x1F, 0x180E, 0x200B, 0x200D, 0x2060, 0xFEFF]

FIXED = [
    "", " ", "   ", "\0", "a", "a b", "  a  b   c ", "a\tb\nc\r\nd", "\r\n\u0301x", "e\u0301", "\u00e9", "cafe\u0301s naïve",
    "ﬁle ½ ① ™ Ⅷ", "ＦＵＬＬ　ｗｉｄｔｈ", "①\u0308x", "©\u200d®", "👩‍👩‍👧 👍🏽 🇩🇪🇫🇷 🇩", "가각힣", "\u1100\u1161\u11a8\u1100", "ภาษาไทย ำ",
    "السلام عليكم لله", "हिन्दी क्षत्रिय क्\u200dष", "中文，日本語、カタカナｶﾞ", "▁a ▁▁b a▁b", "_a_", "a\u00a0b\u200bc\u3000d", "\ufeffbom",
    "<<LABEL>>a<<LABEL>>b<<SEP>>text", "<<LABEL>><<LABEL>> <<SEP>> ", "<<<SEP>>>", "<<LABEL", "a<<SEP>", "[CLS] a [SEP]",
    "[UNK][PAD][MASK]", "［ＣＬＳ］", "[unk]", "x[SEP]y [SEP] z", "<<EXAMPLE>>a \nLabels:\n a, b<<SEP>>", "\x01\x02a\x7f",
    "i\u0307 ŉ ſt ß ﬀﬃ", "۝١٢٣", "\u0600a\u0600", "\U0001d400\U0001d7ff", "\U000e0041", "\ufffd\ufffe\U0010ffff", "a" * 200,
    "zzzzqqqqxxxx" * 8, "http://example.org/a?b=c&d=%20#e", "C++ / C# -- 'quoted' \"text\" … “x”", "1,234.56 €",
]

POOLS = {
    "ascii": lambda r: chr(r.randrange(0x20, 0x7F)),
    "letters": lambda r: r.choice("etaoinshrdlu  "),
    "controls": lambda r: chr(r.choice([*range(32), 127, *range(0x80, 0xA0)])),
    "latin": lambda r: chr(r.randrange(0xA0, 0x250)),
    "marks": lambda r: r.choice("aeiouAn①") + "".join(chr(r.randrange(0x300, 0x345)) for _ in range(r.randrange(3))),
    "wide": lambda r: chr(r.randrange(0xFF00, 0xFFF0)),
    "emoji": lambda r: r.choice(["👩‍👩‍👧", "👍🏽", "🇩", "❤️", "☎", "©\u200d®", "#️⃣", "\u200d", "\ufe0f"]),
    "hangul": lambda r: chr(r.choice([r.randrange(0xAC00, 0xD7A4), r.randrange(0x1100, 0x1200)])),
    "thai": lambda r: chr(r.randrange(0xE01, 0xE5C)),
    "arabic": lambda r: chr(r.choice([r.randrange(0x600, 0x700), r.randrange(0xFB50, 0xFDFF)])),
    "indic": lambda r: chr(r.choice([r.randrange(0x900, 0xD80), 0x94D, 0x915, 0x200D, 0x200C])),
    "cjk": lambda r: chr(r.choice([r.randrange(0x4E00, 0x9FFF), r.randrange(0x3040, 0x3100), r.randrange(0xF900, 0xFA60)])),
    "space": lambda r: chr(r.choice(WHITE_SPACE + NEARLY_SPACE)),
    "newlines": lambda r: r.choice(["\r\n", "\n", "\r", "\n\r", "\r\n\u0301"]),
    "compatibility": lambda r: chr(r.choice([r.randrange(0x2070, 0x2190), r.randrange(0x2460, 0x2500)])),
    "markers": lambda r: r.choice(["<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>", "[CLS]", "[UNK]", "<<", ">>", "▁", "[MASK]"]),
    "any": lambda r: chr(r.choice([r.randrange(1, 0xD800), r.randrange(0xE000, 0x110000), r.randrange(0x10000, 0x20000)])),
    "words": lambda r: r.choice(["library", " the", " package", " e-mail", "development ", " naïve", "e\u0301"]),
}


def strings(count):
    generator = random.Random(20250)
    texts = list(FIXED) + [f"a{chr(c)}b{chr(c)}" for c in WHITE_SPACE + NEARLY_SPACE]
    texts += [chr(c) + "a" + chr(c) for c in WHITE_SPACE + NEARLY_SPACE]
    names = list(POOLS)
    while len(texts) < count:
        pools = [POOLS[generator.choice(names)] for _ in range(generator.randrange(1, 5))]
        texts.append("".join(generator.choice(pools)(generator) for _ in range(generator.choice([2, 5, 9, 20, 40]))))
    return texts


def write(path, reference, rows):
    lines = [json.dumps({"reference": reference}, ensure_ascii=False)]
    lines += [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path.relative_to(ROOT)}: {len(rows)} rows, {path.stat().st_size} bytes")


def prompts(tokenizer):
    from gliclass.pipeline import UniEncoderZeroShotClassificationPipeline as Pipeline

    pipeline = Pipeline.__new__(Pipeline)
    pipeline.label_token, pipeline.sep_token, pipeline.example_token = "<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>"
    text = "A library for reading and writing ﬁles in many formats, with bindings for Python and Java. " * 3
    examples = [{"text": "A game  of chess", "labels": ["games"]}, {"text": "IRC\nclient", "labels": ["chat", "web server"]}]
    cases = []
    for prompt_first in (True, False):
        for labels in (["games"], ["web server", "shell", "é", " x ", ""], ["Java", "java", "JAVA", "games", "qt", "a.b"]):
            for prompt in ("", "Classify by topic: "):
                for shots in ([], examples):
                    for max_length in (1024, 60, 24):
                        cases.append((prompt_first, labels, prompt, shots, max_length))
    for prompt_first, labels, prompt, shots, max_length in cases:
        pipeline.model = SimpleNamespace(config=SimpleNamespace(prompt_first=prompt_first))
        whole = pipeline.prepare_input(text, labels, shots or None, prompt or None)
        tokenizer.enable_truncation(max_length)
        ids = tokenizer.encode(whole).ids
        tokenizer.no_truncation()
        yield {"text": text, "labels": labels, "prompt": prompt, "examples": shots, "prompt_first": prompt_first,
               "max_length": max_length, "ids": ids}


def record(tokenizer_path, count):
    import tokenizers
    from importlib.metadata import version

    if tokenizers.__version__ != TOKENIZERS_VERSION:
        sys.exit(f"error: expected tokenizers {TOKENIZERS_VERSION}, found {tokenizers.__version__}")
    tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer_path))
    reference = {"producer": "Scripts/tokenizer_vectors.py", "tokenizers": tokenizers.__version__,
                 "python": platform.python_version(),
                 "tokenizer_sha256": hashlib.sha256(tokenizer_path.read_bytes()).hexdigest()}
    rows = [{"text": text, "ids": tokenizer.encode(text).ids} for text in strings(count)]
    write(OUTPUT / "vectors.jsonl", reference, rows)
    reference = dict(reference, gliclass=version("gliclass"))
    write(OUTPUT / "prompts.jsonl", reference, list(prompts(tokenizer)))


def charsmap(pairs):
    """A precompiled charsmap (darts-clone double array and texts) of a few keys."""
    trie, texts = {}, b""
    for key, value in pairs:
        node = trie
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[0] = len(texts)
        texts += value.encode() + b"\0"
    units, used, bases = [0] * 512, {0}, set()

    def place(node, position):
        base = next(b for b in range(1, 1 << 20)
                    if b not in bases and all(b ^ label not in used for label in node) and (b ^ position) < 1 << 21)
        bases.add(base)
        units.extend([0] * max(0, (base | 255) + 1 - len(units)))
        used.update(base ^ label for label in node)
        units[position] |= (base ^ position) << 10 | (256 if 0 in node else 0)
        if 0 in node:
            units[base] = node[0] | 1 << 31
        for label, child in node.items():
            if label:
                units[base ^ label] |= label
                place(child, base ^ label)

    place(trie, 0)
    return struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + texts


def check_scalar_classes():
    """Whether `a` + scalar, and prepended scalar + `a`, are one cluster for the library as for our data."""
    from tokenizers import normalizers

    source = (ROOT / "Sources/TokenizerCompiler/Unicode/ScalarClassData.swift").read_text()
    runs = [int(word, 16) for word in re.findall(r"0x([0-9A-F]{7})\b", source)]
    classes = []
    for run, following in zip(runs, [*runs[1:], 0x110000 << 5]):
        classes += [run & 31] * ((following >> 5) - (run >> 5))
    joining, prepending, differences = {4, 5, 6, 7, 10}, 9, 0
    normalizer = normalizers.Precompiled(charsmap([("a", "X")]))
    for scalar in (*range(0x80, 0xD800), *range(0xE000, 0x110000)):
        joins = normalizer.normalize_str("a" + chr(scalar)) == "X"
        if joins != (classes[scalar] in joining):
            differences += 1
            print(f"U+{scalar:04X}: class {classes[scalar]}, but the library {'joins' if joins else 'breaks'}")
    near = sorted({s + d for s in range(0x80, 0x110000) if classes[s] == prepending for d in range(-3, 4)})
    normalizer = normalizers.Precompiled(charsmap([(chr(s), "Y") for s in near]))
    for scalar in near:
        joins = normalizer.normalize_str(chr(scalar) + "a") == "Y"
        if joins != (classes[scalar] == prepending):
            differences += 1
            print(f"U+{scalar:04X}: class {classes[scalar]}, but the library {'joins' if joins else 'breaks'} behind it")
    print(f"{differences} differences")
    return 1 if differences else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=Path, default=ROOT / "Tests/Fixtures/debian-tags-f16/tokenizer.json")
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--check-scalar-classes", action="store_true")
    arguments = parser.parse_args()
    if arguments.check_scalar_classes:
        return check_scalar_classes()
    record(arguments.tokenizer, arguments.count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
