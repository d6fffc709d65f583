#!/usr/bin/env python3
"""Exports a GLiClass checkpoint to what the peers run. Runs in the environment that setup_peers.py makes.

    export_peers.py CHECKPOINT OUT_DIR [--only NAME ...]

OUT_DIR receives model.onnx (torch.onnx.export, opset 17; batch, tokens and labels dynamic), int8.onnx (onnxruntime's
quantize_dynamic, per channel), openvino.xml (f32 weights stored as f16 would change the model, so kept f32; the CPU plug-in computes
in bf16 when asked) and nncf.xml (static int8 by nncf.quantize, model_type TRANSFORMER, preset mixed, calibrated on random tokens).
export.json says how long each took, with how much memory, or why it failed; what is there already is not made again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from inputs import Markers, prompts

# Random tokens for the calibration of static int8: as many texts, of this length.
CALIBRATION_TEXTS, CALIBRATION_TOKENS = 48, 128


def export_onnx(checkpoint: Path, out: Path) -> None:
    """model.onnx, from the package's own model. The number of label slots follows the ids, as in the package's pipeline."""
    import torch
    from gliclass import GLiClassModel

    model = GLiClassModel.from_pretrained(str(checkpoint), dtype=torch.float32, attn_implementation="eager").eval()
    label = Markers.of(checkpoint).label

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            slots = (input_ids == label).sum(dim=-1).max()
            return self.model(input_ids, attention_mask, max_num_classes=slots).logits

    ids = torch.from_numpy(prompts(Markers.of(checkpoint), 64, 2, 8))
    text = {0: "batch", 1: "tokens"}
    with torch.no_grad():
        torch.onnx.export(
            Logits().eval(),
            (ids, torch.ones_like(ids)),
            str(out / "model.onnx"),
            opset_version=17,
            dynamo=False,
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={"input_ids": text, "attention_mask": text, "logits": {0: "batch", 1: "labels"}},
        )


def export_int8(checkpoint: Path, out: Path) -> None:
    """int8.onnx: dynamic quantization of activations, weights per channel."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(str(out / "model.onnx"), str(out / "int8.onnx"), per_channel=True, weight_type=QuantType.QInt8)


def export_openvino(checkpoint: Path, out: Path) -> None:
    import openvino

    openvino.save_model(
        openvino.convert_model(str(out / "model.onnx")), str(out / "openvino.xml"), compress_to_fp16=False
    )


def export_nncf(checkpoint: Path, out: Path) -> None:
    """nncf.xml: static int8."""
    import nncf
    import numpy
    import openvino

    ids = prompts(Markers.of(checkpoint), CALIBRATION_TOKENS, CALIBRATION_TEXTS, 8)
    texts = [{"input_ids": row[None], "attention_mask": numpy.ones_like(row[None])} for row in ids]
    quantized = nncf.quantize(
        openvino.Core().read_model(str(out / "openvino.xml")),
        nncf.Dataset(texts),
        subset_size=len(texts),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
    )
    openvino.save_model(quantized, str(out / "nncf.xml"), compress_to_fp16=False)


# name: (what makes it, its files)
EXPORTS: dict[str, tuple[Callable[[Path, Path], None], tuple[str, ...]]] = {
    "onnx": (export_onnx, ("model.onnx",)),
    "int8": (export_int8, ("int8.onnx",)),
    "openvino": (export_openvino, ("openvino.xml", "openvino.bin")),
    "nncf": (export_nncf, ("nncf.xml", "nncf.bin")),
}


def peak_resident() -> int:
    """VmHWM of this process, in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def run_here(name: str, checkpoint: Path, out: Path) -> dict:
    """One export in this process; its time, memory or failure."""
    make, files = EXPORTS[name]
    start = time.monotonic()
    try:
        make(checkpoint, out)
    except Exception as error:  # Whatever a peer raises is a result to report.
        traceback.print_exc()
        for file in files:
            (out / file).unlink(missing_ok=True)
        return {"failed": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
    size = sum((out / file).stat().st_size for file in files)
    return {"seconds": time.monotonic() - start, "peak_resident_bytes": peak_resident(), "bytes": size}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="+", choices=EXPORTS, default=list(EXPORTS))
    parser.add_argument("--here", choices=EXPORTS, help=argparse.SUPPRESS)  # One export, in this process.
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    record = arguments.out / "export.json"
    results = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    if arguments.here:
        results[arguments.here] = run_here(arguments.here, arguments.checkpoint, arguments.out)
        record.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        return
    for name in arguments.only:
        if all((arguments.out / file).exists() for file in EXPORTS[name][1]):
            continue
        # A process of its own: so that its peak memory is its own, and a crash is one export's.
        command = [sys.executable, __file__, str(arguments.checkpoint), str(arguments.out), "--here", name]
        status = subprocess.run(command, check=False).returncode
        results = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
        if status != 0:
            results[name] = {"failed": f"exit status {status}"}
            record.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        print(f"{arguments.out.name} {name}: {results[name]}")


if __name__ == "__main__":
    main()
