"""Opens the header of a picture with the one loader that its format may use, within the limits of pixels.

Nothing here reads pixels: libvips does so when the opened picture is evaluated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pi_heif
import pyvips

from gallery.imaging.avif_header import avif_frame_count
from gallery.imaging.endings import ends_early
from gallery.imaging.jxl import decoded_jxl
from gallery.imaging.jxl_header import read_jxl_header
from gallery.imaging.raw import OWN_HEIGHT, OWN_WIDTH, RawFile
from gallery.imaging.sniff import PictureFormat, Refused
from gallery.imaging.webp_header import webp_size

# Where the decoder works in strips, memory does not grow with the height of the picture, only time does: at
# 400 megapixels some 10 s.
STREAMED_LIMIT_MEGAPIXELS = 400
# Where the whole picture has to be in memory, twice over at 16 bits and 4 channels: 50 megapixels are 800 MB.
WHOLE_LIMIT_MEGAPIXELS = 50
# So many of a camera's pixels are read, at 2 bytes each, to see whether the file holds them all.
_RAW_CHECKED_PIXELS = 200_000_000
# 16 bits of four channels, as an AVIF decoder needs them: as planes, and again pixel by pixel.
DEEP_ALPHA_AVIF_LIMIT_MEGAPIXELS = 40
# Chunks of a PNG looked through for the animation control chunk, which comes before the pixels.
_PNG_CHUNKS_LOOKED_AT = 4096

# PNG's own limit for every number in it (PNG 1.2, 2.1).
_MOST_PNG_NUMBER = 2**31 - 1

FailOn = Literal["error", "none"]

# The nicknames of libvips' classes of loaders: each one blocks or unblocks what derives from it.
_ALLOWED_LOADERS = (
    "VipsForeignLoadJpeg",
    "VipsForeignLoadPng",
    "VipsForeignLoadNsgif",
    "VipsForeignLoadWebp",
    "VipsForeignLoadTiff",
    "VipsForeignLoadHeif",
)


_BLOBS = ("exif-data", "xmp-data", "iptc-data")

_WHOLE_KINDS = {
    PictureFormat.GIF: "a GIF",
    PictureFormat.WEBP: "a WebP",
    PictureFormat.AVIF: "an AVIF",
    PictureFormat.HEIC: "a HEIC",
    PictureFormat.JXL: "a JPEG XL",
}


@dataclass(frozen=True)
class Header:
    """What a file says of its picture before a pixel is decoded.

    width, height: in pixels, as stored. orientation: 1 to 8 (EXIF 2.32, tag 0x0112), 1 for anything else.
    frame_count: frames or pages, at least 1. blobs: raw metadata by libvips' names.
    """

    width: int
    height: int
    orientation: int
    frame_count: int
    blobs: dict[str, bytes]

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height after turning the picture as its orientation asks."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def allow_only_picture_loaders() -> None:
    """Block every loader of libvips but those of the accepted formats, for this whole process.

    An allowlist: blocking only what libvips calls untrusted would leave matrices, CSV and its own format in.
    """
    pyvips.operation_block_set("VipsForeignLoad", True)
    for name in _ALLOWED_LOADERS:
        pyvips.operation_block_set(name, False)


def open_header(path: Path, picture_format: PictureFormat, *, fail_on: FailOn = "error") -> pyvips.Image:
    """Return the picture at `path`, opened but not decoded, for reading once from top to bottom.

    Raises Refused beyond the limits of pixels, and pyvips.Error or ValueError where the header cannot be
    read.
    """
    image = _LOADERS[picture_format](path, fail_on)
    if fail_on == "error" and ends_early(path, picture_format):
        raise ValueError("the file ends before its last part")
    check_pixel_limits(image.width, image.height, whole_kind=_kind_decoded_whole(image, picture_format))
    if picture_format is PictureFormat.AVIF and image.format == "ushort" and image.hasalpha():
        check_pixel_limits(
            image.width,
            image.height,
            whole_kind="an AVIF of more than 8 bits with transparency",
            limit_megapixels=DEEP_ALPHA_AVIF_LIMIT_MEGAPIXELS,
        )
    return image


def open_all_frames(path: Path, picture_format: PictureFormat) -> pyvips.Image:
    """Return every frame or page of a GIF, WebP or TIFF, one below the other, for reading once.

    Raises pyvips.Error, as for pages of several sizes.
    """
    load = {
        PictureFormat.GIF: pyvips.Image.gifload,
        PictureFormat.WEBP: pyvips.Image.webpload,
        PictureFormat.TIFF: pyvips.Image.tiffload,
    }[picture_format]
    strip: pyvips.Image = load(str(path), n=-1, access="sequential", fail_on="error")
    return strip


def reopen_shrunk(header: pyvips.Image, path: Path, *, shrink: int, fail_on: FailOn) -> pyvips.Image:
    """Return the JPEG at `path` at 1 / `shrink` of its size, or `header` itself where that is all of it."""
    if shrink == 1:
        return header
    return pyvips.Image.jpegload(str(path), shrink=shrink, access="sequential", fail_on=fail_on)


def check_pixel_limits(
    width: int, height: int, *, whole_kind: str | None, limit_megapixels: int = WHOLE_LIMIT_MEGAPIXELS
) -> None:
    """Raise Refused when the header claims more than may be decoded; `whole_kind` names a kind of file that
    cannot be decoded in strips (of which `limit_megapixels` may be), and is None where it can."""
    limit = STREAMED_LIMIT_MEGAPIXELS if whole_kind is None else limit_megapixels
    if width * height <= limit * 1_000_000:
        return
    because = "" if whole_kind is None else f" for {whole_kind}, which cannot be decoded in strips"
    raise Refused(
        f"The picture claims {width} x {height} pixels ({width * height / 1e6:,.0f} megapixels); "
        f"the limit is {limit} megapixels{because}."
    )


def _kind_decoded_whole(image: pyvips.Image, picture_format: PictureFormat) -> str | None:
    match picture_format:
        case PictureFormat.JPEG:
            return "a progressive JPEG" if _integer_field(image, "jpeg-multiscan") else None
        case PictureFormat.PNG:
            return "an interlaced PNG" if _integer_field(image, "interlaced") else None
        case PictureFormat.TIFF | PictureFormat.RAW:
            return None
        case _:
            return _WHOLE_KINDS[picture_format]


def read_header(image: pyvips.Image, path: Path, picture_format: PictureFormat) -> Header:
    """Return what the header of an opened picture says, for keeping after the image is let go."""
    orientation = _integer_field(image, "orientation", 1)
    pages = _integer_field(image, "n-pages", 1)
    return Header(
        width=_integer_field(image, OWN_WIDTH, image.width),
        height=_integer_field(image, OWN_HEIGHT, image.height),
        orientation=orientation if 1 <= orientation <= 8 else 1,
        frame_count=_FRAME_COUNTS[picture_format](path) if picture_format in _FRAME_COUNTS else max(1, pages),
        blobs={name: bytes(image.get(name)) for name in _BLOBS if image.get_typeof(name)},
    )


def _integer_field(image: pyvips.Image, name: str, default: int = 0) -> int:
    value = image.get(name) if image.get_typeof(name) else default
    return value if isinstance(value, int) else default


def apng_frame_count(path: Path) -> int:
    """Return the number of frames in the animation control chunk of a PNG (APNG 1.0, acTL), 1 without one."""
    with path.open("rb") as file:
        file.seek(8)
        for _ in range(_PNG_CHUNKS_LOOKED_AT):
            head = file.read(8)
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind == b"acTL":
                frames = int.from_bytes(file.read(4), "big")
                return frames if 0 < frames <= _MOST_PNG_NUMBER else 1
            if len(head) < 8 or kind == b"IDAT":
                break
            file.seek(length + 4, 1)
    return 1


# Where libvips knows of the first frame only.
_FRAME_COUNTS = {PictureFormat.PNG: apng_frame_count, PictureFormat.AVIF: avif_frame_count}


def _jpeg(path: Path, fail_on: FailOn) -> pyvips.Image:
    # By its own name: asked for "the loader of this file", libvips may choose UltraHDR's for a JPEG with a
    # gain map, which decodes without shrinking and knows no orientation.
    return pyvips.Image.jpegload(str(path), access="sequential", fail_on=fail_on)


def _png(path: Path, fail_on: FailOn) -> pyvips.Image:
    return pyvips.Image.pngload(str(path), access="sequential", fail_on=fail_on)


def _gif(path: Path, fail_on: FailOn) -> pyvips.Image:
    return pyvips.Image.gifload(str(path), access="sequential", fail_on=fail_on)


def _webp(path: Path, fail_on: FailOn) -> pyvips.Image:
    check_pixel_limits(*webp_size(path), whole_kind=_WHOLE_KINDS[PictureFormat.WEBP])
    return pyvips.Image.webpload(str(path), access="sequential", fail_on=fail_on)


def _tiff(path: Path, fail_on: FailOn) -> pyvips.Image:
    return pyvips.Image.tiffload(str(path), access="sequential", fail_on=fail_on)


def _avif(path: Path, fail_on: FailOn) -> pyvips.Image:
    return pyvips.Image.heifload(str(path), access="sequential", fail_on=fail_on)


def _heic(path: Path, fail_on: FailOn) -> pyvips.Image:
    """HEIC through pi_heif, as the libvips of the wheel has no HEVC decoder. libheif turns the picture
    upright by itself; the EXIF orientation is then history, and pi_heif hides it."""
    file = pi_heif.open_heif(path)
    if not len(file):
        raise ValueError("it names a picture that is not there")
    primary = file[file.primary_index]
    check_pixel_limits(*primary.size, whole_kind="a HEIC")
    # A copy: the buffer of pi_heif is freed with its picture, which nothing would keep alive. Rows may be
    # padded.
    image = pyvips.Image.new_from_array(np.array(primary)[:, : primary.size[0]])
    bands = {"L": "b-w", "LA": "b-w"}.get(primary.mode, "srgb")
    image = image.copy(interpretation=bands)
    image.set_type(pyvips.GValue.gint_type, "n-pages", len(file))
    blobs = {"exif-data": "exif", "xmp-data": "xmp", "icc-profile-data": "icc_profile"}
    for field, key in blobs.items():
        blob = primary.info.get(key)
        if isinstance(blob, bytes) and blob:
            image.set_type(pyvips.GValue.blob_type, field, blob)
    # libvips reads the orientation out of the EXIF that it is given; these pixels were already turned.
    image.remove("orientation")
    return image


def _jxl(path: Path, fail_on: FailOn) -> pyvips.Image:
    header = read_jxl_header(path)
    check_pixel_limits(header.width, header.height, whole_kind=_WHOLE_KINDS[PictureFormat.JXL])
    return decoded_jxl(path, header, leniently=fail_on == "none")


def _raw(path: Path, fail_on: FailOn) -> pyvips.Image:
    """The preview inside, where it is large enough; else the sensor's data, where they are within the limit and not
    broken; else whatever preview there is."""
    with RawFile(path) as raw:
        check_pixel_limits(raw.width, raw.height, whole_kind=None)
        preview = raw.preview(fail_on=fail_on)
        if preview is not None:
            multiscan = _kind_decoded_whole(preview, PictureFormat.JPEG)
            check_pixel_limits(preview.width, preview.height, whole_kind=multiscan)
            if raw.is_large_enough(preview):
                if fail_on == "error" and raw.width * raw.height <= _RAW_CHECKED_PIXELS:
                    raw.check_sensor_data()
                return raw.described(preview)
        return raw.described(_developed(raw, preview, fail_on))


def _developed(raw: RawFile, preview: pyvips.Image | None, fail_on: FailOn) -> pyvips.Image:
    """The sensor's picture, or else the preview, however small."""
    try:
        check_pixel_limits(raw.width, raw.height, whole_kind="a camera RAW without a large preview")
        return raw.developed()
    except Refused:
        if preview is None:
            raise
    except ValueError:
        if preview is None or fail_on == "error":
            raise
    return preview


_LOADERS: dict[PictureFormat, Callable[[Path, FailOn], pyvips.Image]] = {
    PictureFormat.JPEG: _jpeg,
    PictureFormat.PNG: _png,
    PictureFormat.GIF: _gif,
    PictureFormat.WEBP: _webp,
    PictureFormat.TIFF: _tiff,
    PictureFormat.AVIF: _avif,
    PictureFormat.HEIC: _heic,
    PictureFormat.JXL: _jxl,
    PictureFormat.RAW: _raw,
}
