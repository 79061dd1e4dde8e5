"""Oklab and back."""

import numpy as np
import pytest

from gallery.imaging.oklab import from_oklab, to_oklab


def test_oklab_of_white_red_and_back() -> None:
    colours = np.array([[1, 1, 1], [1, 0, 0]], np.float32)
    lab = to_oklab(colours)
    # The values of Ottosson's article for the primaries of sRGB.
    assert lab == pytest.approx(np.array([[1, 0, 0], [0.628, 0.225, 0.126]]), abs=0.001)
    assert from_oklab(lab) == pytest.approx(colours, abs=0.001)
