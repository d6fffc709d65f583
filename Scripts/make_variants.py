#!/usr/bin/env python3
"""Make the small random checkpoints that Tests/Fixtures/variants describes.

    make_variants.py OUT_DIR [NAME...] [--descriptions Tests/Fixtures/variants]

Each description NAME.json holds a configuration, the names and shapes of the tensors, the SHA-256 of the weights and what
the Python package answers; Scripts/variant_fixtures.py recorded it. OUT_DIR/NAME receives config.json, model.safetensors,
tokenizer.json and tokenizer_config.json (the tokenizer is that of Tests/Fixtures/random-tiny). Without a NAME all are made.

The weights are the same bytes on every machine, by the same generator as Scripts/make_random_checkpoint.py: each tensor from
a stream seeded by its name and the description's "seed". How a tensor's values are made is a rule by its name (RULES), times the
description's "gains" and plus its "offsets", which bring the logits to a standard deviation of about 2 and, where the last layer
has a bias, to a mean near 0. A file with another SHA-256 is an error.

Needs numpy, nothing else. Exit status: 0 done, 2 usage, 65 a description that cannot be followed, 66 missing, 73 cannot write.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
import shutil
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy

from make_random_checkpoint import Stream

FIXTURES = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures"
DESCRIPTIONS = FIXTURES / "variants"
TOKENIZER = FIXTURES / "random-tiny"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")

# A matrix of independent values makes a model that 8 bits disturb more than a trained one: what tells two labels apart is then
# spread over as many directions as the rounding errors are. So, as training does, a few directions carry most of the signal: each
# space (the residual stream, the projected features, ...) has RANK of them, rows of +1 and -1, which the matrices that write to
# the space favour, and those that read from it. SCATTER is the share of the independent values beside that.
RANK = 8
SCATTER = 0.3
STREAM, INNER, VALUES, FEATURES, CONTEXT = "stream", "inner", "values", "features", "context"


@dataclass(frozen=True)
class Rule:
    """How tensors whose name ends in `pattern` are made.

    A vector: mean + deviation * normal. A table of embeddings: rows with this deviation, in the directions of `writes`. A matrix:
    the output's deviation is about `gain` times that of its input; it reads from and writes to the directions of two spaces.
    """

    pattern: str
    deviation: float = 0.0
    mean: float = 0.0
    gain: float | None = None
    reads: str | None = None
    writes: str | None = None


# The first that matches counts. Attention is peaked, and outweighs what a token brings along, so that labels differ by what they
# say and not by the marker that they share.
RULES = [
    Rule(r"logit_scale", mean=1.0),
    Rule(r"(LayerNorm|_norm|scorer\.norm)\.weight", deviation=0.08, mean=1.0),
    Rule(r"(LayerNorm|_norm|scorer\.norm)\.bias", deviation=0.05),
    Rule(r"layer_wise_attention\.(W1|W2)\.bias", deviation=0.5),
    Rule(r"lstm\.bias_.*", deviation=0.2),
    Rule(r"\.bias", deviation=0.03),
    Rule(r"rel_embeddings\.weight", deviation=1.0, writes=STREAM),
    Rule(r"embeddings\.weight", deviation=0.05, writes=STREAM),
    Rule(r"embed_proj\.weight", gain=1.0, reads=STREAM, writes=STREAM),
    Rule(r"(query|key)_proj\.weight", gain=1.8, reads=STREAM),
    Rule(r"value_proj\.weight", gain=1.5, reads=STREAM, writes=VALUES),
    Rule(r"attention\.output\.dense\.weight", gain=2.0, reads=VALUES, writes=STREAM),
    Rule(r"intermediate\.dense\.weight", gain=1.0, reads=STREAM, writes=INNER),
    Rule(r"output\.dense\.weight", gain=1.0, reads=INNER, writes=STREAM),
    Rule(r"conv\.conv\.weight", gain=1.2, reads=STREAM, writes=STREAM),
    Rule(r"lstm\.weight_ih.*", gain=1.5, reads=STREAM),
    Rule(r"lstm\.weight_hh.*", gain=1.0),
    Rule(r"layer_wise_attention\.(squeeze|W1|W2)\.weight", gain=3.0),
    Rule(r"layer_wise_attention\.output_projection\.weight", gain=1.2, reads=STREAM, writes=STREAM),
    Rule(r"projector\.linear_1\.weight", gain=1.2, reads=STREAM, writes=INNER),
    Rule(r"projector\.linear_2\.weight", gain=1.2, reads=INNER, writes=FEATURES),
    Rule(r"scorer\.(q|k)\.weight", gain=2.0, reads=FEATURES, writes=FEATURES),
    Rule(r"scorer\.(q|k|v)_proj\.weight", gain=1.2, reads=FEATURES, writes=FEATURES),
    Rule(r"scorer\.v\.weight", gain=1.2, reads=FEATURES, writes=CONTEXT),
    Rule(r"scorer\.out\.weight", gain=1.2, reads=CONTEXT, writes=FEATURES),
    Rule(r"scorer\.proj_(text|label)\.weight", gain=1.2, reads=FEATURES, writes=FEATURES),
    Rule(r"scorer\.(mlp|out_mlp|score_mlp)\.0\.weight", gain=1.2, reads=FEATURES, writes=INNER),
    Rule(r"scorer\.(mlp|score_mlp)\.2\.weight", gain=1.2, reads=INNER, writes=INNER),
    Rule(r"scorer\.(mlp|out_mlp|score_mlp)\.[34]\.weight", gain=1.2, reads=INNER),
    Rule(r"\.weight", gain=1.2),
]


def fail(message: str, status: int = 65) -> NoReturn:
    """Print one `error:` line and exit."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(status)


def rule_for(name: str) -> Rule:
    for rule in RULES:
        if re.search(f"{rule.pattern}$", name):
            return rule
    fail(f"no rule says how to make the tensor {name}")


def directions(space: str, width: int) -> numpy.ndarray:
    """The RANK directions of a space of this width, rows of +1 and -1."""
    draws = Stream(0, f"space {space} {width}").normal(RANK * width, 1.0)
    return numpy.where(draws < 0, -1.0, 1.0).reshape(RANK, width)


def combined(coefficients: numpy.ndarray, rows: numpy.ndarray) -> numpy.ndarray:
    """coefficients [n, RANK] times rows [RANK, width], summed in order: the same bits everywhere, which BLAS would not give."""
    total = numpy.zeros((coefficients.shape[0], rows.shape[1]))
    for rank in range(RANK):
        total += coefficients[:, rank : rank + 1] * rows[rank]
    return total


def table(stream: Stream, rule: Rule, rows: int, width: int) -> numpy.ndarray:
    """Rows of embeddings: mostly combinations of the space's directions."""
    scattered = normal(stream, (rows, width), rule.deviation * SCATTER)
    return scattered + combined(normal(stream, (rows, RANK), rule.deviation / math.sqrt(RANK)), directions(rule.writes, width))


def matrix(stream: Stream, rule: Rule, outputs: int, inputs: int, block: int) -> numpy.ndarray:
    """A matrix [outputs, inputs]; inputs may be several blocks of a space side by side, and so may outputs."""
    values = normal(stream, (outputs, inputs), rule.gain * SCATTER / math.sqrt(inputs))
    if rule.reads is None:
        return values / SCATTER
    width = block if rule.reads == FEATURES and inputs % block == 0 else inputs
    for start in range(0, inputs, width):
        read = directions(rule.reads, width) / inputs
        if rule.writes is None:
            values[:, start : start + width] += combined(normal(stream, (outputs, RANK), rule.gain), read)
            continue
        height = block if rule.writes == FEATURES and outputs % block == 0 else outputs
        for top in range(0, outputs, height):
            mixed = combined(normal(stream, (RANK, RANK), rule.gain / math.sqrt(RANK)), read)
            values[top : top + height, start : start + width] += combined(directions(rule.writes, height).T, mixed)
    return values


def normal(stream: Stream, shape: tuple[int, ...], deviation: float) -> numpy.ndarray:
    return stream.normal(math.prod(shape), deviation).astype(numpy.float64).reshape(shape)


def tensor(seed: int, name: str, shape: tuple[int, ...], hidden: int) -> numpy.ndarray:
    """The values of a tensor before its gain, in float64. `hidden` is the width of the encoder."""
    stream, rule = Stream(seed, name), rule_for(name)
    if rule.gain is None and rule.writes is None:
        return normal(stream, shape, rule.deviation) + rule.mean
    if rule.gain is None:
        return table(stream, rule, *shape)
    if len(shape) == 3:  # A convolution: a matrix for each tap, unless channels are in groups.
        rule = rule if shape[1] == hidden else Rule("", gain=rule.gain)
        taps = [matrix(stream, rule, shape[0], shape[1], hidden) for _ in range(shape[2])]
        return numpy.stack(taps, axis=2) / math.sqrt(shape[2])
    return matrix(stream, rule, *shape, hidden)


def weights(description: dict[str, Any]) -> bytes:
    """The safetensors file of a description, tensors sorted by name."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    hidden, gains, offsets = description["config"]["encoder_config"]["hidden_size"], description["gains"], description["offsets"]
    chunks: list[bytes] = []
    end = 0
    for name, shape in sorted(description["tensors"].items()):
        gain = gains.get(name, gains.get(name.rpartition(".")[0], 1.0))
        values = tensor(description["seed"], name, tuple(shape), hidden) * gain + offsets.get(name, 0.0)
        chunks.append(values.astype("<f4").tobytes())
        start, end = end, end + len(chunks[-1])
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    return struct.pack("<Q", len(encoded)) + encoded + b"".join(chunks)


def write_checkpoint(folder: Path, config: dict[str, Any], content: bytes) -> None:
    """A Hugging Face folder: configuration, weights, tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(content)
    for name in TOKENIZER_FILES:
        shutil.copyfile(TOKENIZER / name, folder / name)


def make(description: dict[str, Any], out: Path) -> None:
    """Make one checkpoint, and hold its weights against the recorded SHA-256."""
    content = weights(description)
    found = hashlib.sha256(content).hexdigest()
    if found != description["weights_sha256"]:
        fail(f"{description['name']}: the weights have SHA-256 {found}, expected {description['weights_sha256']}")
    write_checkpoint(out / description["name"], description["config"], content)


def read_description(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        fail(f"{path}: {error.strerror}", 66)
    except ValueError as error:
        fail(f"{path}: not JSON: {error}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", metavar="OUT_DIR", type=Path, help="the folder that receives a folder for each variant")
    parser.add_argument("names", metavar="NAME", nargs="*", help="variants to make (default all)")
    parser.add_argument("--descriptions", metavar="DIR", type=Path, default=DESCRIPTIONS, help="where NAME.json are")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    paths = [arguments.descriptions / f"{name}.json" for name in arguments.names]
    paths = paths or sorted(arguments.descriptions.glob("*.json"))
    if not paths:
        fail(f"{arguments.descriptions}: no descriptions", 66)
    try:
        for path in paths:
            make(read_description(path), arguments.out)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}", 73)


if __name__ == "__main__":
    main()
