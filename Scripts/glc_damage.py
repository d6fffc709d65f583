#!/usr/bin/env python3
"""Prove that the checks of read_glc.py can fail: damage copies of a sound file in one place and demand the verdict.

    glc_damage.py FILE                  rules of the container, of `model` and of the tables of tensors
    glc_damage.py FILE CHECKPOINT_DIR   also every comparison with the checkpoint

The checksums of a damaged copy are right, so that only the rule in question can convict it. Exit status: 0 all were
convicted, 1 some were not, or the file itself is not sound. Needs numpy.
"""

from __future__ import annotations

import argparse
import copy
import json
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import glc_derive
import read_glc
from glc_check import check_container
from glc_common import FormatError, round_up
from glc_file import DATA, DIRECTORY, F32, METADATA, PANELS, ROWS, TILES, File
from glc_model import MEMBERS_1, MEMBERS_ADDED, Model, complete

Edit = Callable[["Copy"], object]
RECORD_NAME, RECORD_LAYOUT, RECORD_SHAPE, RECORD_EXTENT, RECORD_CHECKSUM = 0, 10, 16, 32, 48

# Values that another member forbids; what the verdict names.
CONFLICTS: list[tuple[dict[str, Any], str]] = [
    ({"attention_heads": 7}, "model.attention_heads"),
    ({"position_buckets": 1}, "model.position_buckets"),
    ({"position_buckets": 64, "maximum_relative_position": 33}, "model.maximum_relative_position"),
    ({"position_buckets": 0, "maximum_relative_position": 4097}, "model.maximum_relative_position"),
    ({"attention_parts": 1, "content_to_position": True}, "model.attention_parts"),
    ({"scorer": "mlp", "projector_size": 2}, "model.projector_size"),
    ({"lstm": True, "projector_size": 2}, "model.projector_size"),
    ({"scorer": "cross-attn", "pooling": "pass", "lstm": True, "extract_text": True}, "model.lstm"),
    ({"layers": 0, "convolution": {"kernel_size": 3, "activation": "gelu"}}, "model.convolution"),
    ({"scorer": "simple", "scorer_heads": 8}, "model.scorer_heads"),
    ({"scorer": "simple", "scorer_hidden_size": 8}, "model.scorer_hidden_size"),
    ({"scorer": "cross-attn", "pooling": "pass", "scorer_heads": 7}, "model.scorer_heads"),
    ({"scorer": "cross-attn", "pooling": "first"}, "model.pooling"),
    ({"scorer": "mlp", "pooling": "pass"}, "model.pooling"),
    ({"segment_embeddings": True, "embedding_size": 2}, "model.embedding_size"),
    ({"pooling": "pass", "calibrator": {"hidden_size": 8, "beta_max": 3, "bias": True}}, "model.calibrator"),
    ({"calibrator": {"hidden_size": 8, "beta_max": 3, "bias": True, "more": 1}}, "model.calibrator"),
    ({"convolution": {"kernel_size": 2, "activation": "gelu"}}, "model.convolution"),
    ({"convolution": {"kernel_size": 3}}, "model.convolution"),
    ({"position_embeddings": 7}, "model.position_embeddings"),
    ({"position_embeddings": 8}, "prompt.maximum_length"),
    ({"activation": "gelu_new"}, "model.activation"),
    ({"layers": True}, "model.layers"),
]


@dataclass
class Tensor:
    record: bytearray
    extent: bytearray


class Copy:
    """A file taken apart, to be put together again with other metadata or tensors."""

    def __init__(self, file: File) -> None:
        self.sections = file.header.sections
        self.major = file.header.major
        self.minor = file.header.minor
        self.verdict = b""
        self.numerics = file.header.numerics
        self.contents = {section.kind: file.content(section.kind) for section in self.sections}
        self.metadata: dict[str, Any] = copy.deepcopy(file.metadata)
        directory = file.content(DIRECTORY)
        self.tensors = {
            record.name: Tensor(bytearray(directory[at : at + 128]), bytearray(file.extent(record)))
            for record, at in zip(file.records, range(16, len(directory), 128))
        }
        self.names_reversed = False
        self.gap = 0
        self.tail = b""

    @property
    def model(self) -> Model:
        model: Model = self.metadata["model"]
        return model

    def rename(self, before: str, after: str) -> None:
        self.tensors[after] = self.tensors.pop(before)

    def build_tensors(self) -> tuple[bytes, bytes]:
        """Directory and tensor data."""
        order = sorted(self.tensors, key=str.encode)
        names, data, records = b"".join(name.encode() for name in order), bytearray(), bytearray()
        if self.names_reversed:
            names = b"".join(name.encode() for name in reversed(order))
        for name in order:
            tensor = self.tensors[name]
            struct.pack_into("<II", tensor.record, RECORD_NAME, names.index(name.encode()), len(name.encode()))
            struct.pack_into("<QQ", tensor.record, RECORD_EXTENT, len(data), len(tensor.extent))
            struct.pack_into("<I", tensor.record, RECORD_CHECKSUM, zlib.crc32(tensor.extent))
            records += tensor.record
            data += tensor.extent + bytes(self.gap)
        return struct.pack("<4I", len(order), 128, len(names), 0) + records + names, bytes(data)

    def build(self) -> File:
        self.contents[METADATA] = json.dumps(self.metadata).encode()[:-1] + self.verdict + b"}"
        self.contents[DIRECTORY], self.contents[DATA] = self.build_tensors()
        table, body, start = b"", b"", 64 + 32 * len(self.sections)
        for section in self.sections:
            content = self.contents[section.kind]
            offset = round_up(start + len(body), 65_536)
            body += bytes(offset - start - len(body)) + content
            checksum = 0 if section.kind == DATA else zlib.crc32(content)
            table += struct.pack("<IIQQII", section.kind, section.flags, offset, len(content), checksum, 0)
        body += self.tail
        fields = self.major, self.minor, start, start + len(body), self.numerics, len(self.sections)
        head = b"\x89GLC\r\n\x1a\n" + struct.pack("<HHIQII", *fields)
        checksum = zlib.crc32(head + bytes(4) + bytes(28) + table)
        return File(head + struct.pack("<I", checksum) + bytes(28) + table + body)


# --- Damage ---------------------------------------------------------------------------------------------------------


def as_version_2(damaged: Copy) -> Model:
    """The member `model`, with all that version 2.0 has."""
    damaged.metadata["model"] = complete(damaged.model, damaged.major)
    damaged.major = 2
    return damaged.model


def as_version_1(damaged: Copy) -> Model:
    damaged.major = 1
    return damaged.model


def of_container() -> Iterator[tuple[str, Edit]]:
    yield "major version 3", lambda c: setattr(c, "major", 3)
    yield "1 bytes after the end of the last section", lambda c: setattr(c, "tail", b"\0")
    yield "names do not lie in the order", lambda c: setattr(c, "names_reversed", True)
    yield "the one before it ends at", lambda c: setattr(c, "gap", 64)
    yield "has NUL or a slash", lambda c: c.rename(min(c.tensors), "a/b")
    yield "numerics revision 2", lambda c: setattr(c, "numerics", 2)
    yield "prompt.maximum_length is 7", lambda c: c.metadata["prompt"].update(maximum_length=7)


def of_verdict() -> Iterator[tuple[str, Edit]]:
    good: dict[str, Any] = {
        "schema": 1, "passes": True, "mode": "multi-label", "threshold": 0.5, "confidence": 0.95, "micro_f1": None,
        "macro_f1": None, "flips": 0, "logit_error": {}, "bounds": [], "differs": [], "allowed": [],
        "data": {"name": "data.jsonl", "sha256": "0" * 64}, "reference": {}, "verifier": {},
        "of": {"weights": "0" * 8, "tokenizer": "0" * 8, "metadata": "0" * 8, "numerics": "1"},
    }  # fmt: skip

    def put(values: Any, opening: str = ',"verdict":', minor: int = 1) -> Edit:
        def edit(damaged: Copy) -> None:
            damaged.verdict, damaged.minor = f"{opening}{json.dumps(values)}".encode(), minor

        return edit

    yield "without a verdict it is 0", lambda c: setattr(c, "minor", 1)
    yield "with a verdict it is 1", put(good, minor=0)
    yield "verdict: not written as", put(good, ', "verdict":')
    yield "verdict is 7", put(7)
    yield "verdict.schema is 0", put(good | {"schema": 0})
    yield "verdict.of is {}", put(good | {"of": {}})
    yield "verdict.micro_f1 has ['drift']", put(good | {"micro_f1": {"drift": 0}})
    yield "verdict.data is", put(good | {"data": good["data"] | {"name": "/data.jsonl"}})
    for member in sorted(good.keys() - {"schema", "of"}):
        yield f"verdict.{member} is missing", put({name: value for name, value in good.items() if name != member})
        yield f"verdict.{member} is 'x'" if member != "mode" else "verdict.mode is 1", put(
            good | {member: 1 if member == "mode" else "x"}
        )


def of_model(file: File) -> Iterator[tuple[str, Edit]]:
    def without(member: str) -> Edit:
        return lambda c: as_version_2(c).pop(member)

    def with_values(values: dict[str, Any]) -> Edit:
        return lambda c: as_version_2(c).update(values)

    yield "model.unheard_of is unknown", with_values({"unheard_of": 0})
    for member in MEMBERS_1 + MEMBERS_ADDED:
        yield f"no model.{member}", without(member)
        yield f"model.{member} is '?'", with_values({member: "?"})
    for values, verdict in CONFLICTS:
        yield verdict, with_values(values)
    if file.header.major == 1:
        yield "says nothing that version 1.0 cannot say", as_version_2
        yield "in version 1.0 'simple'", lambda c: c.model.update(scorer="mlp")
        yield "model.position_buckets is 0, in version 1.0", lambda c: c.model.update(position_buckets=0)
    else:
        yield "in version 1.0", lambda c: as_version_1(c).update(scorer="mlp")


def of_tensors(file: File) -> Iterator[tuple[str, Edit]]:
    def patch(name: str, form: str, at: int, *values: int) -> Edit:
        return lambda c: struct.pack_into(form, c.tensors[name].record, at, *values)

    def drop(name: str) -> Edit:
        return lambda c: c.tensors.pop(name)

    for record in file.records:
        yield f"{record.name}: missing", drop(record.name)
        longer = (record.dimensions[0] + 1, *record.dimensions[1:])
        yield f"{record.name}: shape", patch(record.name, "<4I", RECORD_SHAPE, *longer)
        if record.encoding == F32 and record.rank == 2:
            other = ROWS if record.layout == PANELS else PANELS
            yield f"{record.name}: encoding, layout", patch(record.name, "<H", RECORD_LAYOUT, other)
        elif record.rank == 2:
            other = ROWS if record.layout == TILES else TILES
            yield f"{record.name}: encoding, layout", patch(record.name, "<H", RECORD_LAYOUT, other)
    last = file.records[-1].name
    yield f"{last}x: not a tensor of this model", lambda c: c.rename(last, f"{last}x")


def of_checkpoint(file: File) -> Iterator[tuple[str, Edit]]:
    """One bit of the first value of every tensor, or of its first scale; every member of `model` and `prompt`."""

    def flip(name: str, at: int) -> Edit:
        def edit(damaged: Copy) -> None:
            damaged.tensors[name].extent[at] ^= 1

        return edit

    def other(member: str, field: str) -> Edit:
        return lambda c: c.metadata[member].update({field: "?"})

    for record in file.records:
        yield f"{record.name}: 1 of", flip(record.name, 0)
        if record.scales:
            yield f"{record.name}: 1 of", flip(record.name, record.scales)
    for member in ("model", "prompt"):
        for field in file.member(member):
            yield f"{member}.{field} is '?'", other(member, field)
    yield "content_digest", other("source", "content_digest")


# --- Verdicts -------------------------------------------------------------------------------------------------------


def escaped(file: File, damages: Iterator[tuple[str, Edit]], judge: Callable[[File], Iterator[str]]) -> Iterator[str]:
    """Damages after which nobody said what was expected."""
    for verdict, edit in damages:
        damaged = Copy(file)
        edit(damaged)
        try:
            said = list(judge(damaged.build()))
        except FormatError as error:
            said = [str(error)]
        if not any(verdict in line for line in said):
            yield f"not convicted: {verdict!r}; said {said[:3]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("checkpoint", type=Path, nargs="?")
    options = parser.parse_args()
    file = File(options.file.read_bytes())
    lines = list(check_container(Copy(file).build()))
    damages = [*of_container(), *of_verdict(), *of_model(file), *of_tensors(file)]
    lines += escaped(file, iter(damages), check_container)
    if options.checkpoint:
        checkpoint = glc_derive.Checkpoint(options.checkpoint)
        expected = glc_derive.Tensors(checkpoint).found

        def judge(damaged: File) -> Iterator[str]:
            yield from read_glc.compare_metadata(damaged, checkpoint)
            yield from read_glc.compare_tensors(damaged, expected)

        lines += judge(file)
        more = [*of_checkpoint(file)]
        lines += escaped(file, iter(more), judge)
        damages += more
    print(*lines, sep="\n", end="\n" if lines else "")
    print(f"{len(damages)} damages, {len(lines)} lines about what is wrong", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
