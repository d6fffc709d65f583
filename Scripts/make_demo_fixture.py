#!/usr/bin/env python3
"""Make the half-precision demonstration checkpoint of the tests from a float32 one.

    make_demo_fixture.py SOURCE_DIR OUT_DIR [--texts 200]

SOURCE_DIR holds config.json, model.safetensors (float32), tokenizer.json, tokenizer_config.json, spm.model, eval.jsonl
and reference.jsonl. OUT_DIR receives

* model.safetensors: every F32 tensor rounded to F16 (to nearest, ties to even), other tensors as they are,
  `__metadata__` kept; tensors lie in the order that the safetensors library writes: the same file on every machine;
* config.json with its `dtype` (or `torch_dtype`) changed to float16 and nothing else;
* the tokenizer files, copied; eval.jsonl, the first --texts lines; README.md, a card.

The card states F1 from the reference outputs it finds: those of the source, and OUT_DIR/reference.jsonl once
reference_outputs.py has made it. So run this, then that, then this again.

Needs numpy.
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
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

import numpy

COPIED = ("tokenizer.json", "tokenizer_config.json", "spm.model")
THRESHOLD = 0.5

Tensor = tuple[str, list[int], bytes]  # safetensors dtype name, shape, little-endian bytes


def fail(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(65)


# --- safetensors ----------------------------------------------------------------------------------------------------


def read_safetensors(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The metadata and the tensors of a file."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    if 8 + length > len(content):
        fail(f"{path}: header of {length} bytes in a file of {len(content)}")
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        tensors[name] = (entry["dtype"], entry["shape"], data[start:end])
    return metadata, tensors


def to_half(name: str, tensor: Tensor) -> Tensor:
    """An F32 tensor rounded to F16; any other as it is."""
    dtype, shape, data = tensor
    if dtype != "F32":
        return tensor
    with numpy.errstate(over="ignore"):
        half = numpy.frombuffer(data, dtype="<f4").astype("<f2")
    if not numpy.isfinite(half).all():
        fail(f"{name}: a value is not finite in float16")
    return "F16", shape, half.tobytes()


def write_safetensors(path: Path, metadata: dict[str, str], tensors: dict[str, Tensor]) -> None:
    """Larger element types first, then by name, as the safetensors library orders them; header padded to 8 bytes."""
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    names = sorted(tensors, key=lambda name: (-element_size(tensors[name]), name))
    offset = 0
    for name in names:
        dtype, shape, data = tensors[name]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    encoded = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded)
        for name in names:
            file.write(tensors[name][2])


def element_size(tensor: Tensor) -> int:
    _, shape, data = tensor
    return len(data) // max(1, math.prod(shape))


# --- The other files ------------------------------------------------------------------------------------------------


def write_config(source: Path, target: Path) -> None:
    """config.json with the first `dtype` or `torch_dtype` that says float32 changed, every other byte kept."""
    text = source.read_text(encoding="utf-8")
    changed = re.sub(r'("(?:torch_)?dtype"\s*:\s*)"float32"', r'\1"float16"', text)
    target.write_text(changed, encoding="utf-8")


def write_first_lines(source: Path, target: Path, count: int) -> None:
    with source.open("rb") as file:
        lines = list(islice(file, count))
    if len(lines) < count:
        fail(f"{source}: {count} texts asked for, {len(lines)} found")
    target.write_bytes(b"".join(lines))


def read_jsonl(path: Path, count: int) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in islice(file, count)]


def micro_f1(texts: list[dict[str, Any]], reference: list[dict[str, Any]]) -> float:
    """Micro F1 of the predictions (sigmoid of the logit >= threshold) against the true labels."""
    bound = math.log(THRESHOLD / (1 - THRESHOLD))
    hits = predicted_count = true_count = 0
    for text, output in zip(texts, reference, strict=True):
        if text["text"] != output["text"] or text["all_labels"] != output["labels"]:
            fail(f"the reference is not of these texts: {text['text'][:60]!r}")
        predicted = {label for label, logit in zip(output["labels"], output["logits"], strict=True) if logit >= bound}
        true = set(text["true_labels"])
        hits += len(predicted & true)
        predicted_count += len(predicted)
        true_count += len(true)
    return 2 * hits / (predicted_count + true_count)


def f1_rows(source: Path, out: Path, count: int) -> list[str]:
    """One row of the card's table for each reference file that exists."""
    texts = read_jsonl(out / "eval.jsonl", count)
    rows = []
    for name, folder in (("float32 original", source), ("this checkpoint", out)):
        path = folder / "reference.jsonl"
        if path.is_file():
            first, *outputs = read_jsonl(path, count + 1)
            producer = first["reference"]["producer"]
            rows.append(f"| {name} | {micro_f1(texts, outputs):.4f} | {producer}, float32, batch size 1 |")
    return rows


CARD = """\
# debian-tags-f16

A small GLiClass uni-encoder for tests and demonstrations: the architecture of DeBERTa-v3 with {layers} layers,
hidden size {hidden}, {heads} heads and a SentencePiece vocabulary of {pieces} pieces and markers; prompt first,
scorer `{scorer}`. It tags English descriptions of Debian packages; the candidate labels are archive sections and
debtags in plain words ("games", "web server", "shared lib").

- **Weights**: original, trained from scratch with the `gliclass` package on descriptions of Debian packages.
  Stored as float16, rounded from a float32 checkpoint (SHA-256 `{source_sha256}`).
- **Texts** (`eval.jsonl`, {count}): from the package descriptions of Debian, held out by source package.
- **`reference.jsonl`**: outputs of the Python package for those texts, by `Scripts/reference_outputs.py`.
- **Made by** `Scripts/make_demo_fixture.py`; the commands are in `Tests/Fixtures/README.md`.

Micro F1 on `eval.jsonl`, threshold {threshold}:

| checkpoint | F1 | computed by |
|---|---|---|
{rows}

It knows nothing but package descriptions and is of no use for other texts.
"""


def write_card(source: Path, out: Path, count: int) -> None:
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    encoder = config["encoder_config"]
    card = CARD.format(
        layers=encoder["num_hidden_layers"],
        hidden=encoder["hidden_size"],
        heads=encoder["num_attention_heads"],
        pieces=f"{config['vocab_size']:,}",
        scorer=config["scorer_type"],
        source_sha256=hashlib.sha256((source / "model.safetensors").read_bytes()).hexdigest(),
        count=count,
        threshold=THRESHOLD,
        rows="\n".join(f1_rows(source, out, count)),
    )
    (out / "README.md").write_text(card, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", metavar="SOURCE_DIR", type=Path, help="the float32 checkpoint")
    parser.add_argument("out", metavar="OUT_DIR", type=Path, help="the folder to make or renew")
    parser.add_argument("--texts", metavar="N", type=int, default=200, help="texts of eval.jsonl to keep (default 200)")
    arguments = parser.parse_args()
    source, out = arguments.source, arguments.out
    for name in ("config.json", "model.safetensors", "eval.jsonl", *COPIED):
        if not (source / name).is_file():
            fail(f"{source / name}: no such file")

    out.mkdir(parents=True, exist_ok=True)
    metadata, tensors = read_safetensors(source / "model.safetensors")
    halves = {name: to_half(name, tensor) for name, tensor in tensors.items()}
    write_safetensors(out / "model.safetensors", metadata, halves)
    write_config(source / "config.json", out / "config.json")
    for name in COPIED:
        shutil.copyfile(source / name, out / name)
    write_first_lines(source / "eval.jsonl", out / "eval.jsonl", arguments.texts)
    write_card(source, out, arguments.texts)


if __name__ == "__main__":
    main()
