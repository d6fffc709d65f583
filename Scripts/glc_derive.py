"""What a `.glc` holds of a checkpoint, derived again by the rules of formats/glc.md. A part of read_glc.py.

Source tensors are found by their names in gliclass and transformers. Those that nothing is made of are not looked at.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np

from content_digest import without_wrappers
from glc_common import FormatError
from glc_config import Configuration
from glc_model import Model

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
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
RELATIVE_NAMES = {"c2p": ("relative_keys", "key_proj"), "p2c": ("relative_queries", "query_proj")}
LAYER_WEIGHT_NAMES = {"squeeze": "squeeze", "first": "W1", "second": "W2", "output": "output_projection"}
SCORER_PARTS = {
    "simple": "",
    "weighted-dot": "proj_text proj_label out_mlp.0 out_mlp.3",
    "mlp": "mlp.0 mlp.2 mlp.4",
    "hopfield": "q_proj k_proj v_proj mlp.0 mlp.2 mlp.4",
    "cross-attn": "q_norm kv_norm norm q k v out score_mlp.0 score_mlp.2 score_mlp.4",
}
CALIBRATOR_PARTS = "text_norm label_norm mlp.0 mlp.3 mlp.6"


class Checkpoint:
    """model.safetensors and config.json of a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = Configuration(json.loads((directory / CONFIG).read_text(encoding="utf-8")))
        self.data = (directory / WEIGHTS).read_bytes()
        (length,) = struct.unpack_from("<Q", self.data)
        entries: dict[str, dict[str, Any]] = json.loads(self.data[8 : 8 + length])
        entries.pop("__metadata__", None)
        self.entries = dict(zip(without_wrappers(list(entries)), entries.values()))
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
        elif entry["dtype"] == "F64":
            values = np.frombuffer(raw, dtype="<f8").astype(np.float32)
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

    def model(self) -> Model:
        """The member `model` of the metadata, as version 2.0 has it."""
        return self.config.model(self.entries[f"{ENCODER}embeddings.word_embeddings.weight"]["shape"][0])


def file_identity(path: Path) -> tuple[int, str]:
    """Size and hexadecimal SHA-256."""
    content = path.read_bytes()
    return len(content), hashlib.sha256(content).hexdigest()


class Tensors:
    """Name and f32 values of every tensor of the file, before any quantization."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.source, self.config = checkpoint, checkpoint.config
        self.found: dict[str, np.ndarray] = {}
        # The tensor of the checkpoint that weights are, or with which relative embeddings are projected.
        self.sources: dict[str, str] = {}
        self.embeddings()
        if self.config.encoder["conv_kernel_size"] > 0:
            self.convolution()
        self.layers()
        self.linears("head.", "model.", HEAD_NAMES)
        if self.config.squeezes:
            self.linears("head.layers.", "model.layer_wise_attention.", LAYER_WEIGHT_NAMES)
        if self.config.head["use_lstm"]:
            self.lstm()
        if self.config.head["normalize_features"]:
            self.found["head.logit_scale"] = checkpoint.tensor("model.logit_scale").reshape(1)
        self.parts("head.scorer.", "model.scorer.", SCORER_PARTS[self.config.head["scorer_type"]])
        if self.config.head["use_calibrator"]:
            self.parts("head.calibrator.", "calibrator.", CALIBRATOR_PARTS)

    def linear(self, target: str, source: str, biased: bool = True) -> None:
        for part in ("weight", "bias") if biased else ("weight",):
            self.found[f"{target}.{part}"] = self.source.tensor(f"{source}.{part}")
            self.sources[f"{target}.{part}"] = f"{source}.{part}"

    def is_layer_bias(self, name: str) -> bool:
        """Whether a tensor is the bias of one of the encoder's linear layers."""
        return name.startswith("layers.") and name.endswith(".bias") and name in self.sources

    def linears(self, target: str, source: str, names: dict[str, str]) -> None:
        for ours, theirs in names.items():
            self.linear(target + ours, source + theirs)

    def norm(self, target: str, source: str) -> None:
        self.found[f"{target}.gain"] = self.source.tensor(f"{source}.weight")
        self.found[f"{target}.bias"] = self.source.tensor(f"{source}.bias")

    def parts(self, target: str, source: str, parts: str) -> None:
        """Parts that keep their names, of a scorer or the calibrator."""
        for part in parts.split():
            if part.endswith("norm"):
                self.norm(target + part, source + part)
            else:
                self.linear(target + part, source + part, biased=not part.endswith("_proj"))

    def embeddings(self) -> None:
        source, config = f"{ENCODER}embeddings.", self.config
        self.found["embeddings.tokens"] = self.source.tensor(f"{source}word_embeddings.weight")
        self.sources["embeddings.tokens"] = f"{source}word_embeddings.weight"
        self.sources["embeddings.positions"] = f"{source}position_embeddings.weight"
        self.norm("embeddings.norm", f"{source}LayerNorm")
        if config.positions:
            self.found["embeddings.positions"] = self.source.tensor(f"{source}position_embeddings.weight")
        if config.encoder["type_vocab_size"] > 0:
            self.found["embeddings.token_type"] = self.source.tensor(f"{source}token_type_embeddings.weight")[0]
        if config.head["use_segment_embeddings"]:
            self.found["embeddings.segments"] = self.source.tensor("model.segment_embeddings.weight")
        if config.embedding_size != config.hidden:
            self.linear("embeddings.projection", f"{source}embed_proj", biased=False)

    def convolution(self) -> None:
        """A matrix over the features of neighbouring tokens, 0 where a feature is of another group."""
        source, groups = f"{ENCODER}encoder.conv.", self.config.encoder["conv_groups"]
        weights = self.source.tensor(f"{source}conv.weight")
        outputs, inputs, kernel = weights.shape
        matrix = np.zeros((outputs, kernel, self.config.hidden), dtype=np.float32)
        for output in range(outputs):
            first = output // (outputs // groups) * inputs
            matrix[output, :, first : first + inputs] = weights[output].T
        self.sources["convolution.weight"] = f"{source}conv.weight"
        self.found["convolution.weight"] = matrix.reshape(outputs, -1)
        self.found["convolution.bias"] = self.source.tensor(f"{source}conv.bias")
        self.norm("convolution.norm", f"{source}LayerNorm")

    def layers(self) -> None:
        config = self.config
        terms = [term for term in RELATIVE_NAMES if config.has_relative(term)]
        relative = relative_embeddings(self.source) if terms else np.zeros(0)
        for i in range(config.layers):
            target, source = f"layers.{i}.", f"{ENCODER}encoder.layer.{i}."
            self.linears(target, source, LAYER_NAMES)
            for ours, theirs in LAYER_NORM_NAMES.items():
                self.norm(target + ours, source + theirs)
            for ours, theirs in (RELATIVE_NAMES[term] for term in terms):
                own = "" if config.encoder["share_att_key"] else "pos_"
                projection = f"{source}attention.self.{own}{theirs}"
                self.sources[f"{target}attention.{ours}"] = f"{projection}.weight"
                self.found[f"{target}attention.{ours}"] = project(self.source, relative, projection)

    def lstm(self) -> None:
        for direction, suffix in (("forward", ""), ("backward", "_reverse")):
            for ours, theirs in (("input", "ih"), ("hidden", "hh")):
                for part in ("weight", "bias"):
                    values = self.source.tensor(f"model.lstm.lstm.{part}_{theirs}_l0{suffix}")
                    self.found[f"head.lstm.{direction}.{ours}.{part}"] = values
                    self.sources[f"head.lstm.{direction}.{ours}.{part}"] = f"model.lstm.lstm.{part}_{theirs}_l0{suffix}"


def relative_embeddings(checkpoint: Checkpoint) -> np.ndarray:
    """N(E): the first R rows of rel_embeddings, normalized where the encoder does so, f32."""
    config = checkpoint.config
    rows = checkpoint.tensor(f"{ENCODER}encoder.rel_embeddings.weight")[: config.relative_rows]
    if not config.normalizes_relative:
        return rows
    gain = checkpoint.tensor(f"{ENCODER}encoder.LayerNorm.weight").astype(np.float64)
    bias = checkpoint.tensor(f"{ENCODER}encoder.LayerNorm.bias").astype(np.float64)
    wide = rows.astype(np.float64)
    size, epsilon = wide.shape[1], np.float64(np.float32(config.encoder["layer_norm_eps"]))
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
    heads = checkpoint.config.encoder["num_attention_heads"]
    projected = (total + bias).astype(np.float32).reshape(rows.shape[0], heads, -1)
    return np.ascontiguousarray(projected.transpose(1, 0, 2))
