"""What a `.glc` holds of a checkpoint, derived again by the rules of formats/glc.md. A part of read_glc.py.

Source tensors are found by their names in gliclass and transformers (`SOURCE_NAMES`).
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from glc_common import FormatError

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
SMALLEST_NORMAL = np.float32(2.0**-126)
ENCODER = "model.encoder_model."
LAYER_NAMES = {
    "attention.query": "attention.self.query_proj",
    "attention.key": "attention.self.key_proj",
    "attention.value": "attention.self.value_proj",
    "attention.output": "attention.output.dense",
    "feed_forward.intermediate": "intermediate.dense",
    "feed_forward.output": "output.dense",
}
LAYER_NORM_NAMES = {"attention.norm": "attention.output.LayerNorm", "feed_forward.norm": "output.LayerNorm"}
HEAD_NAMES = {
    "text.first": "text_projector.linear_1",
    "text.second": "text_projector.linear_2",
    "classes.first": "classes_projector.linear_1",
    "classes.second": "classes_projector.linear_2",
}


class Checkpoint:
    """model.safetensors and config.json of a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config: dict[str, Any] = json.loads((directory / CONFIG).read_text(encoding="utf-8"))
        self.encoder: dict[str, Any] = self.config["encoder_config"]
        self.data = (directory / WEIGHTS).read_bytes()
        (length,) = struct.unpack_from("<Q", self.data)
        self.entries: dict[str, dict[str, Any]] = json.loads(self.data[8 : 8 + length])
        self.entries.pop("__metadata__", None)
        self.start = 8 + length

    def raw(self, name: str) -> bytes:
        begin, end = self.entries[name]["data_offsets"]
        return self.data[self.start + begin : self.start + end]

    def tensor(self, name: str) -> np.ndarray:
        """The tensor, widened to f32."""
        if name not in self.entries:
            raise FormatError(f"{self.directory / WEIGHTS}: no tensor {name}")
        entry, raw = self.entries[name], self.raw(name)
        if entry["dtype"] == "F32":
            values = np.frombuffer(raw, dtype="<f4")
        elif entry["dtype"] == "F16":
            values = np.frombuffer(raw, dtype="<f2").astype(np.float32)
        elif entry["dtype"] == "BF16":
            values = (np.frombuffer(raw, dtype="<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            raise FormatError(f"{name}: dtype {entry['dtype']}")
        if len(values) != math.prod(entry["shape"]) or not np.isfinite(values).all():
            raise FormatError(f"{name}: size differs from its shape, or values are not finite")
        return values.reshape(entry["shape"])

    def content_digest(self) -> str:
        digest = hashlib.sha256()
        for name in sorted(self.entries, key=str.encode):
            entry = self.entries[name]
            shape = "x".join(str(size) for size in entry["shape"])
            digest.update(f"{name}\0{entry['dtype']}\0{shape}\0".encode())
            digest.update(hashlib.sha256(self.raw(name)).digest())
        return f"sha256:{digest.hexdigest()}"

    @property
    def position_terms(self) -> list[str]:
        """`c2p`, `p2c`: a list, or joined by `|` in older configurations."""
        terms = self.encoder.get("pos_att_type") or []
        return terms.split("|") if isinstance(terms, str) else list(terms)

    def metadata(self) -> dict[str, dict[str, Any]]:
        """Members of the metadata that follow from the configuration."""
        config, encoder = self.config, self.encoder
        longest = encoder["max_relative_positions"]
        model = {
            "architecture": encoder["model_type"],
            "vocabulary_size": self.entries[f"{ENCODER}embeddings.word_embeddings.weight"]["shape"][0],
            "hidden_size": encoder["hidden_size"],
            "layers": encoder["num_hidden_layers"],
            "attention_heads": encoder["num_attention_heads"],
            "intermediate_size": encoder["intermediate_size"],
            "layer_norm_epsilon": encoder["layer_norm_eps"],
            "position_buckets": encoder["position_buckets"],
            "maximum_relative_position": longest if longest >= 1 else encoder["max_position_embeddings"],
            "content_to_position": "c2p" in self.position_terms,
            "position_to_content": "p2c" in self.position_terms,
            "projector_size": self.entries["model.text_projector.linear_1.weight"]["shape"][0],
            "scorer": config["scorer_type"],
            "pooling": config["pooling_strategy"],
            "class_token_pooling": config["class_token_pooling"],
            "activation": encoder["hidden_act"],
        }
        prompt = {
            "label_token": config["class_token_index"],
            "separator_token": config["text_token_index"],
            "example_token": config["example_token_index"],
            "prompt_first": config["prompt_first"],
        }
        return {"model": model, "prompt": prompt}


def file_identity(path: Path) -> tuple[int, str]:
    """Size and hexadecimal SHA-256."""
    content = path.read_bytes()
    return len(content), hashlib.sha256(content).hexdigest()


def tensors(checkpoint: Checkpoint) -> Iterator[tuple[str, np.ndarray]]:
    """Name and f32 values of every tensor of the file, before any quantization."""

    def linear(target: str, source: str) -> Iterator[tuple[str, np.ndarray]]:
        for part in ("weight", "bias"):
            yield f"{target}.{part}", checkpoint.tensor(f"{source}.{part}")

    def norm(target: str, source: str) -> Iterator[tuple[str, np.ndarray]]:
        yield f"{target}.gain", checkpoint.tensor(f"{source}.weight")
        yield f"{target}.bias", checkpoint.tensor(f"{source}.bias")

    yield "embeddings.tokens", checkpoint.tensor(f"{ENCODER}embeddings.word_embeddings.weight")
    yield from norm("embeddings.norm", f"{ENCODER}embeddings.LayerNorm")
    relative = relative_embeddings(checkpoint)
    for i in range(checkpoint.encoder["num_hidden_layers"]):
        target, source = f"layers.{i}.", f"{ENCODER}encoder.layer.{i}."
        for ours, theirs in LAYER_NAMES.items():
            yield from linear(target + ours, source + theirs)
        for ours, theirs in LAYER_NORM_NAMES.items():
            yield from norm(target + ours, source + theirs)
        for term, ours, theirs in (("c2p", "keys", "key_proj"), ("p2c", "queries", "query_proj")):
            if term in checkpoint.position_terms:
                projection = f"{source}attention.self.{theirs}"
                yield f"{target}attention.relative_{ours}", project(checkpoint, relative, projection)
    for ours, theirs in HEAD_NAMES.items():
        yield from linear(f"head.{ours}", f"model.{theirs}")


def relative_embeddings(checkpoint: Checkpoint) -> np.ndarray:
    """N(E): the first R rows of rel_embeddings, normalized where the encoder does so, f32."""
    encoder = checkpoint.encoder
    rows = checkpoint.tensor(f"{ENCODER}encoder.rel_embeddings.weight")[: 2 * encoder["position_buckets"]]
    if "layer_norm" not in encoder.get("norm_rel_ebd", "none").lower().split("|"):
        return rows
    gain = checkpoint.tensor(f"{ENCODER}encoder.LayerNorm.weight").astype(np.float64)
    bias = checkpoint.tensor(f"{ENCODER}encoder.LayerNorm.bias").astype(np.float64)
    wide = rows.astype(np.float64)
    size, epsilon = wide.shape[1], np.float64(np.float32(encoder["layer_norm_eps"]))
    mean = ascending_sum(wide) / size
    centred = wide - mean[:, None]
    variance = ascending_sum(centred * centred) / size
    return (centred / np.sqrt(variance + epsilon)[:, None] * gain + bias).astype(np.float32)


def ascending_sum(values: np.ndarray) -> np.ndarray:
    """The sum of every row, one column after another."""
    total = np.zeros(values.shape[0], dtype=values.dtype)
    for column in values.T:
        total += column
    return total


def project(checkpoint: Checkpoint, rows: np.ndarray, projection: str) -> np.ndarray:
    """[heads][rows][head size]: rows x weights, summed over ascending k in binary64, bias last, rounded to f32."""
    weights = checkpoint.tensor(f"{projection}.weight").astype(np.float64)
    bias = checkpoint.tensor(f"{projection}.bias").astype(np.float64)
    total = np.zeros((rows.shape[0], weights.shape[0]))
    for column, weight in zip(np.ascontiguousarray(rows.T, dtype=np.float64), np.ascontiguousarray(weights.T)):
        total += column[:, None] * weight
    heads = checkpoint.encoder["num_attention_heads"]
    projected = (total + bias).astype(np.float32).reshape(rows.shape[0], heads, -1)
    return np.ascontiguousarray(projected.transpose(1, 0, 2))


def quantize(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 codes, and one f32 scale for every row (the last dimension)."""
    scales = (np.abs(weights).max(axis=-1) / np.float32(127)).astype(np.float32)
    scales[scales < SMALLEST_NORMAL] = 0
    divisors = np.where(scales == 0, np.float32(np.inf), scales)[..., None]
    return np.rint(weights / divisors).astype(np.int8), scales
