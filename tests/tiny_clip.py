"""The tiny trained model for tests: trained once per version of its source and kept in .cache/."""

from __future__ import annotations

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
    return trained if trained.checkpoint.is_file() else tiny_clip.train(folder)
