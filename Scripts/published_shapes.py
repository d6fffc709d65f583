#!/usr/bin/env python3
"""Write configuration and tensor shapes of the published DeBERTa uni-encoders, without their weights.

    Scripts/published_shapes.py [-o Tests/Fixtures/published]            torch 2.15.0, transformers 5.24.0, gliclass 0.1.21
    Scripts/published_shapes.py --older [-o Tests/Fixtures/published]    transformers 4.44.2, gliclass 0.1.6

The first form makes NAME.json, one a model: {"model", "producer", "known", "assumed", "config", "tensors"}. "config" is
config.json as `save_pretrained` writes it; "tensors" maps the names in the model's state_dict to [dtype, shape]. Nothing is
downloaded: the classes are instantiated on the meta device.

What comes from where: "known" are options of the published model, taken from its card; "assumed" are options that no card
states (a reason is given with each). All else in "config", and every name and shape, is what the classes make of these options.
So a file shows what a checkpoint with these options looks like; it is no copy of the published config.json.

The second form makes transformers-4/NAME.json, {"model", "producer", "config"}, for some models: the same options as the
packages of mid-2024 wrote them, with the fields that transformers 4.x saved into every configuration. It needs an environment of
its own, in which those two versions are installed.

The same bytes every time with the same versions.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

FIXTURES = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures"
DTYPES = {"float32": "F32", "float16": "F16"}


@dataclass(frozen=True)
class Backbone:
    """An encoder by Microsoft; `tokens` counts its tokenizer's vocabulary, where the markers of GLiClass begin."""

    name: str
    layers: int
    hidden: int
    heads: int
    tokens: int

    @property
    def options(self) -> dict[str, Any]:
        """The encoder's published config.json, but for the size of the vocabulary."""
        return {
            "attention_probs_dropout_prob": 0.1,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "hidden_size": self.hidden,
            "initializer_range": 0.02,
            "intermediate_size": 4 * self.hidden,
            "layer_norm_eps": 1e-7,
            "max_position_embeddings": 512,
            "max_relative_positions": -1,
            "norm_rel_ebd": "layer_norm",
            "num_attention_heads": self.heads,
            "num_hidden_layers": self.layers,
            "pooler_dropout": 0,
            "pooler_hidden_act": "gelu",
            "pooler_hidden_size": self.hidden,
            "pos_att_type": "p2c|c2p",
            "position_biased_input": False,
            "position_buckets": 256,
            "relative_attention": True,
            "share_att_key": True,
            "type_vocab_size": 0,
            "vocab_size": self.tokens + len(MARKERS),
        }


MARKERS = ("class_token_index", "text_token_index", "example_token_index")
SMALL = Backbone("microsoft/deberta-v3-small", layers=6, hidden=768, heads=12, tokens=128_001)
BASE = Backbone("microsoft/deberta-v3-base", layers=12, hidden=768, heads=12, tokens=128_001)
LARGE = Backbone("microsoft/deberta-v3-large", layers=24, hidden=1024, heads=16, tokens=128_001)
MULTILINGUAL = Backbone("microsoft/mdeberta-v3-base", layers=12, hidden=768, heads=12, tokens=250_102)


@dataclass(frozen=True)
class Model:
    """Options of a published model: from its card, and where the card is silent a value with the reason for it."""

    backbone: Backbone
    known: dict[str, Any]
    assumed: dict[str, tuple[Any, str]] = field(default_factory=dict)
    dtype: str = "float32"

    @property
    def options(self) -> dict[str, Any]:
        return self.known | {key: value for key, (value, _) in self.assumed.items()}


FIRST = {"prompt_first": False, "scorer_type": "simple"}
THIRD = {"prompt_first": True, "scorer_type": "mlp"}
INSTRUCT = {"class_token_pooling": "average", "use_segment_embeddings": True}
DEFAULT_OF_TRAINING = "default of the repository's train.py"
SIZE = "the published number of parameters (187M, 439M) is that with this scorer"
UNKNOWN = "not stated by the card; default of the class"

MODELS = {
    "small-v1.0": Model(SMALL, FIRST),
    "base-v1.0": Model(BASE, FIRST),
    "large-v1.0": Model(LARGE, FIRST),
    "small-v1.0-lw": Model(SMALL, FIRST | {"squeeze_layers": True}),
    "base-v1.0-lw": Model(BASE, FIRST | {"squeeze_layers": True}),
    "large-v1.0-lw": Model(LARGE, FIRST | {"squeeze_layers": True}),
    "base-v2.0-rac-init": Model(
        BASE, {}, {"prompt_first": (True, DEFAULT_OF_TRAINING), "scorer_type": ("simple", DEFAULT_OF_TRAINING)}
    ),
    "base-v3.0": Model(BASE, THIRD),
    "large-v3.0": Model(LARGE, THIRD),
    "instruct-base-v1.0": Model(
        BASE, INSTRUCT, {"prompt_first": (True, DEFAULT_OF_TRAINING), "scorer_type": ("mlp", SIZE)}
    ),
    "instruct-large-v1.0": Model(
        LARGE, INSTRUCT, {"prompt_first": (True, DEFAULT_OF_TRAINING), "scorer_type": ("mlp", SIZE)}
    ),
    "x-base": Model(
        MULTILINGUAL, {}, {"prompt_first": (True, DEFAULT_OF_TRAINING), "scorer_type": ("simple", UNKNOWN)}, "float16"
    ),
    "multilang-mini": Model(
        MULTILINGUAL, {"scorer_type": "cross-attn", "pooling_strategy": "pass"},
        {"prompt_first": (True, DEFAULT_OF_TRAINING)}, "float16"
    ),
}
OLDER = ("small-v1.0", "base-v1.0-lw")


def versions(*packages: str) -> dict[str, str]:
    return {package: importlib.metadata.version(package) for package in packages}


def saved(config: Any) -> dict[str, Any]:
    """config.json as `config` writes it."""
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        return json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))


def configuration(model: Model, markers: tuple[str, ...], **encoder_options: Any) -> Any:
    """The configuration as training makes it: markers behind the tokenizer's vocabulary, embeddings resized to hold them."""
    from gliclass import GLiClassModelConfig
    from transformers import DebertaV2Config

    config = GLiClassModelConfig(
        encoder_config=DebertaV2Config(**model.backbone.options, **encoder_options),
        encoder_model=model.backbone.name,
        **{marker: model.backbone.tokens + index for index, marker in enumerate(markers)},
        **model.options,
    )
    config.problem_type = "multi_label_classification"
    config.architectures = ["GLiClassModel"]
    return config


def described(name: str) -> str:
    """The file of one model, a line a tensor."""
    import torch
    from gliclass import GLiClassModel

    model = MODELS[name]
    config = configuration(model, MARKERS)
    config.dtype = model.dtype
    with torch.device("meta"):
        state = GLiClassModel(config, from_pretrained=False).state_dict()
    head = {
        "model": f"knowledgator/gliclass-{name}",
        "producer": {"script": "Scripts/published_shapes.py", **versions("torch", "transformers", "gliclass")},
        "known": {"backbone": model.backbone.name, **model.known},
        "assumed": {key: {"value": value, "reason": reason} for key, (value, reason) in assumptions(model).items()},
        "config": saved(config),
    }
    dtype = DTYPES[model.dtype]
    tensors = [f"{json.dumps(key)}:{json.dumps([dtype, list(state[key].shape)], separators=(',', ':'))}"
               for key in sorted(state)]
    lines = [f"{json.dumps(key)}:{json.dumps(value)}" for key, value in head.items()]
    lines.append('"tensors":{\n' + ",\n".join(tensors) + "\n}")
    return "{" + ",\n".join(lines) + "}\n"


def assumptions(model: Model) -> dict[str, tuple[Any, str]]:
    """All of them, those included that hold for every model."""
    rows = model.backbone.tokens + len(MARKERS)
    common = {
        "vocab_size": (rows, "the tokenizer's vocabulary and three markers; models from before <<EXAMPLE>> may have a row less"),
        "hidden_size": (model.backbone.hidden, "default of the class: the encoder's"),
    }
    if model.dtype == "float16":
        common["dtype"] = (model.dtype, "the card says 16-bit, not which")
    if model.backbone is MULTILINGUAL:
        common["class_token_index"] = (model.backbone.tokens, "the first id behind the tokenizer's vocabulary")
    if model.known.get("squeeze_layers"):
        common["rows of W2"] = (model.backbone.layers, "what the class makes: one weight a layer; take it from the tensors")
    return model.assumed | common


def described_older(name: str) -> str:
    """The configuration of one model by the packages of 2024, which had two markers."""
    model = MODELS[name]
    config = configuration(model, MARKERS[:2], name_or_path=model.backbone.name)
    config.torch_dtype = model.dtype
    content = {
        "model": f"knowledgator/gliclass-{name}",
        "producer": {"script": "Scripts/published_shapes.py --older", **versions("transformers", "gliclass")},
        "config": saved(config),
    }
    return json.dumps(content, indent=1) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=FIXTURES / "published")
    parser.add_argument("--older", action="store_true", help="configurations by transformers 4.x only")
    arguments = parser.parse_args()
    folder = arguments.output / "transformers-4" if arguments.older else arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    for name in OLDER if arguments.older else MODELS:
        text = described_older(name) if arguments.older else described(name)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
        print(f"{name}: {len(text.encode())} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
