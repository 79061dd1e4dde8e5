"""The packed layout of the photo grid."""

import json
import struct
from array import array
from datetime import UTC, datetime

import pytest

from gallery.gridlayout import Flag, GridLayout, months_of, pack, ratio, rgb565, rows_of
from gallery.models import Photo, PhotoState
from tests.factories import make_photo

pytestmark = pytest.mark.django_db


def unpacked(data: bytes) -> tuple[dict[str, object], dict[str, list[int]]]:
    """Read the bytes as the browser does."""
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    place = 4 + length
    columns = {}
    for name, code in zip(["ids", "tokens", "ratios", "colours", "versions", "flags"], "IIHHBB", strict=True):
        column = array(code)
        end = place + header["count"] * column.itemsize
        column.frombytes(data[place:end])
        columns[name], place = column.tolist(), end
    assert place == len(data)
    return header, columns


def test_a_photo_arrives_as_it_was_packed() -> None:
    photo = make_photo(
        width=1500,
        height=1000,
        dominant_colour="#ff8800",
        previews_version=3,
        favourite=True,
        frame_count=2,
        media_type="image/gif",
    )

    _, columns = unpacked(pack(GridLayout(rows_of(Photo.objects.all()))))

    assert columns == {
        "ids": [photo.pk],
        "tokens": [int(photo.stored_sha256[:8], 16)],
        "ratios": [1500],
        "colours": [0b11111_100010_00000],
        "versions": [3],
        "flags": [Flag.FAVOURITE | Flag.ANIMATED],
    }


def test_pages_are_no_animation() -> None:
    make_photo(frame_count=2, media_type="image/tiff")

    _, columns = unpacked(pack(GridLayout(rows_of(Photo.objects.all()))))

    assert columns["flags"] == [0]


def test_the_order_of_the_query_is_kept() -> None:
    photos = [make_photo() for _ in range(5)]
    wanted = [photo.pk for photo in reversed(photos)]

    _, columns = unpacked(pack(GridLayout(rows_of(Photo.objects.order_by("-pk")))))

    assert columns["ids"] == wanted


def test_months_are_counted_in_the_order_shown() -> None:
    for month in (3, 3, 1):
        make_photo(taken_at=datetime(2024, month, 15, 12, tzinfo=UTC))
    make_photo(taken_at=datetime(2023, 3, 15, 12, tzinfo=UTC))
    rows = rows_of(Photo.objects.order_by("-shown_at"))

    header, _ = unpacked(pack(GridLayout(rows, months_of(rows), {"processing": 4})))

    assert header["sections"] == [["March 2024", 2024, 2], ["January 2024", 2024, 1], ["March 2023", 2023, 1]]
    assert header["processing"] == 4


def test_an_empty_library_has_a_header_alone() -> None:
    header, columns = unpacked(pack(GridLayout([])))

    assert header["count"] == 0
    assert all(column == [] for column in columns.values())


def test_what_is_wrong_with_a_photo_and_who_sees_it_are_flags() -> None:
    make_photo(state=PhotoState.DAMAGED, visibility="private")

    _, columns = unpacked(pack(GridLayout(rows_of(Photo.objects.all()))))

    assert columns["flags"] == [Flag.DAMAGED | Flag.PRIVATE]


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(None, None, 1000), (300, 200, 1500), (1, 5000, 100), (9000, 1, 10_000)],
)
def test_a_ratio_stays_within_what_a_tile_can_show(
    width: int | None, height: int | None, expected: int
) -> None:
    assert ratio(width, height) == expected


@pytest.mark.parametrize(
    ("colour", "expected"),
    [("#000000", 0), ("#ffffff", 0xFFFF), ("#ff0000", 0xF800), ("#00ff00", 0x07E0), ("#0000ff", 0x001F)],
)
def test_a_colour_is_cut_to_16_bits(colour: str, expected: int) -> None:
    assert rgb565(colour) == expected
