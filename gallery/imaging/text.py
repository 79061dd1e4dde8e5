"""Words from strangers' files, made fit for a database, a log line and a page."""

import re
import unicodedata

# Everything below U+0020 but tab and line feed, DEL and the C1 block. PostgreSQL refuses U+0000 in text and
# in JSON; the rest only ever confuses terminals and logs.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# Characters that turn the reading direction of what follows them: a known way to disguise a file name.
_DIRECTION_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clean_text(value: str, *, limit_characters: int) -> str:
    """Return `value` in NFC without control characters, lone surrogates or direction overrides, at most
    `limit_characters` long, trimmed of white space at both ends."""
    cut = value[: limit_characters * 4]
    cleaned = _DIRECTION_OVERRIDES.sub("", _CONTROLS.sub("", cut.replace("\r\n", "\n").replace("\r", "\n")))
    return unicodedata.normalize("NFC", cleaned).strip()[:limit_characters].rstrip()


def decoded_text(value: bytes, *, limit_characters: int) -> str:
    """Return bytes of unknown encoding as clean text: UTF-8 where they are that, else Latin-1, which reads
    every byte; what cameras and older programs write is one of the two."""
    cut = value[: limit_characters * 4].split(b"\x00", 1)[0]
    try:
        text = cut.decode("utf-8")
    except UnicodeDecodeError as fault:
        cut_in_a_character = fault.start >= len(cut) - 3 and len(cut) == limit_characters * 4
        text = cut[: fault.start].decode("utf-8") if cut_in_a_character else cut.decode("latin-1")
    return clean_text(text, limit_characters=limit_characters)
