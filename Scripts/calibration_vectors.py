#!/usr/bin/env python3
"""Record what the inputs of a checkpoint's linear layers are on some texts, for Tests/CalibrationTests.

    calibration_vectors.py [MODEL_DIR] [-o Tests/Fixtures/calibration.json]

MODEL_DIR (default: Tests/Fixtures/random-tiny) is a Hugging Face folder of a GLiClass uni-encoder with a reference.jsonl, whose
"input_ids" are run through the Python `gliclass` package in float32, one text at a time. Hooks on the encoder's linear layers
take what they read. Of all rows of all texts together, summed in float64, the file has for each layer that was hooked:

    rows                  how many there were
    means, seconds        E[x] and E[x^2] of each feature
    minima, maxima        its extremes
    products              E[x x^T] times the vector v, v[k] = (7 k mod 11) - 5

Query, key and value read the same rows: the value stands for all three (the others are given relative embeddings, too).
Needs torch, transformers, gliclass and numpy; the file names their versions.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
from pathlib import Path
from typing import Any

import numpy
import torch

from reference_outputs import load_model, weight_files
from script_io import fail

FIXTURES = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures"
PROBES = ("attention.self.value_proj", "attention.output.dense", "intermediate.dense", "output.dense")
VERSIONS = ("gliclass", "torch", "transformers", "numpy")


def read_inputs(folder: Path) -> list[list[int]]:
    """The token ids of a reference file's lines, the first of which is its header."""
    path = folder / "reference.jsonl"
    if not path.is_file():
        fail(f"{path}: no such file", 66)
    return [json.loads(line)["input_ids"] for line in path.read_text(encoding="utf-8").split("\n")[1:] if line]


def record(folder: Path, inputs: list[list[int]]) -> dict[str, numpy.ndarray]:
    """The rows that each hooked layer reads, of all texts, by the layer's name in the checkpoint."""
    model = load_model(folder, weight_files(folder))
    rows: dict[str, list[numpy.ndarray]] = {}

    def hook(name: str) -> Any:
        def take(_: torch.nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
            rows.setdefault(name, []).append(arguments[0].detach().reshape(-1, arguments[0].shape[-1]).numpy())

        return take

    for name, module in model.named_modules():
        layer = name.partition("encoder.layer.")[2].partition(".")[2]
        if layer in PROBES:
            module.register_forward_pre_hook(hook(name))
    with torch.no_grad():
        for ids in inputs:
            tensor = torch.tensor([ids])
            model(input_ids=tensor, attention_mask=torch.ones_like(tensor))
    return {name: numpy.concatenate(parts).astype(numpy.float64) for name, parts in rows.items()}


def describe(rows: numpy.ndarray) -> dict[str, Any]:
    """What the file has of one layer."""
    vector = numpy.array([7 * feature % 11 - 5 for feature in range(rows.shape[1])], dtype=numpy.float64)

    def rounded(values: numpy.ndarray) -> list[float]:
        return [float(f"{value:.8g}") for value in values]

    return {
        "rows": rows.shape[0],
        "means": rounded(rows.mean(axis=0)),
        "seconds": rounded((rows * rows).mean(axis=0)),
        "minima": rounded(rows.min(axis=0)),
        "maxima": rounded(rows.max(axis=0)),
        "products": rounded(rows.T @ (rows @ vector) / rows.shape[0]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model_dir", nargs="?", type=Path, default=FIXTURES / "random-tiny")
    parser.add_argument("-o", "--output", type=Path, default=FIXTURES / "calibration.json")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    layers = record(arguments.model_dir, read_inputs(arguments.model_dir))
    if not layers:
        fail(f"{arguments.model_dir}: no linear layer was found to hook")
    content = {
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
        "layers": {name: describe(rows) for name, rows in layers.items()},
    }
    arguments.output.write_text(json.dumps(content) + "\n", encoding="utf-8")
    for name, rows in layers.items():
        print(f"{name}: {rows.shape[0]} rows of {rows.shape[1]}")


if __name__ == "__main__":
    main()
