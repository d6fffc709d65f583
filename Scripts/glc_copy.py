"""A `.glc` file taken apart, to be changed and put together again with true checksums. A part of glc_damage.py."""

from __future__ import annotations

import copy
import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from glc_common import round_up
from glc_file import DATA, DIRECTORY, METADATA, File
from glc_model import Model

RECORD_NAME, RECORD_EXTENT, RECORD_CHECKSUM = 0, 32, 48


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
