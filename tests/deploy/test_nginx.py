"""The compose file's stack on this machine, seen from outside, through nginx."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT
from PIL import Image

from tests.deploy.stack import MAX_UPLOAD_MB, PROCESSES, Person, Stack
from tests.factories import plain_jpeg, unique_jpeg
from tests.live import PATIENCE_S, free_port, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

LARGE_PX = (4200, 4000)
"""As an uncompressed TIFF this is a little more than 50 MB."""
BROTLI = Path("/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so")


def upload(
    stack: Stack, by: Person, content: bytes, name: str = "photo.jpg", **fields: Any
) -> dict[str, Any]:
    """Upload a photo through nginx and wait until it is analysed."""
    file = io.BytesIO(content)
    file.name = name
    answer = stack.request("POST", "/api/v1/photos", by=by, form={"file": file, **fields})
    assert answer.status == 201, answer.body
    return stack.photo_when_done(answer.json()["id"], by)


@pytest.mark.parametrize("service", PROCESSES)
def test_every_service_is_healthy(stack: Stack, service: str) -> None:
    wait_until(f"{service} is healthy", lambda: stack.is_healthy(service))


def test_the_administrator_has_the_password_of_the_secret(stack: Stack) -> None:
    assert stack.log_in("admin", (stack.folder / "secrets/admin_password").read_text())


# --- TLS ----------------------------------------------------------------------------------------------------------


def test_plain_http_is_sent_on_to_https(stack: Stack) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", stack.ports["http"], timeout=PATIENCE_S)
    connection.request("GET", "/photos/1?x=y", headers={"Host": "elsewhere.example"})
    answer = connection.getresponse()
    connection.close()

    assert answer.status == 308
    assert answer.headers["Location"] == f"{stack.url}/photos/1?x=y"


@pytest.mark.parametrize("path", ["/login", "/static/base/base.css", "/api/v1/health"])
def test_browsers_are_told_to_stay_with_https(stack: Stack, path: str) -> None:
    assert stack.request("GET", path).headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_private_key_is_for_its_owner_alone(stack: Stack) -> None:
    assert (stack.folder / "certificates/privkey.pem").stat().st_mode & 0o077 == 0


# --- compression and caching --------------------------------------------------------------------------------------


def test_pages_are_compressed(stack: Stack) -> None:
    answer = stack.request("GET", "/login", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"<title>" in gzip.decompress(answer.body)


def test_pages_are_compressed_with_brotli_where_nginx_and_the_browser_can(stack: Stack) -> None:
    answer = stack.request("GET", "/login", headers={"Accept-Encoding": "gzip, br"})
    assert answer.headers["Content-Encoding"] == ("br" if BROTLI.exists() else "gzip")


def test_json_is_compressed_and_pictures_are_not(stack: Stack, anna: Person) -> None:
    photo = upload(stack, anna, plain_jpeg((9, 99, 199), (1600, 1200)))
    asking = {"Accept-Encoding": "gzip, br"}

    described = stack.request("GET", f"/api/v1/photos/{photo['id']}", by=anna, headers=asking)
    shown = stack.request("GET", photo["previews"]["320"], by=anna, headers=asking)
    sent = stack.request("GET", photo["original"], by=anna, headers=asking)
    assert described.headers["Content-Encoding"] in {"gzip", "br"}
    assert "Content-Encoding" not in shown.headers
    assert "Content-Encoding" not in sent.headers


def test_static_files_with_a_hash_in_their_name_are_kept_for_ever(stack: Stack) -> None:
    page = stack.request("GET", "/login").body.decode()
    paths = sorted(set(re.findall(r"/static/[^\"']+\.[0-9a-f]{12}\.(?:css|js)", page)))

    assert {"css", "js"} <= {path.rsplit(".", 1)[1] for path in paths}
    for path in paths:
        answer = stack.request("GET", path, headers={"Accept-Encoding": "gzip"})
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"].split(";")[0] in {
            "text/css",
            "text/javascript",
            "application/javascript",
        }


def test_other_static_files_are_looked_at_again_after_a_while(stack: Stack) -> None:
    assert stack.request("GET", "/static/base/base.css").headers["Cache-Control"] == "public, max-age=3600"


# --- photos -------------------------------------------------------------------------------------------------------


def test_an_original_is_sent_with_the_headers_of_a_strangers_file(stack: Stack, anna: Person) -> None:
    content = unique_jpeg()
    photo = upload(stack, anna, content, name='Grüße "1".jpg')
    answer = stack.request("GET", photo["original"], by=anna)

    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "private, max-age=86400"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe%20%221%22.jpg"
    )
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "X-Accel-Redirect" not in answer.headers


def test_a_preview_is_private_and_kept_for_ever(stack: Stack, anna: Person) -> None:
    photo = upload(stack, anna, unique_jpeg())
    answer = stack.request("GET", photo["previews"]["320"], by=anna)

    assert answer.status == 200
    with Image.open(io.BytesIO(answer.body)) as picture:
        assert answer.headers["Content-Type"] == Image.MIME[picture.format or ""]
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_part_of_an_original_can_be_fetched(stack: Stack, anna: Person) -> None:
    content = unique_jpeg()
    photo = upload(stack, anna, content)
    answer = stack.request("GET", photo["original"], by=anna, headers={"Range": "bytes=10-19"})

    assert (answer.status, answer.body) == (206, content[10:20])


def test_head_tells_the_size_and_sends_nothing(stack: Stack, anna: Person) -> None:
    content = unique_jpeg()
    photo = upload(stack, anna, content)
    answer = stack.request("HEAD", photo["original"], by=anna)

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(content))


def test_a_hidden_photo_does_not_exist_for_others(stack: Stack, anna: Person, ben: Person) -> None:
    photo = upload(stack, anna, unique_jpeg(), visibility="private")

    for path in (photo["original"], photo["previews"]["320"]):
        assert stack.request("GET", path, by=anna).status == 200
        assert stack.request("GET", path, by=ben).status == 404
        assert stack.request("GET", path).status == 302


def test_the_folders_behind_the_access_check_cannot_be_reached(stack: Stack, anna: Person) -> None:
    content = unique_jpeg()
    upload(stack, anna, content)
    digest = hashlib.sha256(content).hexdigest()
    name = f"{digest[:2]}/{digest[2:4]}/{digest}"
    assert (stack.folder / "data/originals" / name).exists()

    for path in (
        f"/internal/originals/{name}",
        f"/internal/remote/http/127.0.0.1:{stack.ports['web']}/login",
        f"/static/../data/originals/{name}",
        f"/static/..%2fdata/originals/{name}",
        "/internal/",
    ):
        answer = stack.request("GET", path, by=anna)
        assert answer.status in {400, 404}, path
        assert content not in answer.body


def test_a_header_of_the_visitor_does_not_open_the_folders(stack: Stack, anna: Person) -> None:
    sent = {"X-Accel-Redirect": "/internal/originals/", "X-Sendfile": "/etc/passwd"}
    assert stack.request("GET", "/login", headers=sent).status == 200


# --- uploads ------------------------------------------------------------------------------------------------------


def test_a_large_upload_reaches_the_store_while_it_is_still_being_sent(stack: Stack, anna: Person) -> None:
    file = io.BytesIO()
    Image.new("RGB", LARGE_PX, (12, 120, 220)).save(file, "TIFF")
    content = file.getvalue()
    assert len(content) > 50_000_000
    opening = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="large.tif"\r\n'
        "Content-Type: image/tiff\r\n\r\n"
    ).encode()
    closing = f"\r\n--{BOUNDARY}--\r\n".encode()
    half = len(content) // 2
    incoming = stack.folder / "data/originals/incoming"
    connection = stack.connection()
    connection.putrequest("POST", "/api/v1/photos")
    connection.putheader("Authorization", f"Bearer {anna.token}")
    connection.putheader("Content-Type", MULTIPART_CONTENT)
    connection.putheader("Content-Length", str(len(opening) + len(content) + len(closing)))
    connection.endheaders(opening + content[:half])

    def arriving() -> bool:
        return any(path.stat().st_size > half // 2 for path in incoming.glob("upload-*"))

    wait_until("the first half lies where the whole will be", arriving)
    assert [path for path in (stack.folder / "nginx/body").rglob("*") if path.is_file()] == []
    connection.send(content[half:] + closing)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()

    assert answer.status == 201
    assert body["sha256"] == hashlib.sha256(content).hexdigest()
    assert stack.photo_when_done(body["id"], anna)["width"] == LARGE_PX[0]


def test_more_than_may_be_uploaded_is_refused_before_it_is_sent(stack: Stack, anna: Person) -> None:
    connection = stack.connection()
    connection.putrequest("POST", "/api/v1/photos")
    connection.putheader("Authorization", f"Bearer {anna.token}")
    connection.putheader("Content-Type", MULTIPART_CONTENT)
    connection.putheader("Content-Length", str((MAX_UPLOAD_MB + 20) * 1_000_000))
    connection.endheaders()
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()

    assert (answer.status, body["code"]) == (413, "too-large")
    assert answer.headers["Content-Type"].startswith("application/json")
    assert "MAX_UPLOAD_MB" in body["detail"]


def test_while_the_web_server_is_away_programs_are_told_in_their_shape(stack: Stack) -> None:
    port, nowhere = free_port(), free_port()
    changes = {
        "TLS": "off",
        "HTTP_PORT": str(port),
        "RUN": str(stack.folder / "nginx-alone"),
        "LIKENESS_WEB": f"127.0.0.1:{nowhere}",
    }
    stack.start_nginx("nginx-alone", stack.nginx_environment(**changes))

    def ask(path: str) -> tuple[int, str, str, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path, headers={"Host": stack.host})
            answer = connection.getresponse()
            headers = answer.headers
            return answer.status, headers.get_content_type(), headers["Retry-After"], answer.read()
        except ConnectionRefusedError:
            return 0, "", "", b""
        finally:
            connection.close()

    wait_until("nginx answers", lambda: ask("/nginx-alive")[0] == 204)
    for path in ("/api/v1/photos", "/uploads/"):
        status, media_type, retry_after, body = ask(path)
        assert (status, media_type, retry_after) == (502, "application/json", "10"), path
        assert json.loads(body)["code"] == "web-away"
    assert "html" in ask("/login")[1]


# --- watching -----------------------------------------------------------------------------------------------------


def test_one_id_leads_from_the_answer_to_both_logs(stack: Stack) -> None:
    sent = {"X-Request-ID": "mine", "X-Forwarded-For": "198.51.100.7"}
    answer = stack.request("GET", "/login?next=/secret", headers=sent)
    request_id = answer.headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)

    def lines_of(text: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in text.splitlines() if request_id in line]
        return [line for line in lines if line["request"] == request_id]

    access = stack.folder / "access.log"
    wait_until("nginx has written its line", lambda: request_id in access.read_text())
    (outer,) = lines_of(access.read_text())
    (inner,) = lines_of(stack.log("web"))
    assert outer["address"] == inner["address"] == "127.0.0.1"
    assert outer["path"] == inner["path"] == "/login"
    assert "secret" not in str((outer, inner))


def test_a_workers_lines_name_stage_and_photo(stack: Stack, anna: Person) -> None:
    photo = upload(stack, anna, unique_jpeg())

    def told() -> bool:
        lines = [json.loads(line) for line in stack.log("worker").splitlines() if line.startswith("{")]
        return any(line.get("stage") == "analyse" and photo["id"] in line["photos"] for line in lines)

    wait_until("the worker has written about the photo", told)


def test_a_program_reads_the_metrics_with_the_token_of_the_secret(stack: Stack) -> None:
    token = (stack.folder / "secrets/metrics_token").read_text()
    text = ""

    def counted() -> bool:
        nonlocal text
        text = stack.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"}).body.decode()
        return 'likeness_requests_total{method="GET",route="metrics",status="200"}' in text

    wait_until("requests are counted", counted)
    assert stack.request("GET", "/metrics").status == 401
    assert 'likeness_workers{queue="embed"} 1.0' in text
    assert "likeness_schedulers 1.0" in text


# --- behind another proxy, and in a browser -------------------------------------------------------------------------


def test_without_tls_another_proxy_says_what_the_visitor_uses(stack: Stack) -> None:
    port = free_port()
    folder = str(stack.folder / "nginx-plain")
    changes = {"TLS": "off", "HTTP_PORT": str(port), "RUN": folder}
    stack.start_nginx("nginx-plain", stack.nginx_environment(**changes))

    def ask(path: str, **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path, headers={"Host": stack.host} | headers)
            return connection.getresponse().status
        except ConnectionRefusedError:
            return 0
        finally:
            connection.close()

    wait_until("nginx answers", lambda: ask("/nginx-alive") == 204)
    assert ask("/login", **{"X-Forwarded-Proto": "https"}) == 200
    assert ask("/login") == 301


@pytest.mark.browser
def test_a_browser_shows_the_library_over_tls(stack: Stack, anna: Person, browser: Browser) -> None:
    photo = upload(stack, anna, unique_jpeg())
    context = browser.new_context(base_url=stack.url, ignore_https_errors=True)
    problems: list[str] = []
    try:
        context.add_cookies([{"name": "sessionid", "value": anna.session, "url": stack.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(f"/photos/{photo['id']}")
        page.wait_for_function(
            "document.images.length && [...document.images].every((i) => i.naturalWidth > 0)"
        )
        page.goto("/")
        page.wait_for_selector("main img")
    finally:
        context.close()
    assert problems == []
