"""From a planned shot to the bytes of its files: the original, further shots of the moment, the copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from gallery.demo import landscapes, places
from gallery.demo.canvas import develop, encoded
from gallery.demo.variants import another_shot, save_variant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gallery.demo.plan import Place, Shot

STYLES = {
    "mountains": landscapes.mountains,
    "lake": landscapes.lake,
    "sea": landscapes.sea,
    "dunes": landscapes.dunes,
    "forest": landscapes.forest,
    "flowers": landscapes.flowers,
    "snow": landscapes.snow,
    "starry_night": landscapes.starry_night,
    "city": places.city,
    "from_above": places.from_above,
    "balloons": places.balloons,
    "bokeh": places.bokeh,
    "stone": places.stone,
}
QUALITY = 84


def draw_files(shot: Shot) -> list[tuple[str, bytes]]:
    """File names and contents of a shot, the original first. Always the same for the same shot."""
    pixels = draw(shot)
    exif = exif_of(shot)
    chance = np.random.default_rng([shot.seed, 77])
    files = [(shot.file_name, encoded(pixels, quality=QUALITY, exif=exif))]
    for name in shot.burst_names:
        files.append((name, encoded(another_shot(pixels, chance), quality=QUALITY, exif=exif)))
    for copy, name in zip(shot.copies, shot.copy_names, strict=True):
        files.append((name, save_variant(pixels, copy, chance, exif)))
    return files


def draw(shot: Shot) -> NDArray[np.uint8]:
    """The pixels of a shot."""
    chance = np.random.default_rng([shot.seed, 20])
    width, height = shot.size
    if shot.scene is not None:
        return develop(places.poster(chance, width, shot.scene, seed=shot.seed), chance)
    return develop(STYLES[shot.style](chance, height, width), chance)


def exif_of(shot: Shot) -> bytes:
    """What the camera writes into the file."""
    exif = Image.Exif()
    detail = exif.get_ifd(ExifTags.IFD.Exif)
    if shot.camera is not None:
        exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = shot.camera.make, shot.camera.model
        if shot.camera.lens:
            detail[ExifTags.Base.LensModel] = shot.camera.lens
        detail[ExifTags.Base.ISOSpeedRatings] = 100 * 2 ** (shot.seed % 5)
        detail[ExifTags.Base.FNumber] = IFDRational(28 + 7 * (shot.seed % 6), 10)
        detail[ExifTags.Base.ExposureTime] = IFDRational(1, 60 * 2 ** (shot.seed % 5))
        detail[ExifTags.Base.FocalLength] = IFDRational(18 + 9 * (shot.seed % 6))
    if shot.taken_at is not None:
        detail[ExifTags.Base.DateTimeOriginal] = f"{shot.taken_at:%Y:%m:%d %H:%M:%S}"
    if shot.place is not None:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(_position(shot.place, shot.seed))
    return exif.tobytes()


def _position(place: Place, seed: int) -> dict[int, object]:
    """GPS fields near the place, to the second."""
    latitude = place.latitude + (seed % 17 - 8) * 0.004
    longitude = place.longitude + (seed % 13 - 6) * 0.005
    return {
        ExifTags.GPS.GPSLatitudeRef: "N" if latitude >= 0 else "S",
        ExifTags.GPS.GPSLatitude: _sexagesimal(abs(latitude)),
        ExifTags.GPS.GPSLongitudeRef: "E" if longitude >= 0 else "W",
        ExifTags.GPS.GPSLongitude: _sexagesimal(abs(longitude)),
    }


def _sexagesimal(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    seconds = round(degrees * 3600)
    return IFDRational(seconds // 3600), IFDRational(seconds // 60 % 60), IFDRational(seconds % 60)
