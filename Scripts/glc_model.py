"""The member `model` of the metadata and the tensors that it stands for, by formats/glc.md. A part of read_glc.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from glc_file import F32, INT8, PANELS, ROWS, TILES, Shape

Model = dict[str, Any]
Rule = tuple[Callable[[Any], bool], str]

MEMBERS_1 = (
    "architecture vocabulary_size hidden_size layers attention_heads intermediate_size layer_norm_epsilon "
    "position_buckets maximum_relative_position content_to_position position_to_content projector_size scorer pooling "
    "class_token_pooling activation"
).split()
MEMBERS_ADDED = (
    "attention_parts projector_activation embedding_size position_embeddings token_type convolution scorer_heads "
    "scorer_hidden_size embed_class_token extract_text normalize_features segment_embeddings squeeze_layers lstm "
    "calibrator"
).split()
ACTIVATIONS = (
    "gelu gelu_tanh gelu_10 quick_gelu relu relu2 relu6 leaky_relu sigmoid silu tanh hardswish linear mish laplace"
).split()
SCORERS = "simple weighted-dot mlp hopfield cross-attn".split()
POOLINGS = "first last avg max sum rms abs_max abs_avg pass".split()
LARGEST_SPAN = 4096
SMALLEST_TABLE = 8


# --- Members --------------------------------------------------------------------------------------------------------


def is_count(value: Any, least: int = 1) -> bool:
    return type(value) is int and value >= least


def is_number(value: Any) -> bool:
    return type(value) in (int, float) and value > 0


def count(least: int = 1) -> Rule:
    return lambda value: is_count(value, least), f"a whole number from {least} on"


def one_of(values: list[str]) -> Rule:
    return lambda value: value in values, f"one of {', '.join(values)}"


def nothing_or(fields: dict[str, Rule]) -> Rule:
    """null, or an object of exactly these fields."""

    def holds(value: Any) -> bool:
        return value is None or (
            isinstance(value, dict)
            and value.keys() == fields.keys()
            and all(rule(value[field]) for field, (rule, _) in fields.items())
        )

    return holds, "null or an object of " + ", ".join(f"{field} ({rule[1]})" for field, rule in fields.items())


FLAG: Rule = (lambda value: type(value) is bool, "true or false")
POSITIVE: Rule = (is_number, "a number above 0")
ODD: Rule = (lambda value: is_count(value) and value % 2 == 1, "an odd number")
BUCKETS: Rule = (
    lambda value: is_count(value, 0) and value % 2 == 0 and value <= LARGEST_SPAN,
    f"an even number up to {LARGEST_SPAN}",
)
ROWS_OR_NONE: Rule = (
    lambda value: is_count(value, 0) and not 0 < value < SMALLEST_TABLE,
    f"0, or {SMALLEST_TABLE} or more",
)
RULES: dict[str, Rule] = {
    "architecture": one_of(["deberta-v2"]),
    "vocabulary_size": count(),
    "hidden_size": count(),
    "layers": count(0),
    "attention_heads": count(),
    "intermediate_size": count(),
    "layer_norm_epsilon": POSITIVE,
    "position_buckets": BUCKETS,
    "maximum_relative_position": count(),
    "content_to_position": FLAG,
    "position_to_content": FLAG,
    "projector_size": count(),
    "scorer": one_of(SCORERS),
    "pooling": one_of(POOLINGS),
    "class_token_pooling": one_of(["first", "average"]),
    "activation": one_of(ACTIVATIONS),
    "attention_parts": (lambda value: is_count(value) and value <= 3, "1, 2 or 3"),
    "projector_activation": one_of(ACTIVATIONS),
    "embedding_size": count(),
    "position_embeddings": ROWS_OR_NONE,
    "token_type": FLAG,
    "convolution": nothing_or({"kernel_size": ODD, "activation": one_of(ACTIVATIONS)}),
    "scorer_heads": count(),
    "scorer_hidden_size": count(2),
    "embed_class_token": FLAG,
    "extract_text": FLAG,
    "normalize_features": FLAG,
    "segment_embeddings": FLAG,
    "squeeze_layers": FLAG,
    "lstm": FLAG,
    "calibrator": nothing_or({"hidden_size": count(), "beta_max": POSITIVE, "bias": FLAG}),
}


def implied(model: Model) -> Model:
    """What version 1.0 says without members of its own, and the values it has for those that it does say."""
    return {
        "scorer": "simple",
        "pooling": "first",
        "class_token_pooling": "first",
        "activation": "gelu",
        "attention_parts": 1 + model["content_to_position"] + model["position_to_content"],
        "projector_activation": "gelu",
        "embedding_size": model["hidden_size"],
        "position_embeddings": 0,
        "token_type": False,
        "convolution": None,
        "scorer_heads": 16,
        "scorer_hidden_size": 1024,
        "embed_class_token": True,
        "extract_text": False,
        "normalize_features": False,
        "segment_embeddings": False,
        "squeeze_layers": False,
        "lstm": False,
        "calibrator": None,
    }


def lowest_version(model: Model) -> int:
    """The major version that a writer takes for all members of version 2.0."""
    said = all(model[member] == value for member, value in implied(model).items())
    return 1 if said and model["position_buckets"] else 2


def complete(model: Model, major: int) -> Model:
    """The members of version 2.0, also of a file of version 1.0."""
    return {**model, **implied(model)} if major == 1 else model


def check_members(model: Model, major: int) -> Iterator[str]:
    """Every member of its version there, none unknown in 2.0, each with a value that it may have, and together as well."""
    members = MEMBERS_1 if major == 1 else MEMBERS_1 + MEMBERS_ADDED
    yield from (f"no model.{member}" for member in members if member not in model)
    if major > 1:
        yield from (f"model.{member} is unknown" for member in model if member not in RULES)
    sound = all(member in model for member in members)
    for member in members:
        rule, expected = RULES[member]
        if member in model and not rule(model[member]):
            yield f"model.{member} is {model[member]!r}, expected {expected}"
            sound = False
    if sound:
        yield from check_version(model, major)
        yield from check_together(complete(model, major))


def check_version(model: Model, major: int) -> Iterator[str]:
    if major == 1:
        for member in ("scorer", "pooling", "class_token_pooling", "activation"):
            if model[member] != (expected := implied(model)[member]):
                yield f"model.{member} is {model[member]!r}, in version 1.0 {expected!r}"
        if not model["position_buckets"]:
            yield "model.position_buckets is 0, in version 1.0 from 2 on"
    elif lowest_version(model) < major:
        yield "model says nothing that version 1.0 cannot say, in a file of version 2.0"


def check_together(model: Model) -> Iterator[str]:
    hidden, projector, scorer = model["hidden_size"], model["projector_size"], model["scorer"]
    terms = model["content_to_position"] + model["position_to_content"]
    if hidden % model["attention_heads"]:
        yield f"model.attention_heads is {model['attention_heads']}, with a hidden size of {hidden}"
    if not model["position_buckets"] and model["maximum_relative_position"] > LARGEST_SPAN:
        yield f"model.maximum_relative_position is {model['maximum_relative_position']}, without buckets"
    if model["attention_parts"] < 1 + terms:
        yield f"model.attention_parts is {model['attention_parts']}, with {terms} kinds of relative attention"
    if (scorer != "simple" or model["lstm"]) and projector != hidden:
        yield f"model.projector_size is {projector}, with this scorer or an LSTM expected {hidden}"
    if model["lstm"] and projector % 2:
        yield f"model.projector_size is {projector}, with an LSTM even"
    if scorer != "cross-attn":
        for member in ("scorer_heads", "scorer_hidden_size"):
            if model[member] != (expected := implied(model)[member]):
                yield f"model.{member} is {model[member]}, without cross-attn expected {expected}"
    elif projector % model["scorer_heads"]:
        yield f"model.scorer_heads is {model['scorer_heads']}, with a projector size of {projector}"
    if (scorer == "cross-attn") != (model["pooling"] == "pass"):
        yield f"model.pooling is {model['pooling']!r}, with scorer {scorer!r}"
    if model["segment_embeddings"] and model["embedding_size"] != hidden:
        yield f"model.embedding_size is {model['embedding_size']}, with segments expected {hidden}"
    if model["calibrator"] and model["pooling"] == "pass":
        yield "model.calibrator is there, with pooling 'pass'"


# --- Tensors --------------------------------------------------------------------------------------------------------

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
