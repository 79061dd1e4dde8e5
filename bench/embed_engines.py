"""The ways to run one picture tower that `bench.embed` compares: the product's own, and those of others."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The other ways are installed for this bench alone, so mypy does not find them.
import onnxruntime  # type: ignore[import-not-found]
import openvino  # type: ignore[import-not-found]
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-not-found]

from gallery.imaging.embedding import ClipModel
from gallery.imaging.precision import embed_batch

OURS = "ours"
BASELINE = "ONNX Runtime fp32"
REFERENCE = "torch fp32"
CPU = torch.device("cpu")

# Normalised pictures, float32 (n, 3, side, side), to vectors, float32 (n, dimension), of any length.
Run = Callable[[torch.Tensor], torch.Tensor]


@dataclass
class Engine:
    """One way, ready to run; `load_s` is what it took to make it so from an ONNX file."""

    name: str
    run: Run
    load_s: float | None = None


def engines(
    reference: Any, clip: ClipModel, folder: Path, *, threads: int, all_of_them: bool
) -> list[Engine]:
    """The reference first. `reference` is the model in full precision, `clip` ours with the same weights."""
    found = [
        Engine(REFERENCE, lambda pictures: embed_batch(reference, pictures, torch.float32, CPU)),
        Engine(OURS, lambda pictures: embed_batch(clip._model, pictures, clip._dtype, CPU)),
    ]
    if clip.precision == "fp32":
        half = copy.deepcopy(reference)
        half.visual.to(torch.bfloat16)
        found.append(
            Engine("torch bf16, not taken", lambda each: embed_batch(half, each, torch.bfloat16, CPU))
        )
    if not all_of_them:
        return found
    plain, int8 = folder / "plain.onnx", folder / "int8.onnx"
    _export(reference.visual, clip.input_px, plain)
    quantize_dynamic(
        plain, int8, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"]
    )
    return [
        *found,
        _made(BASELINE, lambda: _onnx(plain, threads)),
        _made("ONNX Runtime int8", lambda: _onnx(int8, threads)),
        _made("OpenVINO fp32", lambda: _openvino(plain, "f32", threads)),
        _made("OpenVINO bf16", lambda: _openvino(plain, "bf16", threads)),
    ]


def _made(name: str, make: Callable[[], Run]) -> Engine:
    started = time.monotonic()
    run = make()
    return Engine(name, run, time.monotonic() - started)


def _export(tower: torch.nn.Module, side_px: int, path: Path) -> None:
    logging.getLogger("onnxscript").setLevel(logging.ERROR)
    torch.onnx.export(
        tower,
        (torch.zeros(2, 3, side_px, side_px),),
        path,
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("pictures", min=1, max=64)},),
        input_names=["pictures"],
        output_names=["vectors"],
        external_data=False,
        verbose=False,
    )


def _onnx(path: Path, threads: int) -> Run:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Waiting threads sleep, as ours do: spinning would count as computing.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda pictures: torch.from_numpy(session.run(None, {"pictures": pictures.numpy()})[0])


def _openvino(path: Path, precision: str, threads: int) -> Run:
    compiled = openvino.Core().compile_model(
        path,
        "CPU",
        {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1},
    )
    return lambda pictures: torch.from_numpy(compiled(pictures.numpy())[0].copy())
