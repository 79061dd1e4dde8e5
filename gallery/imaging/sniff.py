"""What a file is, told from its first bytes alone; a file's name is never asked."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gallery.imaging.tiffraw import Reader, tiff_raw_kind

# Enough for every signature, for the brands of an ISO media file and for most first directories of a TIFF.
HEAD_BYTES = 4096

ACCEPTED = "JPEG, PNG, GIF, WebP, TIFF, AVIF, HEIC, JPEG XL and camera RAW"


class Refused(Exception):
    """The file is not taken; `reason` is a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnsupportedFile(Refused):
    """The bytes are not one of the accepted formats; `reason` names what they are."""


class PictureFormat(StrEnum):
    JPEG = "jpeg"
    PNG = "png"
    GIF = "gif"
    WEBP = "webp"
    TIFF = "tiff"
    AVIF = "avif"
    HEIC = "heic"
    JXL = "jxl"
    RAW = "raw"


@dataclass(frozen=True)
class Sniffed:
    """A format, its media type, and the usual file name extension with the dot."""

    format: PictureFormat
    media_type: str
    extension: str

    @property
    def name(self) -> str:
        """What people call it: "JPEG", "DNG"."""
        is_raw = self.format is PictureFormat.RAW
        return self.extension.removeprefix(".").upper() if is_raw else self.format.upper()


_SNIFFED = {
    PictureFormat.JPEG: Sniffed(PictureFormat.JPEG, "image/jpeg", ".jpg"),
    PictureFormat.PNG: Sniffed(PictureFormat.PNG, "image/png", ".png"),
    PictureFormat.GIF: Sniffed(PictureFormat.GIF, "image/gif", ".gif"),
    PictureFormat.WEBP: Sniffed(PictureFormat.WEBP, "image/webp", ".webp"),
    PictureFormat.TIFF: Sniffed(PictureFormat.TIFF, "image/tiff", ".tif"),
    PictureFormat.AVIF: Sniffed(PictureFormat.AVIF, "image/avif", ".avif"),
    PictureFormat.HEIC: Sniffed(PictureFormat.HEIC, "image/heic", ".heic"),
    PictureFormat.JXL: Sniffed(PictureFormat.JXL, "image/jxl", ".jxl"),
}

# Whose further frames move; those of a TIFF or a HEIC are pages.
MOVING_TYPES = ("image/gif", "image/webp", "image/png", "image/avif", "image/jxl")

# The media types of camera RAW, none of them registered: those that desktop systems use.
RAW_MEDIA_TYPES = {
    "dng": "image/x-adobe-dng",
    "cr2": "image/x-canon-cr2",
    "cr3": "image/x-canon-cr3",
    "crw": "image/x-canon-crw",
    "nef": "image/x-nikon-nef",
    "arw": "image/x-sony-arw",
    "orf": "image/x-olympus-orf",
    "rw2": "image/x-panasonic-rw2",
    "raf": "image/x-fuji-raf",
    "pef": "image/x-pentax-pef",
    "srw": "image/x-samsung-srw",
    "mrw": "image/x-minolta-mrw",
    "x3f": "image/x-sigma-x3f",
    "iiq": "image/x-phaseone-iiq",
    "3fr": "image/x-hasselblad-3fr",
    "raw": "image/x-camera-raw",
}

_SIGNATURES: tuple[tuple[bytes, PictureFormat], ...] = (
    (b"\xff\xd8\xff", PictureFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", PictureFormat.PNG),
    (b"GIF87a", PictureFormat.GIF),
    (b"GIF89a", PictureFormat.GIF),
    (b"II*\x00", PictureFormat.TIFF),
    (b"MM\x00*", PictureFormat.TIFF),
    (b"II+\x00", PictureFormat.TIFF),
    (b"MM\x00+", PictureFormat.TIFF),
    (b"\xff\x0a", PictureFormat.JXL),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", PictureFormat.JXL),
)

# Camera RAW that is not built like a TIFF, or says so by a number of its own.
_RAW_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"IIRO", "orf"),
    (b"IIRS", "orf"),
    (b"MMOR", "orf"),
    (b"IIU\x00", "rw2"),
    (b"FUJIFILMCCD-RAW", "raf"),
    (b"FOVb", "x3f"),
    (b"\x00MRM", "mrw"),
    (b"II\x1a\x00\x00\x00HEAPCCDR", "crw"),
)

# What strangers send by mistake or on purpose, with the words that the refusal uses.
_FOREIGN_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "an EPS file"),
    (b"8BPS", "a Photoshop document (PSD)"),
    (b"gimp xcf", "a GIMP document (XCF)"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 code stream"),
    (b"\xff\xd8", "a JPEG that ends after its first bytes"),
    (b"\x00\x00\x01\x00", "a Windows icon (ICO)"),
    (b"\x00\x00\x02\x00", "a Windows cursor (CUR)"),
    (b"BM", "a BMP picture"),
    (b"\x01\xda", "an SGI picture"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance HDR picture"),
    (b"SIMPLE  =", "a FITS file"),
    (b"farbfeld", "a farbfeld picture"),
    (b"qoif", "a QOI picture"),
    (b"DDS ", "a DirectDraw surface (DDS)"),
    (b"DanM", "a Microsoft Paint picture (MSP)"),
    (b"LinS", "a Microsoft Paint picture (MSP)"),
    (b"\xd7\xcd\xc6\x9a", "a Windows metafile (WMF)"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\x1aE\xdf\xa3", "a video (Matroska or WebM)"),
    (b"\x00\x00\x01\xba", "a video (MPEG)"),
    (b"\x00\x00\x01\xb3", "a video (MPEG)"),
    (b"FLV\x01", "a video (Flash)"),
    (b"OggS", "an Ogg sound or video"),
    (b"ID3", "an MP3 sound"),
    (b"fLaC", "a FLAC sound"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a Windows program"),
    (b"SQLite format 3\x00", "a database"),
)

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
# The structural brands of HEIF; what codec lies inside is the decoder's to find out.
_HEIF_BRANDS = {b"mif1", b"mif2", b"msf1", b"miaf"}

_new_utf8_decoder = codecs.getincrementaldecoder("utf-8")

_MARKUP = (
    (re.compile(rb"<svg[\s>]", re.IGNORECASE), "an SVG drawing, which can carry scripts"),
    (re.compile(rb"<\?php", re.IGNORECASE), "a PHP script"),
    (re.compile(rb"<(!doctype html|html|head|body|script|iframe)\b", re.IGNORECASE), "a web page (HTML)"),
    (re.compile(rb"^(\xef\xbb\xbf)?\s*<\?xml", re.IGNORECASE), "an XML file"),
    (re.compile(rb"^#!"), "a script"),
)


def sniff(head: bytes) -> Sniffed:
    """Return the picture format of a file whose first bytes (`HEAD_BYTES` of them are enough) are `head`.

    Raises UnsupportedFile, whose reason names what the file is and what is accepted. A TIFF whose first
    directory lies further on counts as a TIFF; `sniff_file` looks there as well.
    """
    return _sniffed(head, lambda at, count: head[at : at + count])


def sniff_file(path: Path) -> Sniffed:
    """Return the picture format of the file at `path`, as `sniff` does."""

    def read(at: int, count: int) -> bytes:
        file.seek(at)
        return file.read(count)

    with path.open("rb") as file:
        return _sniffed(file.read(HEAD_BYTES), read)


def _sniffed(head: bytes, read: Reader) -> Sniffed:
    raw = _raw_kind(head, read)
    if raw is not None:
        return Sniffed(PictureFormat.RAW, RAW_MEDIA_TYPES[raw], f".{raw}")
    found = _picture_format(head)
    if found is not None:
        return _SNIFFED[found]
    raise UnsupportedFile(f"This is {_foreign_name(head)}. {ACCEPTED} are accepted.")


def _raw_kind(head: bytes, read: Reader) -> str | None:
    if head[4:12] == b"ftypcrx ":
        return "cr3"
    signed = next((kind for signature, kind in _RAW_SIGNATURES if head.startswith(signature)), None)
    return signed or tiff_raw_kind(read)


def _picture_format(head: bytes) -> PictureFormat | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return PictureFormat.WEBP
    if head[4:8] == b"ftyp":
        return _iso_media_format(head)
    signed = (kind for signature, kind in _SIGNATURES if head.startswith(signature))
    return next(signed, None)


def _brands(head: bytes) -> list[bytes]:
    """The major brand and the compatible ones of an ISO media file (ISO/IEC 14496-12, ftyp box)."""
    box_bytes = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[8:12], *(head[at : at + 4] for at in range(16, box_bytes - 3, 4))]


def _iso_media_format(head: bytes) -> PictureFormat | None:
    brands = _brands(head)
    major, every = brands[0], set(brands)
    if major in _AVIF_BRANDS:
        return PictureFormat.AVIF
    if major in _HEIC_BRANDS:
        return PictureFormat.HEIC
    if major not in _HEIF_BRANDS:
        return None
    return PictureFormat.AVIF if every & _AVIF_BRANDS else PictureFormat.HEIC


def _foreign_name(head: bytes) -> str:
    if not head:
        return "an empty file"
    namers: tuple[Callable[[bytes], str | None], ...] = (
        _container_name,
        _signature_name,
        _markup_name,
        _text_name,
    )
    for namer in namers:
        name = namer(head)
        if name is not None:
            return name
    return "no picture format that is known here"


def _container_name(head: bytes) -> str | None:
    if head[:4] == b"RIFF":
        return {b"AVI ": "a video (AVI)", b"WAVE": "a WAV sound"}.get(head[8:12], "a RIFF file")
    if head[4:8] == b"ftyp":
        return "a video (MP4 or QuickTime)"
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free"):
        return "a video (QuickTime)"
    if head[4:6] in (b"\x11\xaf", b"\x12\xaf"):
        return "an animation (FLI or FLC)"
    if re.match(rb"P[1-7f][\s#]", head):
        return "a PNM picture (PBM, PGM, PPM)"
    return None


def _signature_name(head: bytes) -> str | None:
    return next((name for signature, name in _FOREIGN_SIGNATURES if head.startswith(signature)), None)


def _markup_name(head: bytes) -> str | None:
    return next((name for pattern, name in _MARKUP if pattern.search(head)), None)


def _text_name(head: bytes) -> str | None:
    if any(byte < 0x20 and byte not in b"\t\n\r\x0c" for byte in head):
        return None
    try:
        _new_utf8_decoder().decode(head)  # the last character may be cut
    except UnicodeDecodeError:
        return None
    return "a text file"
