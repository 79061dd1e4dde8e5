"""The way to open_clip: it works where torchvision's compiled operators cannot be loaded, too.

open_clip needs torchvision for nothing but resizing and a normalisation layer. On import, however,
torchvision describes the shapes of its detection operators, and that fails with "operator torchvision::nms
does not exist" when its compiled library does not fit the installed torch (say, torch for the CPU beside
torchvision for a GPU). Declaring those two operators first, without an implementation, is enough: nothing
here ever calls them. Where torchvision imports by itself, nothing is changed.

Everything else takes open_clip from here: `from gallery.imaging.torchvision_ops import open_clip`.
"""

from __future__ import annotations

import importlib

import torch

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
# The two operators that torchvision 0.28 describes unconditionally.
_DESCRIBED_ON_IMPORT = ("nms", "qnms")
# A declaration lasts as long as the library object that made it.
_declared: list[torch.library.Library] = []


def _import_torchvision() -> None:
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]  # torch types it not
        for name in _DESCRIBED_ON_IMPORT:
            library.define(name + _SCHEMA)  # type: ignore[no-untyped-call]  # torch types it not
        _declared.append(library)
        importlib.import_module("torchvision")


_import_torchvision()

import open_clip  # noqa: E402 - only now it can be imported

__all__ = ["open_clip"]
