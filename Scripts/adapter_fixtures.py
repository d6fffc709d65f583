#!/usr/bin/env python3
"""Make LoRA adapters for Tests/Fixtures/random-tiny, each with the tensors that the `peft` package makes of it.

    Scripts/adapter_fixtures.py [-o Tests/Fixtures/adapters] [--case NAME ...]

A case is a folder: adapter_config.json and adapter_model.safetensors (or adapter_model.bin) as `save_pretrained` of a
PeftModel writes them, and expected.safetensors. That file holds what `PeftModel.from_pretrained` on a fresh base and
`merge_and_unload` give: only tensors that are not the base's bit for bit, float32, under the base's names. A converter
that merges the adapter must get the base with those tensors replaced, within float32 rounding.

Every parameter that an adapter trains (factors, magnitudes, biases, copies of whole modules) is drawn anew from a stream
seeded by its name, so that nothing is zero or left at the base's value. The adapter files are the same bytes every time
with the same versions; expected.safetensors may differ in the last bits on another processor. The one thing changed in
what peft writes: lists in adapter_config.json are sorted (peft keeps sets, whose order is not the same from run to run).

Written with Python 3.11, torch 2.15.0, transformers 5.24.0, peft 0.21.2, gliclass 0.1.21, safetensors 0.8.0.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import warnings
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy  # noqa: E402
import torch  # noqa: E402
from gliclass import GLiClassModel  # noqa: E402
from peft import LoraConfig, PeftModel, get_peft_model  # noqa: E402
from peft.utils.warning import PeftWarning  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from transformers.utils.logging import disable_progress_bar  # noqa: E402

FIXTURES = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures"
BASE = FIXTURES / "random-tiny"
CONFIGURATION = "adapter_config.json"
WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


@dataclass(frozen=True)
class Case:
    """Arguments of LoraConfig; what the adapter is applied to; in which format it is saved."""

    options: dict[str, Any]
    encoder_only: bool = False
    safetensors: bool = True
    # Ends of tensors' names in the adapter file: each must occur, so that a case tests what it says.
    holds: tuple[str, ...] = field(default=("lora_A.weight", "lora_B.weight"))


LAYER = "model.encoder_model.encoder.layer"

CASES: dict[str, Case] = {
    "plain": Case({"r": 4, "lora_alpha": 8, "lora_dropout": 0.1, "target_modules": ["query_proj", "value_proj"]}),
    "rslora_regex_bias_all": Case(
        {"r": 4, "lora_alpha": 6, "use_rslora": True, "bias": "all",
         "target_modules": r".*\.layer\.[1-9]\.(intermediate|pooler)\.dense"},
        holds=("intermediate.dense.base_layer.bias", "key_proj.bias", "LayerNorm.bias", "text_projector.linear_1.bias"),
    ),
    # query_proj of layer 1 matches two keys of alpha_pattern: the first in the file decides (peft sorts keys in writing).
    "patterns": Case(
        {"r": 4, "lora_alpha": 8, "target_modules": ["query_proj", f"{LAYER}.0.attention.self.value_proj"],
         "rank_pattern": {r"layer\.1\.attention\.self\.[a-z]+_proj": 3, f"{LAYER}.0.attention.self.value_proj": 6,
                          "query_proj": 2},
         "alpha_pattern": {r".*\.1\.attention\.self\..*": 12, f"^{LAYER}.0.attention.self.value_proj": 5,
                           "query_proj": 16},
         "modules_to_save": ["text_projector"]},
        holds=("lora_A.weight", "text_projector.linear_1.weight", "text_projector.linear_2.bias"),
    ),
    "bias_lora_only": Case(
        {"r": 4, "lora_alpha": 8, "bias": "lora_only", "target_modules": ["layer.1.attention.self.key_proj"]},
        holds=("key_proj.base_layer.bias",),
    ),
    "bias_all_saved_modules": Case(
        {"r": 2, "lora_alpha": 8, "bias": "all", "target_modules": ["layer.0.attention.self.key_proj"],
         "modules_to_save": ["LayerNorm"]},
        holds=("LayerNorm.bias", "LayerNorm.original_module.bias", "LayerNorm.modules_to_save.bias"),
    ),
    "dora": Case(
        {"r": 4, "lora_alpha": 8, "use_dora": True,
         "target_modules": ["layer.0.attention.self.query_proj", "layer.0.output.dense"]},
        holds=("query_proj.lora_magnitude_vector", "output.dense.lora_magnitude_vector"),
    ),
    "embedding": Case(
        {"r": 2, "lora_alpha": 6, "target_modules": ["word_embeddings", "layer.0.attention.output.dense"]},
        holds=("word_embeddings.lora_embedding_A", "word_embeddings.lora_embedding_B", "dense.lora_A.weight"),
    ),
    "lora_bias": Case(
        {"r": 4, "lora_alpha": 8, "lora_bias": True, "target_modules": ["layer.0.attention.self.value_proj"]},
        holds=("value_proj.lora_B.bias",),
    ),
    "bin": Case(
        {"r": 4, "lora_alpha": 8, "target_modules": ["layer.1.attention.self.query_proj"]}, safetensors=False
    ),
    "encoder_only": Case(
        {"r": 4, "lora_alpha": 8, "target_modules": ["layer.0.attention.self.query_proj", "1.attention.output.dense"]},
        encoder_only=True, holds=("base_model.model.encoder.layer.0.attention.self.query_proj.lora_A.weight",),
    ),
    "all_linear": Case(
        {"r": 2, "lora_alpha": 4, "target_modules": "all-linear",
         "exclude_modules": ["output.dense", "intermediate.dense", "key_proj", "value_proj", "linear_2",
                             "model.classes_projector.linear_1"]},
        holds=("query_proj.lora_A.weight", "text_projector.linear_1.lora_A.weight"),
    ),
    "layers_to_transform": Case(
        {"r": 4, "lora_alpha": 8, "target_modules": ["key_proj"], "layers_to_transform": [1], "layers_pattern": "layer"}
    ),
}


def fresh_base() -> GLiClassModel:
    """The base in float32. To be called in the folder of the base: the name goes into the adapter's configuration."""
    return GLiClassModel.from_pretrained(BASE.name, dtype=torch.float32).eval()


def target(model: GLiClassModel, case: Case) -> torch.nn.Module:
    return model.model.encoder_model if case.encoder_only else model


def drawn(name: str, shape: torch.Size) -> torch.Tensor:
    """Values in (-1, 1), none of them zero: a function of the name alone."""
    generator = numpy.random.Generator(numpy.random.PCG64(numpy.random.SeedSequence([0, zlib.crc32(name.encode())])))
    odd = 2 * generator.integers(-(1 << 15), 1 << 15, size=tuple(shape)) + 1
    return torch.from_numpy((odd / (1 << 16)).astype(numpy.float32))


def train(adapted: PeftModel) -> None:
    """Gives every trainable parameter new values: magnitudes near 1, all else near 0."""
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if parameter.requires_grad:
                centre, spread = (1, 0.5) if "lora_magnitude_vector" in name else (0, 0.25)
                parameter.copy_(centre + spread * drawn(name, parameter.shape))


def sort_lists(path: Path) -> None:
    """Writes the configuration as peft does, with the lists that were sets in order."""
    configuration = json.loads(path.read_text(encoding="utf-8"))
    for key in ("target_modules", "exclude_modules"):
        if isinstance(configuration[key], list):
            configuration[key].sort()
    path.write_text(json.dumps(configuration, indent=2, sort_keys=True), encoding="utf-8")


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    """The adapter's tensors, from the one weight file of the folder."""
    (path,) = (folder / name for name in WEIGHTS if (folder / name).exists())
    return load_file(path) if path.suffix == ".safetensors" else torch.load(path, weights_only=True)


def merged(case: Case, folder: Path) -> dict[str, torch.Tensor]:
    """What differs from the base after loading the adapter from `folder` and merging it."""
    model = fresh_base()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    result = PeftModel.from_pretrained(target(model, case), str(folder)).merge_and_unload()
    if result is not target(model, case):
        raise SystemExit("error: expected peft to merge in place")
    after = model.state_dict()
    if before.keys() != after.keys():
        raise SystemExit(f"error: names changed: {sorted(before.keys() ^ after.keys())}")
    return {name: tensor.contiguous() for name, tensor in after.items() if not torch.equal(tensor, before[name])}


def make(name: str, case: Case, output: Path) -> None:
    adapted = get_peft_model(target(fresh_base(), case), LoraConfig(**case.options))
    train(adapted)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        adapted.save_pretrained(str(folder), safe_serialization=case.safetensors)
        sort_lists(folder / CONFIGURATION)
        names = tensors(folder).keys()
        for part in case.holds:
            if not any(key.endswith(part) for key in names):
                raise SystemExit(f"error: {name}: expected a tensor named *{part}, found {sorted(names)}")
        expected = merged(case, folder)
        save_file(expected, folder / "expected.safetensors")
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir(parents=True)
        for file in sorted(folder.iterdir()):
            if file.name in (CONFIGURATION, "expected.safetensors", *WEIGHTS):
                shutil.copyfile(file, output / file.name)
    size = sum(file.stat().st_size for file in output.iterdir())
    print(f"{name}: {len(names)} tensors, {len(expected)} of the base changed, {size} bytes")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=FIXTURES / "adapters")
    parser.add_argument("--case", nargs="+", choices=list(CASES), default=list(CASES), metavar="NAME")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    output = arguments.output.resolve()
    # A pattern without a module or a tensor without a place are warnings of peft: no case may have one.
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", FutureWarning)
    warnings.filterwarnings("ignore", "Adapter 'default': 1 LoRA tensor.*lora_B.bias", PeftWarning)
    disable_progress_bar()
    with contextlib.chdir(BASE.parent):
        for name in arguments.case:
            make(name, CASES[name], output / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
