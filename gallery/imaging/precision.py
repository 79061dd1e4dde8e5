"""In which precision a model looks at pictures on this machine: found by a short trial, and remembered.

A CPU with bfloat16 instructions takes about half the time with bfloat16 weights; one without them may take ten
times as long. Which of the two it is, nobody can tell from its name as surely as by trying.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import platform
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import interpolate, normalize

from gallery.imaging.checkpoints import ModelMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["choose_precision", "embed_batch"]

# bfloat16 weights are taken only if every vector keeps its direction, after the mean, which all pictures
# share, is taken away.
MIN_COSINE_TO_FULL_PRECISION = 0.995
# Pictures drawn for that comparison; enough for a mean, few enough for a slow machine (at most 0.4 s each).
TRIAL_PICTURES = 8
# Each precision then runs this often on some of them, in turn, and its best time counts.
TIMED_RUNS = 2
TIMED_PICTURES = 4
# Outcomes of earlier starts, in the folder of the models: a trial takes seconds, on a busy machine many.
MEMORY_FILE = "precision.json"
# What a processor says of itself, wherever Linux runs: its name, and what it can compute.
PROCESSOR_LINES = ("model name", "flags", "CPU part", "Features")


def choose_precision(
    model: Any, version: str, input_px: int, device: torch.device, memory: Path | None
) -> torch.dtype:
    """Cast the picture tower to bfloat16 where that is faster and gives the same vectors. Returns its dtype.

    Weights are cast instead of using autocast, which converts them anew for every batch. What a trial found is
    kept in the folder `memory` (without one, nowhere), for this version of the model on this processor.
    """
    outcome = _Memory(memory, f"{version} torch {torch.__version__} {_processor(device)}")
    known = outcome.recall()
    if known is None:
        chosen = _try_both(model, input_px, device)
        outcome.keep("bf16" if chosen == torch.bfloat16 else "fp32")
        return chosen
    if known == "bf16":
        model.visual = model.visual.to(torch.bfloat16)
        return torch.bfloat16
    return torch.float32


def embed_batch(model: Any, pictures: torch.Tensor, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Unit vectors, float32 (n, dimension) on the CPU, of pictures that are normalised as the model wants them."""
    return normalize(model.encode_image(pictures.to(device, dtype)).float(), dim=-1).cpu()


class _Memory:
    """One remembered outcome, among others in a file. Losing it costs a trial and nothing else."""

    def __init__(self, folder: Path | None, case: str) -> None:
        self._file = folder / MEMORY_FILE if folder else None
        self._case = case

    def recall(self) -> str | None:
        outcome = self._all().get(self._case)
        return outcome if outcome in ("bf16", "fp32") else None

    def keep(self, outcome: str) -> None:
        if self._file is None:
            return
        text = json.dumps(self._all() | {self._case: outcome}, indent=1)
        unfinished = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self._file)
        except OSError:  # a folder that is only to be read: the next start tries again
            return

    def _all(self) -> dict[str, Any]:
        try:
            content = json.loads(self._file.read_text(encoding="utf-8")) if self._file else {}
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def _processor(device: torch.device) -> str:
    """What the outcome depends on besides the model: the kind of processor."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8", errors="replace").splitlines() if about.is_file() else []
    told = sorted({line for line in lines if line.startswith(PROCESSOR_LINES)})
    description = "\n".join([platform.machine(), platform.processor(), *told])
    return f"{device.type} {hashlib.sha256(description.encode()).hexdigest()[:16]}"


def _try_both(model: Any, input_px: int, device: torch.device) -> torch.dtype:
    """Leave the better tower in the model."""
    pictures = _trial_pictures(input_px)
    towers = {torch.float32: model.visual, torch.bfloat16: copy.deepcopy(model.visual).to(torch.bfloat16)}

    def run(dtype: torch.dtype, count: int = TRIAL_PICTURES) -> torch.Tensor:
        model.visual = towers[dtype]
        return embed_batch(model, pictures[:count], dtype, device)

    with torch.inference_mode():
        full = run(torch.float32)
        if not torch.isfinite(full).all():
            raise ModelMissing(
                "The checkpoint gives no finite numbers: its weights are damaged. Fetch the file again."
            )
        half = run(torch.bfloat16)
        seconds = _seconds([partial(run, dtype, TIMED_PICTURES) for dtype in towers], device)
    full_seconds, half_seconds = seconds
    chosen = torch.bfloat16 if half_seconds < full_seconds and _agrees(half, full) else torch.float32
    model.visual = towers[chosen]
    return chosen


def _agrees(half: torch.Tensor, full: torch.Tensor) -> bool:
    mean = full.mean(dim=0)
    cosines = (normalize(full - mean, dim=-1) * normalize(half - mean, dim=-1)).sum(dim=-1)
    return cosines.min().item() >= MIN_COSINE_TO_FULL_PRECISION


def _trial_pictures(side_px: int) -> torch.Tensor:
    """Soft patches of random colours, already normalised, float32 (TRIAL_PICTURES, 3, side_px, side_px)."""
    coarse = torch.rand(TRIAL_PICTURES, 3, 5, 5, generator=torch.Generator().manual_seed(1))
    return interpolate(coarse * 4 - 2, size=side_px, mode="bilinear")


def _seconds(computations: Sequence[Callable[[], object]], device: torch.device) -> list[float]:
    """The fewest seconds that each took; they run in turn, so that a slow moment hits all of them.

    On a CPU the seconds of computing count, which other busy processes disturb far less than those that pass.
    """
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    best = [float("inf")] * len(computations)
    for _ in range(TIMED_RUNS):
        for index, computation in enumerate(computations):
            started = clock()
            computation()
            best[index] = min(best[index], clock() - started)
    return best
