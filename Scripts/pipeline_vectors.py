#!/usr/bin/env python3
"""Record what the pipelines of the Python `gliclass` package take and return.

    pipeline_vectors.py [-o Tests/Fixtures/pipeline.jsonl]

Each line is one call: {"case", "model", "pipeline", "method", "settings", "arguments", "inputs", "outputs"}.

    "model"       the folder debian-tags-f16 of Tests/Fixtures, or a checkpoint that Scripts/make_variants.py makes
    "pipeline"    "plain" (ZeroShotClassificationPipeline) or "chunking" (ZeroShotClassificationWithChunkingPipeline)
    "method"      "__call__" or "get_embeddings"
    "settings"    arguments of the pipeline's constructor; "config" replaces fields of the model's configuration
    "arguments"   of the call, as given to Python
    "inputs"      the prompt strings that the pipeline gave to the tokenizer, in order
    "outputs"     what it returned; numbers with 9 significant digits

On the CPU in float32, with batch_size 1, so that no padding has an influence; ids are those of `tokenizers` for tokenizer.json
as stored. The order of more than one false label in retrieved examples is that of a Python set, so no case has more than one.

The same bytes every time on one machine; scores within about 1e-5 on another. Needs torch, transformers, tokenizers, gliclass.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import make_variants
import reference_outputs
from variant_fixtures import digits

DEMO = "debian-tags-f16"
INSTRUCT, MULTILINGUAL, FIRST, CALIBRATED = "published-instruct", "published-multilang", "published-v1", "calibrator-bias"

JAVA = "update mechanism for Java modular applications This package allows one to inspect repositories for updates of plugins."
RUNTIME = "gVisor container sandbox runtime gVisor is an application kernel, written in Go."
GULP = "Automatically load any gulp plugins in your package.json"
# Beyond the Basic Multilingual Plane, combining marks, joined emoji: chunks are counted in code points, and cut between any two.
MIXED = "Python bindings for Qt 🙂👩‍💻 e\u0301dition ﬁle 𝒳 日本語 한국어 and others"
LONG = (
    "infrastructure for authorization systems The Security Component allows one to handle requests and responses. It makes it "
    "possible to separate authorization logic from user providers that hold the credentials. It ships with facilities for "
    "authenticating using HTTP basic, interactive form login or certificate login, but also allows one to implement other "
    "strategies. This package provides the library for PHP, and a shell script that lists users in the terminal."
)
LONG_MIXED = " ".join([MIXED] * 4) + " written in Python for the desktop, with widgets and an editor"

LABELS = ["shell", "devel library", "text processing", "Java", "Go", "qt"]
MANY = [*LABELS, "Python", "PHP", "networking", "security", "admin configuring"]
TREE = {"language": ["Java", "Go", "PHP"], "role": {"devel": ["library", "compiler"], "use": ["editing", "networking"]}}
LEAVES = {"implemented in": "Java", "works with": {"text": "processing", "network": ["http", "ssh"]}}
SHOTS = [
    {"text": "Perl module to parse mail", "labels": ["Perl", "devel library"]},
    {"text": "command line mail reader", "true_labels": ["shell"]},
]
SHOT_STRING = [{"text": "Qt editor for XML", "labels": "qt, editing"}]
SHOT_ODD = [{"text": "both keys", "labels": ["qt"], "true_labels": ["Java"]}, {"text": "no labels"}, {"labels": ["Go"]}]
RETRIEVED = [
    {"text": "Go compiler", "true_labels": ["Go", "devel library"], "all_labels": ["Go", "devel library", "qt"]},
    {"text": "Java virtual machine", "true_labels": ["Java"], "all_labels": ["Java"]},
    {"text": "left out, for it has no true label", "true_labels": [], "all_labels": ["qt"]},
]
CHUNKS = {"text_chunk_size": 200, "text_chunk_overlap": 20, "labels_chunk_size": 3}


@dataclass(frozen=True)
class Case:
    name: str
    arguments: dict[str, Any]
    model: str = DEMO
    pipeline: str = "plain"
    method: str = "__call__"
    settings: dict[str, Any] = field(default_factory=dict)


def call(texts: Any, labels: Any, **options: Any) -> dict[str, Any]:
    return {"texts": texts, "labels": labels, **options}


def plain_cases() -> list[Case]:
    texts = [JAVA, RUNTIME, GULP]
    pair = [JAVA, RUNTIME]
    text_first = {"config": {"prompt_first": False}}
    sets = [["Java", "PHP"], ["Go", "shell", "security"], ["JavaScript"]]
    trees = [TREE, {"language": ["Go", "Java"]}]
    return [
        Case("multi-label", call(texts, LABELS)),
        Case("one-text", call(JAVA, LABELS)),
        Case("one-label", call(texts, ["Java"])),
        Case("single-label", call(texts, LABELS, classification_type="single-label")),
        Case("single-label-by-settings", call(texts, LABELS), settings={"classification_type": "single-label"}),
        Case("type-spellings", call(texts, LABELS, classification_type=[" Single ", "multi_label", "SINGLE_LABEL"])),
        Case("threshold", call(texts, LABELS, threshold=0.05)),
        Case("threshold-zero", call(pair, LABELS, threshold=0)),
        Case("threshold-one", call(pair, LABELS, threshold=1)),
        Case("threshold-per-text", call(texts, LABELS, threshold=[0.01, 0.9, 0.0])),
        Case("type-and-threshold-per-text", call(texts, LABELS, threshold=[0.01, 2, 0.3], classification_type=["multi", "single", "multi"])),
        Case("labels-per-text", call(texts, sets, threshold=0.0)),
        Case("labels-per-text-single", call(texts, sets, classification_type="single")),
        Case("labels-twice", call(pair, ["Java", "Go", "Java"], threshold=0.0)),
        Case("labels-twice-hierarchical", call(pair, ["Java", "Go", "Java"], return_hierarchical=True)),
        Case("tree", call(texts, TREE, threshold=0.0)),
        Case("tree-default-threshold", call(texts, TREE)),
        Case("tree-returned", call(texts, TREE, return_hierarchical=True)),
        Case("tree-returned-single", call(texts, TREE, return_hierarchical=True, classification_type="single-label")),
        Case("tree-per-text", call(pair, trees, threshold=0.0)),
        Case("tree-per-text-returned", call(pair, trees, return_hierarchical=True)),
        Case("tree-leaves", call(pair, LEAVES, threshold=0.0)),
        Case("tree-leaves-returned", call(pair, LEAVES, return_hierarchical=True)),
        Case("tree-separator", call(pair, TREE, threshold=0.0), settings={"label_separator": " / "}),
        Case("tree-separator-returned", call(pair, TREE, return_hierarchical=True), settings={"label_separator": " / "}),
        Case("flat-returned", call(pair, LABELS, return_hierarchical=True)),
        Case("labels-per-text-returned", call(pair, sets[:2], return_hierarchical=True)),
        Case("prompt", call(pair, LABELS, prompt="What is this package made with? ", threshold=0.0)),
        Case("prompt-per-text", call(texts, LABELS, prompt=["Which language? ", "", "For the web: "], threshold=0.0)),
        Case("examples", call(pair, LABELS, examples=SHOTS, threshold=0.0)),
        Case("examples-string", call(pair, LABELS, examples=SHOT_STRING, threshold=0.0)),
        Case("examples-odd", call(JAVA, LABELS, examples=SHOT_ODD, threshold=0.0)),
        Case("examples-empty", call(JAVA, LABELS, examples=[], threshold=0.0)),
        Case("examples-per-text", call(texts, LABELS, examples=[SHOTS, None, SHOT_STRING], threshold=0.0)),
        Case("examples-per-text-fewer", call(texts, LABELS, examples=[SHOTS, []], threshold=0.0)),
        Case("examples-and-prompt", call(pair, sets[:2], examples=SHOTS, prompt="Tag it: ", threshold=0.0)),
        Case("retrieved", call(JAVA, LABELS, rac_examples=RETRIEVED, threshold=0.0)),
        Case("retrieved-one-list", call(JAVA, LABELS, rac_examples=[RETRIEVED], threshold=0.0)),
        Case("retrieved-per-text", call(texts, LABELS, rac_examples=[RETRIEVED[:1], [], RETRIEVED[1:]], threshold=0.0)),
        Case("retrieved-examples-prompt", call(JAVA, LABELS, rac_examples=RETRIEVED[:2], examples=SHOTS, prompt="Tag it: ", threshold=0.0)),
        Case("mixed-characters", call(MIXED, LABELS, threshold=0.0)),
        Case("empty-text", call("", LABELS, threshold=0.0)),
        Case("text-first", call(texts, LABELS, threshold=0.0), settings=text_first),
        Case("text-first-prompt", call(pair, LABELS, prompt=["Which language? ", "Tag: "], threshold=0.0), settings=text_first),
        Case("text-first-examples", call(pair, LABELS, examples=SHOTS, prompt="Tag: ", threshold=0.0), settings=text_first),
        Case("text-first-retrieved", call(JAVA, LABELS, rac_examples=RETRIEVED, threshold=0.0), settings=text_first),
        Case("max-length", call([JAVA, LONG], LABELS, threshold=0.0), settings={"max_length": 40}),
        Case("max-length-cuts-labels", call(JAVA, MANY, threshold=0.0), settings={"max_length": 16}),
        Case("max-length-text-first", call(pair, LABELS, threshold=0.0), settings={"max_length": 26} | text_first),
        Case("max-length-text-first-single", call(pair, LABELS, classification_type="single"), settings={"max_length": 26} | text_first),
        Case("many-labels", call(JAVA, [f"{label} {part}" for label in MANY for part in ("tool", "plugin", "server")], threshold=0.3)),
        Case("embeddings", call(GULP, ["JavaScript", "shell"]), method="get_embeddings"),
        Case("embeddings-options", call([GULP], {"web": ["js"]}, examples=SHOT_STRING, prompt=["Tag: "]), method="get_embeddings"),
    ]  # fmt: skip


def model_cases() -> list[Case]:
    """Heads that the demo checkpoint does not have."""
    texts = ["hing jea trastfeat thu", "jouvilwi yeata gream Ni raincrat bramplo"]
    labels = ["gream", "fear thu", "pait", "shescon beng"]
    shots = [{"text": "rios gream", "labels": ["pait", "fear thu"]}]
    return [
        Case("segments", call(texts, labels, threshold=0.0), INSTRUCT),
        Case("segments-examples", call(texts, labels, examples=[shots, None], prompt="brick: ", threshold=0.0), INSTRUCT),
        Case("segments-retrieved", call(texts[0], labels, rac_examples=[{"text": "rios", "true_labels": ["pait"]}], threshold=0.0), INSTRUCT),
        Case("segments-chunks", call(texts, labels, text_chunk_size=20, text_chunk_overlap=4, labels_chunk_size=3, threshold=0.0), INSTRUCT, "chunking"),
        Case("cross-attention", call(texts, labels, prompt="brick: ", threshold=0.0), MULTILINGUAL),
        Case("cross-attention-single", call(texts, labels, classification_type="single"), MULTILINGUAL),
        Case("cross-attention-embeddings", call(texts[0], labels[:1]), MULTILINGUAL, method="get_embeddings"),
        Case("v1", call(texts, labels, examples=shots, prompt="brick: ", threshold=0.0), FIRST),
        Case("v1-max-length", call(texts, labels, threshold=0.0), FIRST, settings={"max_length": 20}),
        Case("calibrated", call(texts, labels, threshold=0.0), CALIBRATED),
        Case("calibrated-half", call(texts, labels), CALIBRATED),
        Case("calibrated-single", call(texts, labels, classification_type="single"), CALIBRATED),
        Case("calibrated-tree", call(texts, {"a": labels[:2], "b": labels[2:]}, return_hierarchical=True), CALIBRATED),
        Case("calibrated-cut", call(texts, labels, threshold=0.0), CALIBRATED, settings={"max_length": 12}),
        Case("calibrated-embeddings", call(texts[0], labels[:2]), CALIBRATED, method="get_embeddings"),
        Case("calibrated-chunks", call(texts, labels, text_chunk_size=20, text_chunk_overlap=4, labels_chunk_size=3, threshold=0.0), CALIBRATED, "chunking"),
    ]  # fmt: skip


def chunking_cases() -> list[Case]:
    single = {"classification_type": "single-label"}

    def case(name: str, texts: Any, labels: Any = MANY, settings: dict[str, Any] | None = None, **options: Any) -> Case:
        return Case(name, call(texts, labels, **(CHUNKS | options)), pipeline="chunking", settings=settings or {})

    return [
        case("chunks", [LONG, JAVA, LONG_MIXED], threshold=0.0),
        case("chunks-default-threshold", [LONG, JAVA, LONG_MIXED]),
        case("chunks-one-text", LONG, threshold=0.2),
        case("chunks-single", [LONG, JAVA, LONG_MIXED], settings=single),
        case("chunks-single-tree", [LONG, JAVA], TREE, settings=single, return_hierarchical=True),
        case("chunks-tree", [LONG, JAVA], TREE, threshold=0.0),
        case("chunks-tree-returned", [LONG, JAVA], TREE, return_hierarchical=True),
        case("chunks-flat-returned", [LONG, JAVA], return_hierarchical=True),
        case("chunks-labels-twice", [LONG, JAVA], ["Java", "PHP", "Go", "PHP", "Java"], threshold=0.0),
        case("chunks-prompt", [LONG, JAVA], LABELS, prompt="Tag it: ", threshold=0.0),
        case("chunks-prompt-per-text", [JAVA, LONG, RUNTIME], LABELS, prompt=["First: ", "Second: ", "Third: "], threshold=0.0),
        case("chunks-examples", [LONG, JAVA], LABELS, examples=SHOTS, threshold=0.0),
        case("chunks-examples-per-text", [JAVA, LONG, RUNTIME], LABELS, examples=[SHOTS, None, SHOT_STRING], threshold=0.0),
        case("chunks-retrieved", JAVA, LABELS, rac_examples=RETRIEVED, threshold=0.0),
        case("chunks-retrieved-per-text", [JAVA, RUNTIME], LABELS, rac_examples=[RETRIEVED, RETRIEVED[:1]], threshold=0.0),
        case("chunks-text-first", [LONG, JAVA], settings={"config": {"prompt_first": False}}, threshold=0.0),
        case("chunks-max-length", [LONG, JAVA], settings={"max_length": 30}, threshold=0.0),
        case("chunks-exact-size", LONG[:200], LABELS, threshold=0.0),
        case("chunks-one-more", LONG[:201], LABELS, threshold=0.0),
        case("chunks-two-exactly", LONG[:380], LABELS, threshold=0.0),
        case("chunks-no-overlap", LONG, LABELS, text_chunk_overlap=0, threshold=0.0),
        case("chunks-large-overlap", LONG[:60], LABELS[:2], text_chunk_size=20, text_chunk_overlap=15, threshold=0.0),
        case("chunks-mixed-small", MIXED, LABELS[:2], text_chunk_size=9, text_chunk_overlap=2, threshold=0.0),
        Case("chunks-by-settings", call([LONG, JAVA], MANY, threshold=0.0), pipeline="chunking", settings=CHUNKS),
        Case("chunks-defaults", call([LONG, JAVA], MANY, threshold=0.0), pipeline="chunking"),
        Case("chunks-embeddings", call(GULP, ["JavaScript"]), pipeline="chunking", method="get_embeddings"),
    ]  # fmt: skip


class RecordingTokenizer(reference_outputs.StoredTokenizer):
    """The stored tokenizer, which keeps what it was given."""

    def __init__(self, model_dir: Path) -> None:
        super().__init__(model_dir)
        self.inputs: list[str] = []

    def __call__(self, texts: list[str], **options: Any) -> Any:
        self.inputs += texts
        return super().__call__(texts, **options)


def numbers(value: Any) -> Any:
    """Outputs as JSON: arrays as lists, numbers with 9 significant digits."""
    if isinstance(value, dict):
        return {key: numbers(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [numbers(entry) for entry in value]
    if isinstance(value, str):
        return value
    return digits(value.tolist() if hasattr(value, "tolist") else value)


def record(case: Case, model: Any, tokenizer: RecordingTokenizer) -> dict[str, Any]:
    from gliclass import ZeroShotClassificationPipeline
    from gliclass.pipeline import ZeroShotClassificationWithChunkingPipeline

    kinds = {"plain": ZeroShotClassificationPipeline, "chunking": ZeroShotClassificationWithChunkingPipeline}
    settings = {key: value for key, value in case.settings.items() if key != "config"}
    kept = {key: getattr(model.config, key) for key in case.settings.get("config", {})}
    for key, value in case.settings.get("config", {}).items():
        setattr(model.config, key, value)
    tokenizer.inputs = []
    pipeline = kinds[case.pipeline](model, tokenizer, device="cpu", progress_bar=False, **settings)
    outputs = getattr(pipeline, case.method)(**json.loads(json.dumps(case.arguments)), batch_size=1)
    for key, value in kept.items():
        setattr(model.config, key, value)
    line = {"case": case.name, "model": case.model, "pipeline": case.pipeline, "method": case.method}
    line |= {"settings": case.settings, "arguments": case.arguments}
    return line | {"inputs": tokenizer.inputs, "outputs": numbers(outputs)}


def record_all(cases: list[Case]) -> Iterator[dict[str, Any]]:
    """Every case, model by model in order of appearance."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in dict.fromkeys(case.model for case in cases):
            folder = make_variants.FIXTURES / name
            if name != DEMO:
                make_variants.make(make_variants.read_description(make_variants.DESCRIPTIONS / f"{name}.json"), Path(scratch))
                folder = Path(scratch) / name
            model = reference_outputs.load_model(folder, [folder / "model.safetensors"])
            tokenizer = RecordingTokenizer(folder)
            yield from (record(case, model, tokenizer) for case in cases if case.model == name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, default=make_variants.FIXTURES / "pipeline.jsonl")
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    cases = plain_cases() + chunking_cases() + model_cases()
    assert len({case.name for case in cases}) == len(cases), "two cases share a name"
    reference_outputs.write_lines(arguments.output, record_all(cases))


if __name__ == "__main__":
    main()
