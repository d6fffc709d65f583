#!/usr/bin/env python3
"""Record what the Python `gliclass` package computes for a checkpoint and a data set.

    reference_outputs.py MODEL_DIR --data DATA.jsonl -o REF.jsonl [--max-length 1024] [--limit N] [--threads 1]
                         [--tokenizer-profile tokenizers|transformers-5] [--label-case given|lower] [--describe-only]

MODEL_DIR is a Hugging Face folder of a GLiClass uni-encoder: config.json, tokenizer.json and model.safetensors,
pytorch_model.bin or a sharded index. DATA is JSONL or a JSON array of {"text", "all_labels", "true_labels"}; the last
is not looked at. CSV is not read: gliclass-verify reads it, and a table can be joined to a reference of the same texts.

REF is JSONL. Its first line says how it was made, {"reference": {...}}; one line follows for each text: {"text",
"labels", "input_ids", "logits"}, logits rounded to 6 decimals. What gliclass-verify compares with the model:
checkpoint_sha256 (of the file; checkpoint_shards_sha256 of several) and content_digest (of the tensors, the same in
every container: formats/glc.md), tokenizer_profile, label_case ("as given" or "lower"), max_length, dtype and
prompt_first.

What makes the outputs a reference:

* float32 on the CPU, batch size 1: several poolings of the package ignore the attention mask, so that a text's score
  depends on its batch neighbours. A 16-bit checkpoint is widened exactly and computed in float32.
* The prompt string, the number of label slots and the forward pass are the package's own.
* The ids are those of the `tokenizers` library for tokenizer.json as it is stored. transformers 5.x replaces the
  normalizer of DeBERTa tokenizers when it loads one, so its ids differ for ligatures, full-width letters, U+00A0 etc.
  For a .glc of profile transformers-5, --tokenizer-profile transformers-5 uses AutoTokenizer (of transformers 5.x),
  with the markers that it would lose; a folder with spm.model alone can be read by it alone.
* Labels stand in the prompt as given. With --label-case lower they do in lower case, as packages up to 0.1.12 put them
  (`gliclass classify --lowercase-labels`); the recorded labels are those of DATA.
* Truncation is the pipeline's: to --max-length tokens on the right, [CLS] and [SEP] kept. With `prompt_first: false`
  a long text truncates labels away; what the package returns for those is recorded as it is.

One thread by default: another number may change the order of summation, and so the last decimal of a logit; so may
another processor. --describe-only computes nothing: it gives a REF of an earlier version of this script the first line
that it would have now, keeping the versions that it was made with, and refuses one that contradicts MODEL_DIR or DATA.

Needs torch, transformers, tokenizers and gliclass. Exit status: 0 done, 2 usage, 65 bad or unsupported data,
66 input missing, 73 output cannot be written. Beside it: content_digest.py, reference_tokenizers.py.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from content_digest import DigestError, content_digest
from reference_tokenizers import PROFILES, StoredTokenizer, Transformers5Tokenizer, tokenizer_file
from script_io import fail, parse_json, positive, write_lines

LOGIT_DECIMALS = 6
VERSIONS = ("producer", "torch", "transformers", "tokenizers")
WEIGHT_FILES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)


# --- Inputs ---------------------------------------------------------------------------------------------------------


def read_data(path: Path, limit: int | None) -> list[tuple[str, list[str]]]:
    """The (text, candidate labels) pairs of a data set, checked, at most `limit` of them."""
    records: list[tuple[str, list[str]]] = []
    for place, record in iterate_records(path):
        if limit is not None and len(records) == limit:
            break
        records.append(checked_record(place, record))
    if not records:
        fail(f"{path}: no texts")
    return records


def iterate_records(path: Path) -> Iterator[tuple[str, Any]]:
    """Each record of a JSONL file or a JSON array, with the place to name in an error."""
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        fail(f"{path}: {error.strerror}", 66)
    except UnicodeDecodeError as error:
        fail(f"{path}: not UTF-8: {error}")
    if content.lstrip().startswith("["):
        for index, record in enumerate(parse_json(content, str(path))):
            yield f"{path}: element {index}", record
        return
    # Not str.splitlines(): it also splits at U+2028 and U+0085, which may stand unescaped in a JSON string.
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            yield f"{path}:{number}", parse_json(line, f"{path}:{number}")


def checked_record(place: str, record: Any) -> tuple[str, list[str]]:
    if not isinstance(record, dict):
        fail(f"{place}: expected an object with \"text\" and \"all_labels\", found {type(record).__name__}")
    text, labels = record.get("text"), record.get("all_labels")
    if not isinstance(text, str):
        fail(f"{place}: \"text\" must be a string")
    if not isinstance(labels, list) or not labels or not all(isinstance(label, str) for label in labels):
        fail(f"{place}: \"all_labels\" must be a list of one or more strings")
    return text, labels


def read_config(model_dir: Path) -> dict[str, Any]:
    """config.json of a uni-encoder; every other architecture is refused by name."""
    path = model_dir / "config.json"
    if not path.is_file():
        fail(f"{path}: no such file", 66)
    config = parse_json(path.read_text(encoding="utf-8"), str(path))
    architecture = config.get("architecture_type", "uni-encoder") if isinstance(config, dict) else None
    if architecture != "uni-encoder":
        fail(f"{path}: architecture_type {architecture!r} is not supported (supported: 'uni-encoder')")
    return config


def weight_files(model_dir: Path) -> list[Path]:
    """The file or, behind an index, the shards that `from_pretrained` will read, in its order of preference."""
    for name in WEIGHT_FILES:
        path = model_dir / name
        if not path.is_file():
            continue
        if not name.endswith(".index.json"):
            return [path]
        shards = sorted(set(parse_json(path.read_text(encoding="utf-8"), str(path))["weight_map"].values()))
        return [model_dir / shard for shard in shards]
    fail(f"{model_dir}: no weights found (looked for {', '.join(WEIGHT_FILES)})", 66)


def sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        fail(f"{path}: {error.strerror}", 66)


# --- The model --------------------------------------------------------------------------------------------------


def load_model(model_dir: Path, weights: list[Path]) -> "GLiClassModel":  # noqa: F821
    """The checkpoint in float32; a tensor missing from it or left over is an error, not a random initialization."""
    import torch
    from gliclass import GLiClassModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    model, report = GLiClassModel.from_pretrained(
        str(model_dir),
        dtype=torch.float32,
        use_safetensors=weights[0].suffix == ".safetensors",
        local_files_only=True,
        output_loading_info=True,
    )
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if report.get(kind):
            fail(f"{model_dir}: {kind.replace('_', ' ')}: {sorted(map(str, report[kind]))}")
    for name, tensor in model.named_parameters():
        if tensor.dtype != torch.float32:
            fail(f"{model_dir}: {name} was loaded as {tensor.dtype}, expected float32")
        # Loaded tensors may be views of the mapped file, at any alignment, and the matrix kernels' last bits depend on
        # it. A copy is aligned, so that the same weights give the same logits from any container.
        tensor.data = tensor.data.clone()
    return model.eval()


def make_pipeline(
    model_dir: Path, weights: list[Path], max_length: int, tokenizer: Any = None
) -> "UniEncoderPipeline":  # noqa: F821
    """The package's pipeline on the checkpoint; with tokenizer.json as it stands unless another tokenizer is given."""
    from gliclass.pipeline import UniEncoderZeroShotClassificationPipeline

    return UniEncoderZeroShotClassificationPipeline(
        load_model(model_dir, weights),
        tokenizer or StoredTokenizer(model_dir),
        max_length=max_length,
        device="cpu",
        progress_bar=False,
    )


# --- Outputs --------------------------------------------------------------------------------------------------------


def describe(arguments: argparse.Namespace, config: dict[str, Any], weights: list[Path]) -> dict[str, Any]:
    """The first line of the reference file."""
    version = importlib.metadata.version
    profile = arguments.tokenizer_profile
    reader = "tokenizer.json as stored" if profile == "tokenizers" else f"AutoTokenizer {version('transformers')}"
    reference: dict[str, Any] = {
        "producer": f"gliclass {version('gliclass')}",
        "torch": __import__("torch").__version__,
        "transformers": version("transformers"),
        "tokenizers": version("tokenizers"),
        "tokenizer": reader,
        "tokenizer_profile": profile,
        "dtype": "float32",
        "batch_size": 1,
        "max_length": arguments.max_length,
        "prompt_first": bool(config.get("prompt_first", False)),
        "label_case": "lower" if arguments.label_case == "lower" else "as given",
    }
    if len(weights) == 1:
        reference["checkpoint_sha256"] = sha256(weights[0])
    else:
        reference["checkpoint_shards_sha256"] = {path.name: sha256(path) for path in weights}
    try:
        reference["content_digest"] = content_digest(weights)
    except DigestError as error:
        fail(str(error))
    reference["tokenizer_sha256"] = sha256(tokenizer_file(weights[0].parent, profile))
    reference["data_sha256"] = sha256(arguments.data)
    return {"reference": reference}


def described(path: Path, reference: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The lines of an earlier REF under the first line `reference`, with the versions that it says."""
    lines = [record for _, record in iterate_records(path)]
    old = lines[0].get("reference") if lines and isinstance(lines[0], dict) else None
    if not isinstance(old, dict):
        fail(f'{path}: line 1: expected {{"reference": ...}}')
    new = reference["reference"]
    new |= {name: old[name] for name in VERSIONS if name in old}
    for name, value in old.items():
        if new.get(name) != value:
            fail(f"{path}: line 1: {name}: expected {new.get(name)!r}, found {value!r}")
    yield reference
    yield from lines[1:]


def run(
    pipeline: "UniEncoderPipeline", text: str, labels: list[str], lowercase: bool = False  # noqa: F821
) -> dict[str, Any]:
    """One text through the pipeline's own prompt and the model."""
    import torch

    inputs = pipeline.prepare_inputs([text], [[label.lower() for label in labels] if lowercase else labels])
    slots = pipeline._resolve_max_num_classes([labels], same_labels=False)
    with torch.inference_mode():
        logits = pipeline.model(**inputs, max_num_classes=slots).logits[0, : len(labels)]
    values = [round(value, LOGIT_DECIMALS) for value in logits.tolist()]
    if len(values) != len(labels) or not all(map(math.isfinite, values)):
        fail(f"the model gave {values} for {len(labels)} labels of the text {text[:60]!r}")
    return {"text": text, "labels": labels, "input_ids": inputs["input_ids"][0].tolist(), "logits": values}


def with_progress(lines: Iterator[dict[str, Any]], total: int) -> Iterator[dict[str, Any]]:
    for done, line in enumerate(lines, start=1):
        if sys.stderr.isatty():
            print(f"\r{done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        yield line


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=__doc__.splitlines()[2].strip()
    )
    parser.add_argument("model_dir", metavar="MODEL_DIR", type=Path, help="folder of a GLiClass uni-encoder")
    parser.add_argument("--data", metavar="DATA", type=Path, required=True, help="texts with their candidate labels")
    parser.add_argument("-o", "--output", metavar="REF", type=Path, required=True, help="the JSONL file to write")
    parser.add_argument("--max-length", type=positive, default=1024, help="truncate to this many tokens (default 1024)")
    parser.add_argument("--limit", metavar="N", type=positive, help="the first N texts only")
    parser.add_argument("--threads", metavar="N", type=positive, default=1, help="threads of torch (default 1)")
    parser.add_argument(
        "--tokenizer-profile", choices=PROFILES, default="tokenizers", help="who reads the tokenizer's files"
    )
    parser.add_argument("--label-case", choices=("given", "lower"), default="given", help="labels in the prompt")
    parser.add_argument("--describe-only", action="store_true", help="give an earlier REF a new first line")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    records = read_data(arguments.data, arguments.limit)
    config = read_config(arguments.model_dir)
    weights = weight_files(arguments.model_dir)
    first_line = describe(arguments, config, weights)
    if arguments.describe_only:
        write_lines(arguments.output, described(arguments.output, first_line))
        return

    import torch

    torch.set_num_threads(arguments.threads)
    tokenizer = None
    if arguments.tokenizer_profile == "transformers-5":
        tokenizer = Transformers5Tokenizer(arguments.model_dir, config)
    pipeline = make_pipeline(arguments.model_dir, weights, arguments.max_length, tokenizer)
    lowercase = arguments.label_case == "lower"
    outputs = (run(pipeline, text, labels, lowercase) for text, labels in records)

    def lines() -> Iterator[dict[str, Any]]:
        yield first_line
        yield from with_progress(outputs, len(records))

    write_lines(arguments.output, lines())


if __name__ == "__main__":
    main()
