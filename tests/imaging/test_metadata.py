"""What the camera and people wrote, read with suspicion."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational

from gallery.imaging import metadata
from gallery.imaging.decode import open_picture
from tests.pictures import encoded, flat, jpeg_bytes, png_bytes

PICTURE = flat((16, 16), (200, 200, 200))


class Blobs:
    """Stands for a picture with raw blocks of metadata, where writing them into a file adds nothing."""

    orientation = 1

    def __init__(self, **blobs: bytes) -> None:
        self._blobs = {name.replace("_", "-"): blob for name, blob in blobs.items()}

    def blob(self, field: str) -> bytes | None:
        return self._blobs.get(field)


def read(**blobs: bytes) -> dict[str, Any]:
    return metadata.compute(Blobs(**blobs))  # type: ignore[arg-type]


def read_file(folder: Path, content: bytes) -> dict[str, Any]:
    path = folder / "picture"
    path.write_bytes(content)
    return metadata.compute(open_picture(path))


def exif(
    base: dict[int, Any] | None = None,
    detail: dict[int, Any] | None = None,
    gps: dict[int, Any] | None = None,
) -> bytes:
    block = Image.Exif()
    block.update(base or {})
    if detail:
        block.get_ifd(IFD.Exif).update(detail)
        block[IFD.Exif] = block.get_ifd(IFD.Exif)
    if gps:
        block[IFD.GPSInfo] = gps
    return block.tobytes()


def xmp(body: str, *, prolog: str = "", attributes: str = "") -> bytes:
    return (
        f'{prolog}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"><rdf:Description rdf:about="" {attributes}>'
        f"{body}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def iptc(*datasets: tuple[int, bytes]) -> bytes:
    """An IIM stream in Photoshop's wrapping, as JPEG holds it."""
    stream = b"".join(struct.pack(">BBBH", 0x1C, 2, number, len(value)) + value for number, value in datasets)
    return b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + struct.pack(">I", len(stream)) + stream


CAMERA = exif(
    {Base.Make: "NIKON CORPORATION", Base.Model: "NIKON D3100", Base.Orientation: 1},
    {
        Base.DateTimeOriginal: "2020:07:15 08:34:44",
        Base.OffsetTimeOriginal: "+02:00",
        Base.SubsecTimeOriginal: "80",
        Base.LensModel: "35mm f/1.8",
        Base.ExposureTime: IFDRational(1, 250),
    },
    {
        GPS.GPSLatitudeRef: "S",
        GPS.GPSLatitude: (IFDRational(33), IFDRational(51), IFDRational(2440, 100)),
        GPS.GPSLongitudeRef: "E",
        GPS.GPSLongitude: (IFDRational(151), IFDRational(12), IFDRational(3)),
    },
)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_exif_of_a_camera_is_read_from_every_container(tmp_path: Path, file_format: str) -> None:
    found = read_file(tmp_path, encoded(PICTURE, file_format, exif=CAMERA))
    assert found["taken_at"] == "2020-07-15T08:34:44.800000+02:00"
    assert (found["camera"], found["lens"]) == ("NIKON D3100", "35mm f/1.8")
    assert (found["latitude"], found["longitude"]) == pytest.approx((-33.856778, 151.200833), abs=1e-6)
    assert found["exif"]["ExposureTime"] == "0.004"
    assert found["exif"]["Make"] == "NIKON CORPORATION"


def test_a_picture_without_metadata_says_nothing(tmp_path: Path) -> None:
    assert read_file(tmp_path, png_bytes(PICTURE)) == {
        "taken_at": None,
        "camera": "",
        "lens": "",
        "latitude": None,
        "longitude": None,
        "orientation": 1,
        "keywords": [],
        "title": "",
        "description": "",
        "exif": {},
    }


def test_a_date_without_offset_stays_local() -> None:
    block = exif(detail={Base.DateTimeOriginal: "2020:07:15 08:34:44"})
    assert read(exif_data=block)["taken_at"] == "2020-07-15T08:34:44"


@pytest.mark.parametrize(
    "text",
    ["0000:00:00 00:00:00", "2020:13:45 08:00:00", "    :  :     :  :  ", "yesterday", "2020:07:15", ""],
)
def test_a_date_that_is_none_is_left_out(text: str) -> None:
    assert read(exif_data=exif(detail={Base.DateTimeOriginal: text}))["taken_at"] is None


def test_an_impossible_offset_is_left_out() -> None:
    block = exif(detail={Base.DateTimeOriginal: "2020:07:15 08:34:44", Base.OffsetTimeOriginal: "+99:00"})
    assert read(exif_data=block)["taken_at"] == "2020-07-15T08:34:44"


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS RP", "Canon EOS RP"),
        ("Apple", "iPhone XR", "Apple iPhone XR"),
        ("EASTMAN KODAK COMPANY", "KODAK EasyShare Z981", "KODAK EasyShare Z981"),
        ("", "Pinhole", "Pinhole"),
        ("Maker", "", "Maker"),
    ],
)
def test_the_maker_is_not_named_twice(make: str, model: str, camera: str) -> None:
    assert read(exif_data=exif({Base.Make: make, Base.Model: model}))["camera"] == camera


@pytest.mark.parametrize(
    "gps",
    [
        {GPS.GPSLatitude: (IFDRational(1, 0), IFDRational(0), IFDRational(0))},
        {GPS.GPSLatitude: (IFDRational(95), IFDRational(0), IFDRational(0))},
        {GPS.GPSLatitude: (IFDRational(0), IFDRational(0), IFDRational(0))},
    ],
    ids=["zero denominator", "beyond the pole", "not known yet"],
)
def test_a_place_that_is_none_is_left_out(gps: dict[int, Any]) -> None:
    zero = (IFDRational(0), IFDRational(0), IFDRational(0))
    found = read(
        exif_data=exif(gps={GPS.GPSLatitudeRef: "N", GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: zero, **gps})
    )
    assert (found["latitude"], found["longitude"]) == (None, None)


def test_keywords_of_all_blocks_are_joined_without_repeats() -> None:
    found = read(
        xmp_data=xmp(
            "<dc:subject><rdf:Bag><rdf:li>Harbour</rdf:li><rdf:li>boat</rdf:li></rdf:Bag></dc:subject>"
        ),
        iptc_data=iptc((25, b"harbour"), (25, "Fähre".encode())),
        exif_data=exif({Base.XPKeywords: "Boat;summer".encode("utf-16-le")}),
    )
    assert found["keywords"] == ["Harbour", "boat", "Fähre", "summer"]


def test_title_and_description_prefer_xmp_and_its_default_language() -> None:
    items = '<rdf:li xml:lang="de">Hafen</rdf:li><rdf:li xml:lang="x-default">Port</rdf:li>'
    found = read(
        xmp_data=xmp(f"<dc:title><rdf:Alt>{items}</rdf:Alt></dc:title>"),
        iptc_data=iptc((5, b"Other"), (120, "Die Fähre".encode("latin-1"))),
        exif_data=exif({Base.ImageDescription: "From EXIF"}),
    )
    assert (found["title"], found["description"]) == ("Port", "Die Fähre")


@pytest.mark.parametrize(
    "text", ["OLYMPUS DIGITAL CAMERA", "SONY DSC", "DCIM\\100GOPRO\\GOPR8512.JPG", "HPIM0011.JPG"]
)
def test_what_cameras_write_into_every_description_is_left_out(text: str) -> None:
    assert read(exif_data=exif({Base.ImageDescription: text}))["description"] == ""


def test_dates_of_xmp_and_iptc_serve_where_exif_has_none() -> None:
    attributes = 'xmp:CreateDate="2019-03-02T11:22:33.5+01:00"'
    assert read(xmp_data=xmp("", attributes=attributes))["taken_at"] == "2019-03-02T11:22:33.500000+01:00"
    dates = iptc((55, b"20180304"), (60, b"112233-0500"))
    assert read(iptc_data=dates)["taken_at"] == "2018-03-04T11:22:33-05:00"


def test_metadata_is_read_from_real_files(tmp_path: Path) -> None:
    packet = xmp("<dc:title><rdf:Alt><rdf:li>Port</rdf:li></rdf:Alt></dc:title>")
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet.decode())
    for content in (
        jpeg_bytes(PICTURE, xmp=packet),
        png_bytes(PICTURE, pnginfo=info),
        encoded(PICTURE, "WEBP", xmp=packet),
        encoded(PICTURE, "AVIF", xmp=packet),
    ):
        assert read_file(tmp_path, content)["title"] == "Port"


def test_iptc_is_read_from_a_jpeg(tmp_path: Path) -> None:
    segment = iptc((25, b"boat"))
    content = jpeg_bytes(PICTURE)
    with_iptc = content[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + content[2:]
    assert read_file(tmp_path, with_iptc)["keywords"] == ["boat"]


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
LEAK = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("prolog", [BOMB, LEAK])
def test_entities_are_never_expanded(prolog: str) -> None:
    found = read(xmp_data=xmp("<dc:title><rdf:Alt><rdf:li>&a;</rdf:li></rdf:Alt></dc:title>", prolog=prolog))
    assert found["title"] == ""


def test_nul_never_passes() -> None:
    found = read(
        exif_data=exif({Base.Make: "Ca\x00non", Base.ImageDescription: "a\x00b"}),
        iptc_data=iptc((25, b"bo\x00at"), (5, b"\x00")),
    )
    assert "\\u0000" not in json.dumps(found)


def test_huge_values_are_cut() -> None:
    subjects = "".join(f"<rdf:li>{'k' * 1000}{n}</rdf:li><rdf:li>w{n}</rdf:li>" for n in range(1000))
    found = read(
        exif_data=exif({Base.Make: "m" * 60_000, Base.ImageDescription: "d" * 60_000}),
        xmp_data=xmp(f"<dc:subject><rdf:Bag>{subjects}</rdf:Bag></dc:subject>"),
    )
    assert len(json.dumps(found)) < 30_000
    assert len(found["keywords"]) <= metadata.MAX_KEYWORDS


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_broken_block_raises_or_leaves_what_cannot_be_stored(data: st.DataObject) -> None:
    packet = xmp("<dc:title><rdf:Alt><rdf:li>Port</rdf:li></rdf:Alt></dc:title>")
    blocks = {"exif_data": CAMERA, "iptc_data": iptc((5, b"t"), (55, b"20180304")), "xmp_data": packet}
    broken = {name: bytearray(block) for name, block in blocks.items()}
    for block in broken.values():
        for at in data.draw(st.lists(st.integers(0, len(block) - 1), max_size=8)):
            block[at] = data.draw(st.integers(0, 255))
        del block[data.draw(st.integers(1, len(block))) :]
    text = json.dumps(read(**{name: bytes(block) for name, block in broken.items()}), allow_nan=False)
    assert "\\u0000" not in text


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=300))
def test_rubbish_says_nothing_bad(exif_data: bytes, iptc_data: bytes, xmp_data: bytes) -> None:
    found = read(exif_data=exif_data, iptc_data=iptc_data, xmp_data=xmp_data)
    assert "\\u0000" not in json.dumps(found, allow_nan=False)
