"""What decoders complain of while they read a broken file, as clean sentences."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyvips

from gallery.imaging.text import clean_text

# Warnings kept for one file. A hostile file can cause thousands; the first ones say what is wrong.
MAX_WARNINGS = 10
MAX_WARNING_CHARACTERS = 200

_PASSED_OVER = "A fault in the file was passed over: "
# "VipsJpeg: ", "tiff2vips: source input: ": who speaks is of no use to the reader.
_DECODER_NAME = re.compile(r"^\s*((\w+2vips|VipsJpeg|vipspng|webp|heif|\w+load): *)?(source input: *)?[: ]*")
# Said of the strip in which another, real warning arose.
_NO_NEWS = ("error in tile", "read gave")
# What libpng says when it has told the cause already, as a warning.
_VAGUE_WORDS = ("", "Error", "libpng read error")
# libjpeg goes on after these with grey or shifted blocks, and libvips does not count them as errors. Its other
# warning of corrupt data, of bytes too many before a marker, costs no pixel and is common.
_LOST_PIXELS = re.compile(
    r"premature end of|bad huffman|corrupt jpeg data: found marker|unsupported marker", re.IGNORECASE
)
_NO_MEMORY = re.compile(r"out of memory --- size ==|bad_alloc", re.IGNORECASE)

# Warnings of lost pixels come when an image is let go. libvips' cache of operations would hold it for the next
# time that the same file is opened, which never comes.
pyvips.cache_set_max(0)


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """Collect what libvips warns of, inside the block, as sentences without repeats. Some warnings come only
    when an image is let go, so nothing that decodes may outlive the block."""
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


def passed_over(words: str) -> str:
    """Return the sentence for a fault, given what a decoder said of it."""
    return f"{_PASSED_OVER}{_DECODER_NAME.sub('', words.splitlines()[0])}."


def pixels_were_lost(warnings: list[str]) -> bool:
    """Tell whether one of the collected warnings means that a part of the picture is wrong."""
    return any(_LOST_PIXELS.search(warning) for warning in warnings)


def ran_out_of_memory(fault: Exception) -> bool:
    """Tell whether a decoder gave up for want of memory, which is no fault of the file's structure."""
    return isinstance(fault, MemoryError) or bool(_NO_MEMORY.search(str(fault)))


def cause_of(fault: Exception, path: Path, warnings: list[str]) -> str:
    """Return what a decoder said of a file when it gave up, in one clean line without the file's path.

    The first line says it, but for libtiff's chatter about unknown tags; libpng tells the cause in a warning.
    """
    text = str(fault.detail if isinstance(fault, pyvips.Error) else fault).replace(str(path), "")
    lines = [line for line in text.splitlines() if line.strip() and "set_get_field_type" not in line]
    words = _DECODER_NAME.sub("", lines[0]) if lines else ""
    if words in _VAGUE_WORDS and warnings:
        words = warnings[-1].removeprefix(_PASSED_OVER).rstrip(".")
    return clean_text(words, limit_characters=MAX_WARNING_CHARACTERS) or "its structure makes no sense"


class _WarningCollector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.sentences: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage().removeprefix("VIPS: ")
        text = clean_text(message, limit_characters=MAX_WARNING_CHARACTERS)
        if not text or text.startswith(_NO_NEWS) or len(self.sentences) >= MAX_WARNINGS:
            return
        sentence = passed_over(text)
        if sentence not in self.sentences:
            self.sentences.append(sentence)
