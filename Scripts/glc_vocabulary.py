"""A vocabulary that was made smaller: the map in a `.glc`, and the same done to a tokenizer.json. A part of read_glc.py."""

from __future__ import annotations

import copy
import itertools
import json
import re
import struct
from collections.abc import Iterator
from typing import Any

from glc_file import VOCABULARY, File

Definition = dict[str, Any]


# --- The map --------------------------------------------------------------------------------------------------------


def originals(file: File) -> list[int] | None:
    """The original row of every row of embeddings.tokens; None where no row was left out."""
    if not any(section.kind == VOCABULARY for section in file.header.sections):
        return None
    content = file.content(VOCABULARY)
    return [row for (row,) in struct.iter_unpack("<I", content[: len(content) // 4 * 4])]


def check(file: File) -> Iterator[str]:
    """What breaks the rules of "Vocabulary map"."""
    recipe = file.member("recipe").get("vocabulary")
    rows = file.member("model").get("vocabulary_size")
    if (found := originals(file)) is None:
        if isinstance(recipe, dict) and recipe.get("rows_of") != rows:
            yield f"vocabulary map: none, and {rows} rows of {recipe.get('rows_of')}"
        return
    if len(file.content(VOCABULARY)) != 4 * len(found) or len(found) != rows:
        yield f"vocabulary map: {len(file.content(VOCABULARY))} bytes for {rows} rows"
    if any(before >= after for before, after in itertools.pairwise(found)):
        yield "vocabulary map: ids that do not ascend"
    if not isinstance(recipe, dict):
        yield f"vocabulary map: there, and recipe.vocabulary is {recipe!r}"
        return
    if not found or type(recipe.get("rows_of")) is not int or not len(found) <= found[-1] + 1 <= recipe["rows_of"]:
        yield f"vocabulary map: {len(found)} rows up to {found[-1:]}, of {recipe.get('rows_of')!r}"
    if {"kept", "of", "rows_of", "scripts", "corpus_sha256"} - set(recipe):
        yield f"metadata: recipe.vocabulary has only {sorted(recipe)}"


def selected(values: dict[str, Any], kept: list[int]) -> dict[str, Any]:
    """The members `label_token` … of the prompt with the ids of `kept`."""
    new = {old: number for number, old in enumerate(kept)}
    return {name: new.get(value, value) if name.endswith("_token") else value for name, value in values.items()}


# --- A tokenizer.json -----------------------------------------------------------------------------------------------


def byte_alphabet() -> set[str]:
    """The characters that GPT-2 spells bytes with."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return {chr(b) for b in printable} | {chr(0x100 + n) for n in range(256 - len(printable))}


def vocabulary(definition: Definition) -> list[tuple[int, str]]:
    """Ids and texts of the pieces."""
    pieces = definition["model"]["vocab"]
    if isinstance(pieces, list):
        return [(number, piece) for number, (piece, _) in enumerate(pieces)]
    return sorted((number, piece) for piece, number in pieces.items())


def always_kept(definition: Definition) -> set[int]:
    model, pieces = definition["model"], vocabulary(definition)
    last = {piece: number for number, piece in pieces}
    kept = {number for number, piece in pieces if len(piece) == 1}
    names = [f"<0x{byte:02X}>" for byte in range(256)] if isinstance(model["vocab"], list) else byte_alphabet()
    kept |= {last[name] for name in names if name in last}
    kept |= {token["id"] for token in definition["added_tokens"]}
    kept |= {number for name in ("[PAD]",) if (number := last.get(name)) is not None}
    unknown = model["unk_id"] if isinstance(model["vocab"], list) else last.get(model.get("unk_token"))
    kept |= {unknown} - {None}
    return kept | set(template_ids(definition.get("post_processor")))


def template_ids(processor: Definition | None) -> list[int]:
    match (processor or {}).get("type"):
        case "Sequence":
            return [number for part in processor["processors"] for number in template_ids(part)]
        case "TemplateProcessing":
            return [number for token in processor["special_tokens"].values() for number in token["ids"]]
        case "BertProcessing" | "RobertaProcessing":
            return [processor["cls"][1], processor["sep"][1]]
    return []


def complete(definition: Definition, kept: set[int]) -> list[int]:
    """Adds what those kept cannot do without: a piece of the lowest score, or what merges make them of."""
    model = definition["model"]
    if isinstance(model["vocab"], list):
        scores = [score for _, score in model["vocab"]]
        lowest = min(scores)
        if not any(scores[number] == lowest for number in kept if number < len(scores)):
            kept = kept | {scores.index(lowest)}
        return sorted(kept)
    ids, texts = model["vocab"], {number: piece for piece, number in model["vocab"].items()}
    parts: dict[str, list[str]] = {}
    for merge in merges(model):
        parts.setdefault("".join(merge), []).extend(merge)
    open_ = [texts[number] for number in kept if number in texts]
    found = set(kept)
    while open_:
        for part in parts.get(open_.pop(), []):
            if ids[part] not in found:
                found.add(ids[part])
                open_.append(part)
    return sorted(found)


def merges(model: Definition) -> list[list[str]]:
    return [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]


def pruned(definition: Definition, kept: list[int]) -> Definition:
    """The same tokenizer with the ids `kept` alone, numbered in their order."""
    new = {old: number for number, old in enumerate(kept)}
    result = copy.deepcopy(definition)
    model = result["model"]
    if isinstance(model["vocab"], list):
        model["vocab"] = [entry for number, entry in enumerate(model["vocab"]) if number in new]
        model["unk_id"] = new[model["unk_id"]]
    else:
        model["vocab"] = {piece: new[number] for piece, number in model["vocab"].items() if number in new}
        kept_merges = [merge for merge in merges(model) if "".join(merge) in model["vocab"]]
        model["merges"] = [" ".join(m) for m in kept_merges] if isinstance((model["merges"] or [0])[0], str) else kept_merges
    for token in result["added_tokens"]:
        token["id"] = new[token["id"]]
    renumber(result.get("post_processor"), new)
    return result


def pruned_text(text: str, kept: list[int]) -> str:
    """The same of a text, whose numbers keep their digits: what they are read as may depend on them."""
    definition = json.loads(text, parse_float=lambda digits: f"\0{digits}")
    return re.sub(r'"\\u0000([^"]*)"', r"\1", json.dumps(pruned(definition, kept)))


def renumber(processor: Definition | None, new: dict[int, int]) -> None:
    match (processor or {}).get("type"):
        case "Sequence":
            for part in processor["processors"]:
                renumber(part, new)
        case "TemplateProcessing":
            for token in processor["special_tokens"].values():
                token["ids"] = [new[number] for number in token["ids"]]
        case "BertProcessing" | "RobertaProcessing":
            for key in ("cls", "sep"):
                processor[key][1] = new[processor[key][1]]
