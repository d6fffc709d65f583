"""Every rule of formats/glc.md, as lines about what breaks it. A part of read_glc.py."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

import glc_recipe
import glc_tokenizer_check
import glc_verdict
import glc_vocabulary
from glc_common import FormatError, round_up
from glc_file import (
    DATA,
    DIRECTORY,
    ENCODINGS,
    INT4,
    LAYOUTS,
    SECTION_ALIGNMENT,
    SECTION_NAMES,
    TILES,
    TOKENIZER,
    File,
    Record,
    Section,
)
from glc_model import check_members
from glc_tables import check_model
from glc_tensor import Decoded, decode
from glc_tokenizer import PROFILES, Tokenizer

REQUIRED_METADATA = {
    "prompt": "label_token separator_token example_token prompt_first maximum_length".split(),
    "numerics": "revision attention head_activations".split(),
}
FIXED_METADATA = {
    ("numerics", "attention"): ("f32", "int8"),
    ("numerics", "head_activations"): ("int8x2", "f32"),
}
MAXIMUM_LENGTHS = range(8, 65_537)


# --- Checking -------------------------------------------------------------------------------------------------------


def is_zero(data: bytes, start: int, end: int) -> bool:
    return data.count(0, start, end) == end - start


def check(file: File) -> Iterator[str]:
    yield from check_container(file)
    yield from check_tokenizer(file)


def check_container(file: File) -> Iterator[str]:
    """All but the compiled tokenizer."""
    yield from check_header(file)
    yield from check_sections(file)
    yield from check_metadata(file)
    yield from glc_verdict.check(file)
    yield from glc_vocabulary.check(file)
    yield from check_directory(file)
    yield from check_extents(file)
    for record in file.records:
        yield from check_tensor(file, record)
    yield from check_model(file)
    yield from glc_recipe.check(file)


def check_header(file: File) -> Iterator[str]:
    header, data = file.header, file.data
    expected_size = 64 + 32 * len(header.sections)
    if header.size != expected_size:
        yield f"header: size {header.size}, expected {expected_size}"
    if header.file_size != len(data):
        yield f"header: file size {header.file_size}, found {len(data)}"
    checksum = zlib.crc32(data[:32] + bytes(4) + data[36:expected_size])
    if header.checksum != checksum:
        yield f"header: checksum {header.checksum:08x}, found {checksum:08x}"
    if not is_zero(data, 36, 64):
        yield "header: reserved bytes 36 to 63 are not zero"
    if header.numerics != 1:
        yield f"header: numerics revision {header.numerics}, versions 1 and 2 have 1"


def check_sections(file: File) -> Iterator[str]:
    header, data = file.header, file.data
    end = 64 + 32 * len(header.sections)
    kinds = [section.kind for section in header.sections]
    for kind in SECTION_NAMES:
        if kinds.count(kind) != 1:
            yield f"sections: {kinds.count(kind)} of kind {kind} ({SECTION_NAMES[kind]})"
    if len(set(kinds)) != len(kinds):
        yield f"sections: a kind is there twice: {kinds}"
    for section in header.sections:
        yield from check_section(file, section)
        if section.offset < end:
            yield f"section {section.name}: at {section.offset}, before {end}, the end of what precedes it"
        elif not is_zero(data, end, min(section.offset, len(data))):
            yield f"section {section.name}: bytes {end} to {section.offset} before it are not zero"
        end = max(end, section.end)
    if end < len(data):
        yield f"file: {len(data) - end} bytes after the end of the last section"


def check_section(file: File, section: Section) -> Iterator[str]:
    if section.kind not in SECTION_NAMES and not section.flags & 1:
        yield f"section {section.name}: not known and not optional"
    allowed = 0 if section.kind in SECTION_NAMES else 1
    if section.flags & ~allowed or section.reserved:
        yield f"section {section.name}: flags {section.flags:#x}, reserved field {section.reserved:#x}"
    if section.offset % SECTION_ALIGNMENT:
        yield f"section {section.name}: offset {section.offset} is no multiple of {SECTION_ALIGNMENT}"
    if section.end > len(file.data):
        yield f"section {section.name}: ends at {section.end}, file at {len(file.data)}"
    found = 0 if section.kind == DATA else zlib.crc32(file.data[section.offset : section.end])
    if section.checksum != found:
        yield f"section {section.name}: checksum {section.checksum:08x}, found {found:08x}"


def check_metadata(file: File) -> Iterator[str]:
    metadata = file.metadata
    for member, fields in REQUIRED_METADATA.items():
        if not isinstance(metadata.get(member), dict):
            yield f"metadata: no object {member!r}"
            continue
        for field in fields:
            if field not in metadata[member]:
                yield f"metadata: no {member}.{field}"
    for (member, field), allowed in FIXED_METADATA.items():
        value = file.member(member).get(field)
        if value not in allowed:
            yield f"metadata: {member}.{field} is {value!r}, expected one of {allowed}"
    if isinstance(metadata.get("model"), dict):
        yield from (f"metadata: {line}" for line in check_members(metadata["model"], file.header.major))
    else:
        yield "metadata: no object 'model'"
    yield from check_length(file)
    if file.member("numerics").get("revision") != file.header.numerics:
        yield f"metadata: numerics.revision differs from the header's {file.header.numerics}"
    for source in file.source_files():
        if set(source) != {"name", "bytes", "sha256"} or "/" in str(source["name"]):
            yield f"metadata: source file {source}"


def check_length(file: File) -> Iterator[str]:
    longest = file.member("prompt").get("maximum_length")
    positions = file.member("model").get("position_embeddings") if file.header.major > 1 else 0
    if type(longest) is not int or longest not in MAXIMUM_LENGTHS:
        yield f"metadata: prompt.maximum_length is {longest!r}, expected {MAXIMUM_LENGTHS[0]} to {MAXIMUM_LENGTHS[-1]}"
    elif type(positions) is int and 0 < positions < longest:
        yield f"metadata: prompt.maximum_length is {longest}, with {positions} absolute positions"


def check_directory(file: File) -> Iterator[str]:
    directory = file.content(DIRECTORY)
    (reserved,) = struct.unpack_from("<I", directory, 12)
    if reserved:
        yield f"directory: reserved field at 12 is {reserved:#x}"
    if file.directory_end != len(directory):
        yield f"directory: {file.directory_end} bytes by its fields, section of {len(directory)}"
    if 0 in file.names_used:
        yield f"directory: {file.names_used.count(0)} bytes of the names belong to no record"
    names = [record.name.encode() for record in file.records]
    for before, after in zip(names, names[1:]):
        if before >= after:
            yield f"directory: {before!r} before {after!r}"
    yield from (f"directory: name {name!r} has NUL or a slash" for name in names if b"\0" in name or b"/" in name)
    if directory[16 + 128 * len(names) : file.directory_end] != b"".join(names):
        yield "directory: the names do not lie in the order of the records"


def check_extents(file: File) -> Iterator[str]:
    data, end = file.content(DATA), 0
    for record in file.records:
        if record.offset % 64 or record.size % 64:
            yield f"{record.name}: extent at {record.offset} of {record.size} bytes, not multiples of 64"
        if record.offset != end:
            yield f"{record.name}: extent at {record.offset}, the one before it ends at {end}"
        if record.offset + record.size > len(data):
            yield f"{record.name}: extent ends at {record.offset + record.size}, tensor data at {len(data)}"
        end = record.offset + record.size
    if end < len(data):
        yield f"tensor data: {len(data) - end} bytes after the end of the last extent"


def check_tensor(file: File, record: Record) -> Iterator[str]:
    name = record.name
    try:
        extent = file.extent(record)
    except FormatError:
        return  # check_extents says so
    if zlib.crc32(extent) != record.checksum:
        yield f"{name}: checksum {record.checksum:08x}, found {zlib.crc32(extent):08x}"
    if record.reserved:
        yield f"{name}: a reserved field is not zero"
    if any(size != 1 for size in record.dimensions[record.rank :]):
        yield f"{name}: unused dimensions are not 1: {record.dimensions}"
    if record.is_quantized != (record.rows_per_scale >= 1):
        yield f"{name}: {record.rows_per_scale} rows per scale in {ENCODINGS[record.encoding]}"
    if record.input_scales and not (record.is_quantized and record.layout == TILES and record.rank == 2):
        stored = f"{ENCODINGS[record.encoding]} {LAYOUTS[record.layout]} of rank {record.rank}"
        yield f"{name}: input scales in {stored}"
    yield from check_parts(record, extent)
    try:
        decoded = decode(record, extent)
    except FormatError as error:
        yield str(error)
        return
    yield from check_values(decoded)


def check_parts(record: Record, extent: bytes) -> Iterator[str]:
    """Every part where the one before it ends, rounded up to 64, zeros between; no part that the encoding lacks."""
    parts, end = record.parts(), 0
    if record.codes_size != parts[0][2]:
        yield f"{record.name}: codes of {record.codes_size} bytes, expected {parts[0][2]}"
    for part, offset, size in parts:
        if offset != round_up(end, 64):
            yield f"{record.name}: {part} at {offset}, expected {round_up(end, 64)}"
        elif not is_zero(extent, end, min(offset, len(extent))):
            yield f"{record.name}: padding before the {part} is not zero"
        end = offset + size
    if record.size != round_up(end, 64):
        yield f"{record.name}: extent of {record.size} bytes, expected {round_up(end, 64)}"
    elif not is_zero(extent, end, len(extent)):
        yield f"{record.name}: padding at the end is not zero"
    present = {part for part, _, _ in parts}
    recorded = {
        "scales": record.scales,
        "channel sums": record.sums,
        "input scales": record.input_scales,
        "multipliers": record.multipliers,
    }
    for part, offset in recorded.items():
        if offset and part not in present:
            yield f"{record.name}: {part} at {offset}, in {ENCODINGS[record.encoding]} {LAYOUTS[record.layout]}"


def check_values(decoded: Decoded) -> Iterator[str]:
    record, codes = decoded.record, decoded.codes
    if np.any(codes[:, record.n :, :]) or np.any(codes[:, :, record.k :]):
        yield f"{record.name}: padding codes are not zero"
    if not record.is_quantized:
        if not np.isfinite(codes).all():
            yield f"{record.name}: values that are not finite"
        return
    least = -7 if record.encoding == INT4 else -127
    if codes.min() < least:
        yield f"{record.name}: {np.count_nonzero(codes < least)} codes of {least - 1}"
    if decoded.multipliers is not None:
        yield from check_multipliers(record, decoded.multipliers)
    scales = decoded.scales
    assert scales is not None
    if not np.isfinite(scales).all() or np.signbit(scales).any():
        yield f"{record.name}: scales that are not finite or below 0"
    used = -(-record.n // record.rows_per_scale)
    if np.any(scales[:, used:]):
        yield f"{record.name}: padding scales are not zero"
    if decoded.sums is not None and not np.array_equal(decoded.sums, decoded.integers()[0].sum(axis=1, dtype=np.int32)):
        yield f"{record.name}: channel sums differ from the sums of the codes"
    if decoded.input_scales is not None:
        inputs = decoded.input_scales
        if not np.isfinite(inputs).all() or (inputs <= 0).any() or (inputs[record.k :] != 1).any():
            yield f"{record.name}: input scales that are not finite and positive, or padding that is not 1"


def check_multipliers(record: Record, multipliers: np.ndarray) -> Iterator[str]:
    if multipliers.min() < 1 or multipliers.max() > 15:
        yield f"{record.name}: multipliers from {multipliers.min()} to {multipliers.max()}, expected 1 to 15"
    used = -(-record.k // record.group_size)
    if np.any(multipliers[record.n :] != 1) or np.any(multipliers[:, used:] != 1):
        yield f"{record.name}: padding multipliers are not 1"


def check_tokenizer(file: File) -> Iterator[str]:
    """The section by its own rules, and where the metadata say the same."""
    try:
        tokenizer = Tokenizer(file.content(TOKENIZER))
    except FormatError as error:
        yield f"tokenizer: {error}"
        return
    yield from (f"tokenizer: {line}" for line in glc_tokenizer_check.check(tokenizer))
    header = tokenizer.header
    pairs = (
        ("prompt", "label_token", header.label),
        ("prompt", "separator_token", header.separator),
        ("prompt", "example_token", header.example),
        ("tokenizer", "profile", PROFILES.get(header.profile)),
        ("tokenizer", "tokenizers_version", header.tokenizers_version),
        ("tokenizer", "pieces", header.pieces),
    )
    for member, field, expected in pairs:
        if member in file.metadata and (found := file.member(member).get(field)) != expected:
            yield f"metadata: {member}.{field} is {found!r}, the tokenizer says {expected!r}"
    size = file.member("model").get("vocabulary_size")
    if not isinstance(size, int) or size < header.vocabulary:
        yield f"metadata: vocabulary_size {size}, the tokenizer has ids up to {header.vocabulary - 1}"
