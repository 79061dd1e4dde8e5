"""Where a model's weights come from: a file given by its path, or a tag, downloaded once and then kept.

Everything that may be wrong with them ends as ModelMissing, whose text tells a person what to do.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import try_to_load_from_cache

from gallery.imaging.torchvision_ops import open_clip

# The names under which weights are published, in the order in which open_clip looks for them.
WEIGHT_FILE_NAMES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
# A checkpoint file is known by this much of its SHA-256: no two of a library's models will share it.
FILE_VERSION_HEX_DIGITS = 16
MAX_REASON_CHARS = 300


class ModelMissing(Exception):
    """There is no usable model. The text says why and what to do, in sentences."""


class NotDownloaded(ModelMissing):
    """The weights are not here, and downloading them was not allowed this time."""


@dataclass(frozen=True)
class Checkpoint:
    """A weights file on this machine.

    `version` names the weights for good: the tag, or the start of the file's SHA-256. `preprocess` holds the
    mean, standard deviation, interpolation and resize mode that the tag was trained with (empty for a file).
    """

    path: Path
    version: str
    quick_gelu: bool = False
    preprocess: dict[str, Any] = field(default_factory=dict)


def find_architecture(model: str) -> str:
    """The name under which open_clip knows `model`: one of its names, or a path to a JSON configuration.

    Raises ModelMissing for an unknown name and for a configuration that is missing or is none.
    """
    if not model.endswith(".json"):
        name = model.replace("/", "-")
        if name not in open_clip.list_models():
            raise ModelMissing(
                f"CLIP_MODEL is {model!r}, which open_clip does not know. "
                "Set it to a name such as ViT-B-32-256, or to the path of a JSON configuration."
            )
        return name
    config = Path(model)
    if not config.is_file():
        raise ModelMissing(
            f"CLIP_MODEL names the configuration {model}, which is not there. Correct the path."
        )
    try:
        open_clip.add_model_config(config)
        is_known = open_clip.get_model_config(config.stem) is not None
    except ValueError as error:  # no JSON, or no UTF-8
        raise ModelMissing(f"The configuration {model} cannot be read: {error}.") from error
    if not is_known:
        raise ModelMissing(
            f"The configuration {model} lacks embed_dim, vision_cfg or text_cfg. Correct the file."
        )
    return config.stem


def find_checkpoint(
    architecture: str, pretrained: str, *, cache_dir: Path | None, may_download: bool
) -> Checkpoint:
    """The weights called `pretrained`: a tag of `architecture`, or the path of a file.

    A tag's weights are looked up in `cache_dir` (None: the library's own place) without asking the network,
    and are downloaded once, showing a progress bar, where `may_download` allows it.
    Raises ModelMissing when they are not there, not to be had, or damaged.
    """
    tag = open_clip.get_pretrained_cfg(architecture, pretrained)
    if not tag:
        return _file_checkpoint(architecture, pretrained)
    path = _cached(tag, cache_dir)
    if path is None:
        if not may_download:
            raise NotDownloaded(
                f"The weights {architecture}/{pretrained} are not downloaded yet. An embedding worker "
                "fetches them; start one, or set CLIP_PRETRAINED to a checkpoint file."
            )
        path = _download(tag, f"{architecture}/{pretrained}", cache_dir)
    _remove_if_damaged(path)
    return Checkpoint(path, pretrained, bool(tag.get("quick_gelu", False)), dict(tag))


def _file_checkpoint(architecture: str, pretrained: str) -> Checkpoint:
    path = Path(pretrained).expanduser()
    if not pretrained or not path.is_file():
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(architecture)) or "none"
        raise ModelMissing(
            f"CLIP_PRETRAINED is {pretrained!r}, which is neither a file here nor a known set of weights "
            f"of {architecture} (known: {tags}). Put the checkpoint there, or set CLIP_PRETRAINED to one of "
            "these."
        )
    try:
        digest = _sha256(path)
    except OSError as error:
        raise ModelMissing(f"The checkpoint {path} cannot be read: {error.strerror}.") from error
    return Checkpoint(path, digest[:FILE_VERSION_HEX_DIGITS])


def _cached(tag: dict[str, Any], cache_dir: Path | None) -> Path | None:
    """The already downloaded weights of a tag, found without the network."""
    if not tag["hf_hub"]:
        return None  # From a plain address: open_clip's download itself checks an existing file by its hash.
    repository, name = tag["hf_hub"].rsplit("/", 1)
    for file_name in (name,) if name else WEIGHT_FILE_NAMES:
        found = try_to_load_from_cache(repository, file_name, cache_dir=cache_dir)
        if isinstance(found, str):
            return Path(found)
    return None


def _download(tag: dict[str, Any], title: str, cache_dir: Path | None) -> Path:
    try:
        return Path(open_clip.download_pretrained(tag, cache_dir=str(cache_dir) if cache_dir else None))
    except (OSError, RuntimeError) as error:  # no network, no space, or another hash than promised
        reason = str(error).splitlines()[0][:MAX_REASON_CHARS] if str(error) else type(error).__name__
        raise ModelMissing(
            f"The weights {title} could not be downloaded ({reason}). Connect this machine to the network: "
            "the download is tried again by itself; or bring the checkpoint file here and set "
            "CLIP_PRETRAINED to its path."
        ) from error


def _remove_if_damaged(path: Path) -> None:
    """Check a downloaded file against the SHA-256 that its name in the download cache states, if it does."""
    blob = path.resolve()
    if re.fullmatch(r"[0-9a-f]{64}", blob.name) and _sha256(blob) != blob.name:
        blob.unlink()
        path.unlink(missing_ok=True)
        raise ModelMissing(
            f"The downloaded weights {path.name} were damaged (their SHA-256 is wrong) and were removed. "
            "They are downloaded again by themselves; connect this machine to the network."
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
