"""The peers, each as something that loads a model and computes logits. Imported in the environment of setup_peers.py only.

Every engine gets the same int64 ids and a mask of ones, and the same number of threads. What is set beside that, and why:

* PyTorch: the package's own model, `torch.inference_mode`, the number of label slots given as its pipeline does.
* ONNX Runtime: all graph optimizations, one thread pool.
* OpenVINO: the latency hint, one stream; f32 files are computed in bf16 or f32 as asked, a static int8 file with the
  plug-in's default for the rest (bf16 where the processor has it).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

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


def openvino(file: Path, threads: int, precision: str | None) -> Forward:
    import openvino as runtime

    options = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    if precision is not None:
        options["INFERENCE_PRECISION_HINT"] = precision
    compiled = runtime.Core().compile_model(str(file), "CPU", options)
    request = compiled.create_infer_request()

    def forward(ids: numpy.ndarray, labels: int) -> numpy.ndarray:
        request.infer({"input_ids": ids, "attention_mask": numpy.ones_like(ids)})
        return numpy.array(request.get_output_tensor(0).data)

    return forward


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
        case "openvino-int8":
            return openvino(exports / "nncf.xml", threads, None)
    raise ValueError(f"unknown engine {name}")
