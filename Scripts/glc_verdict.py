"""The verdict in the metadata of a `.glc`, by formats/glc.md alone. A part of read_glc.py."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

from glc_common import FormatError
from glc_file import DIRECTORY, METADATA, TOKENIZER, VOCABULARY, File

OPENING = ',"verdict":'
SUBJECTS = ("weights", "tokenizer", "metadata", "numerics")
METRIC = {"reference", "model", "drift", "interval"}
MEMBERS: dict[str, type | tuple[type, ...]] = {
    "schema": int,
    "passes": bool,
    "mode": str,
    "threshold": (int, float),
    "confidence": (int, float),
    "micro_f1": (dict, type(None)),
    "macro_f1": (dict, type(None)),
    "flips": int,
    "logit_error": dict,
    "bounds": list,
    "differs": list,
    "allowed": list,
    "data": dict,
    "reference": dict,
    "verifier": dict,
    "of": dict,
}


def without_verdict(text: str) -> str:
    """The metadata text without the member, if it is written as the format says."""
    start = -1
    while (start := text.find(OPENING, start + 1)) >= 0:
        try:
            _, end = json.JSONDecoder().raw_decode(text, start + len(OPENING))
            rest = text[:start] + text[end:]
            if "verdict" not in json.loads(rest):
                return rest
        except ValueError:
            continue
    raise FormatError(f"metadata: verdict: not written as {OPENING}{{...}}")


def subject(file: File) -> dict[str, str]:
    """What a verdict on the file is said of."""
    rest = without_verdict(file.content(METADATA).decode("utf-8")).encode("utf-8")
    parts = {"weights": file.content(DIRECTORY), "tokenizer": file.content(TOKENIZER), "metadata": rest}
    return {name: f"{zlib.crc32(part):08x}" for name, part in parts.items()} | {"numerics": str(file.header.numerics)}


def changed(file: File) -> list[str] | None:
    """The parts that are no longer those the verdict was said of; None without a verdict."""
    if "verdict" not in file.metadata:
        return None
    of = file.member("verdict").get("of")
    if not isinstance(of, dict):
        return ["verdict"]
    try:
        return [name for name, value in subject(file).items() if of.get(name) != value]
    except FormatError:
        return ["verdict"]


def check(file: File) -> Iterator[str]:
    """Every rule of the member; whether it still holds is none of them."""
    verdict = file.metadata.get("verdict")
    has_map = any(section.kind == VOCABULARY for section in file.header.sections)
    if file.header.minor != (expected := 2 if has_map else 0 if "verdict" not in file.metadata else 1):
        with_one = "with a vocabulary map" if has_map else "with a verdict" if expected else "without a verdict"
        yield f"header: minor version {file.header.minor}, {with_one} it is {expected}"
    if "verdict" not in file.metadata:
        return
    if not isinstance(verdict, dict):
        yield f"metadata: verdict is {verdict!r}"
        return
    try:
        without_verdict(file.content(METADATA).decode("utf-8"))
    except FormatError as error:
        yield str(error)
    if type(verdict.get("schema")) is not int or verdict["schema"] < 1:
        yield f"metadata: verdict.schema is {verdict.get('schema')!r}"
    elif verdict["schema"] == 1:
        yield from (f"metadata: verdict.{line}" for line in check_members(verdict))
    of = verdict.get("of")
    if not isinstance(of, dict) or not all(isinstance(of.get(name), str) for name in SUBJECTS):
        yield f"metadata: verdict.of is {of!r}"


def check_members(verdict: dict[str, Any]) -> Iterator[str]:
    """The members of schema 1."""
    for name, kind in MEMBERS.items():
        if name not in verdict:
            yield f"{name} is missing"
        elif not isinstance(verdict[name], kind) or (isinstance(verdict[name], bool) and kind is not bool):
            yield f"{name} is {verdict[name]!r}"
    for name in ("micro_f1", "macro_f1"):
        metric = verdict.get(name)
        if isinstance(metric, dict) and set(metric) != METRIC:
            yield f"{name} has {sorted(metric)}"
    data = verdict.get("data")
    if isinstance(data, dict) and ("/" in str(data.get("name")) or len(str(data.get("sha256"))) != 64):
        yield f"data is {data!r}"
