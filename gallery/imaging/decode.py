"""One decode of a picture, shrunk while loading, from which everything about it is made.

Meant for the guarded child: the limits here hold what a header claims, the guard holds what it hid.
"""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyvips
from numpy.typing import NDArray

from gallery.imaging.colourspace import to_srgb, to_srgb_without_profile, wide_profile
from gallery.imaging.complaints import cause_of, collected_warnings, pixels_were_lost
from gallery.imaging.loaders import FailOn, Header, open_header, read_header, reopen_shrunk
from gallery.imaging.sizes import PREVIEW_SIZES_PX
from gallery.imaging.sniff import HEAD_BYTES, PictureFormat, Refused, Sniffed, sniff

# The long side of the one decode: the largest preview.
BASE_PX = max(PREVIEW_SIZES_PX)
# Smaller pictures are made from the next of these, always the same one, so that a fingerprint never depends
# on what was asked for before it.
_LADDER_PX = PREVIEW_SIZES_PX
_WHITE = [255, 255, 255]

# What the decoders raise for a file that they cannot read.
DECODER_ERRORS = (pyvips.Error, ValueError, EOFError, SyntaxError, RuntimeError, OSError)

OnOpened = Callable[[int, int], None]


def _ignore(width: int, height: int) -> None:
    """For those who need not know the size early."""


class Picture:
    """A picture that was decoded once, upright, in sRGB.

    width, height: of the whole picture, upright, in pixels. frame_count: frames or pages of the file.
    orientation: what the file asks for (EXIF 2.32, tag 0x0112), 1 to 8, already done.
    damaged: only a part could be decoded. warnings: sentences about faults that were passed over.
    has_alpha: some pixel is not opaque.
    """

    def __init__(
        self,
        *,
        path: Path,
        sniffed: Sniffed,
        header: Header,
        base: pyvips.Image,
        damaged: bool,
        warnings: list[str],
    ) -> None:
        self.path = path
        self.sniffed = sniffed
        self.damaged = damaged
        self.warnings = warnings
        self.width, self.height = header.upright_size
        self.orientation = header.orientation
        self.frame_count = header.frame_count
        self.has_alpha = bool(base.hasalpha())
        self._blobs = header.blobs
        self._base = base
        self._scaled: dict[int, pyvips.Image] = {}
        self._flat: dict[int, pyvips.Image] = {}

    def blob(self, field: str) -> bytes | None:
        """Return the raw "exif-data", "xmp-data" or "iptc-data", None where the file has none."""
        return self._blobs.get(field)

    @property
    def is_lossless(self) -> bool:
        """Whether the file's format keeps pixels exactly, as drawings and screenshots are stored."""
        return self.sniffed.format in (PictureFormat.PNG, PictureFormat.GIF, PictureFormat.TIFF)

    def with_alpha_at(self, long_side_px: int) -> pyvips.Image:
        """Return the picture with at most `long_side_px` (up to 1440) on its long side, never enlarged: 8-bit
        sRGB, with a fourth band where it has alpha. In memory."""
        if long_side_px >= max(self._base.width, self._base.height):
            return self._base
        if long_side_px not in self._scaled:
            rung = min((px for px in _LADDER_PX if px > long_side_px), default=BASE_PX)
            source = self._base if rung == BASE_PX else self.with_alpha_at(rung)
            self._scaled[long_side_px] = shrunk(source, long_side_px).copy_memory()
        return self._scaled[long_side_px]

    def at(self, long_side_px: int) -> pyvips.Image:
        """Return the picture as `with_alpha_at`, laid over white: 8-bit sRGB of 3 bands. In memory."""
        if long_side_px not in self._flat:
            image = self.with_alpha_at(long_side_px)
            flat = image.flatten(background=_WHITE).copy_memory() if self.has_alpha else image
            self._flat[long_side_px] = flat
        return self._flat[long_side_px]

    def rgb(self, long_side_px: int) -> NDArray[np.uint8]:
        """Return `at(long_side_px)` as an array of height x width x 3, uint8."""
        pixels: NDArray[np.uint8] = self.at(long_side_px).numpy()
        return pixels


def open_picture(path: Path, *, opened: OnOpened = _ignore) -> Picture:
    """Decode the file at `path` and return its Picture. `opened` is called once with the width and the height
    in the header, before any pixel is decoded.

    Raises UnsupportedFile when it is no accepted format, and Refused when it is beyond the limits or nothing
    of it can be decoded. A cut or corrupt file of which a part can be shown comes back as damaged.
    """
    with path.open("rb") as file:
        sniffed = sniff(file.read(HEAD_BYTES))
    with collected_warnings() as warnings:
        header, base, damage = _decoded_leniently(path, sniffed, warnings, opened)
    if not damage and pixels_were_lost(warnings):
        damage = "some of its data is corrupt"
    if damage:
        warnings.insert(0, f"The picture is damaged, a part of it is missing or wrong: {damage}.")
    return Picture(
        path=path, sniffed=sniffed, header=header, base=base, damaged=bool(damage), warnings=warnings
    )


def shrunk(image: pyvips.Image, long_side_px: int) -> pyvips.Image:
    """Return `image` with `long_side_px` on its long side, filtered against aliasing; never enlarged."""
    scale = long_side_px / max(image.width, image.height)
    if scale >= 1:
        return image
    # Catmull-Rom keeps nine tenths of the detail of Lanczos (a triangle: eight tenths) without its halos.
    # With gap 1, libvips takes whole steps by averaging first, a third faster where the step is 2 or more.
    across = max(scale, 1 / image.width)
    options = {
        "vscale": max(scale, 1 / image.height),
        "kernel": "cubic",
        "gap": 1.0,
    }
    if not image.hasalpha():
        return image.resize(across, **options)
    # Colours under transparent pixels must not bleed into what is seen.
    premultiplied = image.premultiply().cast(image.format)  # in floats, rows would take four times the memory
    resized = premultiplied.resize(across, **options).unpremultiply()
    return resized.cast(image.format).copy(interpretation=image.interpretation)


def _decoded_leniently(
    path: Path, sniffed: Sniffed, warnings: list[str], opened: OnOpened
) -> tuple[Header, pyvips.Image, str]:
    """Header, base and the words for what is damaged, "" for nothing: strictly first, then taking what can be
    had."""
    try:
        return *_decoded(path, sniffed, "error", warnings, opened), ""
    except DECODER_ERRORS as fault:
        cause = cause_of(fault, path, warnings)
    try:
        return *_decoded(path, sniffed, "none", warnings, opened), cause
    except DECODER_ERRORS as fault:
        name = sniffed.media_type.removeprefix("image/").upper()
        raise Refused(f"The file begins like {name} but cannot be decoded: {cause}.") from fault


def _decoded(
    path: Path, sniffed: Sniffed, fail_on: FailOn, warnings: list[str], opened: OnOpened
) -> tuple[Header, pyvips.Image]:
    source = open_header(path, sniffed.format, fail_on=fail_on)
    header = read_header(source, path, sniffed.format)
    opened(header.width, header.height)
    if sniffed.format is PictureFormat.JPEG:
        source = reopen_shrunk(source, path, at_least_px=BASE_PX, fail_on=fail_on)
    # Shrinking comes before every other step: the rest then works on 2 megapixels at most.
    small = shrunk(source, BASE_PX).copy_memory()
    return header, _without_idle_alpha(_upright(_in_srgb(small, warnings), header.orientation))


def _in_srgb(image: pyvips.Image, warnings: list[str]) -> pyvips.Image:
    if wide_profile(image) is None:
        return to_srgb_without_profile(image)
    try:
        return to_srgb(image).copy_memory()
    except pyvips.Error:
        warnings.append("The colour profile in the file cannot be read; its colours are shown as sRGB.")
        return to_srgb_without_profile(image)


def _upright(image: pyvips.Image, orientation: int) -> pyvips.Image:
    if orientation == 1:
        return image
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return image.autorot()


def _without_idle_alpha(image: pyvips.Image) -> pyvips.Image:
    """`image` in memory, without its alpha where every pixel is opaque anyway, as in most screenshots."""
    image = image.copy_memory()
    if not image.hasalpha():
        return image
    opaque = math.isclose(image.extract_band(image.bands - 1).min(), 255)
    return image.extract_band(0, n=image.bands - 1).copy_memory() if opaque else image
