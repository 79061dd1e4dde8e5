"""What a file is, from its first bytes."""

import struct

import pytest

from gallery.imaging.sniff import ACCEPTED, HEAD_BYTES, PictureFormat, UnsupportedFile, sniff
from tests.pictures import encoded, gif_bytes, jpeg_bytes, png_bytes, scene

PICTURE = scene(1, (64, 48))


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return struct.pack(">I", len(body) + 4) + body + bytes(64)


def tiff_head(*entries: tuple[int, int, int, int], order: str = "<", tail: bytes = b"") -> bytes:
    """A TIFF whose first directory has entries of (tag, type, count, value)."""
    magic = b"II*\x00" if order == "<" else b"MM\x00*"
    head = magic + struct.pack(f"{order}IH", 8, len(entries))
    for tag, kind, count, value in entries:
        packed = struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value)
        head += struct.pack(f"{order}HHI", tag, kind, count) + packed
    return head + bytes(4) + tail


@pytest.mark.parametrize(
    ("content", "expected", "media_type"),
    [
        (jpeg_bytes(PICTURE), PictureFormat.JPEG, "image/jpeg"),
        (png_bytes(PICTURE), PictureFormat.PNG, "image/png"),
        (gif_bytes([PICTURE]), PictureFormat.GIF, "image/gif"),
        (encoded(PICTURE, "WEBP"), PictureFormat.WEBP, "image/webp"),
        (encoded(PICTURE, "TIFF"), PictureFormat.TIFF, "image/tiff"),
        (encoded(PICTURE, "AVIF"), PictureFormat.AVIF, "image/avif"),
        (b"MM\x00*" + bytes(60), PictureFormat.TIFF, "image/tiff"),
        (b"II+\x00" + bytes(60), PictureFormat.TIFF, "image/tiff"),
    ],
)
def test_each_accepted_format_is_known_by_its_bytes(
    content: bytes, expected: PictureFormat, media_type: str
) -> None:
    sniffed = sniff(content[:HEAD_BYTES])
    assert (sniffed.format, sniffed.media_type) == (expected, media_type)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (ftyp(b"avif"), PictureFormat.AVIF),
        (ftyp(b"avis", b"msf1"), PictureFormat.AVIF),
        (ftyp(b"heic", b"mif1"), PictureFormat.HEIC),
        (ftyp(b"heix"), PictureFormat.HEIC),
        (ftyp(b"hevc"), PictureFormat.HEIC),
        (ftyp(b"mif1", b"heic"), PictureFormat.HEIC),
        (ftyp(b"mif1", b"miaf", b"avif"), PictureFormat.AVIF),
        (ftyp(b"msf1", b"hevc"), PictureFormat.HEIC),
    ],
)
def test_the_brands_of_an_iso_file_tell_avif_from_heic(head: bytes, expected: PictureFormat) -> None:
    assert sniff(head).format is expected


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"", "an empty file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "an SVG drawing"),
        (b"<?xml version='1.0'?>\n<!-- x -->\n<svg>", "an SVG drawing"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "an XML file"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF", "a PostScript file"),
        (b"BM" + bytes(60), "a BMP picture"),
        (b"8BPS\x00\x01" + bytes(60), "a Photoshop document"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(60), "a JPEG 2000 picture"),
        (b"\xff\xd8", "a JPEG that ends after its first bytes"),
        (ftyp(b"isom", b"mp42"), "a video"),
        (ftyp(b"qt  "), "a video"),
        (b"RIFF\x00\x00\x00\x00AVI LIST" + bytes(20), "a video (AVI)"),
        (b"\x1aE\xdf\xa3" + bytes(60), "a video (Matroska or WebM)"),
        (b"PK\x03\x04" + bytes(60), "a ZIP archive"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"<?php echo 1; ?>", "a PHP script"),
        (b"P6\n3 2\n255\n", "a PNM picture"),
        (b"Dear diary,\nnothing happened.", "a text file"),
        (bytes(range(128, 200)), "no picture format that is known here"),
    ],
)
def test_what_is_not_accepted_is_named_in_a_sentence(head: bytes, name: str) -> None:
    with pytest.raises(UnsupportedFile) as refusal:
        sniff(head)
    assert refusal.value.reason.startswith(f"This is {name}")
    assert refusal.value.reason.endswith(f". {ACCEPTED} are accepted.")


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"II*\x00\x10\x00\x00\x00CR\x02\x00" + bytes(20), "image/x-canon-cr2"),
        (ftyp(b"crx ", b"isom"), "image/x-canon-cr3"),
        (b"IIRO\x08\x00\x00\x00", "image/x-olympus-orf"),
        (b"MMOR\x00\x00\x00\x08", "image/x-olympus-orf"),
        (b"IIU\x00\x08\x00\x00\x00", "image/x-panasonic-rw2"),
        (b"FUJIFILMCCD-RAW 0201", "image/x-fuji-raf"),
        (b"FOVb\x00\x00\x03\x00", "image/x-sigma-x3f"),
        (b"\x00MRM\x00\x00", "image/x-minolta-mrw"),
        (b"II*\x00\x08\x00\x00\x00IIIIwaR", "image/x-phaseone-iiq"),
        (b"II\x1a\x00\x00\x00HEAPCCDR", "image/x-canon-crw"),
    ],
)
def test_camera_raw_with_a_mark_of_its_own_is_known(head: bytes, media_type: str) -> None:
    assert (sniff(head).format, sniff(head).media_type) == (PictureFormat.RAW, media_type)


@pytest.mark.parametrize("order", ["<", ">"])
def test_camera_raw_that_is_built_like_a_tiff_is_known_by_its_tags(order: str) -> None:
    preview_with_more_below = ((0xFE, 4, 1, 1), (0x10F, 2, 6, 50), (0x14A, 4, 2, 0))
    sensor_data = ((0x106, 3, 1, 32803), (0x10F, 2, 6, 38))
    for entries, maker, media_type in (
        (((0xC612, 1, 4, 1),), b"", "image/x-adobe-dng"),
        (preview_with_more_below, b"NIKON CORP\x00", "image/x-nikon-nef"),
        (preview_with_more_below, b"SONY\x00", "image/x-sony-arw"),
        (preview_with_more_below, b"Epson\x00", "image/x-camera-raw"),
        (sensor_data, b"PENTAX\x00", "image/x-pentax-pef"),
    ):
        assert sniff(tiff_head(*entries, order=order, tail=maker)).media_type == media_type


def test_a_scan_with_a_makers_name_is_still_a_tiff() -> None:
    scan = tiff_head((0x100, 4, 1, 640), (0x10F, 2, 6, 38), tail=b"NIKON\x00")
    assert sniff(scan).format is PictureFormat.TIFF


def test_no_cut_of_a_real_file_raises_anything_but_a_refusal() -> None:
    for content in (encoded(PICTURE, "TIFF"), encoded(PICTURE, "AVIF"), tiff_head((0xFE, 4, 1, 1))):
        for length in range(0, 80):
            try:
                sniff(content[:length])
            except UnsupportedFile as refusal:
                assert refusal.reason.endswith("accepted.")
