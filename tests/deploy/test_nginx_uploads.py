"""Uploads in parts, through nginx."""

from __future__ import annotations

import hashlib
import os
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.deploy.stack import MAX_UPLOAD_MB
from tests.factories import unique_jpeg
from tests.live import wait_until
from tests.tus import BYTES, VERSION

if TYPE_CHECKING:
    import http.client
    from collections.abc import Iterator

    from tests.deploy.stack import Person, Stack

pytestmark = pytest.mark.slow

LENGTH = 12_000_000
"""More than pages may send."""


@contextmanager
def asked(
    stack: Stack, by: Person, method: str, path: str, **headers: str
) -> Iterator[http.client.HTTPConnection]:
    """A request whose body is still to be sent."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(stack.connection()) as connection:
        connection.putrequest(method, path)
        for name, value in {**VERSION, "Authorization": f"Bearer {by.token}", **given}.items():
            connection.putheader(name, value)
        connection.endheaders()
        yield connection


def begin(stack: Stack, by: Person) -> str:
    """The address of a new upload."""
    with asked(stack, by, "POST", "/uploads/", Upload_Length=str(LENGTH), Content_Length="0") as connection:
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()
        return str(answer.headers["Location"])


def test_parts_arrive_while_they_are_sent(stack: Stack, anna: Person) -> None:
    picture = unique_jpeg()
    content = picture + os.urandom(LENGTH - len(picture))
    url = begin(stack, anna)
    (file,) = stack.folder.rglob(f"partial-{url.rpartition('/')[2]}")
    headers = {"Content_Type": BYTES, "Content_Length": str(LENGTH), "Upload_Offset": "0"}
    with asked(stack, anna, "PATCH", url, **headers) as connection:
        connection.send(content[: LENGTH // 2])
        wait_until("the first half is there", lambda: file.stat().st_size > LENGTH // 3)
        connection.send(content[LENGTH // 2 :])
        answer = connection.getresponse()

    assert answer.status == 204
    photo = stack.request("GET", f"/api/v1/photos/{answer.headers['Upload-Photo']}", by=anna).json()
    assert photo["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_part_above_the_limit_is_stopped_by_nginx(stack: Stack, anna: Person) -> None:
    length = f"{MAX_UPLOAD_MB + 2}000000"
    headers = {"Content_Type": BYTES, "Content_Length": length, "Upload_Offset": "0"}
    with asked(stack, anna, "PATCH", begin(stack, anna), **headers) as connection:
        answer = connection.getresponse()
        assert (answer.status, "nginx" in answer.headers["Server"]) == (413, True)
        answer.read()
