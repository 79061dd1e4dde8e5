"""What the camera and people wrote into a picture: EXIF, IPTC and XMP, read with suspicion.

Every text is cleaned and cut; every number checked; whatever cannot be read is left out, as one broken field
says nothing against the others.
"""

import math
import re
import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from PIL import ExifTags, Image

from gallery.imaging.decode import Picture
from gallery.imaging.exif_errors import EXIF_ERRORS
from gallery.imaging.text import clean_text, decoded_text

SHORT_TEXT_CHARACTERS = 200
TITLE_CHARACTERS = 300
DESCRIPTION_CHARACTERS = 5000
MAX_KEYWORDS = 100
KEYWORD_CHARACTERS = 100
MAX_EXIF_FIELDS = 150
# Blocks beyond these sizes are not written by cameras or editors. JPEG itself cannot hold more EXIF than 64
# kB.
MAX_EXIF_BYTES = 2**20
MAX_XMP_BYTES = 4 * 2**20
MAX_IPTC_BYTES = 2**20
MAX_IPTC_DATASETS = 1000

# What some cameras put into every picture's description.
_BOILERPLATE = re.compile(
    r"^(olympus digital camera|digital camera|sony dsc|dcim|samsung|minolta digital camera|default|"
    r"(konica )?minolta.*|kodak .*digital.*camera|screenshot|exif_.*|untitled|"
    r"\S*[a-z0-9_\\]{4,}\.(jpe?g|tiff?|png|heic))$",
    re.IGNORECASE,
)

Fields = dict[str, Any]


def compute(picture: Picture) -> Fields:
    """Return {taken_at, camera, lens, latitude, longitude, orientation, keywords, title, description, exif}.

    taken_at is ISO 8601 in the camera's local time, with the offset where the file knows it. latitude and
    longitude are degrees, north and east positive. What the file does not say is None, "" or empty. Where
    several blocks disagree, XMP wins over IPTC and IPTC over EXIF: editors write in that order.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of broken EXIF, Pillow warns and reads on
        return _read(picture)


def _read(picture: Picture) -> Fields:
    exif = _ExifBlock(picture.blob("exif-data"))
    iptc = _iptc(picture.blob("iptc-data"))
    xmp = _xmp(picture.blob("xmp-data"))
    latitude, longitude = exif.position()
    return {
        "taken_at": exif.taken_at() or _xmp_date(xmp) or _iptc_date(iptc),
        "camera": exif.camera(),
        "lens": exif.lens(),
        "latitude": latitude,
        "longitude": longitude,
        "orientation": picture.orientation,
        "keywords": _keywords(
            xmp.get("subject", []), iptc.get(25, []), exif.windows_text("XPKeywords").split(";")
        ),
        "title": _first(
            xmp.get("title", []) + iptc.get(5, []) + [exif.windows_text("XPTitle")], TITLE_CHARACTERS
        ),
        "description": _first(
            xmp.get("description", [])
            + iptc.get(120, [])
            + [exif.text("ImageDescription"), exif.windows_text("XPComment")],
            DESCRIPTION_CHARACTERS,
        ),
        "exif": exif.as_text(),
    }


class _ExifBlock:
    """An EXIF block (EXIF 2.32), every access of which may find rubbish."""

    def __init__(self, blob: bytes | None) -> None:
        self._exif = Image.Exif()
        self._ifds: dict[int, Fields] = {}
        if blob and len(blob) <= MAX_EXIF_BYTES:
            try:
                self._exif.load(blob)
            except EXIF_ERRORS:
                self._exif = Image.Exif()

    def _fields(self, ifd: int | None = None) -> Fields:
        key = ifd or 0
        if key not in self._ifds:
            try:
                source = self._exif.get_ifd(ifd) if ifd else dict(self._exif)
            except EXIF_ERRORS:
                source = {}
            names = ExifTags.GPSTAGS if ifd == ExifTags.IFD.GPSInfo else ExifTags.TAGS
            self._ifds[key] = {names[tag]: value for tag, value in source.items() if tag in names}
        return self._ifds[key]

    def text(self, name: str, *, ifd: int | None = None) -> str:
        return _text(self._fields(ifd).get(name), SHORT_TEXT_CHARACTERS)

    def windows_text(self, name: str) -> str:
        """The texts that Windows Explorer writes: UTF-16, little-endian."""
        value = self._fields().get(name)
        if not isinstance(value, bytes):
            return ""
        cut = value[: DESCRIPTION_CHARACTERS * 2]
        return clean_text(
            cut.decode("utf-16-le", "ignore").split("\x00", 1)[0], limit_characters=DESCRIPTION_CHARACTERS
        )

    def camera(self) -> str:
        """Maker and model, without the maker said twice ("Canon Canon EOS RP")."""
        make, model = self.text("Make"), self.text("Model")
        if make and model.lower().split(" ")[0] in make.lower().split():
            return model
        return f"{make} {model}".strip()

    def lens(self) -> str:
        """The model of the lens, where it is a name and no bare number."""
        name = self.text("LensModel", ifd=ExifTags.IFD.Exif)
        return name if any(letter.isalpha() for letter in name) else ""

    def taken_at(self) -> str | None:
        detail = self._fields(ExifTags.IFD.Exif)
        candidates = (
            (
                detail.get("DateTimeOriginal"),
                detail.get("OffsetTimeOriginal"),
                detail.get("SubsecTimeOriginal"),
            ),
            (
                detail.get("DateTimeDigitized"),
                detail.get("OffsetTimeDigitized"),
                detail.get("SubsecTimeDigitized"),
            ),
            (self._fields().get("DateTime"), detail.get("OffsetTime"), detail.get("SubsecTime")),
        )
        moments = (_moment(*(_text(part, 40) for part in candidate)) for candidate in candidates)
        return next((moment for moment in moments if moment), None)

    def position(self) -> tuple[float | None, float | None]:
        """Latitude and longitude in degrees; both None unless both can be read and are on the globe."""
        gps = self._fields(ExifTags.IFD.GPSInfo)
        latitude = _degrees(gps.get("GPSLatitude"), _text(gps.get("GPSLatitudeRef"), 1) == "S", 90)
        longitude = _degrees(gps.get("GPSLongitude"), _text(gps.get("GPSLongitudeRef"), 1) == "W", 180)
        if latitude is None or longitude is None or (latitude, longitude) == (0, 0):
            return None, None  # 0, 0 in the Gulf of Guinea is what receivers write before they know
        return latitude, longitude

    def as_text(self) -> dict[str, str]:
        """Every field with a known name and a short value, as text."""
        found: dict[str, str] = {}
        for ifd in (None, ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            for name, value in self._fields(ifd).items():
                text = _text(value, SHORT_TEXT_CHARACTERS)
                if text and name not in ("MakerNote", "ExifOffset", "GPSInfo", "PrintImageMatching"):
                    found[name] = text
        return dict(sorted(found.items())[:MAX_EXIF_FIELDS])


def _text(value: object, limit_characters: int) -> str:
    """A value of an EXIF field as clean text; "" for what has no short reading."""
    if isinstance(value, str):
        # Pillow reads text as Latin-1; many programs write UTF-8.
        return decoded_text(value.encode("latin-1", "replace"), limit_characters=limit_characters)
    if isinstance(value, bytes):
        printable = all(32 <= byte < 127 for byte in value.rstrip(b"\x00"))
        return (
            decoded_text(value, limit_characters=limit_characters) if printable and len(value) <= 64 else ""
        )
    if isinstance(value, tuple):
        return ", ".join(part for item in value[:16] if (part := _text(item, 40)))[:limit_characters]
    number = _number(value)
    return "" if number is None else f"{number:.10g}"


def _number(value: object) -> float | None:
    """A finite number, or None. Pillow's rationals may have the denominator 0."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(cast(float, value))
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None


def _degrees(value: object, negative: bool, limit_degrees: int) -> float | None:
    parts = [_number(part) for part in value] if isinstance(value, tuple) else []
    if not parts or len(parts) > 3 or any(part is None or part < 0 for part in parts):
        return None
    degrees = math.fsum((part or 0.0) / 60.0**place for place, part in enumerate(parts))
    if degrees > limit_degrees:
        return None
    return round(-degrees if negative else degrees, 7)


def _moment(date_time: str, offset: str, fraction: str) -> str | None:
    """EXIF's "2003:08:14 12:00:01", "+02:00" and "25" as ISO 8601, or None where that is no moment."""
    match = re.match(r"^(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?", date_time)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    digits = re.match(r"^\d{1,6}", fraction)
    microsecond = int(digits.group().ljust(6, "0")) if digits else 0
    known_offset = re.match(r"^[+-](0\d|1[0-4]):[0-5]\d$", offset)
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), microsecond)
    except ValueError:
        return None
    return moment.isoformat() + (known_offset.group() if known_offset else "") if year >= 1800 else None


_PHOTOSHOP_IPTC_RESOURCE = 0x0404


def _iptc(blob: bytes | None) -> dict[int, list[str]]:
    """The texts of record 2 by number of the dataset (IPTC-IIM 4.2): 5 title, 25 keywords, 55 date, 120
    caption."""
    found: dict[int, list[str]] = {}
    if blob is None or len(blob) > MAX_IPTC_BYTES:
        return found
    for count, (dataset, value) in enumerate(_iptc_datasets(_iptc_record(blob))):
        if count >= MAX_IPTC_DATASETS:
            break
        found.setdefault(dataset, []).append(decoded_text(value, limit_characters=DESCRIPTION_CHARACTERS))
    return found


def _iptc_record(blob: bytes) -> bytes:
    """The IIM stream itself, out of Photoshop's image resources (8BIM) where it is wrapped in them."""
    at = blob.find(b"8BIM")
    while at >= 0 and at + 12 <= len(blob):
        resource = int.from_bytes(blob[at + 4 : at + 6], "big")
        name_bytes = blob[at + 6] + 1
        data = at + 6 + name_bytes + name_bytes % 2
        length = int.from_bytes(blob[data : data + 4], "big")
        if resource == _PHOTOSHOP_IPTC_RESOURCE:
            return blob[data + 4 : data + 4 + length]
        at = blob.find(b"8BIM", data + 4 + length)
    return blob


def _iptc_datasets(stream: bytes) -> Iterator[tuple[int, bytes]]:
    at = stream.find(b"\x1c")
    while 0 <= at <= len(stream) - 5 and stream[at] == 0x1C:
        record, dataset = stream[at + 1], stream[at + 2]
        length = int.from_bytes(stream[at + 3 : at + 5], "big")
        if length & 0x8000:
            return  # extended datasets hold pictures and files, never the texts
        if record == 2:
            yield dataset, stream[at + 5 : at + 5 + length]
        at += 5 + length


def _iptc_date(iptc: dict[int, list[str]]) -> str | None:
    """Dataset 55, "20030814", with 60, "120001+0200"."""
    date, time = (iptc.get(number, [""])[0] for number in (55, 60))
    day = re.match(r"^(\d{4})(\d\d)(\d\d)$", date)
    if not day:
        return None
    hour = re.match(r"^(\d\d)(\d\d)(\d\d)(?:([+-]\d\d)(\d\d))?$", time)
    clock = ":".join(hour.groups()[:3]) if hour else "00:00:00"
    offset = f"{hour[4]}:{hour[5]}" if hour and hour[4] else ""
    return _moment(f"{':'.join(day.groups())} {clock}", offset, "")


_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_DATES = (
    "{http://ns.adobe.com/exif/1.0/}DateTimeOriginal",
    "{http://ns.adobe.com/photoshop/1.0/}DateCreated",
    "{http://ns.adobe.com/xap/1.0/}CreateDate",
)


def _xmp(blob: bytes | None) -> dict[str, list[str]]:
    """subject, title, description (the default language first) and date of an XMP packet (ISO 16684-1)."""
    if not blob or len(blob) > MAX_XMP_BYTES:
        return {}
    packet = blob.strip(b"\x00 \r\n\t")
    try:
        root: Element = fromstring(packet, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return {}
    found = {name: _xmp_items(root, f"{_DUBLIN_CORE}{name}") for name in ("subject", "title", "description")}
    found["date"] = [date for tag in _DATES for date in _xmp_values(root, tag)]
    return found


def _xmp_items(root: Element, tag: str) -> list[str]:
    """The entries of an array property, those in the default language before translations."""
    items = [item for holder in root.iter(tag) for item in holder.iter(f"{_RDF}li")]
    items.sort(
        key=lambda item: item.get("{http://www.w3.org/XML/1998/namespace}lang", "x-default") != "x-default"
    )
    return [
        clean_text(item.text or "", limit_characters=DESCRIPTION_CHARACTERS) for item in items[:MAX_KEYWORDS]
    ]


def _xmp_values(root: Element, tag: str) -> Iterator[str]:
    """A simple property, which XMP may write as an element or as an attribute."""
    for element in root.iter():
        value = element.get(tag) or (element.text if element.tag == tag else None)
        if value:
            yield clean_text(value, limit_characters=40)


def _xmp_date(xmp: dict[str, list[str]]) -> str | None:
    for text in xmp.get("date", []):
        offset = re.search(r"(Z|[+-]\d\d:\d\d)$", text)
        known = "" if offset is None else offset.group().replace("Z", "+00:00")
        fraction = re.search(r"\.(\d+)", text)
        moment = _moment(text, known, fraction[1] if fraction else "")
        if moment:
            return moment
    return None


def _keywords(*sources: list[str]) -> list[str]:
    """Every keyword once, whatever its case, in the order of the sources."""
    found: dict[str, str] = {}
    for word in (word for source in sources for word in source):
        keyword = clean_text(word, limit_characters=KEYWORD_CHARACTERS)
        if keyword:
            found.setdefault(keyword.casefold(), keyword)
    return list(found.values())[:MAX_KEYWORDS]


def _first(texts: list[str], limit_characters: int) -> str:
    """The first text that says something."""
    said = (text for text in texts if text and not _BOILERPLATE.match(text))
    return clean_text(next(said, ""), limit_characters=limit_characters)
