"""What a config.json means for the metadata of a `.glc`, by formats/glc.md. A part of read_glc.py.

Absent fields have the values that `GLiClassModelConfig` of gliclass and `DebertaV2Config` of transformers give them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from glc_model import MEMBERS_1, Model, lowest_version

Fields = dict[str, Any]

ACTIVATION_NAMES = {
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_accurate": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_python_tanh": "gelu_tanh",
    "swish": "silu",
}
ENCODER_DEFAULTS: Fields = {
    "model_type": "deberta-v2",
    "vocab_size": 128_100,
    "hidden_size": 1536,
    "num_hidden_layers": 24,
    "num_attention_heads": 24,
    "intermediate_size": 6144,
    "hidden_act": "gelu",
    "max_position_embeddings": 512,
    "type_vocab_size": 0,
    "layer_norm_eps": 1e-7,
    "relative_attention": False,
    "max_relative_positions": -1,
    "position_buckets": -1,
    "position_biased_input": True,
    "pos_att_type": None,
    "share_att_key": False,
    "norm_rel_ebd": "none",
    "conv_kernel_size": 0,
    "conv_groups": 1,
    "conv_act": "tanh",
}
HEAD_DEFAULTS: Fields = {
    "class_token_index": -1,
    "text_token_index": -1,
    "example_token_index": -1,
    "hidden_size": None,
    "vocab_size": None,
    "projector_hidden_act": "gelu",
    "use_lstm": False,
    "scorer_type": "simple",
    "scorer_num_heads": 16,
    "scorer_mlp_hidden_size": 1024,
    "pooling_strategy": "first",
    "class_token_pooling": "first",
    "normalize_features": False,
    "extract_text_features": False,
    "prompt_first": False,
    "squeeze_layers": False,
    "encoder_layer_id": -1,
    "embed_class_token": True,
    "use_segment_embeddings": False,
    "use_calibrator": False,
    "calibrator_hidden_size": 256,
    "calibrator_beta_max": 3.0,
    "calibrator_use_bias": False,
}
PIPELINE_LENGTH = 1024


class Configuration:
    """The fields of a config.json with their defaults, and what follows from them."""

    def __init__(self, config: Fields) -> None:
        self.head: Fields = HEAD_DEFAULTS | config
        self.encoder: Fields = ENCODER_DEFAULTS | (config.get("encoder_config") or {})
        self.hidden: int = self.encoder["hidden_size"]
        size: int | None = self.encoder.get("embedding_size")
        self.embedding_size = self.hidden if size is None else size

    @property
    def position_terms(self) -> list[str]:
        """`c2p`, `p2c`: a list as it stands, or a text in which they are joined by `|`."""
        terms = self.encoder["pos_att_type"] or []
        return [term.strip() for term in terms.lower().split("|")] if isinstance(terms, str) else list(terms)

    def has_relative(self, term: str) -> bool:
        return bool(self.encoder["relative_attention"]) and term in self.position_terms

    @property
    def buckets(self) -> int:
        return max(0, int(self.encoder["position_buckets"]))

    @property
    def longest_distance(self) -> int:
        longest: int = self.encoder["max_relative_positions"]
        return longest if longest >= 1 else self.encoder["max_position_embeddings"]

    @property
    def relative_rows(self) -> int:
        return 2 * (self.buckets or self.longest_distance)

    @property
    def normalizes_relative(self) -> bool:
        return "layer_norm" in [part.strip() for part in self.encoder["norm_rel_ebd"].lower().split("|")]

    @property
    def layers(self) -> int:
        """Layers in front of the state that the head reads: state 0 is that of the embeddings."""
        state, layers = self.head["encoder_layer_id"], self.encoder["num_hidden_layers"]
        return int(state if state >= 0 else layers + 1 + state)

    @property
    def squeezes(self) -> bool:
        """Only where no state is chosen are all of them weighted."""
        return bool(self.head["squeeze_layers"]) and self.head["encoder_layer_id"] == -1

    @property
    def positions(self) -> int:
        rows: int = self.encoder["max_position_embeddings"]
        return rows if self.encoder["position_biased_input"] else 0

    def model(self, vocabulary: int) -> Model:
        """The member `model`, with all that version 2.0 has in it."""
        return self.encoder_members(vocabulary) | self.head_members()

    def encoder_members(self, vocabulary: int) -> Model:
        encoder, kernel = self.encoder, self.encoder["conv_kernel_size"]
        convolution = {"kernel_size": kernel, "activation": activation(encoder["conv_act"])}
        return {
            "architecture": encoder["model_type"],
            "vocabulary_size": vocabulary,
            "hidden_size": self.hidden,
            "layers": self.layers,
            "attention_heads": encoder["num_attention_heads"],
            "intermediate_size": encoder["intermediate_size"],
            "layer_norm_epsilon": as_f32(encoder["layer_norm_eps"]),
            "position_buckets": self.buckets,
            "maximum_relative_position": self.longest_distance,
            "content_to_position": self.has_relative("c2p"),
            "position_to_content": self.has_relative("p2c"),
            "attention_parts": 1 + sum(term in self.position_terms for term in ("c2p", "p2c")),
            "activation": activation(encoder["hidden_act"]),
            "embedding_size": self.embedding_size,
            "position_embeddings": self.positions,
            "token_type": encoder["type_vocab_size"] > 0,
            "convolution": convolution if kernel > 0 else None,
        }

    def head_members(self) -> Model:
        head = self.head
        of_scorer = head if head["scorer_type"] == "cross-attn" else HEAD_DEFAULTS
        calibrator = {
            "hidden_size": head["calibrator_hidden_size"],
            "beta_max": as_f32(head["calibrator_beta_max"]),
            "bias": head["calibrator_use_bias"],
        }
        return {
            "projector_size": self.hidden if head["hidden_size"] is None else head["hidden_size"],
            "projector_activation": activation(head["projector_hidden_act"]),
            "scorer": head["scorer_type"],
            "scorer_heads": of_scorer["scorer_num_heads"],
            "scorer_hidden_size": of_scorer["scorer_mlp_hidden_size"],
            "pooling": head["pooling_strategy"],
            "class_token_pooling": "average" if head["class_token_pooling"] == "average" else "first",
            "embed_class_token": head["embed_class_token"],
            "extract_text": head["extract_text_features"],
            "normalize_features": head["normalize_features"],
            "segment_embeddings": head["use_segment_embeddings"],
            "squeeze_layers": self.squeezes,
            "lstm": head["use_lstm"],
            "calibrator": calibrator if head["use_calibrator"] else None,
        }

    def prompt(self) -> Fields:
        size = self.head["vocab_size"]
        vocabulary = self.encoder["vocab_size"] if size is None else size
        fields = ("class_token_index", "text_token_index", "example_token_index")
        ids = [vocabulary + i if self.head[field] == -1 else self.head[field] for i, field in enumerate(fields)]
        return {
            **dict(zip(("label_token", "separator_token", "example_token"), ids)),
            "prompt_first": self.head["prompt_first"],
            "maximum_length": min(PIPELINE_LENGTH, self.positions or PIPELINE_LENGTH),
        }


def activation(name: str) -> str:
    return ACTIVATION_NAMES.get(name, name)


def as_f32(value: float) -> float:
    """The number nearest in f32, as its shortest decimal says it."""
    return float(str(np.float32(value)))


def as_version(model: Model) -> tuple[int, Model]:
    """The lowest version that can say this, and the members it has."""
    version = lowest_version(model)
    return version, {member: model[member] for member in MEMBERS_1} if version == 1 else model
