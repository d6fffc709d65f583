"""The member `model` of the metadata, by formats/glc.md. A part of read_glc.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

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
    lambda value: is_count(value, 0) and value != 1 and value <= LARGEST_SPAN,
    f"0, or 2 to {LARGEST_SPAN}",
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
    buckets = model["position_buckets"]
    return 1 if said and buckets and buckets % 2 == 0 and model["layers"] else 2


def complete(model: Model, major: int) -> Model:
    """The members of version 2.0, also of a file of version 1.0."""
    return {**model, **implied(model)} if major == 1 else model


def members_of(major: int) -> list[str]:
    return MEMBERS_1 if major == 1 else MEMBERS_1 + MEMBERS_ADDED


def is_sound(model: Model, major: int) -> bool:
    """Whether every member is there with a value that it may have by itself."""
    return all(member in model and RULES[member][0](model[member]) for member in members_of(major))


def check_members(model: Model, major: int) -> Iterator[str]:
    """Every member of its version there, none unknown in 2.0, with values that are allowed, alone and together."""
    yield from (f"no model.{member}" for member in members_of(major) if member not in model)
    if major > 1:
        yield from (f"model.{member} is unknown" for member in model if member not in RULES)
    for member in members_of(major):
        rule, expected = RULES[member]
        if member in model and not rule(model[member]):
            yield f"model.{member} is {model[member]!r}, expected {expected}"
    if is_sound(model, major):
        yield from check_version(model, major)
        yield from check_together(complete(model, major))


def check_version(model: Model, major: int) -> Iterator[str]:
    if major == 1:
        for member in ("scorer", "pooling", "class_token_pooling", "activation"):
            if model[member] != (expected := implied(model)[member]):
                yield f"model.{member} is {model[member]!r}, in version 1.0 {expected!r}"
        for member in ("position_buckets", "layers"):
            if not model[member]:
                yield f"model.{member} is 0, in version 1.0 it is not"
        if model["position_buckets"] % 2:
            yield f"model.position_buckets is {model['position_buckets']}, in version 1.0 an even number"
    elif lowest_version(model) < major:
        yield "model says nothing that version 1.0 cannot say, in a file of version 2.0"


def check_together(model: Model) -> Iterator[str]:
    hidden, projector, scorer = model["hidden_size"], model["projector_size"], model["scorer"]
    terms = model["content_to_position"] + model["position_to_content"]
    if hidden % model["attention_heads"]:
        yield f"model.attention_heads is {model['attention_heads']}, with a hidden size of {hidden}"
    buckets, longest = model["position_buckets"], model["maximum_relative_position"]
    if terms and not buckets and longest > LARGEST_SPAN:
        yield f"model.maximum_relative_position is {longest}, without buckets"
    if buckets and longest < buckets // 2 + 2:
        yield f"model.maximum_relative_position is {longest}, with {buckets} buckets at least {buckets // 2 + 2}"
    if (convolution := model["convolution"]) and (not model["layers"] or convolution["kernel_size"] * hidden > 65_536):
        yield f"model.convolution is {convolution}, with {model['layers']} layers and a hidden size of {hidden}"
    if model["attention_parts"] < 1 + terms:
        yield f"model.attention_parts is {model['attention_parts']}, with {terms} kinds of relative attention"
    if (scorer != "simple" or model["lstm"]) and projector != hidden:
        yield f"model.projector_size is {projector}, with this scorer or an LSTM expected {hidden}"
    if model["lstm"] and model["pooling"] == "pass" and model["extract_text"]:
        yield "model.lstm is there, with pooling 'pass' and extract_text"
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
