"""The headers of every kind of answer, and that no page holds a script, a style or a handler of its own."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.test import Client
from PIL import Image
from PIL.ExifTags import IFD
from PIL.TiffImagePlugin import IFDRational

from dedup.models import Group
from gallery.models import Album, Photo, Role, SavedSearch, Tag, TagCategory, User
from gallery.previews import save_previews
from gallery.tags import add_tags
from gallery.trash import trash_photos
from tests.browser import LOGIN_BACKEND
from tests.dedup.photos import run_stages
from tests.dedup.rows import group_now, match
from tests.factories import PASSWORD, make_photo, make_user, unique_jpeg, upload
from tests.imaging.test_metadata import exif
from tests.pictures import jpeg_bytes, png_bytes, scene
from tests.security.payloads import PAYLOADS
from tests.security.rendered import inline_parts

pytestmark = pytest.mark.django_db

NONCE = re.compile(r"'nonce-([^']+)'")
GPS_OF_SYDNEY = {
    1: "S",
    2: (IFDRational(33), IFDRational(51), IFDRational(24)),
    3: "E",
    4: (IFDRational(151), IFDRational(12), IFDRational(3)),
}


@pytest.fixture
def admin() -> User:
    user = make_user(PAYLOADS[0], role=Role.ADMIN)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    return user


@pytest.fixture
def browser_of_admin(admin: User) -> Client:
    client = Client()
    client.force_login(admin, backend=LOGIN_BACKEND)
    return client


@pytest.fixture
def addresses(admin: User) -> list[str]:
    """Every page of a library with one of each thing, named by payloads."""
    photos = [ready_photo(admin, name) for name in PAYLOADS[:3]]
    add_tags(photos=photos, names=PAYLOADS[3:12])
    match(photos[0], photos[1])
    group_now(photos[:2])
    trash_photos(photos=[ready_photo(admin, PAYLOADS[5])], by=admin)
    make_photo(admin, state="refused", state_reason=PAYLOADS[6], warnings=[PAYLOADS[7]])
    TagCategory.objects.create(name=PAYLOADS[8])
    album = Album.objects.create(owner=admin, name=PAYLOADS[29], description=PAYLOADS[30])
    album.photos.set(photos)
    search = SavedSearch.objects.create(owner=admin, name=PAYLOADS[31], query=PAYLOADS[32])
    tag, group = Tag.objects.all()[0], Group.objects.get()
    return [
        *("/", "/?page=1", "/search", f"/search?q={PAYLOADS[0]}", "/upload", "/tags/", "/tags/categories/"),
        *("/albums/", "/trash/", "/jobs/", "/statistics", "/account", "/duplicates/", "/duplicates/journal"),
        *(f"/photos/{photos[0].pk}", f"/photos/{photos[0].pk}?part=panel", f"/tags/{tag.pk}"),
        *(f"/albums/{album.pk}", f"/albums/{album.pk}/arrange", f"/searches/{search.pk}"),
        *(f"/searches/{search.pk}/count", f"/duplicates/{group.pk}", "/api/v1/docs", "/nothing/here"),
        *("/admin/", "/admin/auth/group/", "/admin/auth/group/add/", "/admin/dedup/match/"),
        *(f"/admin/dedup/group/{group.pk}/change/", "/admin/axes/accessattempt/"),
    ]


def ready_photo(owner: User, name: str) -> Photo:
    """A photo with a preview, all of whose words are hostile."""
    words: dict[str, Any] = {
        "title": name,
        "description": name,
        "camera": name,
        "lens": name,
        "exif": {"Artist": name},
    }
    photo = make_photo(owner, file_name=name, **words)
    save_previews(photo, {320: unique_jpeg()}, "image/webp")
    photo.save()
    return photo


def directives(response: Any) -> dict[str, list[str]]:
    """The policy of an answer, by directive."""
    parts = (part.split() for part in response["Content-Security-Policy"].split(";") if part.strip())
    return {name: values for name, *values in parts}


def nonce_of(response: Any) -> str:
    """The nonce that the policy of an answer lets through; empty where it has none."""
    found = NONCE.search(response["Content-Security-Policy"])
    return found[1] if found else ""


def check_policy(response: Any) -> None:
    """Nothing runs, loads, frames or submits that is not of this site."""
    policy = directives(response)
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert set(policy["script-src"]) <= {"'self'", f"'nonce-{nonce_of(response)}'"}
    for name in ("style-src", "connect-src", "worker-src", "form-action"):
        assert policy[name] == ["'self'"], name
    assert "unsafe" not in response["Content-Security-Policy"]


def check_hardening(response: Any) -> None:
    """What every answer carries beside its policy."""
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"


def test_no_page_holds_a_script_a_style_or_a_handler(browser_of_admin: Client, addresses: list[str]) -> None:
    for address in addresses:
        response = browser_of_admin.get(address)
        assert response.status_code == (404 if address == "/nothing/here" else 200), address
        assert inline_parts(response.content.decode(), nonce_of(response)) == [], address
        check_policy(response)
        check_hardening(response)
        kept = {part.strip() for part in response["Cache-Control"].split(",")}
        assert kept in ({"no-store"}, {"private", "no-cache"}) or {"private", "no-store"} <= kept, address


def test_pages_of_strangers_and_of_errors_hold_none_either(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    answers = [
        client.get("/login", {"next": PAYLOADS[0]}),
        client.get("/nothing/here"),
        strict.post("/login", {"username": PAYLOADS[0], "password": "x"}),
    ]
    client.force_login(make_user(role=Role.VIEWER), backend=LOGIN_BACKEND)
    answers += [client.get("/duplicates/"), client.get("/search?" + "x&" * 2000)]

    assert [answer.status_code for answer in answers] == [200, 404, 403, 403, 400]
    for answer in answers:
        assert inline_parts(answer.content.decode(), nonce_of(answer)) == []
        check_policy(answer)
        check_hardening(answer)


def test_the_reader_of_pages_sees_what_runs() -> None:
    page = (
        "<p style='a'><b onclick=x><style></style><script></script><script type=importmap nonce=n></script>"
    )

    assert len(inline_parts(page, "n")) == 4
    assert len(inline_parts(page, "other")) == 5
    assert inline_parts("<a href=' JavaScript:x'>", "") == ["<a href=' JavaScript:x'>"]


def test_each_answer_has_a_nonce_of_its_own(client: Client) -> None:
    nonces = {nonce_of(client.get("/login")) for _ in range(5)}

    assert len(nonces) == 5
    assert all(len(nonce) >= 16 for nonce in nonces)


@pytest.mark.parametrize(
    "path", ["photos", "jobs", "albums", "tags", "health", "photos/999999", "openapi.json"]
)
def test_answers_of_the_api_are_json_that_nobody_keeps(browser_of_admin: Client, path: str) -> None:
    response = browser_of_admin.get(f"/api/v1/{path}")

    assert response["Content-Type"].startswith("application/json")
    assert response["Cache-Control"] == "no-store"
    check_hardening(response)
    check_policy(response)


def test_what_scripts_fetch_is_kept_for_nobody_else(browser_of_admin: Client) -> None:
    for path in ("/grid/details?ids=1", "/grid/layout", "/tags/suggest?text=a", "/albums/names"):
        assert browser_of_admin.get(path)["Cache-Control"] == "private, no-cache", path


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client: Client) -> None:
    make_user("ann")
    client.post("/login", {"username": "ann", "password": PASSWORD})
    client.get("/account")

    session, csrf = (client.cookies[name] for name in (settings.SESSION_COOKIE_NAME, "csrftoken"))
    assert session["httponly"] is True
    assert session["samesite"] == csrf["samesite"] == "Lax"


def test_an_https_address_hardens_cookies_and_transport() -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS")
    told = "import json; from gallery import settings as s; "
    told += f"print(json.dumps([getattr(s, name) for name in {names}]))"

    https = under_https([sys.executable, "-c", told])

    assert json.loads(https.stdout) == [True, True, True, 365 * 24 * 3600]
    assert [getattr(settings, name) for name in names] == [False, False, False, 0]


def test_django_finds_nothing_to_harden_under_https() -> None:
    found = under_https([sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"])

    assert found.returncode == 0, found.stderr


def under_https(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command of the site as it is under an https address."""
    environment = {**os.environ, "PUBLIC_URL": "https://photos.example.org"}
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE")  # the tests' own; see tests/environment.py
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, check=False, capture_output=True, text=True
    )


def test_secure_cookies_and_transport_reach_the_browser(client: Client, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    make_user("ann")

    client.get("/login", secure=True)
    client.post("/login", {"username": "ann", "password": PASSWORD}, secure=True)

    assert all(client.cookies[name]["secure"] for name in (settings.SESSION_COOKIE_NAME, "csrftoken"))


def fetch(client: Client, path: str) -> tuple[Any, bytes]:
    """The answer and all of its bytes."""
    response: Any = client.get(path)
    return response, b"".join(response.streaming_content) if response.streaming else response.content


HOSTILE_NAMES = [
    "plain.jpg",
    "\u5199\u771f \u00e9t\u00e9.jpg",
    'a".html; filename="b.svg',
    "a\r\nSet-Cookie: pwned=1\r\n\r\n<script>.jpg",
    "\u202egpj.exe",
    *PAYLOADS[29:35],
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("inline", [False, True])
def test_no_name_changes_the_headers_of_an_original(client: Client, name: str, inline: bool) -> None:
    owner = make_user()
    photo = upload(owner, name=name).photo
    client.force_login(owner, backend=LOGIN_BACKEND)

    response, _ = fetch(client, f"/media/originals/{photo.pk}{'?inline=1' if inline else ''}")

    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"] == "private, max-age=86400"
    assert "Set-Cookie" not in response.headers
    kind, name_told = named_by(response["Content-Disposition"])
    assert kind == ("inline" if inline else "attachment")
    assert name_told == photo.file_name


def named_by(disposition: str) -> tuple[str, str]:
    """Kind and file name of a Content-Disposition (RFC 6266, RFC 5987)."""
    kind, _, rest = disposition.partition("; ")
    if rest.startswith("filename*=utf-8''"):
        return kind, unquote(rest.removeprefix("filename*=utf-8''"))
    quoted = re.fullmatch(r'filename="((?:[^"\\]|\\.)*)"', rest)
    assert quoted is not None, disposition
    return kind, re.sub(r"\\(.)", r"\1", quoted[1])


def test_the_type_of_an_original_is_what_its_bytes_say(client: Client) -> None:
    owner = make_user()
    photo = upload(owner, png_bytes(scene(3, (64, 48))), name="page.html").photo
    client.force_login(owner, backend=LOGIN_BACKEND)

    assert fetch(client, f"/media/originals/{photo.pk}")[0]["Content-Type"] == "image/png"


def test_a_preview_tells_nothing_of_where_and_with_what_a_photo_was_taken(client: Client) -> None:
    owner = make_user()
    block = exif({271: "Secret camera", 315: "Secret artist"}, gps=GPS_OF_SYDNEY)
    photo = upload(owner, jpeg_bytes(scene(4, (500, 400)), exif=block)).photo
    run_stages()
    photo.refresh_from_db()
    assert photo.latitude is not None
    client.force_login(owner, backend=LOGIN_BACKEND)

    for size in photo.preview_sizes:
        response, content = fetch(client, f"/media/previews/{photo.pk}/{size}")
        shown = Image.open(io.BytesIO(content))
        assert dict(shown.getexif()) == shown.getexif().get_ifd(IFD.GPSInfo) == {}
        assert not {"exif", "xmp"} & shown.info.keys()
        assert b"Secret" not in content
        assert response["X-Content-Type-Options"] == "nosniff"
    assert photo.preview_sizes


def test_the_address_of_a_preview_changes_with_its_content(browser_of_admin: Client, admin: User) -> None:
    photo = ready_photo(admin, "photo.jpg")
    before = addresses_of_previews(browser_of_admin, photo)
    Photo.objects.filter(pk=photo.pk).update(previews_version=photo.previews_version + 1)

    assert before
    assert not before & addresses_of_previews(browser_of_admin, photo)


def addresses_of_previews(client: Client, photo: Photo) -> set[str]:
    page = client.get(f"/photos/{photo.pk}").content.decode()
    return set(re.findall(rf"/media/previews/{photo.pk}/\d+\?v=\w+", page))


def locked_out(client: Client, name: str) -> bool:
    """Whether even the right password opens nothing."""
    return client.post("/login", {"username": name, "password": PASSWORD}).status_code == 429


def test_wrong_passwords_lock_one_name_from_one_address_and_nobody_else(client: Client) -> None:
    make_user("ann")
    make_user("bob")
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert client.post("/login", {"username": "ann", "password": "wrong"}).status_code == 200
    client.post("/login", {"username": "ann", "password": "wrong"})

    assert locked_out(client, "ann")
    assert not locked_out(Client(REMOTE_ADDR="203.0.113.7"), "ann")
    assert not locked_out(Client(), "bob")


def test_the_right_password_in_time_forgets_the_wrong_ones(client: Client) -> None:
    make_user("ann")
    for _ in range(2):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            client.post("/login", {"username": "ann", "password": "wrong"})
        assert not locked_out(Client(), "ann")
