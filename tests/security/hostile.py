"""A library in which every text that a stranger can choose is hostile (see payloads.py)."""

from __future__ import annotations

import html
import http.client
import itertools
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from PIL.ExifTags import Base

from dedup import models as dedup
from dedup.resolution import resolve_group
from gallery.models import Album, Job, Photo, PhotoState, Role, SavedSearch, Tag, User
from gallery.tokens import create_token
from tests.browser import LOGIN_BACKEND
from tests.dedup.rows import group_now, match
from tests.factories import make_photo, make_user
from tests.imaging.test_metadata import exif, iptc, xmp
from tests.live import PATIENCE_S, wait_until
from tests.pictures import jpeg_bytes, scene
from tests.security.payloads import PAYLOADS, bundles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.live import LiveSite

CAMERA_CHARACTERS = 126
TOKEN_CHARACTERS = 100
TEXTS = bundles(CAMERA_CHARACTERS)
TRIED_NAMES = TEXTS[1::3]
ALL = "\n".join(PAYLOADS)
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
BOUNDARY = "boundary-of-parts"


def file_name(text: str) -> str:
    """The text as one part of a path, as an upload names a file."""
    return text.replace("/", "").replace("\\", "")


def stored_name(text: str) -> str:
    """What of a file name is kept: Django resolves entities in it."""
    return html.unescape(file_name(text))


def keywords(number: int) -> Sequence[str]:
    """The payloads that are tags of the photo `number`."""
    return PAYLOADS[number :: len(TEXTS)]


def picture(number: int) -> bytes:
    """A JPEG whose metadata say hostile things, in XMP, IPTC or what Windows writes, one after the other."""
    camera = {Base.Model: text(number, 1), Base.Artist: text(number, 3), Base.Copyright: text(number, 4)}
    detail = {Base.LensModel: text(number, 2)}
    base: dict[int, Any] = {tag: value.encode() for tag, value in camera.items()}
    options: dict[str, Any] = {}
    blocks = b""
    if number % 3 == 0:
        options["xmp"] = xmp_packet(number)
    elif number % 3 == 1:
        words = [(25, word.encode()) for word in keywords(number)]
        blocks = app13(iptc((5, text(number).encode()), (120, ALL.encode()), *words))
    else:
        base |= {Base.XPTitle: windows(text(number)), Base.XPComment: windows(ALL)}
        base |= {Base.XPKeywords: windows(";".join(keywords(number)))}
    block = exif(base, {tag: value.encode() for tag, value in detail.items()})
    content = jpeg_bytes(scene(number + 500, (120, 80)), exif=block, **options)
    return content[:2] + blocks + content[2:]


def text(number: int, shift: int = 0) -> str:
    """One of the texts, another one for each field of a photo."""
    return TEXTS[(number + shift) % len(TEXTS)]


def xmp_packet(number: int) -> bytes:
    """Title, description and keywords as editors write them."""

    def items(texts: Sequence[str]) -> str:
        return "".join(f"<rdf:li>{escape(NOT_IN_XML.sub('', entry))}</rdf:li>" for entry in texts)

    fields = {"title": [text(number)], "description": [ALL], "subject": keywords(number)}
    return xmp(
        "".join(f"<dc:{name}><rdf:Bag>{items(texts)}</rdf:Bag></dc:{name}>" for name, texts in fields.items())
    )


def windows(words: str) -> bytes:
    return words.encode("utf-16-le")


def app13(block: bytes) -> bytes:
    """The block as a segment of a JPEG."""
    return b"\xff\xed" + (len(block) + 2).to_bytes(2, "big") + block


def send_file(site: LiveSite, token: str, name: str, content: bytes) -> int:
    """Upload under any name, which goes percent-encoded as RFC 5987 has it. Returns the photo's id."""
    head = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''{quote(name, safe='')}"
        "\r\nContent-Type: image/jpeg\r\n\r\n"
    )
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE_S)
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    try:
        connection.request("POST", "/api/v1/photos", body=body, headers=headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
    finally:
        connection.close()
    assert answer.status == 201, told
    return int(told["id"])


@dataclass
class HostileLibrary:
    """What was made: everything is seen by `admin`."""

    admin: User
    photos: list[int]
    albums: list[Album] = field(default_factory=list)
    searches: list[SavedSearch] = field(default_factory=list)
    tag: int = 0
    group: int = 0


def fill_library(site: LiveSite) -> HostileLibrary:
    """Make everything through the doors that strangers use; rows only for what has no door of its own."""
    admin = make_user(TEXTS[0], role=Role.ADMIN)
    User.objects.filter(pk=admin.pk).update(is_staff=True, is_superuser=True)
    library = HostileLibrary(admin, upload_all(site))
    client = Client()
    client.force_login(admin, backend=LOGIN_BACKEND)
    fill_forms(client, library)
    fail_to_log_in()
    wait_until("all photos are looked at", analysed)
    for photo in Photo.objects.filter(pk__in=library.photos):
        assert photo.state == PhotoState.READY, photo.state_reason
    library.tag = Tag.objects.order_by("pk")[0].pk
    keep_tags(client, library.tag)
    fill_trash_and_failures(admin)
    library.group = make_groups(admin, library.photos)
    return library


def upload_all(site: LiveSite) -> list[int]:
    """A photo of each text, each of another person whose name is hostile too."""
    photos = []
    for number, words in enumerate(TEXTS):
        _, token = create_token(user=make_user(text(number, 1)[:140] + f" {number}"), name="test")
        photos.append(send_file(site, token, file_name(words), picture(number)))
    return photos


def analysed() -> bool:
    return not Job.objects.filter(stage__in=["analyse", "match"]).exists()


def post(client: Client, address: str, **form: Any) -> None:
    """Send a form that must be taken."""
    answer = client.post(address, form)
    assert answer.status_code in (200, 302), (address, answer.content.decode())


def fill_forms(client: Client, library: HostileLibrary) -> None:
    """Albums within albums, saved searches, tokens and the admin's own groups."""
    for words in TEXTS:
        parent = Album.objects.order_by("-pk").values_list("pk", flat=True).first() or ""
        post(client, "/albums/", name=words, description=ALL, visibility="members", parent=parent)
        post(client, "/searches/", name=words, query=words, visibility="private")
    Group.objects.bulk_create([Group(name=words) for words in TEXTS[:-1]])
    post(client, "/admin/auth/group/add/", name=TEXTS[-1])
    library.albums = list(Album.objects.order_by("pk"))
    library.searches = list(SavedSearch.objects.order_by("pk"))
    for words in bundles(TOKEN_CHARACTERS):
        create_token(user=library.admin, name=words)
    post(client, "/account/tokens", name=TEXTS[0][:TOKEN_CHARACTERS], scopes=["read"], days="30")
    photos = ",".join(map(str, library.photos))
    for album in (library.albums[0], library.albums[-1]):
        post(client, "/photos/bulk", ids=photos, album=album.name)


def keep_tags(client: Client, tag: int) -> None:
    """Categories, and other names of one tag."""
    for payload in PAYLOADS:
        post(client, "/tags/categories/new", name=payload, colour="#123456")
        post(client, f"/tags/{tag}/aliases", name=f"alias {payload}")
    client.get("/tags/categories/")  # takes the messages, which one cookie or session would carry on


def fail_to_log_in() -> None:
    """Wrong passwords, which axes keeps with name, browser and address for the admin."""
    for number, words in enumerate(TRIED_NAMES):
        client = Client(HTTP_USER_AGENT=text(number, 1).encode("ascii", "replace").decode())
        client.post(f"/login?next={quote(words)}", {"username": words, "password": "wrong"})
    for _ in range(settings.AXES_FAILURE_LIMIT):
        Client().post("/login", {"username": TEXTS[1], "password": "wrong"})


def fill_trash_and_failures(owner: User) -> None:
    """Rows of photos in the trash, refused ones, and jobs that failed with what the file made the decoder say."""
    for words in TEXTS:
        make_photo(owner, file_name=words, title=words, trashed_at=timezone.now())
        refused = make_photo(
            owner, file_name=words, state=PhotoState.REFUSED, state_reason=ALL, warnings=[words]
        )
        Job.objects.create(photo=refused, stage="match", error=words, failed_at=timezone.now(), attempts=5)


def make_groups(admin: User, photos: Sequence[int]) -> int:
    """All photos in one group of copies, and a decision in the journal. Returns the group's id."""
    copies = list(Photo.objects.filter(pk__in=photos).order_by("pk"))
    for one, other in itertools.combinations(copies, 2):
        match(one, other)
    group_now(copies)
    pair = [make_photo(admin, file_name=words) for words in TEXTS[:2]]
    match(pair[0], pair[1])
    group_now(pair)
    decided = dedup.Group.objects.get(members__photo=pair[0])
    resolve_group(
        group_id=decided.pk, keep=[pair[0].pk], trash=[pair[1].pk], version=decided.version, user=admin
    )
    return dedup.Group.objects.get(members__photo=copies[0]).pk
