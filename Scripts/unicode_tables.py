#!/usr/bin/env python3
"""Derives what Sources/TokenizerCompiler/Unicode holds from what the tokenizers library does with every scalar.

    Scripts/unicode_tables.py            write the data files, and Tests/Fixtures/tokenizer/unicode.json
    Scripts/unicode_tables.py --check    hold the committed data against the library: every scalar, every pair (5 minutes)

Needs tokenizers 0.23.3. Python's own unicodedata says which numbers combining classes have; their order, and who has one
at all, is the library's, as is everything else.
"""

import argparse
import base64
import bisect
import json
import platform
import random
import re
import sys
import unicodedata
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "Sources/TokenizerCompiler/Unicode"
FIXTURE = ROOT / "Tests/Fixtures/tokenizer/unicode.json"
TOKENIZERS_VERSION = "0.23.3"
# Which Unicode version the parts of the library know, found by what they say of scalars that came with each version.
NORMALIZATION_VERSION, PATTERN_VERSION = (9, 0, 0), (16, 0, 0)

COUNT = 0x110000
SCALARS = [*range(0xD800), *range(0xE000, COUNT)]
SYLLABLES = range(0xAC00, 0xD7A4)
VOWELS, FINALS = range(0x1161, 0x1176), range(0x11A8, 0x11C3)
HANGUL = {(0x1100 + l, v): 0xAC00 + l * 588 + (v - 0x1161) * 28 for l in range(19) for v in VOWELS}
HANGUL.update({(s, t): s + t - 0x11A7 for s in SYLLABLES[::28] for t in FINALS})
FORMS = ("NFC", "NFD", "NFKC", "NFKD")
# The bits of formats/tokenizer.md that are kept as runs; bits 9 to 12 follow from the mappings.
BITS = ("letter", "number", "white space", "word", "punctuation", "numeric", "mark", "decimal digit", "combining mark")
LOWEST_MARK, HIGHEST_MARK = chr(0x334), chr(0x345)  # of the classes 1 and 240


class Library:
    """The questions that are put to the library."""

    def __init__(self):
        import tokenizers
        from tokenizers import normalizers

        if tokenizers.__version__ != TOKENIZERS_VERSION:
            sys.exit(f"error: expected tokenizers {TOKENIZERS_VERSION}, found {tokenizers.__version__}")
        self.version = tokenizers.__version__
        for name in (*FORMS, "Lowercase", "StripAccents"):
            setattr(self, name, getattr(normalizers, name)().normalize_str)

    def normalizer(self, name):
        from tokenizers import normalizers

        return getattr(normalizers, name)()

    def changed(self, name):
        """Every scalar that is not kept as it is, and what it becomes."""
        rule = getattr(self, name)
        return {s: text for s in SCALARS if (text := rule(chr(s))) != chr(s)}

    @staticmethod
    def removed(pre_tokenizer):
        kept, text = bytearray(COUNT), "".join(map(chr, SCALARS))
        for _, (start, end) in pre_tokenizer.pre_tokenize_str(text):
            for position in range(start, end):
                kept[SCALARS[position]] = 1
        return {s for s in SCALARS if not kept[s]}

    @staticmethod
    def word(before):
        """Scalars that keep an added token with single_word from matching: before it, or behind it."""
        from tokenizers import AddedToken, Tokenizer, models

        tokenizer = Tokenizer(models.WordLevel({"xq": 0, "?": 1}, "?"))
        tokenizer.add_tokens([AddedToken("xq", single_word=True, normalized=False)])
        encoding = tokenizer.encode("".join(f"{chr(s)}xq " if before else f" xq{chr(s)}" for s in SCALARS))
        found = {(start - 1) // 4 for id, (start, _) in zip(encoding.ids, encoding.offsets) if id == 0}
        return {s for position, s in enumerate(SCALARS) if position not in found}

    def properties(self):
        """For each of BITS the scalars that have it."""
        from tokenizers import Regex, pre_tokenizers

        def pattern(text):
            return self.removed(pre_tokenizers.Split(Regex(text), "removed"))

        digits = pre_tokenizers.Digits(False).pre_tokenize_str("".join(f"a{chr(s)}" for s in SCALARS))
        before, behind = self.word(True), self.word(False)
        assert before == behind, "word characters differ before and behind an added token"
        return [pattern(r"\p{L}"), pattern(r"\p{N}"), pattern(r"\s"), behind,
                self.removed(pre_tokenizers.Punctuation("removed")),
                {SCALARS[start // 2] for _, (start, end) in digits if start % 2 and end == start + 1},
                pattern(r"\p{M}"), pattern(r"\d"), set(self.changed("StripAccents"))]

    def has_class(self, scalar):
        """Whether marks go past `scalar`, or it past marks: whether its class is not 0."""
        text = chr(scalar)
        return self.NFD(text + LOWEST_MARK) != text + LOWEST_MARK or self.NFD(HIGHEST_MARK + text) != HIGHEST_MARK + text

    def goes_past(self, scalar, mark):
        return scalar != mark and self.NFD(chr(scalar) + chr(mark)) == chr(mark) + chr(scalar)


class Tables:
    """What the data files hold: masks of BITS and classes by scalar, mappings as dictionaries."""

    def __init__(self):
        self.masks, self.classes = [0] * COUNT, [0] * COUNT
        self.canonical, self.compatibility, self.lowercase = {}, {}, {}
        self.excluded = []

    def full(self, scalar):
        """The canonical decomposition, from steps."""
        return [d for s in self.canonical[scalar] for d in self.full(s)] if scalar in self.canonical else [scalar]

    def compositions(self):
        return {tuple(pair): s for s, pair in self.canonical.items() if len(pair) == 2 and s not in self.excluded}

    def form(self, name, text, compositions):
        """Normalization as formats/tokenizer.md says it: scalars in, scalars out."""
        parts = []
        for s in text:
            if s in SYLLABLES:
                leading, rest = divmod(s - SYLLABLES[0], 588)
                parts += [0x1100 + leading, VOWELS[rest // 28], *([0x11A7 + rest % 28] if rest % 28 else [])]
            else:
                parts += name in ("NFKC", "NFKD") and self.compatibility.get(s) or self.full(s)
        start = 0
        for end in range(len(parts) + 1):
            if end == len(parts) or self.classes[parts[end]] == 0:
                parts[start:end] = sorted(parts[start:end], key=self.classes.__getitem__)
                start = end
        if name in ("NFD", "NFKD"):
            return parts
        result, starter = [], None
        for s in parts:
            between = result[starter + 1 :] if starter is not None else []
            blocked = any(self.classes[t] >= self.classes[s] or self.classes[t] == 0 for t in between)
            if starter is not None and not blocked and (result[starter], s) in compositions:
                result[starter] = compositions[result[starter], s]
                continue
            if self.classes[s] == 0:
                starter = len(result)
            result.append(s)
        return result


def ordinals(text):
    return [ord(c) for c in text]


def probe(library):
    tables = Tables()
    for bit, scalars in enumerate(library.properties()):
        for s in scalars:
            tables.masks[s] |= 1 << bit
    canonical = {s: t for s, t in library.changed("NFD").items() if s not in SYLLABLES}
    compatibility = {s: t for s, t in library.changed("NFKD").items() if s not in SYLLABLES}
    tables.compatibility = {s: ordinals(t) for s, t in compatibility.items() if canonical.get(s) != t}
    tables.lowercase = {s: ordinals(t) for s, t in library.changed("Lowercase").items()}
    for s, text in canonical.items():
        # The last scalar, and what the others compose to: the step that compositions undo.
        rest = library.NFC(text[:-1])
        tables.canonical[s] = ordinals((rest if len(rest) == 1 else text[:-1]) + text[-1])
        if len(text) > 1 and library.NFC(chr(s)) != chr(s):
            tables.excluded.append(s)
    marks = [s for s in SCALARS if s not in canonical and s not in SYLLABLES and library.has_class(s)]
    guesses = {s: unicodedata.combining(chr(s)) for s in marks}
    # One known mark of every class; a guess stands if the order among those agrees with it.
    known = {number: min(s for s in marks if guesses[s] == number) for number in sorted(set(guesses.values()))}
    for s in marks:
        lower = [number for number, mark in known.items() if library.goes_past(s, mark)]
        assert guesses[s] > 0 and lower == [n for n in known if n < guesses[s]], f"class of U+{s:04X}"
        tables.classes[s] = guesses[s]
    return tables


# Data files


def runs(values, shift):
    return [s << shift | values[s] for s in range(COUNT) if s == 0 or values[s] != values[s - 1]]


def expand(runs, shift):
    values = []
    for run, following in zip(runs, [*runs[1:], COUNT << shift]):
        values += [run & ((1 << shift) - 1)] * ((following >> shift) - (run >> shift))
    return values


def packed(mapping):
    """LEB128 numbers: for every scalar, ascending: gap to the one before × 4 + min(count, 4) − 1; count, if at least 4;
    the first scalar of its text as the change of its distance from that of the text before, zigzag; the other scalars."""
    output, previous, distance = bytearray(), -1, 0

    def put(number):
        while number >= 0x80:
            output.append(number & 0x7F | 0x80)
            number >>= 7
        output.append(number)

    for scalar, text in sorted(mapping.items()):
        put((scalar - previous - 1) << 2 | min(len(text), 4) - 1)
        if len(text) >= 4:
            put(len(text))
        change = text[0] - scalar - distance
        put(change << 1 if change >= 0 else -change * 2 - 1)
        for other in text[1:]:
            put(other)
        previous, distance = scalar, text[0] - scalar
    return base64.b64encode(bytes(output)).decode()


def unpacked(text):
    data, position, mapping, previous, distance = base64.b64decode(text), 0, {}, -1, 0

    def get():
        nonlocal position
        number, shift = 0, 0
        while True:
            byte = data[position]
            position += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    while position < len(data):
        head = get()
        scalar = previous + 1 + (head >> 2)
        count = get() if head & 3 == 3 else (head & 3) + 1
        change = get()
        distance += change >> 1 if change % 2 == 0 else -(change + 1 >> 1)
        mapping[scalar] = [scalar + distance, *(get() for _ in range(count - 1))]
        previous = scalar
    return mapping


def words(name, comment, values, digits):
    text = [f"0x{value:0{digits}X}" for value in values]
    width = 116 // (digits + 4)
    rows = ["    " + ", ".join(text[i : i + width]) + "," for i in range(0, len(text), width)]
    return [*(f"  /// {line}" for line in comment), f"  static let {name}: [UInt32] = [", *rows, "  ]"]


def string(name, comment, text):
    rows = ["    " + text[i : i + 112] + "\\" for i in range(0, len(text), 112)]
    rows[-1] = rows[-1].removesuffix("\\")
    return [*(f"  /// {line}" for line in comment), f'  static let {name} = """', *rows, '    """']


def version(name, comment, numbers):
    return [f"  /// {comment}", f"  static let {name}: (UInt8, UInt8, UInt8) = ({', '.join(map(str, numbers))})"]


def write(path, head, *members):
    body = "\n\n".join("\n".join(member) for member in members)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(head) + " {\n" + body + "\n}\n", encoding="utf-8")
    print(f"{path.relative_to(ROOT)}: {len(path.read_text().splitlines())} lines, {path.stat().st_size} bytes")


def write_data(tables):
    source = f"/// Written by `Scripts/unicode_tables.py` from what `tokenizers` {TOKENIZERS_VERSION} does; its `--check` holds this file against it."
    write(DATA / "ScalarPropertyData.swift",
          ["/// What scalars are, by the rules of formats/tokenizer.md, as data.", "///", source,
           "enum ScalarPropertyData"],
          version("patternVersion", "Unicode version of bits 0, 1, 6 and 7: major, minor, update. (Words are of 16.0 too, numeric is of 17.0,",
                  PATTERN_VERSION)[:1]
          + ["  /// punctuation of 8.0, combining marks of 9.0, white space has not changed since 6.3.)"]
          + version("patternVersion", "", PATTERN_VERSION)[1:],
          words("runs", ["First scalar × 512 + bits 0 to 8 of every run of scalars with the same bits, ascending, from U+0000 on."],
                runs(tables.masks, 9), 8),
          words("combiningClasses",
                ["First scalar × 256 + canonical combining class of every run of one class, ascending, from U+0000 on. Scalars that",
                 "decompose have 0 here: their class is never seen."], runs(tables.classes, 8), 8))
    write(DATA / "ScalarMappingData.swift",
          ["/// What scalars become, as data: LEB128 numbers in base64, read by ``ScalarMapping``.", "///", source,
           "enum ScalarMappingData"],
          version("normalizationVersion", "Unicode version of decompositions, compositions and combining classes: major, minor, update.",
                  NORMALIZATION_VERSION),
          string("canonical", ["Canonical decompositions by one step: at most two scalars, of which the first may decompose further."],
                 packed(tables.canonical)),
          words("excluded", ["Decompositions of two scalars which do not compose again."], tables.excluded, 5),
          string("compatibility", ["Full compatibility decompositions, where they are not the canonical ones."],
                 packed(tables.compatibility)),
          string("lowercase", ["Lower cases, of Unicode 17.0."], packed(tables.lowercase)))


def read_data():
    tables = Tables()

    def member(text, name):
        block = re.search(rf"static let {name}\b[^=]*= (\[[^\]]*\]|\"\"\".*?\"\"\")", text, re.S).group(1)
        if block[0] == "[":
            return [int(word, 16) for word in re.findall(r"0x([0-9A-F]+)", block)]
        return re.sub(r"[\\\s\"]", "", block)

    properties = (DATA / "ScalarPropertyData.swift").read_text()
    mappings = (DATA / "ScalarMappingData.swift").read_text()
    tables.masks = expand(member(properties, "runs"), 9)
    tables.classes = expand(member(properties, "combiningClasses"), 8)
    tables.canonical = unpacked(member(mappings, "canonical"))
    tables.compatibility = unpacked(member(mappings, "compatibility"))
    tables.lowercase = unpacked(member(mappings, "lowercase"))
    tables.excluded = member(mappings, "excluded")
    return tables


# Checking


def check(library):
    tables, differences = read_data(), 0

    def differ(what, scalars):
        nonlocal differences
        differences += len(scalars)
        shown = ", ".join(f"U+{s:04X}" for s in sorted(scalars)[:5])
        print(f"{what}: {len(scalars)} differences{': ' + shown if scalars else ''}", flush=True)

    for bit, scalars in enumerate(library.properties()):
        differ(BITS[bit], {s for s in SCALARS if tables.masks[s] >> bit & 1} ^ scalars)
    compositions = {**tables.compositions(), **HANGUL}
    for name in FORMS:
        changed = library.changed(name)
        differ(name, {s for s in SCALARS if ordinals(changed.get(s, chr(s))) != tables.form(name, [s], compositions)})
    lowercase = library.changed("Lowercase")
    differ("Lowercase", {s for s in {*lowercase, *tables.lowercase} if ordinals(lowercase.get(s, "")) != tables.lowercase.get(s)})
    stable = [s for s in SCALARS if s not in tables.canonical and s not in SYLLABLES]
    differ("who has a combining class", {s for s in stable if library.has_class(s) != (tables.classes[s] > 0)})
    known = {number: tables.classes.index(number) for number in sorted(set(tables.classes) - {0})}
    differ(f"order of {len(known)} combining classes",
           {s for s in stable if tables.classes[s]
            and any(library.goes_past(s, mark) != (tables.classes[s] > number) for number, mark in known.items())})
    differ("classes of what decomposes", {s for s in tables.canonical if tables.classes[s]})
    check_pairs(library, tables, differ)
    print(f"{differences} differences")
    return 1 if differences else 0


def check_pairs(library, tables, differ):
    """Every starter before every scalar that composes with any, and every such starter before every scalar."""
    pairs = {**tables.compositions(), **HANGUL}
    stable = [s for s in SCALARS if library.NFC(chr(s)) == chr(s)]
    starters = [s for s in stable if tables.classes[s] == 0]
    marks = [s for s in stable if tables.classes[s]]
    with_marks = [s for s in starters if s in tables.canonical]
    seconds = sorted({b for _, b in pairs})
    # Jamo and syllables by the ends of their ranges.
    firsts = sorted({a for a, _ in tables.compositions()} | {0x10FF, 0x1100, 0x1112, 0x1113, 0xAC00, 0xAC01, 0xD788, 0xD7A3})
    wrong = set()

    def compare(texts, scalars, involved, pair):
        """`texts` are those of pairs, one for each of `scalars`; those for `involved` may become something else."""
        expected = list(texts)
        for s in involved:
            expected[bisect.bisect(scalars, s) - 1] = "".join(map(chr, tables.form("NFC", pair(s), pairs))) + "\n"
        if library.NFC("".join(texts)) != "".join(expected):
            wrong.update(pair(s) for s, text, wanted in zip(scalars, texts, expected) if library.NFC(text) != wanted)

    for count, b in enumerate(seconds):
        # The line feed composes with nothing. Marks within the first may change places with a mark behind it.
        texts = [f"{a}{chr(b)}\n" for a in map(chr, starters)]
        involved = {a for a in firsts if (a, b) in pairs} | set(with_marks if tables.classes[b] else [])
        involved |= {a for a, other in HANGUL if other == b}
        compare(texts, starters, involved, lambda a: (a, b))
        progress("second", count, seconds)
    differ(f"compositions with {len(seconds)} seconds behind {len(starters)} starters", {b for _, b in wrong})
    wrong.clear()
    for count, a in enumerate(firsts):
        texts = [f"{chr(a)}{b}\n" for b in map(chr, stable)]
        involved = {b for b in seconds if (a, b) in pairs} | set(marks if a in tables.canonical else [])
        compare(texts, stable, involved, lambda b: (a, b))
        progress("first", count, firsts)
    differ(f"compositions of {len(firsts)} starters with {len(stable)} scalars", {a for a, _ in wrong})


def progress(what, count, total):
    if sys.stderr.isatty():
        print(f"\r{what} {count + 1}/{len(total)} ", end="" if count + 1 < len(total) else "\r", file=sys.stderr, flush=True)


# The fixture


def origin(library, name, text):
    """How many bytes of the normalized text are aligned to the first character of `text`."""
    from tokenizers import PreTokenizedString

    whole, normalizer = PreTokenizedString(text), library.normalizer(name)
    whole.normalize(normalizer.normalize)
    whole.split(lambda _, word: [word[index : index + 1] for index in range(len(word.normalized))])
    splits = whole.get_splits(offset_referential="original", offset_type="byte")
    size = 0
    for part, (start, _), _ in splits:
        if start > 0:
            break
        size += len(part.encode())
    return size


def strings(tables, count):
    """Strings in which normalization goes wrong where it can."""
    generator = random.Random(90)
    compositions = tables.compositions()
    marks = [s for s in SCALARS if tables.classes[s]]
    seconds, firsts = sorted({b for _, b in compositions}), sorted({a for a, _ in compositions})
    pools = [
        lambda: generator.choice(marks), lambda: generator.choice(seconds), lambda: generator.choice(firsts),
        lambda: generator.choice(range(0x300, 0x345)), lambda: generator.choice(sorted(tables.canonical)),
        lambda: generator.choice(sorted(tables.compatibility)), lambda: generator.choice(sorted(tables.lowercase)),
        lambda: generator.choice(tables.excluded), lambda: generator.choice(range(0x20, 0x7F)),
        lambda: generator.choice([*range(0x1100, 0x1113), *VOWELS, *FINALS, 0x11A7, 0x1113, 0x1176, 0x11C3]),
        lambda: generator.choice(SYLLABLES), lambda: generator.choice(SYLLABLES[::28]), lambda: generator.choice(SCALARS),
        lambda: generator.choice([0x4E2D, 0x416, 0x20, 0x0A, 0x1F600]),
    ]
    fixed = ["", "a", "\u0301", "\u0301\u0327a", "e\u0301", "\u00e9", "e\u0327\u0301", "e\u0301\u0327", "a\u05ae\u0300\u0327b", "\u0344", "a\u0344",
             "\u1e69", "s\u0307\u0323", "s\u0323\u0307", "\u1e9b\u0323", "\u212b\u2126", "\ufdfa", "\ufb01", "\u0958", "\u0915\u093c", "\u1100\u1161\u11a8",
             "\u1100\u1161\u11a7", "\uac00\u11a8\u11a8", "\u1100\u0301\u1161", "\u09c7\u09be", "\u09c7\u0301\u09be", "\u09c7\u09d7\u09be", "\U0001d15e",
             "\U00011131\U00011127", "\u1b05\u1b35", "\u0f71\u0f72", "\u0f73", "\u0f81", "\u0f74\u0f71", "\u0130I\u0307", "ΑΣ Σ", "\u1f88\u0345", "\u03b1\u0345\u0313",
             "a" + "\u0301\u0327" * 30, "\u0327\u0301" * 20, "a\u0315\u0300\u05ae\u0316b", "\u0061\u0300\u0301\u0300", "\ud55c\uae00", "\u2260<\u0338", "\uff76\uff9e",
             "\U0001f468\u200d\U0001f469", "\u0000a\u0300", "\ufffd\ufffe\U0010ffff", "\u212a\u0307", "\u0149", "\u01c4\u0301", "½①™"]
    yield from fixed
    for number in range(count - len(fixed)):
        used = generator.sample(pools, generator.randrange(1, 5))
        yield "".join(chr(generator.choice(used)()) for _ in range(generator.choice([2, 3, 4, 6, 9])))


def write_fixture(library, tables, count):
    text = "".join(f"{chr(s)}\n" for s in SCALARS)
    fixture = {"reference": {"producer": "Scripts/unicode_tables.py", "tokenizers": library.version,
                             "python": platform.python_version(), "unicodedata": unicodedata.unidata_version},
               "forms": {}, "properties": {}, "strings": []}
    for name in (*FORMS, "Lowercase", "StripAccents"):
        output = getattr(library, name)(text).encode()
        fixture["forms"][name] = {"bytes": len(output), "crc32": zlib.crc32(output)}

    def crc(has):
        return zlib.crc32(bytes(1 if has(s) else 0 for s in range(COUNT)))

    for bit, scalars in enumerate(library.properties()):
        fixture["properties"][str(bit)] = crc(scalars.__contains__)
    canonical = {s for s in library.changed("NFD") if s not in SYLLABLES}
    compatibility = {s for s, t in library.changed("NFKD").items() if s not in SYLLABLES and library.NFD(chr(s)) != t}
    seconds = {b for _, b in tables.compositions()}
    for bit, scalars in ((9, canonical), (10, compatibility), (11, seconds), (12, set(library.changed("Lowercase")))):
        fixture["properties"][str(bit)] = crc(scalars.__contains__)
    fixture["combiningClasses"] = zlib.crc32(bytes(tables.classes))
    for text in strings(tables, count):
        row = {"text": text}
        for name in (*FORMS, "Lowercase", "StripAccents"):
            output = getattr(library, name)(text)
            row[name] = [output, origin(library, name, text)]
        fixture["strings"].append(row)
    rows = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in fixture.pop("strings"))
    head = json.dumps(fixture, indent=1)[:-2]
    FIXTURE.write_text(f'{head},\n "strings": [\n{rows}\n]}}\n', encoding="utf-8")
    print(f"{FIXTURE.relative_to(ROOT)}: {count} strings, {FIXTURE.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=450)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    library = Library()
    if arguments.check:
        return check(library)
    tables = probe(library)
    write_data(tables)
    write_fixture(library, tables, arguments.count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
