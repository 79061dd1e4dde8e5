"""Pictures and texts as unit vectors of one space, by an open_clip model.

Importing this module loads torch (seconds, hundreds of MB): only worker processes do so, never the web.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from torch.func import functional_call
from torch.nn.functional import normalize

from gallery.imaging.checkpoints import Checkpoint, ModelMissing, find_architecture, find_checkpoint
from gallery.imaging.precision import choose_precision, embed_batch
from gallery.imaging.torchvision_ops import open_clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ClipModel", "ModelMissing", "load_model"]

# A description is embedded in these wordings and the mean is taken: captions, which CLIP learned from,
# seldom are bare words (Radford et al. 2021, section 3.1.4, "prompt ensembling").
PROMPTS = ("{}", "a photo of {}", "a picture of {}")
# Beyond 16 pictures a CPU gains nothing per picture (measured with ViT-B-32-256 in bf16, of one core: 83 ms alone,
# 69 each of 4, 66 of 8, 64 of 16), and memory grows. A GPU has room for more, and waits less between batches.
PICTURES_PER_BATCH = 16
PICTURES_PER_GPU_BATCH = 64
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

    `input_px` is the side of the square that it looks at, `pictures_per_batch` how many are best given at once;
    `precision` is "fp32" or "bf16", whichever was faster here.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, version: str, device: torch.device, memory: Path | None = None
    ) -> None:
        preprocess = open_clip.transform.PreprocessCfg(**model.visual.preprocess_cfg)
        self.version = version
        self.input_px: int = preprocess.input_size[-1]
        self.pictures_per_batch = PICTURES_PER_BATCH if device.type == "cpu" else PICTURES_PER_GPU_BATCH
        self._device = device
        self._model = model
        self._tokenizer = tokenizer
        self._transform = open_clip.transform.image_transform_v2(preprocess, is_train=False)
        self._dtype = choose_precision(model, version, self.input_px, device, memory)
        self.precision = "bf16" if self._dtype == torch.bfloat16 else "fp32"
        self.dimension: int = self.embed_texts(["a photo"]).shape[1]

    @torch.inference_mode()
    def embed_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, dimension), of upright sRGB pictures, uint8 (height, width, 3), any size.

        They are resized and cropped by open_clip's own transform. From a preview this gives the vector of the
        original (cosine above 0.995) as long as the preview's short side is at least `input_px`.
        """
        vectors = [
            embed_batch(
                self._model,
                torch.stack([self._prepare(picture) for picture in batch]),
                self._dtype,
                self._device,
            )
            for batch in _batches(pictures, self.pictures_per_batch)
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
        vectors = normalize(_encode_text(self._model, tokens.to(self._device)).float(), dim=-1)
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
    version = f"{architecture}/{checkpoint.version}"
    return ClipModel(model, tokenizer, version=version, device=where, memory=cache_dir)


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


def _encode_text(model: Any, tokens: torch.Tensor) -> torch.Tensor:
    """The text tower's vectors; CLIP's own reads no further than the longest text, which changes nothing.

    There no token looks at a later one and the vector is read at a text's end, the highest token, so the padding
    after it counts for nothing. A description has some 12 tokens of 77: a search takes a fifth of the time.
    """
    causal = isinstance(model, open_clip.CLIP) and model.attn_mask is not None
    if not causal or model.text_pool_type != "argmax":
        vectors: torch.Tensor = model.encode_text(tokens)
        return vectors
    length = int(tokens.argmax(dim=-1).max()) + 1
    shorter = {
        "positional_embedding": model.positional_embedding[:length],
        "attn_mask": model.attn_mask[:length, :length],
    }
    output = functional_call(model, shorter, (None, tokens[:, :length]))
    found: torch.Tensor = output["text_features"] if isinstance(output, dict) else output[1]
    return found


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
