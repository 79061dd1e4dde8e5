"""Whether two files show the very same pixels, whatever their containers.

Exact or nothing: upright, at the depth of the deeper one, alpha included, every frame. Where equality cannot
be shown (a damaged file, frames that cannot be lined up), the answer is no. Of camera RAW the sensor's numbers are
compared, never the preview inside: it equals another RAW of the same shot, and no file of any other kind, as the look
of sensor data is a matter of the program that develops them.
"""

from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Self

import numpy as np
import pyvips
from PIL import Image, ImageSequence

from gallery.imaging.colourspace import to_srgb, wide_profile
from gallery.imaging.complaints import collected_warnings, pixels_were_lost
from gallery.imaging.decode import DECODER_ERRORS, OnOpened
from gallery.imaging.loaders import (
    WHOLE_LIMIT_MEGAPIXELS,
    Header,
    open_all_frames,
    open_header,
    read_header,
)
from gallery.imaging.raw import RawFile
from gallery.imaging.sniff import PictureFormat, sniff_file

_OPAQUE_16_BITS = 65535
# 255 * 257 = 65535: the factor that makes 8 bits 16 without a remainder.
_EIGHT_TO_SIXTEEN_BITS = 257


@dataclass(frozen=True)
class _Whole:
    """A file opened for a comparison of all its pixels."""

    path: Path
    picture_format: PictureFormat
    image: pyvips.Image
    header: Header

    @classmethod
    def opened(cls, path: Path) -> Self:
        picture_format = sniff_file(path).format
        image = open_header(path, picture_format)
        header = read_header(image, path, picture_format)
        return cls(path=path, picture_format=picture_format, image=image, header=header)

    def upright(self) -> pyvips.Image:
        """Turned as its orientation says; that needs the pixels in any order, so in memory."""
        image = self.image.copy_memory()
        image.set_type(pyvips.GValue.gint_type, "orientation", self.header.orientation)
        return image.autorot()


def pixels_equal(first: Path, second: Path, *, opened: OnOpened) -> bool:
    """Tell whether both files show the same pixels. `opened` is called with the size before they are decoded.

    Raises Refused where a file is not one that is taken at all.
    """
    with collected_warnings() as warnings:
        try:
            raw = [sniff_file(path).format is PictureFormat.RAW for path in (first, second)]
            if any(raw):
                return all(raw) and _sensors_equal(first, second, opened)
            equal = _equal(_Whole.opened(first), _Whole.opened(second), opened)
        except DECODER_ERRORS:
            return False
    return equal and not pixels_were_lost(warnings)


def _equal(one: _Whole, other: _Whole, opened: OnOpened) -> bool:
    mine, theirs = one.header, other.header
    if mine.upright_size != theirs.upright_size or mine.frame_count != theirs.frame_count:
        return False
    opened(mine.width, mine.height * mine.frame_count)
    if mine.frame_count > 1:
        return _animations_equal(one, other)
    if mine.orientation == theirs.orientation:
        return _images_equal(one.image, other.image)
    return _images_equal(one.upright(), other.upright())


def _sensors_equal(first: Path, second: Path, opened: OnOpened) -> bool:
    with RawFile(first) as one, RawFile(second) as other:
        size = (one.width, one.height)
        if size != (other.width, other.height) or one.orientation != other.orientation:
            return False
        if one.width * one.height > WHOLE_LIMIT_MEGAPIXELS * 1_000_000:
            return False
        opened(*size)
        (values, look), (other_values, other_look) = one.sensor_data(), other.sensor_data()
        return look == other_look and np.array_equal(values, other_values)


def _animations_equal(one: _Whole, other: _Whole) -> bool:
    """Frame by frame, with their times. Only within one kind of file: what a viewer shows is otherwise not
    comparable (a TIFF's pages, a GIF's frames)."""
    if one.picture_format is not other.picture_format or one.header.orientation != other.header.orientation:
        return False
    if one.picture_format is PictureFormat.PNG:
        return _pillow_frames_equal(one.path, other.path)
    if one.picture_format in (PictureFormat.GIF, PictureFormat.WEBP, PictureFormat.TIFF):
        strips = [open_all_frames(whole.path, whole.picture_format) for whole in (one, other)]
        return _delays(strips[0]) == _delays(strips[1]) and _images_equal(*strips)
    return False


def _delays(strip: pyvips.Image) -> object:
    return strip.get("delay") if strip.get_typeof("delay") else None


def _pillow_frames_equal(first: Path, second: Path) -> bool:
    """For APNG, whose frames libvips does not read."""
    with Image.open(first) as one, Image.open(second) as other:
        pairs = zip_longest(ImageSequence.Iterator(one), ImageSequence.Iterator(other))
        return all(a is not None and b is not None and _frame(a) == _frame(b) for a, b in pairs)


def _frame(image: Image.Image) -> tuple[object, bytes]:
    return image.info.get("duration"), image.convert("RGBA").tobytes()


def _images_equal(one: pyvips.Image, other: pyvips.Image) -> bool:
    if (one.width, one.height) != (other.width, other.height):
        return False
    same_space = wide_profile(one) == wide_profile(other) and _is_cmyk(one) == _is_cmyk(other)
    if not same_space:
        one, other = _both_in_srgb(one, other)
    left, right = _comparable(one), _comparable(other)
    if left.bands != right.bands or left.format != right.format:
        return False
    return bool((left != right).max() == 0)


def _both_in_srgb(one: pyvips.Image, other: pyvips.Image) -> tuple[pyvips.Image, pyvips.Image]:
    if "ushort" in (one.format, other.format):
        return to_srgb(one, depth_bits=16), to_srgb(other, depth_bits=16)
    return to_srgb(one), to_srgb(other)


def _is_cmyk(image: pyvips.Image) -> bool:
    return bool(image.interpretation == "cmyk")


def _comparable(image: pyvips.Image) -> pyvips.Image:
    """16 bits where it is 8 or 16, grey as three equal bands, alpha always there. Other depths stay as they
    are."""
    if image.format == "uchar":
        interpretation = image.interpretation
        image = (image.cast("ushort") * _EIGHT_TO_SIXTEEN_BITS).cast("ushort")
        image = image.copy(
            interpretation={"srgb": "rgb16", "b-w": "grey16"}.get(interpretation, interpretation)
        )
    if image.format != "ushort" or _is_cmyk(image):
        return image
    if not image.hasalpha():
        image = image.bandjoin(_OPAQUE_16_BITS)
    if image.bands == 2:
        grey = image.extract_band(0)
        return grey.bandjoin([grey, grey, image.extract_band(1)])
    return image
