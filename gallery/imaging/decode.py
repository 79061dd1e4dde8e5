"""One decode of a picture, shrunk while loading, from which everything about it is made.

Meant for the guarded child: the limits here hold what a header claims, the guard holds what it hid.
"""

import logging
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyvips
from numpy.typing import NDArray

from gallery.imaging.colourspace import to_srgb, to_srgb_without_profile, wide_profile
from gallery.imaging.loaders import FailOn, frame_count, integer_field, open_header, reopen_shrunk
from gallery.imaging.sniff import HEAD_BYTES, PictureFormat, Refused, Sniffed, sniff
from gallery.imaging.text import clean_text

# The long side of the one decode: the largest preview.
BASE_PX = 1440
# Smaller pictures are made from the next of these, always the same one, so that a fingerprint never depends
# on what was asked for before it.
_LADDER_PX = (1440, 720, 320)
# Warnings kept for one file. A hostile file can cause thousands; the first ones say what is wrong.
MAX_WARNINGS = 10
MAX_WARNING_CHARACTERS = 200
_PASSED_OVER = "A fault in the file was passed over: "
# What libpng says when it has said the cause already.
_VAGUE_WORDS = ("", "Error", "libpng read error")
_WHITE = [255, 255, 255]

# What the decoders raise for a file that they cannot read.
DECODER_ERRORS = (pyvips.Error, ValueError, EOFError, SyntaxError, RuntimeError, OSError)

OnOpened = Callable[[int, int], None]


def _ignore(width: int, height: int) -> None:
    """For those who need not know the size early."""


class Picture:
    """A picture that was decoded once, upright, in sRGB.

    width, height: of the whole picture, upright, in pixels. frame_count: frames or pages of the file.
    damaged: only a part could be decoded. warnings: sentences about faults that were passed over.
    has_alpha: some pixel is not opaque.
    """

    def __init__(
        self,
        *,
        path: Path,
        sniffed: Sniffed,
        header: pyvips.Image,
        base: pyvips.Image,
        damaged: bool,
        warnings: list[str],
    ) -> None:
        self.path = path
        self.sniffed = sniffed
        self.damaged = damaged
        self.warnings = warnings
        self.frame_count = frame_count(path, sniffed.format, header)
        turned = orientation_of(header) >= 5
        self.width, self.height = (header.height, header.width) if turned else (header.width, header.height)
        self.has_alpha = bool(base.hasalpha())
        self._header = header
        self._base = base
        self._scaled: dict[int, pyvips.Image] = {}
        self._flat: dict[int, pyvips.Image] = {}

    def blob(self, field: str) -> bytes | None:
        """Return a block of raw metadata by libvips' name for it, such as "exif-data", or None."""
        return bytes(self._header.get(field)) if self._header.get_typeof(field) else None

    @property
    def orientation(self) -> int:
        """The orientation that the file asks for (EXIF 2.32, tag 0x0112), 1 to 8; 1 where it asks for
        nothing."""
        return orientation_of(self._header)

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
        header, base, damaged = _decoded_leniently(path, sniffed, warnings, opened)
    return Picture(path=path, sniffed=sniffed, header=header, base=base, damaged=damaged, warnings=warnings)


def orientation_of(header: pyvips.Image) -> int:
    """Return the orientation 1 to 8 in a header; anything else counts as upright."""
    orientation = integer_field(header, "orientation", 1)
    return orientation if 1 <= orientation <= 8 else 1


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


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """Collect what libvips warns of, inside the block, as clean sentences without repeats."""
    handler = _WarningCollector()
    logger = logging.getLogger("pyvips")
    before = logger.propagate, logger.level
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    try:
        yield handler.sentences
    finally:
        logger.removeHandler(handler)
        logger.propagate, level = before
        logger.setLevel(level)


class _WarningCollector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.sentences: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = clean_text(record.getMessage().removeprefix("VIPS: "), limit_characters=MAX_WARNING_CHARACTERS)
        # Said of the strip in which another, real warning arose.
        is_news = text and not text.startswith(("error in tile", "read gave"))
        sentence = f"{_PASSED_OVER}{text.splitlines()[0]}." if is_news else ""
        if sentence and sentence not in self.sentences and len(self.sentences) < MAX_WARNINGS:
            self.sentences.append(sentence)


def _decoded_leniently(
    path: Path, sniffed: Sniffed, warnings: list[str], opened: OnOpened
) -> tuple[pyvips.Image, pyvips.Image, bool]:
    """Header, base and whether damaged: strictly first, then taking what can be had."""
    try:
        return *_decoded(path, sniffed, "error", warnings, opened), False
    except DECODER_ERRORS as fault:
        cause = _cause(fault, path, warnings)
    try:
        header, base = _decoded(path, sniffed, "none", warnings, opened)
    except DECODER_ERRORS as fault:
        name = sniffed.media_type.removeprefix("image/").upper()
        raise Refused(f"The file begins like {name} but cannot be decoded: {cause}.") from fault
    warnings.insert(0, f"The picture is damaged, a part of it is missing or wrong: {cause}.")
    return header, base, True


def _cause(fault: Exception, path: Path, warnings: list[str]) -> str:
    """What a decoder said of a file, in one clean line without the file's path.

    libvips gathers lines: the failure comes last but for libtiff's chatter, and libpng tells its cause only
    in a warning.
    """
    text = str(fault.detail if isinstance(fault, pyvips.Error) else fault).replace(str(path), "")
    lines = [line for line in text.splitlines() if line.strip() and "set_get_field_type" not in line]
    words = (
        re.sub(
            r"^\s*((\w+2vips|VipsJpeg|vipspng|webp|heif|\w+load): *)?(source input: *)?[: ]*", "", lines[0]
        )
        if lines
        else ""
    )
    if words in _VAGUE_WORDS and warnings:
        words = warnings[-1].removeprefix(_PASSED_OVER).rstrip(".")
    return clean_text(words, limit_characters=MAX_WARNING_CHARACTERS) or "its structure makes no sense"


def _decoded(
    path: Path, sniffed: Sniffed, fail_on: FailOn, warnings: list[str], opened: OnOpened
) -> tuple[pyvips.Image, pyvips.Image]:
    header = open_header(path, sniffed.format, fail_on=fail_on)
    opened(header.width, header.height)
    source = header
    if sniffed.format is PictureFormat.JPEG:
        source = reopen_shrunk(header, path, at_least_px=BASE_PX, fail_on=fail_on)
    # Shrinking comes before every other step: the rest then works on 2 megapixels at most.
    small = shrunk(source, BASE_PX).copy_memory()
    return header, _without_idle_alpha(_upright(_in_srgb(small, warnings), orientation_of(header)))


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
