"""The tensors of deberta-v2 by the tables of formats/glc.md, and whether a file has them. A part of read_glc.py."""

from __future__ import annotations

from collections.abc import Iterator

from glc_file import BF16, DATA, ENCODINGS, F16, F32, INT4, INT8, LAYOUTS, PANELS, ROWS, TILES, File, Record, Shape
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


def allowed_forms(name: str, rank: int) -> tuple[tuple[int, int], ...]:
    """Encodings with their layouts that a tensor may have, by the same tables: each by itself."""
    if rank == 1 or name == "embeddings.segments":
        return ((F32, ROWS),)
    if name in ROW_TABLES:
        return tuple((encoding, ROWS) for encoding in (F32, F16, BF16, INT8, INT4))
    if name in SMALL_MATRICES:
        return ((F32, PANELS),)
    floats = tuple((encoding, PANELS) for encoding in (F32, F16, BF16))
    return (*floats, (INT8, TILES)) if rank == 3 else (*floats, (INT8, TILES), (INT4, TILES))


# --- Checking -------------------------------------------------------------------------------------------------------


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
    yield from check_table(shapes, records)
    yield from check_together(file, records, int(model["layers"]))
    yield from check_precisions(file, records)


def check_together(file: File, records: dict[str, Record], layers: int) -> Iterator[str]:
    """Which tensors are multiplied with the same rows, and so are quantized together."""
    for i in range(layers):
        names = [f"layers.{i}.attention.{part}.weight" for part in ("query", "key", "value")]
        found = [records[name] for name in names if name in records]
        yield from quantized_together(f"layers.{i}.attention", found)
        first, *others = [input_scales(file, record) for record in found] or [b""]
        if any(other != first for other in others):
            yield f"layers.{i}.attention: query, key and value have different input scales"
    names = [f"head.{side}.{part}.weight" for side in ("text", "classes") for part in ("first", "second")]
    yield from quantized_together("head", [records[name] for name in names if name in records])


def quantized_together(where: str, records: list[Record]) -> Iterator[str]:
    if len({record.is_quantized for record in records}) > 1:
        stored = ", ".join(f"{record.name} {ENCODINGS[record.encoding]}" for record in records)
        yield f"{where}: some are quantized, some are not: {stored}"


def input_scales(file: File, record: Record) -> bytes:
    """The bytes of the vector, empty without one."""
    if not record.input_scales:
        return b""
    start = file.section(DATA).offset + record.offset + record.input_scales
    return file.data[start : start + 4 * record.padded_k]


def check_precisions(file: File, records: dict[str, Record]) -> Iterator[str]:
    """What the metadata say of attention and head, and what the encodings of their weights allow."""
    relative = [record for name, record in records.items() if name.endswith((".relative_keys", ".relative_queries"))]
    if file.member("numerics").get("attention") == "int8":
        for record in relative:
            if record.encoding != INT8:
                yield f"metadata: attention in int8, {record.name} is {ENCODINGS[record.encoding]}"
        if not any(record.is_quantized for record in records.values()):
            yield "metadata: attention in int8 in a file without quantized weights"
    head, projector = file.member("numerics").get("head_activations"), records.get("head.text.first.weight")
    quantized = projector is not None and projector.is_quantized
    if head != ("int8x2" if quantized else "f32"):
        yield f"metadata: head_activations {head!r} in a file {'with' if quantized else 'without'} quantized projectors"


def weighted_states(model: Model, records: dict[str, Record]) -> int:
    """K, which the shape of the tensor alone says; where it is missing, any number."""
    first, layers = records.get("head.layers.first.weight"), int(model["layers"])
    return first.k if first else layers


def check_table(shapes: dict[str, Shape], records: dict[str, Record]) -> Iterator[str]:
    """The tensors of the tables, and no others, in their shapes and in forms that the tables allow."""
    for name in sorted(shapes.keys() - records.keys()):
        yield f"{name}: missing"
    for name in sorted(records.keys() - shapes.keys()):
        yield f"{name}: not a tensor of this model"
    for name in sorted(shapes.keys() & records.keys()):
        record, shape = records[name], shapes[name]
        if record.shape != shape:
            yield f"{name}: shape {record.shape}, expected {shape}"
        allowed = allowed_forms(name, len(shape))
        if (record.encoding, record.layout) not in allowed:
            expected = ", ".join(f"{ENCODINGS[encoding]} {LAYOUTS[layout]}" for encoding, layout in allowed)
            found = f"{ENCODINGS[record.encoding]} {LAYOUTS[record.layout]}"
            yield f"{name}: encoding, layout {found}, expected one of {expected}"
        if record.is_quantized and record.rows_per_scale != 1:
            yield f"{name}: {record.rows_per_scale} rows per scale, expected 1"
