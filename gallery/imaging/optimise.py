"""Makes JPEG and PNG files smaller without changing a pixel or a byte of what else they hold.

JPEG: the same coefficients with better Huffman codes, as progressive scans (mozjpeg's jpegtran). PNG: the same samples
with better filters and compression (oxipng). Everything else is taken from the old file byte by byte, and what comes
out is compared with it. Whatever is unusual is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mozjpeg_lossless_optimization
import oxipng

from gallery.imaging.jpeg_parts import JpegParts
from gallery.imaging.loaders import WHOLE_LIMIT_MEGAPIXELS, open_header, read_header
from gallery.imaging.pixels import pixels_equal
from gallery.imaging.png_parts import PngParts
from gallery.imaging.sniff import PictureFormat, sniff_file
from gallery.imaging.unusual import LeftAlone

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gallery.imaging.decode import OnOpened

LEAST_SHARE_SAVED = 0.02
"""Below two in a hundred the new file is not worth the risk of any change."""
PNG_LEVEL = 2
"""oxipng's own default: higher levels take several times as long for another 1 %."""


def optimise(path: Path, target: Path, *, opened: OnOpened) -> None:
    """Write a smaller file that shows and says the same to `target`.

    `opened` is called with the size before pixels are decoded. Raises LeftAlone with the reason where there is none,
    and Refused for what is no picture that is taken.
    """
    picture_format = sniff_file(path).format
    if picture_format not in _METHODS:
        raise LeftAlone("Only JPEG and PNG files are made smaller.")
    require_moderate_size(path, picture_format)
    content = path.read_bytes()
    smaller = _METHODS[picture_format](content)
    if len(smaller) > len(content) * (1 - LEAST_SHARE_SAVED):
        raise LeftAlone("The file is as small as it gets.")
    target.write_bytes(smaller)
    if not _same_header(path, target, picture_format) or not pixels_equal(path, target, opened=opened):
        raise LeftAlone("The smaller file could not be shown to be the same.")


def require_moderate_size(path: Path, picture_format: PictureFormat) -> None:
    """Larger ones are decoded in strips, which no progressive JPEG can be: it would be refused afterwards."""
    header = open_header(path, picture_format)
    if header.width * header.height > WHOLE_LIMIT_MEGAPIXELS * 1_000_000:
        raise LeftAlone(f"Pictures of more than {WHOLE_LIMIT_MEGAPIXELS} megapixels are left as they are.")


def smaller_jpeg(content: bytes) -> bytes:
    """The JPEG with its own metadata and better codes. Raises LeftAlone."""
    parts = JpegParts.of(content)
    try:
        coded = JpegParts.of(mozjpeg_lossless_optimization.optimize(content))
    except ValueError as error:
        raise LeftAlone("The JPEG cannot be coded anew.") from error
    if coded.frame != parts.frame:
        raise LeftAlone("The JPEG cannot be coded anew as it is.")
    smaller = coded.with_metadata(parts.metadata)
    if JpegParts.of(smaller).metadata != parts.metadata:
        raise LeftAlone("The metadata could not be shown to be the same.")
    return smaller


def smaller_png(content: bytes) -> bytes:
    """The PNG with its own chunks and better compressed samples. Raises LeftAlone."""
    parts = PngParts.of(content)
    try:
        packed = oxipng.optimize_from_memory(
            content,
            level=PNG_LEVEL,
            strip=oxipng.StripChunks.none(),
            interlace=oxipng.Interlacing.Adam7 if parts.is_interlaced else oxipng.Interlacing.Off,
            # The samples keep their depth and kind, and so the meaning of every other chunk.
            bit_depth_reduction=False,
            color_type_reduction=False,
            palette_reduction=False,
            grayscale_reduction=False,
        )
    except oxipng.PngError as error:
        raise LeftAlone("The PNG cannot be packed anew.") from error
    repacked = PngParts.of(packed)
    if repacked.kinds_of_samples() != parts.kinds_of_samples():
        raise LeftAlone("The PNG cannot be packed anew as it is.")
    smaller = parts.with_samples(repacked.samples)
    if PngParts.of(smaller).others() != parts.others():
        raise LeftAlone("The metadata could not be shown to be the same.")
    return smaller


_METHODS: dict[PictureFormat, Callable[[bytes], bytes]] = {
    PictureFormat.JPEG: smaller_jpeg,
    PictureFormat.PNG: smaller_png,
}


def _same_header(path: Path, target: Path, picture_format: PictureFormat) -> bool:
    """Whether libvips reads the same of both: size, turn, frames, EXIF, XMP, IPTC."""
    mine, theirs = (
        read_header(open_header(file, picture_format), file, picture_format) for file in (path, target)
    )
    return mine == theirs
