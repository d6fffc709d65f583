"""Every rule of formats/glc.md, as lines about what breaks it. A part of read_glc.py."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

import glc_tokenizer_check
from glc_common import FormatError, round_up
from glc_file import (
    DATA,
    DIRECTORY,
    ENCODINGS,
    F32,
    INT8,
    LAYOUTS,
    PANELS,
    ROWS,
    SECTION_ALIGNMENT,
    SECTION_NAMES,
    TILES,
    TOKENIZER,
    Decoded,
    File,
    Record,
    Section,
    Shape,
    decode,
)
from glc_tokenizer import PROFILES, Tokenizer

REQUIRED_METADATA = {
    "model": "architecture vocabulary_size hidden_size layers attention_heads intermediate_size layer_norm_epsilon "
    "position_buckets maximum_relative_position content_to_position position_to_content projector_size scorer pooling "
    "class_token_pooling activation".split(),
    "prompt": "label_token separator_token example_token prompt_first maximum_length".split(),
    "numerics": "revision attention head_activations".split(),
}
FIXED_METADATA = {
    ("model", "architecture"): ("deberta-v2",),
    ("model", "scorer"): ("simple",),
    ("model", "pooling"): ("first",),
    ("model", "class_token_pooling"): ("first",),
    ("model", "activation"): ("gelu",),
    ("numerics", "attention"): ("f32",),
    ("numerics", "head_activations"): ("int8x2", "f32"),
}


# --- Checking -------------------------------------------------------------------------------------------------------


def is_zero(data: bytes, start: int, end: int) -> bool:
    return data.count(0, start, end) == end - start


def check(file: File) -> Iterator[str]:
    yield from check_header(file)
    yield from check_sections(file)
    yield from check_metadata(file)
    yield from check_directory(file)
    yield from check_extents(file)
    for record in file.records:
        yield from check_tensor(file, record)
    yield from check_model(file)
    yield from check_tokenizer(file)


def check_header(file: File) -> Iterator[str]:
    header, data = file.header, file.data
    expected_size = 64 + 32 * len(header.sections)
    if header.minor != 0:
        yield f"header: minor version {header.minor}, the one described is 0"
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
        yield f"header: numerics revision {header.numerics}, version 1.0 has 1"


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
    if not is_zero(data, min(end, len(data)), len(data)):
        yield f"file: bytes after {end}, the end of the last section, are not zero"


def check_section(file: File, section: Section) -> Iterator[str]:
    if section.kind not in SECTION_NAMES and not section.flags & 1:
        yield f"section {section.name}: not known and not optional"
    if section.flags & ~1 or section.reserved:
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
    if file.member("numerics").get("revision") != file.header.numerics:
        yield f"metadata: numerics.revision differs from the header's {file.header.numerics}"
    for source in file.source_files():
        if set(source) != {"name", "bytes", "sha256"} or "/" in str(source["name"]):
            yield f"metadata: source file {source}"


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


def check_extents(file: File) -> Iterator[str]:
    data, end = file.content(DATA), 0
    for record in sorted(file.records, key=lambda record: record.offset):
        if record.offset % 64 or record.size % 64:
            yield f"{record.name}: extent at {record.offset} of {record.size} bytes, not multiples of 64"
        if record.offset < end:
            yield f"{record.name}: extent at {record.offset} overlaps one that ends at {end}"
        elif not is_zero(data, end, record.offset):
            yield f"{record.name}: bytes {end} to {record.offset} of the tensor data, before it, are not zero"
        if record.offset + record.size > len(data):
            yield f"{record.name}: extent ends at {record.offset + record.size}, tensor data at {len(data)}"
        end = max(end, record.offset + record.size)
    if not is_zero(data, min(end, len(data)), len(data)):
        yield f"tensor data: bytes after {end}, the end of the last extent, are not zero"


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
    if record.group_size or record.multipliers:
        yield f"{name}: group size {record.group_size}, multipliers at {record.multipliers}, without int4"
    if (record.encoding == INT8) != (record.rows_per_scale >= 1):
        yield f"{name}: {record.rows_per_scale} rows per scale in {ENCODINGS[record.encoding]}"
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
    recorded = {"scales": record.scales, "channel sums": record.sums, "input scales": record.input_scales}
    for part, offset in recorded.items():
        if offset and part not in present:
            yield f"{record.name}: {part} at {offset}, in {ENCODINGS[record.encoding]} {LAYOUTS[record.layout]}"


def check_values(decoded: Decoded) -> Iterator[str]:
    record, codes = decoded.record, decoded.codes
    if np.any(codes[:, record.n :, :]) or np.any(codes[:, :, record.k :]):
        yield f"{record.name}: padding codes are not zero"
    if record.encoding != INT8:
        if not np.isfinite(codes).all():
            yield f"{record.name}: values that are not finite"
        return
    if codes.min() < -127:
        yield f"{record.name}: {np.count_nonzero(codes == -128)} codes of -128"
    scales = decoded.scales
    assert scales is not None
    if not np.isfinite(scales).all() or np.signbit(scales).any():
        yield f"{record.name}: scales that are not finite or below 0"
    used = -(-record.n // record.rows_per_scale)
    if np.any(scales[:, used:]):
        yield f"{record.name}: padding scales are not zero"
    if decoded.sums is not None and not np.array_equal(decoded.sums, codes[0].sum(axis=1, dtype=np.int32)):
        yield f"{record.name}: channel sums differ from the sums of the codes"
    if decoded.input_scales is not None:
        inputs = decoded.input_scales
        if not np.isfinite(inputs).all() or (inputs <= 0).any() or (inputs[record.k :] != 1).any():
            yield f"{record.name}: input scales that are not finite and positive, or padding that is not 1"


# --- The tensors of deberta-v2 with scorer simple -------------------------------------------------------------------


def model_tensors(model: dict[str, Any]) -> dict[str, Shape]:
    """Name to shape, by the table of glc.md."""
    hidden, inner, projector = model["hidden_size"], model["intermediate_size"], model["projector_size"]
    heads = model["attention_heads"]
    relative = (heads, 2 * model["position_buckets"], hidden // heads)
    shapes: dict[str, Shape] = {"embeddings.tokens": (model["vocabulary_size"], hidden)}

    def linear(name: str, outputs: int, inputs: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (outputs, inputs), (outputs,)

    def norm(name: str) -> None:
        shapes[f"{name}.gain"], shapes[f"{name}.bias"] = (hidden,), (hidden,)

    norm("embeddings.norm")
    for layer in (f"layers.{i}" for i in range(model["layers"])):
        for projection in ("query", "key", "value", "output"):
            linear(f"{layer}.attention.{projection}", hidden, hidden)
        if model["content_to_position"]:
            shapes[f"{layer}.attention.relative_keys"] = relative
        if model["position_to_content"]:
            shapes[f"{layer}.attention.relative_queries"] = relative
        norm(f"{layer}.attention.norm")
        linear(f"{layer}.feed_forward.intermediate", inner, hidden)
        linear(f"{layer}.feed_forward.output", hidden, inner)
        norm(f"{layer}.feed_forward.norm")
    for side in ("text", "classes"):
        linear(f"head.{side}.first", projector, hidden)
        linear(f"head.{side}.second", hidden, projector)
    return shapes


def expected_storage(name: str, rank: int, quantized: bool) -> tuple[int, int, int]:
    """Encoding, layout and rows per scale, by the same table."""
    if rank == 1:
        return F32, ROWS, 0
    if name == "embeddings.tokens":
        return (INT8, ROWS, 1) if quantized else (F32, ROWS, 0)
    return (INT8, TILES, 1) if quantized else (F32, PANELS, 0)


def is_quantized(file: File) -> bool:
    """Which column of the table holds: by the recipe, and without one by the encodings."""
    weights = file.member("recipe").get("weights")
    return weights == "int8" if weights else any(record.encoding == INT8 for record in file.records)


def check_model(file: File) -> Iterator[str]:
    try:
        shapes = model_tensors(file.metadata["model"])
    except (KeyError, TypeError, ZeroDivisionError):
        yield "metadata: model does not describe the tensors"
        return
    quantized, records = is_quantized(file), {record.name: record for record in file.records}
    for name in sorted(shapes.keys() - records.keys()):
        yield f"{name}: missing"
    for name in sorted(records.keys() - shapes.keys()):
        yield f"{name}: not a tensor of this model"
    for name in sorted(shapes.keys() & records.keys()):
        record, shape = records[name], shapes[name]
        if record.shape != shape:
            yield f"{name}: shape {record.shape}, expected {shape}"
        stored = record.encoding, record.layout, record.rows_per_scale
        if stored != (expected := expected_storage(name, len(shape), quantized)):
            yield f"{name}: encoding, layout, rows per scale {stored}, expected {expected}"
    head = file.member("numerics").get("head_activations")
    if head != ("int8x2" if quantized else "f32"):
        yield f"metadata: head_activations {head!r} in a file {'with' if quantized else 'without'} int8 weights"


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
