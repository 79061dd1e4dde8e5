"""The tiny trained model for tests: trained once per version of its source, by one process, and kept in .cache/."""

from __future__ import annotations

import fcntl
import hashlib
import inspect
from pathlib import Path

import torch

from gallery.demo import scenes, tiny_clip
from gallery.demo.tiny_clip import TinyModel
from gallery.imaging.torchvision_ops import open_clip

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "tiny-clip"


def tiny_model() -> TinyModel:
    """The model's two files, trained now (under a minute) if this version of it was never trained here."""
    source = (
        inspect.getsource(scenes) + inspect.getsource(tiny_clip) + torch.__version__ + open_clip.__version__
    )
    folder = CACHE / hashlib.sha256(source.encode()).hexdigest()[:16]
    trained = TinyModel(folder / f"{tiny_clip.NAME}.json", folder / f"{tiny_clip.NAME}.pt")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        # Another process of a parallel run waits here while the first one trains.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return trained if trained.checkpoint.is_file() else tiny_clip.train(folder)
