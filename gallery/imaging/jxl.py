"""Pixels of a JPEG XL file, through libjxl as `imagecodecs` brings it: the libvips of the wheel reads none."""

import logging
import re
from pathlib import Path

import imagecodecs
import numpy as np
import pyvips
from numpy.typing import NDArray

from gallery.imaging.jxl_header import JxlColour, JxlHeader, bytes_at
from gallery.imaging.rgb_profile import Curve, rgb_profile

# What is read of each block of metadata, packed and unpacked.
_MOST_METADATA_BYTES = 2**20
_FIELDS = {b"Exif": "exif-data", b"xml ": "xmp-data"}
_EXIF_OFFSET_BYTES = 4
_FULL_16_BITS = 65535
# What imagecodecs says of the right shape when it is asked to decode into an array of a wrong one.
_SHAPE_IN_ERROR = re.compile(r" shape=\((\d+), \d+, \d+")

# The transfer functions that differ from sRGB's, as exponents or as parametric curves of ICC.
_CURVES = {
    8: Curve(gamma=1.0),  # linear
    1: Curve(gamma=1 / 0.45, offset=0.099 / 1.099, slope=1 / 4.5, break_at=0.081),  # BT.709
    17: Curve(gamma=2.6),  # DCI
}

# Its warnings end among those of the file, as libvips' do.
_log = logging.getLogger("pyvips")


def decoded_jxl(path: Path, header: JxlHeader, *, leniently: bool) -> pyvips.Image:
    """Return the (first) picture in the JPEG XL file at `path`, upright, as stored: 8 or 16 bits, with its colour
    profile and metadata.

    Raises ValueError or RuntimeError where it cannot be decoded; `leniently`, where nothing of it can.
    """
    content = path.read_bytes()
    if header.is_transcoded and (jpeg := _kept_jpeg(content)) is not None:
        return jpeg
    pixels = _lenient_pixels(content, header) if leniently else _pixels(content, header)
    image = _as_image(pixels, header)
    image.set_type(pyvips.GValue.gint_type, "n-pages", _frame_count(content) if header.is_animated else 1)
    _put_metadata(image, path, header)
    # The codestream has an orientation of its own, which the decoder has followed.
    image.remove("orientation")
    return image


def _kept_jpeg(content: bytes) -> pyvips.Image | None:
    """The JPEG from which the file was made without loss, with its metadata; None where it cannot be had."""
    try:
        jpeg = imagecodecs.jpegxl_decode_jpeg(content, numthreads=1)
    except (imagecodecs.JpegxlError, ValueError):
        return None
    return pyvips.Image.jpegload_buffer(bytes(jpeg), access="sequential", fail_on="error")


def _pixels(content: bytes, header: JxlHeader) -> NDArray[np.generic]:
    index = 0 if header.is_animated else None
    pixels: NDArray[np.generic] = imagecodecs.jpegxl_decode(content, index=index, numthreads=1)
    return pixels


def _lenient_pixels(content: bytes, header: JxlHeader) -> NDArray[np.generic]:
    """As much as was decoded before the fault, the rest black."""
    kind = np.float32 if header.is_float else np.uint8 if header.bits <= 8 else np.uint16
    bands = (header.bands,) if header.bands > 1 else ()
    pixels: NDArray[np.generic] = np.zeros((header.height, header.width, *bands), kind)
    index = 0 if header.is_animated else None
    try:
        imagecodecs.jpegxl_decode(content, index=index, numthreads=1, out=pixels)
    except imagecodecs.JpegxlError:
        if not pixels.any():
            raise
    return pixels


def _frame_count(content: bytes) -> int:
    """The frames of an animation, at least 2. The decoder names their number only when it is given an array that
    does not fit; it counts them without decoding."""
    try:
        imagecodecs.jpegxl_decode(content, numthreads=1, out=np.zeros((1, 1), np.uint8))
    except (imagecodecs.JpegxlError, ValueError) as error:
        found = _SHAPE_IN_ERROR.search(str(error))
        return max(2, int(found[1])) if found else 2
    return 2


def _as_image(pixels: NDArray[np.generic], header: JxlHeader) -> pyvips.Image:
    if header.is_float:
        pixels = (np.clip(np.nan_to_num(pixels), 0, 1) * _FULL_16_BITS).astype(np.uint16)
    image = pyvips.Image.new_from_array(pixels)
    deep = image.format == "ushort"
    if deep and not header.is_float and header.bits < 16:
        image = (image * (_FULL_16_BITS / (2**header.bits - 1))).cast("ushort")
    grey, colour = ("grey16", "rgb16") if deep else ("b-w", "srgb")
    image = image.copy(interpretation=grey if image.bands <= 2 else colour)
    if header.has_premultiplied_alpha:
        image = image.unpremultiply().cast(image.format)
    profile = _profile(header)
    if profile is not None and image.bands >= 3:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image


def _profile(header: JxlHeader) -> bytes | None:
    """The ICC profile of the decoded numbers, None for sRGB."""
    if header.colour is None:
        if not header.is_xyb:  # from XYB, the decoder makes sRGB by itself
            _log.warning("the colour profile inside it cannot be read; its colours are shown as sRGB")
        return None
    if header.colour == JxlColour():
        return None
    curve = Curve(gamma=1 / header.colour.gamma) if header.colour.gamma else None
    curve = curve or _CURVES.get(header.colour.transfer, Curve.srgb())
    return rgb_profile(header.colour.white, header.colour.primaries, curve)


def _put_metadata(image: pyvips.Image, path: Path, header: JxlHeader) -> None:
    for kind, at, length in header.boxes:
        content = (
            bytes_at(path, at, min(length, _MOST_METADATA_BYTES)) if kind in (*_FIELDS, b"brob") else b""
        )
        if kind == b"brob":
            kind, content = content[:4], _unpacked(content) if content[:4] in _FIELDS else b""
        if kind == b"Exif":
            content = content[_EXIF_OFFSET_BYTES + int.from_bytes(content[:_EXIF_OFFSET_BYTES], "big") :]
        if content and not image.get_typeof(_FIELDS[kind]):
            image.set_type(pyvips.GValue.blob_type, _FIELDS[kind], content)


def _unpacked(box: bytes) -> bytes:
    """The content of a box that was packed by Brotli (ISO/IEC 18181-2), b"" where it is too large or broken."""
    try:
        return bytes(imagecodecs.brotli_decode(box[4:], out=_MOST_METADATA_BYTES))
    except (imagecodecs.BrotliError, ValueError):
        return b""
