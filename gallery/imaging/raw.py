"""Camera RAW: the picture that the camera itself made and keeps inside the file, or else a quick one from the sensor.

LibRaw (through `rawpy`) finds the embedded preview. It is asked for the sensor's data only where no preview is large
enough, and then for half its size: four values of the sensor make a pixel without any guessing between them.
"""

from pathlib import Path
from typing import BinaryIO, Literal, Self

import numpy as np
import pyvips
import rawpy
from numpy.typing import NDArray
from PIL import Image

from gallery.imaging.exif_errors import EXIF_ERRORS
from gallery.imaging.sizes import PREVIEW_SIZES_PX

# At least so large must an embedded preview be, or half as large as the sensor's picture.
_WANTED_PX = max(PREVIEW_SIZES_PX)
# Where the directories of a RAW file that is built like a TIFF end, with all that they point to, but for the maker's
# own notes.
_MOST_EXIF_BYTES = 2**20
_TIFF_LIKE = {
    b"II*\x00": b"II",
    b"MM\x00*": b"MM",
    b"IIRO": b"II",
    b"IIRS": b"II",
    b"MMOR": b"MM",
    b"IIU\x00": b"II",
}
_TIFF_HEADS = {b"II": b"II*\x00", b"MM": b"MM\x00*"}
# LibRaw's turns, as EXIF orientations.
_ORIENTATIONS = {0: 1, 3: 3, 5: 8, 6: 6}
_QUARTER_TURNS = (6, 8)

# Fields of the returned images: the size of the sensor's picture, which the preview stands for.
OWN_WIDTH, OWN_HEIGHT = "raw-width", "raw-height"


class RawFile:
    """An open camera RAW file.

    width, height: of the sensor's picture, before it is turned. orientation: what turns it, as in EXIF.
    """

    def __init__(self, path: Path) -> None:
        """ValueError where LibRaw can make nothing of it."""
        self._path = path
        try:
            self._raw = rawpy.imread(str(path))
        except rawpy.LibRawError as error:
            raise _said(error) from error
        sizes = self._raw.sizes
        self.width, self.height = sizes.width, sizes.height
        self.orientation = _ORIENTATIONS.get(sizes.flip, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    def preview(self, *, fail_on: Literal["error", "none"]) -> pyvips.Image | None:
        """The embedded preview, opened but not decoded, or None where there is none that can be read."""
        try:
            thumbnail = self._raw.extract_thumb()
        except (rawpy.LibRawError, NotImplementedError, ValueError):
            return None
        if thumbnail.format is rawpy.ThumbFormat.BITMAP:
            return _image(np.asarray(thumbnail.data))
        try:
            return pyvips.Image.jpegload_buffer(bytes(thumbnail.data), access="sequential", fail_on=fail_on)
        except pyvips.Error:
            return None

    def is_large_enough(self, preview: pyvips.Image) -> bool:
        """Whether nothing would be gained by the sensor's data."""
        long_side = max(self.width, self.height)
        return bool(max(preview.width, preview.height) >= min(_WANTED_PX, long_side // 2))

    def check_sensor_data(self) -> None:
        """Raise ValueError where the sensor's data are cut off, which the preview would not show."""
        try:
            self._raw.unpack()
        except rawpy.LibRawError as error:
            raise _said(error) from error

    def developed(self) -> pyvips.Image:
        """The sensor's picture at half its size, in sRGB, not turned. ValueError where its data are broken."""
        try:
            pixels = self._raw.postprocess(half_size=True, use_camera_wb=True, user_flip=0, output_bps=8)
        except rawpy.LibRawError as error:
            raise _said(error) from error
        return _image(pixels)

    def sensor_data(self) -> tuple[NDArray[np.uint16], object]:
        """The numbers of the sensor, and what else decides how they look."""
        try:
            raw = self._raw
            values: NDArray[np.uint16] = raw.raw_image_visible
            look = (
                raw.color_desc,
                raw.camera_whitebalance,
                raw.black_level_per_channel,
                raw.white_level,
                None if raw.raw_pattern is None else raw.raw_pattern.tolist(),
            )
        except rawpy.LibRawError as error:
            raise _said(error) from error
        return values, look

    def described(self, image: pyvips.Image) -> pyvips.Image:
        """`image` with the size, the orientation and the EXIF of the RAW file."""
        image = image.copy()
        if exif := _exif_of_tiff(self._path):
            image.set_type(pyvips.GValue.blob_type, "exif-data", exif)
        sideways = self.orientation in _QUARTER_TURNS and self._is_turned_already(image)
        width, height = (self.height, self.width) if sideways else (self.width, self.height)
        orientation = 1 if sideways else self.orientation
        for name, value in ((OWN_WIDTH, width), (OWN_HEIGHT, height), ("orientation", orientation)):
            image.set_type(pyvips.GValue.gint_type, name, value)
        return image

    def _is_turned_already(self, image: pyvips.Image) -> bool:
        """Cameras keep the preview as the sensor saw it; some turn it, which its shape tells."""
        return bool((self.width > self.height) != (image.width > image.height))


def _said(error: Exception) -> ValueError:
    """What LibRaw says comes as bytes."""
    words = error.args[0] if error.args else "it cannot be read"
    return ValueError(words.decode(errors="replace") if isinstance(words, bytes) else str(words))


def _image(pixels: NDArray[np.generic]) -> pyvips.Image:
    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels))
    return image.copy(interpretation="srgb" if image.bands == 3 else "b-w")


def _exif_of_tiff(path: Path) -> bytes:
    """The beginning of a file that is built like a TIFF, which reads as an EXIF block; b"" for any other."""
    with path.open("rb") as file:
        magic, start = file.read(4), file.read(4)
        order = _TIFF_LIKE.get(magic)
        if order is None:
            return b""
        if int.from_bytes(start, "little" if order == b"II" else "big") < _MOST_EXIF_BYTES:
            return _TIFF_HEADS[order] + start + file.read(_MOST_EXIF_BYTES - 8)
        file.seek(0)
        return _written_anew(file)


def _written_anew(file: BinaryIO) -> bytes:
    """The tags of a TIFF whose directories lie far from its beginning, close together."""
    exif = Image.Exif()
    try:
        exif.load_from_fp(file)
        return exif.tobytes()
    except EXIF_ERRORS:
        return b""
