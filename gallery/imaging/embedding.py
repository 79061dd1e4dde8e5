"""Pictures and texts as unit vectors of one space, by an open_clip model.

Importing this module loads torch (seconds, hundreds of MB): only worker processes do so, never the web.
"""

from __future__ import annotations

import copy
import os
import pickle
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from torch.nn.functional import interpolate, normalize

from gallery.imaging.checkpoints import Checkpoint, ModelMissing, find_architecture, find_checkpoint
from gallery.imaging.torchvision_ops import open_clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ClipModel", "ModelMissing", "load_model"]

# A description is embedded in these wordings and the mean is taken: captions, which CLIP learned from,
# seldom are bare words (Radford et al. 2021, section 3.1.4, "prompt ensembling").
PROMPTS = ("{}", "a photo of {}", "a picture of {}")
# Beyond 8 pictures a CPU gains nothing per picture (measured: 31 ms at 8, 30 at 16), and memory grows.
PICTURES_PER_BATCH = 16
# Half-precision weights are taken only if every vector keeps its direction, after the mean, which all
# pictures share, is taken away.
MIN_COSINE_TO_FULL_PRECISION = 0.995
# Pictures drawn for that comparison; enough for a mean, few enough for a slow machine (at most 0.1 s each).
TRIAL_PICTURES = 8
# Each precision runs this often, and its best time counts.
TRIAL_RUNS = 2
# What torch, safetensors and open_clip raise on a file that is damaged or belongs to another model.
_UNUSABLE_FILE = (
    RuntimeError,
    OSError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    StopIteration,
    pickle.UnpicklingError,
    SafetensorError,
)


class ClipModel:
    """A loaded model. `version` names it for good, `dimension` is the length of its vectors.

    `input_px` is the side of the square that it looks at; `precision` is "fp32" or "bf16", whichever was
    faster here.
    """

    def __init__(self, model: Any, tokenizer: Any, *, version: str, device: torch.device) -> None:
        preprocess = open_clip.transform.PreprocessCfg(**model.visual.preprocess_cfg)
        self.version = version
        self.input_px: int = preprocess.input_size[-1]
        self._device = device
        self._model = model
        self._tokenizer = tokenizer
        self._transform = open_clip.transform.image_transform_v2(preprocess, is_train=False)
        self._dtype = _choose_precision(model, self.input_px, device)
        self.precision = "bf16" if self._dtype == torch.bfloat16 else "fp32"
        self.dimension: int = self.embed_texts(["a photo"]).shape[1]

    @torch.inference_mode()
    def embed_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, dimension), of upright sRGB pictures, uint8 (height, width, 3), any size.

        They are resized and cropped by open_clip's own transform. From a preview this gives the vector of the
        original (cosine above 0.995) as long as the preview's short side is at least `input_px`.
        """
        vectors = [
            _embed(
                self._model,
                torch.stack([self._prepare(picture) for picture in batch]),
                self._dtype,
                self._device,
            )
            for batch in _batches(pictures, PICTURES_PER_BATCH)
        ]
        return torch.cat(vectors).numpy() if vectors else np.empty((0, self.dimension), np.float32)

    @torch.inference_mode()
    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, dimension), of descriptions: the mean over PROMPTS of each one's vectors.

        What a model cannot read beyond its context length (77 tokens as a rule) is left out.
        """
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        # A lone surrogate is no text and would stop the tokenizer.
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        tokens = self._tokenizer([prompt.format(text) for text in clean for prompt in PROMPTS])
        vectors = normalize(self._model.encode_text(tokens.to(self._device)).float(), dim=-1)
        mean = vectors.reshape(len(texts), len(PROMPTS), -1).mean(dim=1)
        return normalize(mean, dim=-1).cpu().numpy()

    def _prepare(self, picture: NDArray[np.uint8]) -> torch.Tensor:
        tensor: torch.Tensor = self._transform(Image.fromarray(picture))
        return tensor


def load_model(
    name: str,
    pretrained: str,
    device: str = "auto",
    *,
    cache_dir: Path | None = None,
    may_download: bool = True,
) -> ClipModel:
    """Load the open_clip model `name` (or a path to its JSON configuration) with the weights `pretrained`.

    `pretrained` is a tag, downloaded once into `cache_dir` with a progress bar, or the path of a checkpoint.
    `device` is "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1", ... Raises ModelMissing with a text
    that says what to do when there is no such model, no network for the first download, or the file is
    damaged.
    """
    architecture = find_architecture(name)
    checkpoint = find_checkpoint(architecture, pretrained, cache_dir=cache_dir, may_download=may_download)
    torch.set_num_threads(_usable_cores())
    where = _device(device)
    model, tokenizer = _build(architecture, checkpoint, where, cache_dir)
    return ClipModel(model, tokenizer, version=f"{architecture}/{checkpoint.version}", device=where)


def _build(
    architecture: str, checkpoint: Checkpoint, device: torch.device, cache_dir: Path | None
) -> tuple[Any, Any]:
    try:
        model = open_clip.create_model(
            architecture,
            str(checkpoint.path),
            device=device,
            force_quick_gelu=checkpoint.quick_gelu,
            force_preprocess_cfg=checkpoint.preprocess,
            require_pretrained=True,
        )
    except _UNUSABLE_FILE as error:
        raise ModelMissing(
            f"The checkpoint {checkpoint.path} is damaged, half downloaded, or not one of {architecture}. "
            "Fetch the file again, or correct CLIP_MODEL and CLIP_PRETRAINED so that they belong together."
        ) from error
    try:
        tokenizer = open_clip.get_tokenizer(architecture, cache_dir=str(cache_dir) if cache_dir else None)
    except (ImportError, OSError, ValueError) as error:
        raise ModelMissing(
            f"The tokenizer of {architecture} cannot be loaded ({error}). Models other than CLIP's own need "
            "the package transformers (pip install transformers) and, once, the network."
        ) from error
    return model.eval().requires_grad_(False), tokenizer


def _device(device: str) -> torch.device:
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        where = torch.device(device)
        torch.empty(1, device=where)
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch was built without it
        raise ModelMissing(
            f"CLIP_DEVICE is {device!r}, which cannot be used here. Set it to auto, cpu or cuda."
        ) from error
    return where


def _choose_precision(model: Any, input_px: int, device: torch.device) -> torch.dtype:
    """Cast the picture tower to bfloat16 where a short trial finds that faster, with the same vectors.

    Weights are cast instead of using autocast, which converts them anew for every batch. Returns the dtype.
    """
    pictures = _trial_pictures(input_px)
    full_tower = model.visual
    full, full_seconds = _timed(model, pictures, torch.float32, device)
    if not torch.isfinite(full).all():
        raise ModelMissing(
            "The checkpoint gives no finite numbers: its weights are damaged. Fetch the file again."
        )
    model.visual = copy.deepcopy(full_tower).to(torch.bfloat16)
    half, half_seconds = _timed(model, pictures, torch.bfloat16, device)
    mean = full.mean(dim=0)
    cosines = (normalize(full - mean, dim=-1) * normalize(half - mean, dim=-1)).sum(dim=-1)
    if half_seconds < full_seconds and cosines.min().item() >= MIN_COSINE_TO_FULL_PRECISION:
        return torch.bfloat16
    model.visual = full_tower
    return torch.float32


def _trial_pictures(side_px: int) -> torch.Tensor:
    """Soft patches of random colours, already normalised, float32 (TRIAL_PICTURES, 3, side_px, side_px)."""
    coarse = torch.rand(TRIAL_PICTURES, 3, 5, 5, generator=torch.Generator().manual_seed(1))
    return interpolate(coarse * 4 - 2, size=side_px, mode="bilinear")


def _timed(
    model: Any, pictures: torch.Tensor, dtype: torch.dtype, device: torch.device
) -> tuple[torch.Tensor, float]:
    """The vectors of `pictures` and the fewest seconds they took; a first run only warms up.

    On a CPU the seconds of computing count, which other busy processes disturb far less than those that pass.
    """
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    seconds = []
    with torch.inference_mode():
        vectors = _embed(model, pictures, dtype, device)
        for _ in range(TRIAL_RUNS):
            started = clock()
            _embed(model, pictures, dtype, device)
            seconds.append(clock() - started)
    return vectors, min(seconds)


def _embed(model: Any, pictures: torch.Tensor, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    return normalize(model.encode_image(pictures.to(device, dtype)).float(), dim=-1).cpu()


def _batches(pictures: Sequence[NDArray[np.uint8]], size: int) -> list[Sequence[NDArray[np.uint8]]]:
    return [pictures[start : start + size] for start in range(0, len(pictures), size)]


def _usable_cores() -> int:
    """Cores that this process may use: its affinity and, in a container, its share of CPU time (cgroup 2)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = Path("/sys/fs/cgroup/cpu.max")
    quota, _, period = (
        limit.read_text(encoding="ascii").partition(" ") if limit.is_file() else ("max", "", "")
    )
    return cores if quota == "max" else max(1, min(cores, round(int(quota) / int(period))))
