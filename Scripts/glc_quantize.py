"""Whether codes are what the rules of formats/glc.md make of weights. A part of read_glc.py."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glc_file import BF16, F16, F32, INT4, INT8
from glc_tensor import Decoded

SMALLEST_NORMAL = np.float32(2.0**-126)
# Steps between a weight and its int4 code: half of one where it was rounded, and the scale is corrected behind that.
NEAR = 1.05
# Of a row in squared steps, where codes make up for each other's errors: twice what was seen.
LARGEST_ENERGY = 2.6
LARGEST_INT4 = 7


def quantize(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 codes, and one f32 scale for every row (the last dimension)."""
    scales = (np.abs(weights).max(axis=-1) / np.float32(127)).astype(np.float32)
    scales[scales < SMALLEST_NORMAL] = 0
    divisors = np.where(scales == 0, np.float32(np.inf), scales)[..., None]
    return np.rint(weights / divisors).astype(np.int8), scales


def round_bfloat16(values: np.ndarray) -> np.ndarray:
    """To nearest, ties to even, widened again; of finite values."""
    bits = values.view("<u4").astype(np.uint64)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << 16).astype(np.uint32).view(np.float32)


def compare(found: Decoded, weights: np.ndarray, compensated: bool) -> Iterator[str]:
    """Every difference of a tensor from what is made of `weights`.

    Floats and int8 are derived to the bit, int8 from the weights and the stored input scales; int4 codes, and int8 codes
    that make up for each other's errors by what calibration said, are held to lie near their weights on the stored grid.
    """
    name, encoding = found.record.name, found.record.encoding
    if encoding in (F32, F16, BF16):
        if encoding == F16:
            weights = weights.astype(np.float16).astype(np.float32)
        elif encoding == BF16:
            weights = round_bfloat16(np.ascontiguousarray(weights))
        values = np.ascontiguousarray(found.values())
        yield from compare_bits(name, "values", values.view("<u4"), np.ascontiguousarray(weights).view("<u4"))
        return
    if found.input_scales is not None:
        weights = weights / found.input_scales[: found.record.k]
    compensated = compensated and (name == "embeddings.tokens" or name.startswith("layers.") and name.endswith(".weight"))
    if encoding == INT8 and not compensated:
        codes, scales = quantize(weights)
        yield from compare_bits(name, "scales", found.row_scales().view("<u4"), scales.view("<u4"))
        yield from compare_bits(name, "codes", found.logical_codes(), codes)
    else:
        yield from compare_near(found, weights, compensated)


def compare_near(found: Decoded, weights: np.ndarray, compensated: bool) -> Iterator[str]:
    """Codes that are farther from their weights than rounding and a corrected scale explain."""
    name, codes = found.record.name, found.logical_codes().astype(np.float64)
    largest = LARGEST_INT4 if found.record.encoding == INT4 else 127
    steps = np.repeat(found.row_scales()[..., None].astype(np.float64), found.record.k, axis=-1)
    if found.multipliers is not None:
        repeated = np.repeat(found.multipliers, found.record.group_size, axis=1)
        steps *= repeated[: found.record.n, : found.record.k]
    empty = steps == 0
    if np.any(codes[empty]) or np.any(np.abs(weights[empty]) >= SMALLEST_NORMAL):
        yield f"{name}: a scale of zero, and codes or weights that are not"
    places = weights.astype(np.float64) / np.where(empty, 1, steps)
    clipped = (np.abs(codes) == largest) & (places * codes > largest * largest)
    far = np.abs(places - codes) > NEAR
    # Where codes make up for each other's errors single ones may be farther, but not the mean of a row.
    wrong = far & ~clipped & ~empty
    if compensated:
        energy = np.where(clipped, 0, (places - codes) ** 2).mean(axis=-1)
        wrong = np.broadcast_to((energy > LARGEST_ENERGY)[..., None], wrong.shape)
    if np.any(wrong):
        first = tuple(np.argwhere(wrong)[0].tolist())
        yield (
            f"{name}: {np.count_nonzero(wrong)} of {wrong.size} codes are not near their weights, the first at {first}: "
            f"{codes[first]:g}, the weight is at {places[first]:.3f}"
        )
    error, signal = np.sum((places - codes) ** 2 * steps**2), np.sum(weights.astype(np.float64) ** 2)
    if error > signal / 4:
        yield f"{name}: the error has {error / signal:.2f} of the energy of the weights"


def compare_bits(name: str, what: str, found: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    places = np.argwhere(found != expected)
    if len(places):
        first = tuple(places[0].tolist())
        pair = found[first].item(), expected[first].item()
        shown = "{}, expected {}" if found.dtype == np.int8 else "bits {:#010x}, expected {:#010x}"
        yield f"{name}: {len(places)} of {found.size} {what} differ, the first at {first}: {shown.format(*pair)}"
