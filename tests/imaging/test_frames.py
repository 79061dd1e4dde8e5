"""Messages between guard and child."""

import io

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.imaging.frames import FRAME_LIMIT_BYTES, BadFrame, body_length, packed, read_frame, unpacked


def test_a_message_comes_back_as_it_was() -> None:
    message = {"name": "Crémieux", "data": b"\x00\xff", "list": [1, 2.5, None, True]}
    stream = io.BytesIO(packed(message) + packed({"next": 1}))
    assert read_frame(stream) == message
    assert read_frame(stream) == {"next": 1}
    assert read_frame(stream) is None


def test_a_cut_message_is_the_end() -> None:
    assert read_frame(io.BytesIO(packed({"a": 1})[:-1])) is None


def test_a_length_beyond_the_limit_is_refused() -> None:
    with pytest.raises(BadFrame):
        body_length((FRAME_LIMIT_BYTES + 1).to_bytes(4, "little"))


def test_what_is_no_mapping_is_refused() -> None:
    with pytest.raises(BadFrame):
        unpacked(msgpack.packb([1, 2]))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(body: bytes) -> None:
    try:
        assert isinstance(unpacked(body), dict)
    except BadFrame as error:
        assert str(error)
