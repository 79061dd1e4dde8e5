"""One decode of a picture, shrunk while loading, from which everything about it is made.

Meant for the guarded child: the limits here hold what a header claims, the guard holds what it hid.
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from gallery.imaging.colourspace import to_srgb, to_srgb_without_profile, wide_profile
from gallery.imaging.complaints import (
    cause_of,
    collected_warnings,
    passed_over,
    pixels_were_lost,
    ran_out_of_memory,
)
from gallery.imaging.jpeg import Unsound, decode_sound, shrink_for
from gallery.imaging.loaders import FailOn, Header, open_header, read_header, reopen_shrunk
from gallery.imaging.profiles import matrix_profile
from gallery.imaging.sizes import PREVIEW_SIZES_PX
from gallery.imaging.sniff import PictureFormat, Refused, Sniffed, sniff_file

OnOpened = Callable[[int, int], None]
Pixels = NDArray[np.uint8]

# The long side of the one decode: the largest preview.
BASE_PX = max(PREVIEW_SIZES_PX)
# Smaller pictures are made from the next of these, always the same one, so that a fingerprint never depends
# on what was asked for before it.
_LADDER_PX = PREVIEW_SIZES_PX
_WHITE = [255, 255, 255]
# Up to this much, Catmull-Rom without a filter against aliasing comes as near to the original (SSIM .993 to .995 on
# camera photos) as with one.
SMALL_STEP = 1.2
RGB_BANDS = 3
OPAQUE = 255
PROFILE = "icc-profile-data"

# What each EXIF orientation asks for (EXIF 2.32, tag 0x0112).
_TURNS: dict[int, Callable[[Pixels], object]] = {
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.flip(pixels, -1),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.flip(cv2.transpose(pixels), -1),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
# What the decoders raise for a file that they cannot read.
DECODER_ERRORS = (pyvips.Error, ValueError, EOFError, SyntaxError, RuntimeError, OSError)


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
        base: Pixels,
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
        self.has_alpha = base.shape[2] > RGB_BANDS
        self._blobs = header.blobs
        self._base = base
        self._scaled: dict[int, Pixels] = {}
        self._flat: dict[int, Pixels] = {}

    def blob(self, field: str) -> bytes | None:
        """Return the raw "exif-data", "xmp-data" or "iptc-data", None where the file has none."""
        return self._blobs.get(field)

    @property
    def is_lossless(self) -> bool:
        """Whether the file's format keeps pixels exactly, as drawings and screenshots are stored."""
        return self.sniffed.format in (PictureFormat.PNG, PictureFormat.GIF, PictureFormat.TIFF)

    def with_alpha_at(self, long_side_px: int) -> Pixels:
        """Return the picture with at most `long_side_px` (up to 1440) on its long side, never enlarged: height x
        width x 3, or x 4 where it has alpha, 8-bit sRGB."""
        if long_side_px >= max(self._base.shape[:2]):
            return self._base
        if long_side_px not in self._scaled:
            rung = min((px for px in _LADDER_PX if px > long_side_px), default=BASE_PX)
            source = self._base if rung == BASE_PX else self.with_alpha_at(rung)
            self._scaled[long_side_px] = shrunk_pixels(source, long_side_px)
        return self._scaled[long_side_px]

    def rgb(self, long_side_px: int) -> Pixels:
        """Return the picture as `with_alpha_at`, laid over white: height x width x 3."""
        if long_side_px not in self._flat:
            pixels = self.with_alpha_at(long_side_px)
            self._flat[long_side_px] = over_white(pixels) if self.has_alpha else pixels
        return self._flat[long_side_px]


def open_picture(path: Path, *, opened: OnOpened = _ignore) -> Picture:
    """Decode the file at `path` and return its Picture. `opened` is called once with the width and the height
    in the header, before any pixel is decoded.

    Raises UnsupportedFile when it is no accepted format, and Refused when it is beyond the limits or nothing
    of it can be decoded. A cut or corrupt file of which a part can be shown comes back as damaged.
    """
    sniffed = sniff_file(path)
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
    if long_side_px >= max(image.width, image.height):
        return image
    return _resampled(image, _shrunk_size(image.width, image.height, long_side_px))


def shrunk_pixels(pixels: Pixels, long_side_px: int) -> Pixels:
    """Return a picture of height x width x 3 or 4 with at most `long_side_px` on its long side, as `shrunk` does.

    Where it is as good, OpenCV does it in a quarter of the time: for means of 2 x 2 pixels, and for the last small
    step, which filters nothing away.
    """
    height, width, bands = pixels.shape
    if long_side_px >= max(height, width):
        return pixels
    size = _shrunk_size(width, height, long_side_px)
    if bands == RGB_BANDS:
        while max(pixels.shape[:2]) >= 2 * long_side_px:
            half = (max(1, round(pixels.shape[1] / 2)), max(1, round(pixels.shape[0] / 2)))
            pixels = np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_LINEAR), np.uint8)
        if max(pixels.shape[:2]) <= SMALL_STEP * long_side_px:
            return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    return _array(_resampled(_image(pixels), size))


def _shrunk_size(width: int, height: int, long_side_px: int) -> tuple[int, int]:
    scale = long_side_px / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resampled(image: pyvips.Image, size: tuple[int, int]) -> pyvips.Image:
    # Catmull-Rom keeps nine tenths of the detail of Lanczos (a triangle: eight tenths) without its halos.
    # With gap 1, libvips takes whole steps by averaging first, a third faster where the step is 2 or more.
    across = size[0] / image.width
    options = {"vscale": size[1] / image.height, "kernel": "cubic", "gap": 1.0}
    if not image.hasalpha():
        return image.resize(across, **options)
    # Colours under transparent pixels must not bleed into what is seen.
    premultiplied = image.premultiply().cast(image.format)  # in floats, rows would take four times the memory
    resized = premultiplied.resize(across, **options).unpremultiply()
    return resized.cast(image.format).copy(interpretation=image.interpretation)


def over_white(pixels: Pixels) -> Pixels:
    """Return a picture of height x width x 4 laid over white: height x width x 3."""
    return _array(_image(pixels).flatten(background=_WHITE))


def _image(pixels: Pixels) -> pyvips.Image:
    return pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")


def _array(image: pyvips.Image) -> Pixels:
    return np.asarray(image.numpy(), np.uint8)


def _decoded_leniently(
    path: Path, sniffed: Sniffed, warnings: list[str], opened: OnOpened
) -> tuple[Header, Pixels, str]:
    """Header, base and the words for what is damaged, "" for nothing: strictly first, then taking what can be
    had."""
    try:
        return *_decoded(path, sniffed, "error", warnings, opened), ""
    except DECODER_ERRORS as fault:
        if ran_out_of_memory(fault):
            raise MemoryError from fault
        cause = cause_of(fault, path, warnings)
    try:
        return *_decoded(path, sniffed, "none", warnings, opened), cause
    except DECODER_ERRORS as fault:
        raise Refused(f"The file begins like {sniffed.name} but cannot be decoded: {cause}.") from fault


def _decoded(
    path: Path, sniffed: Sniffed, fail_on: FailOn, warnings: list[str], opened: OnOpened
) -> tuple[Header, Pixels]:
    source = open_header(path, sniffed.format, fail_on=fail_on)
    header = read_header(source, path, sniffed.format)
    opened(header.width, header.height)
    # Shrinking comes before every other step: the rest then works on 2 megapixels at most.
    is_jpeg = sniffed.format is PictureFormat.JPEG
    pixels = _sound_jpeg(path, source, warnings) if is_jpeg and fail_on == "error" else None
    if pixels is None:
        small = _faulty_jpeg(path, source, fail_on) if is_jpeg else shrunk(source, BASE_PX)
        pixels = _in_srgb(small.copy_memory(), warnings)
    return header, _without_idle_alpha(_upright(pixels, header.orientation))


def _faulty_jpeg(path: Path, header: pyvips.Image, fail_on: FailOn) -> pyvips.Image:
    """The JPEG whose header is open, with BASE_PX at most, as far as it can be read."""
    shrink = _jpeg_shrink(header)
    try:
        return shrunk(reopen_shrunk(header, path, shrink=shrink, fail_on=fail_on), BASE_PX).copy_memory()
    except pyvips.Error:
        if fail_on == "error" or header.bands != RGB_BANDS:
            raise
        # libvips gives up on one with restart markers that is cut.
        pixels = decode_sound(path, header.width, header.height, shrink=shrink, strict=False)
    image = _image(shrunk_pixels(pixels, BASE_PX))
    if header.get_typeof("icc-profile-data"):
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", bytes(header.get("icc-profile-data")))
    return image


def _sound_jpeg(path: Path, header: pyvips.Image, warnings: list[str]) -> Pixels | None:
    """The JPEG whose header is open, in sRGB and with BASE_PX at most; None where it is not in colour or at fault.

    Both are for libvips, which says more about a fault and shows what can be shown.
    """
    if header.bands != RGB_BANDS:
        return None
    try:
        pixels = decode_sound(path, header.width, header.height, shrink=_jpeg_shrink(header))
    except Unsound as fault:
        warnings.append(passed_over(str(fault)))
        return None
    small = shrunk_pixels(pixels, BASE_PX)
    if wide_profile(header) is None:
        return small
    image = _image(small)
    image.set_type(pyvips.GValue.blob_type, PROFILE, bytes(header.get(PROFILE)))
    return _in_srgb(image, warnings)


def _jpeg_shrink(header: pyvips.Image) -> int:
    return shrink_for(max(header.width, header.height), BASE_PX)


def _in_srgb(image: pyvips.Image, warnings: list[str]) -> Pixels:
    """A picture in memory as 8-bit sRGB."""
    profile = wide_profile(image)
    try:
        if profile is None:
            return _array(to_srgb_without_profile(image))
        if image.format == "uchar" and image.bands == RGB_BANDS and (found := matrix_profile(profile)):
            return found.to_srgb(_array(image))
        return _array(to_srgb(image))
    except pyvips.Error:
        if profile is None:
            raise
        warnings.append("The colour profile in the file cannot be read; its colours are shown as sRGB.")
        return _array(to_srgb_without_profile(image))


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    turned = _TURNS[orientation](pixels) if orientation in _TURNS else pixels
    return np.asarray(turned, np.uint8)


def _without_idle_alpha(pixels: Pixels) -> Pixels:
    """`pixels` without their alpha where every one is opaque anyway, as in most screenshots."""
    if pixels.shape[2] == RGB_BANDS or pixels[:, :, RGB_BANDS].min() < OPAQUE:
        return pixels
    return np.ascontiguousarray(pixels[:, :, :RGB_BANDS])
