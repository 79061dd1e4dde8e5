"""The model of this worker process. Importing this module loads torch, so only tasks do so, when they run."""

from __future__ import annotations

import os

from django.conf import settings

# Threads that wait for each other sleep instead of spinning. Measured on two cores with six busy processes: a
# text takes 0.3 s instead of 3 s, and on idle cores no longer than before. torch reads this when it is loaded, below.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from gallery.imaging.checkpoints import ModelMissing, NotDownloaded
from gallery.imaging.embedding import ClipModel, load_model

__all__ = ["ModelMissing", "NotDownloaded", "loaded_model"]

_loaded: dict[tuple[str, str, str], ClipModel] = {}


def loaded_model(*, may_download: bool) -> ClipModel:
    """The model that settings ask for, loaded once per process. Raises ModelMissing; the next call tries again."""
    asked_for = (settings.CLIP_MODEL, settings.CLIP_PRETRAINED, settings.CLIP_DEVICE)
    if asked_for not in _loaded:
        _loaded[asked_for] = load_model(*asked_for, cache_dir=settings.MODEL_CACHE, may_download=may_download)
    return _loaded[asked_for]
