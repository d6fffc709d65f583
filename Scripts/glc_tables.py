"""The tensors of deberta-v2 by the tables of formats/glc.md, and whether a file has them. A part of read_glc.py."""

from __future__ import annotations

from collections.abc import Iterator

from glc_file import F32, INT8, PANELS, ROWS, TILES, File, Record, Shape
from glc_model import Model, complete, is_sound

ROW_TABLES = ("embeddings.tokens", "embeddings.positions")
SMALL_MATRICES = (
    "head.layers.squeeze.weight",
    "head.layers.first.weight",
    "head.layers.second.weight",
    "head.scorer.out_mlp.3.weight",
    "head.scorer.mlp.4.weight",
    "head.scorer.score_mlp.4.weight",
    "head.calibrator.mlp.6.weight",
)


class Tensors:
    """Name to shape, by the tables of glc.md. `model` has the members of version 2.0."""

    def __init__(self, model: Model, weighted_states: int) -> None:
        self.model = model
        self.hidden: int = model["hidden_size"]
        self.shapes: dict[str, Shape] = {}
        self.embeddings()
        for i in range(model["layers"]):
            self.layer(f"layers.{i}")
        for side in ("text", "classes"):
            self.linear(f"head.{side}.first", model["projector_size"], self.hidden)
            self.linear(f"head.{side}.second", self.hidden, model["projector_size"])
        if model["squeeze_layers"]:
            self.layer_weights(weighted_states)
        if model["lstm"]:
            self.lstm()
        if model["normalize_features"]:
            self.shapes["head.logit_scale"] = (1,)
        self.scorer()
        if model["calibrator"]:
            self.calibrator()

    def matrix(self, name: str, outputs: int, inputs: int) -> None:
        self.shapes[f"{name}.weight"] = (outputs, inputs)

    def linear(self, name: str, outputs: int, inputs: int) -> None:
        self.matrix(name, outputs, inputs)
        self.shapes[f"{name}.bias"] = (outputs,)

    def norm(self, name: str, size: int) -> None:
        self.shapes[f"{name}.gain"], self.shapes[f"{name}.bias"] = (size,), (size,)

    def embeddings(self) -> None:
        model, features = self.model, self.model["embedding_size"]
        self.shapes["embeddings.tokens"] = (model["vocabulary_size"], features)
        self.norm("embeddings.norm", self.hidden)
        if model["position_embeddings"]:
            self.shapes["embeddings.positions"] = (model["position_embeddings"], features)
        if model["token_type"]:
            self.shapes["embeddings.token_type"] = (features,)
        if model["segment_embeddings"]:
            self.shapes["embeddings.segments"] = (3, features)
        if features != self.hidden:
            self.matrix("embeddings.projection", self.hidden, features)
        if model["convolution"]:
            self.linear("convolution", self.hidden, model["convolution"]["kernel_size"] * self.hidden)
            self.norm("convolution.norm", self.hidden)

    def layer(self, layer: str) -> None:
        model, hidden = self.model, self.hidden
        span = model["position_buckets"] or model["maximum_relative_position"]
        relative = (model["attention_heads"], 2 * span, hidden // model["attention_heads"])
        for projection in ("query", "key", "value", "output"):
            self.linear(f"{layer}.attention.{projection}", hidden, hidden)
        if model["content_to_position"]:
            self.shapes[f"{layer}.attention.relative_keys"] = relative
        if model["position_to_content"]:
            self.shapes[f"{layer}.attention.relative_queries"] = relative
        self.norm(f"{layer}.attention.norm", hidden)
        self.linear(f"{layer}.feed_forward.intermediate", model["intermediate_size"], hidden)
        self.linear(f"{layer}.feed_forward.output", hidden, model["intermediate_size"])
        self.norm(f"{layer}.feed_forward.norm", hidden)

    def layer_weights(self, states: int) -> None:
        inner = max(1, states // 2)
        self.linear("head.layers.squeeze", 1, self.hidden)
        self.linear("head.layers.first", inner, states)
        self.linear("head.layers.second", states, inner)
        self.linear("head.layers.output", self.hidden, self.hidden)

    def lstm(self) -> None:
        size = self.model["projector_size"]
        for direction in ("forward", "backward"):
            self.linear(f"head.lstm.{direction}.input", 2 * size, size)
            self.linear(f"head.lstm.{direction}.hidden", 2 * size, size // 2)

    def perceptron(self, name: str, *places_and_sizes: tuple[int, int, int]) -> None:
        for place, outputs, inputs in places_and_sizes:
            self.linear(f"{name}.{place}", outputs, inputs)

    def scorer(self) -> None:
        kind, size, inner = self.model["scorer"], self.model["projector_size"], self.model["scorer_hidden_size"]
        if kind == "weighted-dot":
            for side in ("text", "label"):
                self.linear(f"head.scorer.proj_{side}", 2 * size, size)
            self.perceptron("head.scorer.out_mlp", (0, 4 * size, 3 * size), (3, 1, 4 * size))
        elif kind == "mlp":
            self.perceptron("head.scorer.mlp", (0, 256, 2 * size), (2, 128, 256), (4, 1, 128))
        elif kind == "hopfield":
            for part in "qkv":
                self.matrix(f"head.scorer.{part}_proj", size, size)
            self.perceptron("head.scorer.mlp", (0, 256, size), (2, 128, 256), (4, 1, 128))
        elif kind == "cross-attn":
            for part in ("q_norm", "kv_norm", "norm"):
                self.norm(f"head.scorer.{part}", size)
            for part in ("q", "k", "v", "out"):
                self.linear(f"head.scorer.{part}", size, size)
            half = inner // 2
            self.perceptron("head.scorer.score_mlp", (0, inner, 2 * size), (2, half, inner), (4, 1, half))

    def calibrator(self) -> None:
        size, outputs = self.model["calibrator"]["hidden_size"], 1 + self.model["calibrator"]["bias"]
        for side in ("text", "label"):
            self.norm(f"head.calibrator.{side}_norm", self.hidden)
        layers = (0, size, 4 * self.hidden + 6), (3, size, size), (6, outputs, size)
        self.perceptron("head.calibrator.mlp", *layers)


def expected_storage(name: str, rank: int, quantized: bool) -> tuple[int, int, int]:
    """Encoding, layout and rows per scale, by the same tables."""
    if rank == 1 or name == "embeddings.segments":
        return F32, ROWS, 0
    if name in ROW_TABLES:
        return (INT8, ROWS, 1) if quantized else (F32, ROWS, 0)
    if name in SMALL_MATRICES or not quantized:
        return F32, PANELS, 0
    return INT8, TILES, 1


# --- Checking -------------------------------------------------------------------------------------------------------


def is_quantized(file: File) -> bool:
    """Which column of the table holds: by the recipe, and without one by the encodings."""
    weights = file.member("recipe").get("weights")
    return weights == "int8" if weights else any(record.encoding == INT8 for record in file.records)


def check_model(file: File) -> Iterator[str]:
    if not is_sound(file.member("model"), file.header.major):
        yield "metadata: model does not describe the tensors"
        return
    records = {record.name: record for record in file.records}
    model = complete(file.member("model"), file.header.major)
    weighted = weighted_states(model, records)
    shapes = Tensors(model, weighted).shapes
    if model["squeeze_layers"] and not 1 <= weighted <= model["layers"] + 1:
        yield f"head.layers.first.weight: {weighted} states are weighted, of {model['layers'] + 1}"
    yield from check_table(shapes, records, is_quantized(file))
    if file.member("numerics").get("attention") == "int8" and not is_quantized(file):
        yield "metadata: attention in int8 in a file without int8 weights"
    head, projector = file.member("numerics").get("head_activations"), records.get("head.text.first.weight")
    quantized = projector is not None and projector.encoding == INT8
    if head != ("int8x2" if quantized else "f32"):
        yield f"metadata: head_activations {head!r} in a file {'with' if quantized else 'without'} int8 projectors"


def weighted_states(model: Model, records: dict[str, Record]) -> int:
    """K, which the shape of the tensor alone says; where it is missing, any number."""
    first, layers = records.get("head.layers.first.weight"), int(model["layers"])
    return first.k if first else layers


def check_table(shapes: dict[str, Shape], records: dict[str, Record], quantized: bool) -> Iterator[str]:
    """The tensors of the tables, and no others, in their shapes and stored as the tables say."""
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
