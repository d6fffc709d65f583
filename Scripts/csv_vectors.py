#!/usr/bin/env python3
"""Record how Python's `csv` module reads CSV and TSV that is easy to read wrongly.

    csv_vectors.py

Writes Tests/Fixtures/csv.json: {"python": version, "cases": [...]}, each case {"text", "delimiter"} with either "rows",
a list of {"line", "fields"} (the line a row begins on, from 1), or "error": true. Rows are those of `csv.reader` with
`strict=True`, a byte order mark and rows without any byte left out. Part of the cases is written by hand, the rest is
drawn from an alphabet of what matters, with a fixed seed.

Needs nothing but Python. Exit status: 0 done, 73 output cannot be written.
"""

from __future__ import annotations

import csv
import io
import json
import platform
import random
import sys
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).resolve().parent.parent / "Tests/Fixtures/csv.json"
SEED = 0
DRAWN = 400
ALPHABET = ['"', '"', '""', ",", "\t", "\n", "\r\n", "\r", " ", "a", "b", "é", "\u2028", "'"]

BY_HAND = [
    # Empty files, fields and lines.
    "", "\n", "\r\n\r\n", ",", ",\n", "a,,b\n", "a,b,\n", "\n\na,b\n\n\nc,d\n\n", " \n", '""\n', '"",""\n',
    # Line ends: each kind, mixed, and none at the end.
    "a,b\nc,d\n", "a,b\r\nc,d\r\n", "a,b\rc,d\r", "a\n\rb\n", "a\r\r\nb", "a,b\r\nc,d", "a,b\n\"c\",d",
    # Quotes.
    '"a","b"\n', '"a,b",c\n', '"a\nb",c\n"d"\n', '"a\r\nb",c\r\nd\r\n', '"a\rb"\nc\n', '"a""b"\n', '""""\n', '""""""\n',
    '"""a"""\n', 'a"b,c\n', 'a"b"c\n', "a\"\"b\n", ' "a"\n', ' "a,b"\n', "'a,b'\n", '"\n"\n', '"\n\n\n"\nx\n',
    # Quotes that end nowhere, or before the field does.
    '"a', '"a\n', 'x\ny,"a,b\nc\n', '"a"b\n', '"a" ,b\n', '"a" \n', '"a""\n', '"', 'a,"', '"""',
    # Byte order mark, NUL, characters that other readers take for line ends.
    "\ufeffa,b\n", '\ufeff"a,b",c\n', "\ufeff", "\ufeff\na\n", "a\ufeff,b\n", "a\0b,c\n",
    "a\x0bb\x0cc\x1dd\x85e\u2028f\n",
    # More than a few.
    ",".join(map(str, range(100))) + "\n", "a" * 5000 + "\n", '"' + 'a""' * 1000 + '",b\n',
]


def case(text: str, delimiter: str) -> dict[str, Any]:
    """What `csv` makes of `text`."""
    stream = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8-sig", newline="")
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    result: dict[str, Any] = {"text": text, "delimiter": delimiter}
    rows: list[dict[str, Any]] = []
    before = 0
    try:
        for fields in reader:
            if fields:
                rows.append({"line": before + 1, "fields": fields})
            before = reader.line_num
    except csv.Error:
        return result | {"error": True}
    return result | {"rows": rows}


def main() -> None:
    csv.field_size_limit(1 << 30)
    cases = [case(text, ",") for text in BY_HAND]
    cases += [case(text.replace(",", "\t"), "\t") for text in BY_HAND if len(text) < 100 and "," in text]
    source = random.Random(SEED)
    for _ in range(DRAWN):
        text = "".join(source.choices(ALPHABET, k=source.randint(1, 12)))
        cases.append(case(text, source.choice(",\t")))
    lines = ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases)
    try:
        OUTPUT.write_text(f'{{"python": "{platform.python_version()}", "cases": [\n{lines}\n]}}\n', encoding="utf-8")
    except OSError as error:
        print(f"error: {OUTPUT}: {error.strerror}", file=sys.stderr)
        sys.exit(73)


if __name__ == "__main__":
    main()
