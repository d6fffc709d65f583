"""The parts of a tensor of a `.glc` file and what they stand for, by formats/glc.md alone. A part of read_glc.py."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glc_common import FormatError
from glc_file import BF16, F16, F32, INT4, PANELS, TILES, Record


@dataclass(frozen=True)
class Decoded:
    """The parts of an extent. Codes are in logical order with their padding: [matrices][padded n][padded k]."""

    record: Record
    codes: np.ndarray
    scales: np.ndarray | None  # [matrices][scales of a matrix]
    sums: np.ndarray | None  # [padded n]
    input_scales: np.ndarray | None  # [padded k]
    multipliers: np.ndarray | None  # [padded n][groups]

    def integers(self) -> np.ndarray:
        """What products take, with the padding: codes of int8, of int4 each code times its multiplier."""
        if self.multipliers is None:
            return self.codes
        repeated = np.repeat(self.multipliers.astype(np.int16), self.record.group_size, axis=1)
        return self.codes * repeated[None, :, : self.record.padded_k]

    def logical(self, values: np.ndarray) -> np.ndarray:
        """Without the padding, in the shape of the tensor."""
        record = self.record
        return values[:, : record.n, : record.k].reshape(record.shape)

    def logical_codes(self) -> np.ndarray:
        return self.logical(self.codes)

    def row_scales(self) -> np.ndarray:
        """One scale a row of the logical tensor, in its shape without the last dimension."""
        record = self.record
        assert self.scales is not None
        rows = np.arange(record.n) // record.rows_per_scale
        return self.scales[:, rows].reshape(record.shape[:-1])

    def values(self) -> np.ndarray:
        """The values as they are stored: where there are input scales, they multiply scaled inputs."""
        values = self.logical(self.integers())
        return values if self.scales is None else values.astype(np.float32) * self.row_scales()[..., None]

    def weights(self) -> np.ndarray:
        """What the values stand for: with the input scale of each feature."""
        values = self.values()
        return values if self.input_scales is None else values * self.input_scales[: self.record.k]


def decode(record: Record, extent: bytes) -> Decoded:
    found: dict[str, bytes] = {}
    for name, offset, size in record.parts():
        if offset + size > len(extent):
            raise FormatError(f"{record.name}: {name} end at {offset + size} in an extent of {len(extent)} bytes")
        found[name] = extent[offset : offset + size]
    if record.is_quantized and record.rows_per_scale == 0:
        raise FormatError(f"{record.name}: quantized with 0 rows per scale")
    if record.encoding == INT4 and record.rows_per_scale != 1:
        raise FormatError(f"{record.name}: int4 with {record.rows_per_scale} rows per scale")
    scales, sums, inputs = (
        np.frombuffer(found[name], dtype=kind) if name in found else None
        for name, kind in (("scales", "<f4"), ("channel sums", "<i4"), ("input scales", "<f4"))
    )
    if scales is not None:
        scales = scales.reshape(record.matrices, -1)
    multipliers = unpack_multipliers(record, found["multipliers"]) if "multipliers" in found else None
    return Decoded(record, unpack(record, found["codes"]), scales, sums, inputs, multipliers)


def unpack_multipliers(record: Record, stored: bytes) -> np.ndarray:
    """Multipliers in [padded n][groups]."""
    flat = np.frombuffer(stored, dtype=np.uint8)
    if record.layout == TILES:
        return flat.reshape(record.padded_n // 16, record.groups, 16).transpose(0, 2, 1).reshape(record.padded_n, -1)
    return flat.reshape(record.padded_n, record.groups)


def unpack_nibbles(stored: bytes) -> np.ndarray:
    """int4 codes in the order in which int8 codes would lie: low nibbles of 32 bytes, then their high nibbles."""
    pairs = np.frombuffer(stored, dtype=np.uint8).reshape(-1, 32)
    return np.concatenate((pairs & 15, pairs >> 4), axis=1).reshape(-1).astype(np.int8) - np.int8(8)


def unpack(record: Record, codes: bytes) -> np.ndarray:
    """Codes in [matrices][padded n][padded k], floats widened to f32."""
    if record.encoding == BF16:
        flat = (np.frombuffer(codes, dtype="<u2").astype(np.uint32) << 16).view(np.float32)
    elif record.encoding == F16:
        flat = np.frombuffer(codes, dtype="<f2").astype(np.float32)
    elif record.encoding == INT4:
        flat = unpack_nibbles(codes)
    else:
        flat = np.frombuffer(codes, dtype="<f4" if record.encoding == F32 else np.int8)
    shape = (record.matrices, record.padded_n, record.padded_k)
    if record.layout == TILES:
        blocks = flat.reshape(record.matrices, record.padded_n // 16, record.padded_k // 4, 16, 4)
        return blocks.transpose(0, 1, 3, 2, 4).reshape(shape)
    if record.layout == PANELS:
        blocks = flat.reshape(record.matrices, record.padded_n // 16, record.k, 16)
        return blocks.transpose(0, 1, 3, 2).reshape(shape)
    return flat.reshape(shape)
