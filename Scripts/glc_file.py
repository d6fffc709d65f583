"""The container of a `.glc` file and its tensors, read by formats/glc.md alone. A part of read_glc.py."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from glc_common import FormatError, round_up

MAGIC = b"\x89GLC\r\n\x1a\n"
MAJOR_VERSIONS = (1, 2)
SECTION_ALIGNMENT = 65_536
METADATA, DIRECTORY, TOKENIZER, DATA, VOCABULARY = 1, 2, 3, 4, 5
SECTION_NAMES = {METADATA: "metadata", DIRECTORY: "directory", TOKENIZER: "tokenizer", DATA: "tensor data"}
OPTIONAL_NAMES = {VOCABULARY: "vocabulary"}
F32, F16, BF16, INT8, INT4 = 1, 2, 3, 4, 5
ENCODINGS = {F32: "f32", F16: "f16", BF16: "bf16", INT8: "int8", INT4: "int4"}
ROWS, TILES, PANELS = 1, 2, 3
LAYOUTS = {ROWS: "rows", TILES: "tiles", PANELS: "panels"}
LAYOUTS_OF = {
    F32: (ROWS, PANELS),
    F16: (ROWS, PANELS),
    BF16: (ROWS, PANELS),
    INT8: (ROWS, TILES),
    INT4: (ROWS, TILES),
}
CODES_A_BYTE = {F32: 0.25, F16: 0.5, BF16: 0.5, INT8: 1, INT4: 2}

Shape = tuple[int, ...]


# --- The container --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Section:
    kind: int
    flags: int
    offset: int
    size: int
    checksum: int
    reserved: int

    @property
    def end(self) -> int:
        return self.offset + self.size

    @property
    def name(self) -> str:
        return (SECTION_NAMES | OPTIONAL_NAMES).get(self.kind, f"kind {self.kind}")


@dataclass(frozen=True)
class Header:
    magic: bytes
    major: int
    minor: int
    size: int
    file_size: int
    numerics: int
    checksum: int
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Record:
    """A record of the tensor directory; offsets of parts are relative to the extent, 0 = none."""

    name: str
    encoding: int
    layout: int
    rank: int
    dimensions: Shape
    offset: int
    size: int
    checksum: int
    group_size: int
    rows_per_scale: int
    codes_size: int
    scales: int
    sums: int
    input_scales: int
    multipliers: int
    reserved: int

    @property
    def shape(self) -> Shape:
        return self.dimensions[: self.rank]

    @property
    def matrices(self) -> int:
        return self.dimensions[0] if self.rank == 3 else 1

    @property
    def n(self) -> int:
        """Output channels (rows) of a matrix; a vector is one row."""
        return self.dimensions[self.rank - 2] if self.rank > 1 else 1

    @property
    def k(self) -> int:
        return self.dimensions[self.rank - 1]

    @property
    def padded_n(self) -> int:
        return self.n if self.layout == ROWS else round_up(self.n, 16)

    @property
    def padded_k(self) -> int:
        if self.layout == TILES:
            return round_up(self.k, 64 if self.rank == 2 else 16)
        return round_up(self.k, 64) if self.encoding == INT4 else self.k

    @property
    def is_quantized(self) -> bool:
        return self.encoding in (INT8, INT4)

    @property
    def groups(self) -> int:
        """Groups of a row as stored; the last may be shorter."""
        return -(-self.padded_k // self.group_size)

    @property
    def scales_per_matrix(self) -> int:
        if self.layout == TILES and self.rows_per_scale == 1:
            return self.padded_n
        return -(-self.n // max(1, self.rows_per_scale))

    def parts(self) -> list[tuple[str, int, int]]:
        """(name, offset as recorded, size) of the parts the encoding has, in the order of the extent."""
        codes = self.matrices * self.padded_n * self.padded_k
        parts = [("codes", 0, int(codes // CODES_A_BYTE[self.encoding]))]
        if self.is_quantized:
            parts.append(("scales", self.scales, 4 * self.matrices * self.scales_per_matrix))
            if self.layout == TILES and self.rank == 2:
                parts.append(("channel sums", self.sums, 4 * self.padded_n))
            if self.input_scales:
                parts.append(("input scales", self.input_scales, 4 * self.padded_k))
        if self.encoding == INT4:
            parts.append(("multipliers", self.multipliers, self.padded_n * self.groups))
        return parts


class File:
    """A `.glc` file in memory. Reading raises FormatError where it cannot go on; `check` lists everything else."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.header = read_header(data)
        self.metadata: dict[str, Any] = self.read_metadata()
        self.records, self.directory_end, self.names_used = self.read_directory()

    def section(self, kind: int) -> Section:
        for section in self.header.sections:
            if section.kind == kind:
                return section
        raise FormatError(f"no section of kind {kind} ({(SECTION_NAMES | OPTIONAL_NAMES)[kind]})")

    def content(self, kind: int) -> bytes:
        section = self.section(kind)
        if section.end > len(self.data):
            raise FormatError(f"section {section.name}: ends at {section.end}, file has {len(self.data)} bytes")
        return self.data[section.offset : section.end]

    def read_metadata(self) -> dict[str, Any]:
        try:
            metadata = json.loads(self.content(METADATA).decode("utf-8"))
        except ValueError as error:
            raise FormatError(f"metadata: {error}") from error
        if not isinstance(metadata, dict):
            raise FormatError("metadata: not a JSON object")
        return metadata

    def member(self, name: str) -> dict[str, Any]:
        """An object of the metadata, empty if it is not there."""
        value = self.metadata.get(name)
        return value if isinstance(value, dict) else {}

    def source_files(self) -> list[dict[str, Any]]:
        files = self.member("source").get("files")
        return [file for file in files if isinstance(file, dict)] if isinstance(files, list) else []

    def read_directory(self) -> tuple[list[Record], int, bytearray]:
        """The records, the size of the directory by its own fields, and one flag a byte of the names in use."""
        directory = self.content(DIRECTORY)
        if len(directory) < 16:
            raise FormatError("directory: shorter than 16 bytes")
        count, record_size, names_size, _ = struct.unpack_from("<4I", directory)
        if record_size != 128:
            raise FormatError(f"directory: record size {record_size}, not 128")
        names_start = 16 + 128 * count
        end = names_start + names_size
        if end > len(directory):
            raise FormatError(f"directory: {count} records and {names_size} bytes of names in {len(directory)} bytes")
        names, used = directory[names_start:end], bytearray(names_size)
        records = [read_record(directory, 16 + 128 * i, names, used) for i in range(count)]
        return records, end, used

    def extent(self, record: Record) -> bytes:
        section = self.section(DATA)
        if record.offset + record.size > section.size or section.end > len(self.data):
            raise FormatError(f"{record.name}: extent outside of the tensor data")
        start = section.offset + record.offset
        return self.data[start : start + record.size]


def read_header(data: bytes) -> Header:
    if len(data) < 64 or data[:8] != MAGIC:
        raise FormatError("not a .glc file: magic")
    major, minor, size, file_size, numerics, count, checksum = struct.unpack_from("<HHIQIII", data, 8)
    if major not in MAJOR_VERSIONS:
        raise FormatError(f"major version {major}, known: 1 and 2")
    if not 4 <= count <= 64 or 64 + 32 * count > len(data):
        raise FormatError(f"{count} sections, in a file of {len(data)} bytes")
    sections = tuple(Section(*struct.unpack_from("<IIQQII", data, 64 + 32 * i)) for i in range(count))
    return Header(data[:8], major, minor, size, file_size, numerics, checksum, sections)


def read_record(directory: bytes, at: int, names: bytes, used: bytearray) -> Record:
    fields = struct.unpack_from("<IIHHI4IQQIIIIQQQQQ24s", directory, at)
    start, length, encoding, layout, rank = fields[:5]
    if length == 0 or start + length > len(names):
        raise FormatError(f"directory: name of the record at {at} is empty or outside of the names")
    try:
        name = names[start : start + length].decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"directory: name of the record at {at}: {error}") from error
    used[start : start + length] = b"\1" * length
    if encoding not in ENCODINGS or layout not in LAYOUTS_OF[encoding]:
        raise FormatError(f"{name}: encoding {encoding} in layout {layout}")
    if not 1 <= rank <= 3 or 0 in fields[5 : 5 + rank]:
        raise FormatError(f"{name}: rank {rank}, dimensions {fields[5:9]}")
    if (layout == ROWS and rank == 3) or (layout != ROWS and rank == 1):
        raise FormatError(f"{name}: rank {rank} in layout {LAYOUTS[layout]}")
    if rank != 2 and encoding == INT4 or rank == 1 and encoding in (F16, BF16):
        raise FormatError(f"{name}: rank {rank} in {ENCODINGS[encoding]}")
    offset, size, checksum, group_size, rows_per_scale, reserved = fields[9:15]
    columns = round_up(fields[4 + rank], 64)
    if group_size not in ((32, 64, 128, columns) if encoding == INT4 else (0,)):
        raise FormatError(f"{name}: group size {group_size} in {ENCODINGS[encoding]} of {columns} features")
    codes_size, scales, sums, inputs, multipliers, tail = fields[15:21]
    reserved |= int.from_bytes(tail, "little")
    return Record(name, encoding, layout, rank, fields[5:9], offset, size, checksum, group_size, rows_per_scale,
                  codes_size, scales, sums, inputs, multipliers, reserved)  # fmt: skip
