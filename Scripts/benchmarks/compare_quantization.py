#!/usr/bin/env python3
"""What int8 of the peers, and every recipe of ours, does to a checkpoint: decisions, logits, F1 and bytes, on the same texts.

    compare_quantization.py CHECKPOINT [--data F] [--reference F] [--limit N] [--calibration-texts N] [--work DIR]
                            [--recipes NAME=OPTIONS ...] [--ablation] [--skip-peers] [--json F]

CHECKPOINT is a folder with model.safetensors; --data and --reference default to eval.jsonl and reference.jsonl in it (formats of
`gliclass-verify`). Runs in the environment that setup_peers.py makes; ours are the release builds of this repository. The peers get
the token ids of the reference file, one text at a time, so that nothing but their arithmetic differs:

- ONNX Runtime: quantize_dynamic, per channel and per tensor
- PyTorch: quantize_dynamic of all nn.Linear
- OpenVINO: nncf.quantize, model_type TRANSFORMER, calibrated on the first texts of the data

With --ablation ours are q8 and q4 with some of the steps of a recipe alone (docs/quantization.md, "What each step is worth").

Prints a Markdown table. A peer that fails is a row that says so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy

from export_peers import export_onnx, export_openvino
from inputs import Markers
from paths import TOP

# Ours: name and options of gliclass-convert. {data} is the calibration data.
RECIPES = {
    "q8, no data": "--q8",
    "q8, calibrated": "--q8 --calibrate {data}",
    "q4 group 64, no data": "--q4",
    "q4 group 64, GPTQ": "--q4 --calibrate {data}",
    "q4 per channel, GPTQ": "--q4 --group-size channel --calibrate {data}",
    "q4 group 64 and embeddings, GPTQ": "--q4 --q4-embeddings --calibrate {data}",
}

# What --ablation leaves of the steps of a recipe, and whether there are calibration texts.
ABLATION = {
    "absolute max": ([], False),
    "weighted MSE": (["error_weights"], False),
    "absolute max, input scales": (["input_scales"], False),
    "weighted MSE, input scales: no data": (["error_weights", "input_scales"], False),
    "the same, measured": (["error_weights", "input_scales"], True),
    "the same, bias correction": (["error_weights", "input_scales", "bias_correction"], True),
    "measured, GPTQ, no input scales": (["error_weights", "gptq"], True),
    "measured, GPTQ: calibrated": (["error_weights", "input_scales", "gptq"], True),
}
STEPS = ("error_weights", "input_scales", "gptq", "bias_correction")


def ablation(work: Path) -> dict[str, str]:
    """Recipes of which steps are left out, as names and options."""
    recipes = {}
    for scheme in ("q8", "q4"):
        for index, (name, steps) in enumerate(ABLATION.items()):
            if scheme == "q8" and name.startswith("weighted MSE") and "input" not in name:
                continue  # Weights of errors are of int4 alone.
            if scheme == "q8" and name == "absolute max, input scales":
                continue
            file = work / f"{scheme}-{index}.json"
            recipe = {"schema": 1, "weights": scheme, "steps": {step: step in steps[0] for step in STEPS}}
            file.write_text(json.dumps(recipe), encoding="utf-8")
            recipes[f"{scheme}: {name}"] = f"--recipe {file}" + (" --calibrate {data}" if steps[1] else "")
    return recipes


class Texts:
    """The texts of a reference file with the right labels of a data set: token ids, labels, logits, truth."""

    def __init__(self, data: Path, reference: Path, limit: int | None) -> None:
        lines = [json.loads(line) for line in reference.read_text(encoding="utf-8").splitlines()[1:]]
        examples = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
        if len(lines) != len(examples):
            sys.exit(f"error: {reference}: expected {len(examples)} texts, found {len(lines)}")
        self.rows = list(zip(lines, examples))[:limit]

    def ids(self) -> Iterator[numpy.ndarray]:
        for line, _ in self.rows:
            yield numpy.asarray([line["input_ids"]], dtype=numpy.int64)

    def measure(self, logits: list[numpy.ndarray]) -> dict[str, float]:
        """Micro F1, its loss and that of macro F1, flips and mean logit error against the reference. A decision is logit >= 0."""
        errors, flips, counts = [], 0, {"reference": [0, 0, 0], "model": [0, 0, 0]}
        labels: dict[str, dict[str, list[int]]] = {"reference": {}, "model": {}}
        for (line, example), found in zip(self.rows, logits, strict=True):
            expected = numpy.asarray(line["logits"], dtype=numpy.float32)
            errors.extend(numpy.abs(found[: len(expected)].astype(numpy.float64) - expected))
            right = set(example["true_labels"])
            for label, own, theirs in zip(line["labels"], expected >= 0, found >= 0):
                flips += int(own != theirs)
                for side, decided in (("reference", own), ("model", theirs)):
                    count = counts[side]
                    count[0] += int(decided and label in right)
                    count[1] += int(decided and label not in right)
                    count[2] += int(not decided and label in right)
                    one = labels[side].setdefault(label, [0, 0, 0])
                    one[0] += int(decided and label in right)
                    one[1] += int(decided and label not in right)
                    one[2] += int(not decided and label in right)
        f1 = {side: 2 * tp / max(1, 2 * tp + fp + fn) for side, (tp, fp, fn) in counts.items()}
        macro = {
            side: float(numpy.mean([2 * tp / max(1, 2 * tp + fp + fn) for tp, fp, fn in found.values()]))
            for side, found in labels.items()
        }
        return {
            "micro_f1": f1["model"],
            "f1_drop": f1["reference"] - f1["model"],
            "macro_f1_drop": macro["reference"] - macro["model"],
            "flips": flips / len(errors),
            "logit_error": float(numpy.mean(errors)),
        }


def onnx_logits(model: Path, texts: Texts) -> list[numpy.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    return [
        session.run(["logits"], {"input_ids": ids, "attention_mask": numpy.ones_like(ids)})[0][0] for ids in texts.ids()
    ]


def onnxruntime_dynamic(per_channel: bool) -> Callable[[Path, Path, Texts, int], tuple[list[numpy.ndarray], int]]:
    def run(checkpoint: Path, work: Path, texts: Texts, calibration: int) -> tuple[list[numpy.ndarray], int]:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        out = work / ("channel.onnx" if per_channel else "tensor.onnx")
        quantize_dynamic(
            str(work / "model.onnx"), str(out), per_channel=per_channel, weight_type=QuantType.QInt8
        )
        return onnx_logits(out, texts), out.stat().st_size

    return run


def torch_dynamic(checkpoint: Path, work: Path, texts: Texts, calibration: int) -> tuple[list[numpy.ndarray], int]:
    import torch
    from gliclass import GLiClassModel

    model = GLiClassModel.from_pretrained(str(checkpoint), dtype=torch.float32, attn_implementation="eager").eval()
    quantized = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    label = Markers.of(checkpoint).label
    logits = []
    with torch.no_grad():
        for ids in texts.ids():
            row = torch.from_numpy(ids)
            slots = int((row == label).sum())
            logits.append(quantized(row, torch.ones_like(row), max_num_classes=slots).logits[0].numpy())
    file = work / "torch.pt"
    torch.save(quantized.state_dict(), file)
    return logits, file.stat().st_size


def nncf_static(checkpoint: Path, work: Path, texts: Texts, calibration: int) -> tuple[list[numpy.ndarray], int]:
    import nncf
    import openvino

    if not (work / "openvino.xml").exists():
        export_openvino(checkpoint, work)
    inputs = [{"input_ids": ids, "attention_mask": numpy.ones_like(ids)} for ids in texts.ids()][:calibration]
    core = openvino.Core()
    quantized = nncf.quantize(
        core.read_model(str(work / "openvino.xml")),
        nncf.Dataset(inputs),
        subset_size=len(inputs),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
    )
    out = work / "nncf.xml"
    openvino.save_model(quantized, str(out), compress_to_fp16=False)
    compiled = core.compile_model(quantized, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    logits = [
        compiled({"input_ids": ids, "attention_mask": numpy.ones_like(ids)})["logits"][0] for ids in texts.ids()
    ]
    return logits, out.stat().st_size + out.with_suffix(".bin").stat().st_size


PEERS = {
    "ONNX Runtime dynamic int8, per channel": onnxruntime_dynamic(True),
    "ONNX Runtime dynamic int8, per tensor": onnxruntime_dynamic(False),
    "PyTorch dynamic int8": torch_dynamic,
    "NNCF static int8": nncf_static,
}


def body_bits(file: Path) -> float:
    """Bits per weight of the encoder's linear layers, as `gliclass inspect` counts them."""
    output = subprocess.run(
        [str(TOP / ".build/release/gliclass"), "inspect", str(file), "--json"], check=True, capture_output=True, text=True
    )
    return json.loads(output.stdout)["body"]["bits_per_weight"]


def ours(options: str, arguments: argparse.Namespace, work: Path) -> dict[str, float]:
    """Converts with these options and has gliclass-verify measure the result."""
    out, report = work / "ours.glc", work / "report.json"
    tools = TOP / ".build/release"
    calibration = work / "calibration.jsonl"
    lines = arguments.data.read_text(encoding="utf-8").splitlines(keepends=True)
    calibration.write_text("".join(lines[: arguments.calibration_texts]), encoding="utf-8")
    subprocess.run(
        [str(tools / "gliclass-convert"), str(arguments.checkpoint), "-o", str(out)]
        + options.format(data=calibration).split(),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    command = [str(tools / "gliclass-verify"), str(out), "--reference", str(arguments.reference)]
    command += ["--data", str(arguments.data), "--json", str(report)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    result = json.loads(report.read_text(encoding="utf-8"))
    return {
        "micro_f1": result["model_scores"]["micro_f1"],
        "f1_drop": result["drift"]["micro_f1"],
        "macro_f1_drop": result["drift"]["macro_f1"],
        "flips": result["flips"]["rate"],
        "logit_error": result["logit_error"]["mean"],
        "bytes": out.stat().st_size,
        "bits": body_bits(out),
    }


def markdown(results: dict[str, dict]) -> str:
    lines = ["| | bits of the body | micro F1 drop | macro F1 drop | mean logit error | decisions flipped | MB |", "|---" * 7 + "|"]
    for name, row in results.items():
        if "failed" in row:
            lines.append(f"| {name} | failed: {row['failed']} |")
            continue
        bits = f"{row['bits']:.3f}" if "bits" in row else "–"
        lines.append(
            f"| {name} | {bits} | {row['f1_drop']:.4f} | {row['macro_f1_drop']:.4f} | {row['logit_error']:.4f} | "
            f"{row['flips']:.3%} | {row['bytes'] / 1e6:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--limit", type=int, help="texts to measure the peers on (default: all)")
    parser.add_argument("--calibration-texts", type=int, default=128)
    parser.add_argument("--work", type=Path, help="where to keep exports (default: a temporary folder)")
    parser.add_argument("--recipes", nargs="*", metavar="NAME=OPTIONS", help="ours (default: the rows of the documentation)")
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--skip-peers", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    arguments.data = arguments.data or arguments.checkpoint / "eval.jsonl"
    arguments.reference = arguments.reference or arguments.checkpoint / "reference.jsonl"
    recipes = RECIPES
    if arguments.recipes is not None:
        recipes = dict(recipe.split("=", 1) for recipe in arguments.recipes)
    texts = Texts(arguments.data, arguments.reference, arguments.limit)
    results: dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        for name, run in {} if arguments.skip_peers else PEERS.items():
            try:
                if not (work / "model.onnx").exists():
                    export_onnx(arguments.checkpoint, work)
                logits, size = run(arguments.checkpoint, work, texts, arguments.calibration_texts)
                results[name] = texts.measure(logits) | {"bytes": size}
            except Exception as error:  # Whatever a peer raises is a result to report.
                results[name] = {"failed": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
            print(f"{name}: {results[name]}", file=sys.stderr)
        for name, options in (ablation(work) if arguments.ablation else recipes).items():
            results[name] = ours(options, arguments, work)
            print(f"{name}: {results[name]}", file=sys.stderr)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(markdown(results))


if __name__ == "__main__":
    main()
