"""An upload in parts on the running site, whose web processes are killed in the middle of it."""

from __future__ import annotations

import hashlib
import http.client
import os
from typing import TYPE_CHECKING

import pytest

from gallery.models import ApiTokenScope, PartialUpload, Photo, User
from gallery.originals import open_original
from gallery.partial_files import size_now
from gallery.tokens import create_token
from tests.factories import make_user, unique_jpeg
from tests.live import PATIENCE_S, wait_until
from tests.tus import BYTES, VERSION, metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.live import LiveSite

LENGTH = 6_000_000
ACKNOWLEDGED = 2_000_000
HALF_SENT = 1_500_000


class Connection:
    """tus by hand, so that a request can be left half sent."""

    def __init__(self, site: LiveSite, owner: User) -> None:
        _, self.token = create_token(user=owner, name="test", scopes=[ApiTokenScope.UPLOAD])
        self.port = site.port

    def open(self, method: str, path: str, length: int, **headers: str) -> http.client.HTTPConnection:
        """A request whose body is still to be sent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.putrequest(method, path)
        common = {**VERSION, "Authorization": f"Bearer {self.token}", "Content-Length": str(length)}
        if length:
            common["Content-Type"] = BYTES
        for name, value in (
            common | {key.replace("_", "-"): value for key, value in headers.items()}
        ).items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection

    def call(
        self, method: str, path: str, content: bytes = b"", **headers: str
    ) -> tuple[int, Mapping[str, str]]:
        connection = self.open(method, path, len(content), **headers)
        try:
            connection.send(content)
            answer = connection.getresponse()
            answer.read()
            return answer.status, dict(answer.getheaders())
        finally:
            connection.close()


def test_an_upload_goes_on_after_the_web_processes_were_killed(live_site: LiveSite) -> None:
    picture = unique_jpeg()
    content = picture + os.urandom(LENGTH - len(picture))
    tus = Connection(live_site, make_user())
    _, created = tus.call(
        "POST", "/uploads/", Upload_Length=str(LENGTH), Upload_Metadata=metadata(filename="big.jpg")
    )
    url = created["Location"]
    status, _ = tus.call("PATCH", url, content[:ACKNOWLEDGED], Upload_Offset="0")
    assert status == 204
    broken = tus.open("PATCH", url, LENGTH - ACKNOWLEDGED, Upload_Offset=str(ACKNOWLEDGED))
    broken.send(content[ACKNOWLEDGED : ACKNOWLEDGED + HALF_SENT])
    upload = PartialUpload.objects.get()
    wait_until("more has arrived", lambda: (size_now(upload.pk) or 0) > ACKNOWLEDGED)

    for process in live_site.processes("web"):
        process.kill()
    broken.close()
    on_disk = size_now(upload.pk) or 0
    wait_until("the web answers again", lambda: answers(live_site))

    status, state = tus.call("HEAD", url)
    offset = int(state["Upload-Offset"])
    assert status == 200
    assert ACKNOWLEDGED < offset <= on_disk
    status, last = tus.call("PATCH", url, content[offset:], Upload_Offset=str(offset))
    assert status == 204
    photo = Photo.objects.get(pk=last["Upload-Photo"])
    assert photo.upload_sha256 == hashlib.sha256(content).hexdigest()
    with open_original(photo.stored_sha256) as original:
        assert original.read() == content


@pytest.mark.slow
def test_an_aborted_request_keeps_what_arrived(live_site: LiveSite) -> None:
    picture = unique_jpeg()
    content = picture + os.urandom(LENGTH - len(picture))
    tus = Connection(live_site, make_user())
    _, created = tus.call("POST", "/uploads/", Upload_Length=str(LENGTH))
    url = created["Location"]
    broken = tus.open("PATCH", url, LENGTH, Upload_Offset="0")
    broken.send(content[:HALF_SENT])
    broken.close()

    def offset() -> int:
        return int(tus.call("HEAD", url)[1]["Upload-Offset"])

    wait_until("all that was sent counts", lambda: offset() == HALF_SENT)
    wait_until(
        "the upload is free for the rest",
        lambda: tus.call("PATCH", url, content[HALF_SENT:], Upload_Offset=str(HALF_SENT))[0] == 204,
    )
    assert Photo.objects.get().upload_sha256 == hashlib.sha256(content).hexdigest()


def answers(site: LiveSite) -> bool:
    try:
        return site.request("GET", "/login").status == 200
    except (OSError, http.client.HTTPException):
        return False
