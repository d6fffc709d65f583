"""The peers, each as something that loads a model and computes logits. Imported in the environment of setup_peers.py only.

Every engine gets the same int64 ids and a mask of ones, and the same number of threads. What is set beside that, and why:

* PyTorch: the package's own model, `torch.inference_mode`, the number of label slots given as its pipeline does.
* ONNX Runtime: all graph optimizations, one thread pool.
* OpenVINO: the latency hint, one stream; f32 files are computed in bf16 or f32 as asked, what is not int8 in a static int8 file in
  whichever of the two is faster on the processor.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy

# What computes the logits [batch, labels] of ids [batch, tokens]; the second argument is the number of labels.
Forward = Callable[[numpy.ndarray, int], numpy.ndarray]


def pytorch(checkpoint: Path, threads: int, dtype_name: str) -> Forward:
    import torch
    from gliclass import GLiClassModel

    torch.set_num_threads(threads)
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype_name]
    model = GLiClassModel.from_pretrained(str(checkpoint), dtype=dtype).eval()

    def forward(ids: numpy.ndarray, labels: int) -> numpy.ndarray:
        tensor = torch.from_numpy(ids)
        with torch.inference_mode():
            logits = model(tensor, torch.ones_like(tensor), max_num_classes=labels).logits
        return logits.float().numpy()

    return forward


def onnxruntime(file: Path, threads: int) -> Forward:
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    session = runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def forward(ids: numpy.ndarray, labels: int) -> numpy.ndarray:
        return session.run(["logits"], {"input_ids": ids, "attention_mask": numpy.ones_like(ids)})[0]

    return forward


def openvino(file: Path, threads: int, precision: str, fixed: bool = False) -> Forward:
    """With `fixed`, compiled anew for each shape of ids, as one would for texts padded to a few lengths."""
    import openvino as runtime

    options = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    options["INFERENCE_PRECISION_HINT"] = precision
    core = runtime.Core()
    requests: dict[tuple[int, ...] | None, Any] = {}

    def request_of(shape: tuple[int, ...] | None) -> Any:
        if shape not in requests:
            requests.clear()
            model = core.read_model(str(file))
            if shape is not None:
                model.reshape({"input_ids": list(shape), "attention_mask": list(shape)})
            requests[shape] = core.compile_model(model, "CPU", options).create_infer_request()
        return requests[shape]

    if not fixed:
        request_of(None)

    def forward(ids: numpy.ndarray, labels: int) -> numpy.ndarray:
        request = request_of(ids.shape if fixed else None)
        request.infer({"input_ids": ids, "attention_mask": numpy.ones_like(ids)})
        return numpy.array(request.get_output_tensor(0).data)

    return forward


def rest_precision() -> str:
    """What computes best, around the int8 products: bf16 with AMX, f32 elsewhere (where the plug-in would take bf16 too, if it has it)."""
    return "bf16" if " amx_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8") else "f32"


def load(name: str, checkpoint: Path, exports: Path, threads: int) -> Forward:
    """The engine of a name in peers.PEERS."""
    warnings.filterwarnings("ignore")
    match name:
        case "pytorch-f32" | "pytorch-bf16":
            return pytorch(checkpoint, threads, name.removeprefix("pytorch-"))
        case "onnxruntime-f32":
            return onnxruntime(exports / "model.onnx", threads)
        case "onnxruntime-int8":
            return onnxruntime(exports / "int8.onnx", threads)
        case "openvino-f32" | "openvino-bf16":
            return openvino(exports / "openvino.xml", threads, name.removeprefix("openvino-"))
        case "openvino-int8" | "openvino-int8-fixed":
            return openvino(exports / "nncf.xml", threads, rest_precision(), fixed=name.endswith("fixed"))
    raise ValueError(f"unknown engine {name}")
