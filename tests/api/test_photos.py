"""Photos over the API."""

import hashlib

import pytest
from django.test import Client

from gallery.models import ApiTokenScope, Photo, Role
from tests.api.client import ApiClient
from tests.factories import make_photo, make_user, unique_jpeg, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> ApiClient:
    return ApiClient(make_user("anna"))


def test_an_upload_answers_201_with_the_photo(api: ApiClient) -> None:
    answer = api.upload(unique_jpeg(), "holiday.jpg", tags=["Sea, sky", "hill"], album="Summer")

    assert answer.status_code == 201
    body = answer.json()
    assert (body["file_name"], body["state"], body["owner"]) == ("holiday.jpg", "processing", "anna")
    assert body["tags"] == ["hill", "sea", "sky"]
    assert [album["name"] for album in body["albums"]] == ["Summer"]
    assert body["stages"]["analyse"] == "owed"


def test_the_same_bytes_answer_200_and_name_the_photo(api: ApiClient) -> None:
    content = unique_jpeg()
    first = api.upload(content).json()
    answer = api.upload(content)

    assert answer.status_code == 200
    assert answer.json()["id"] == answer.json()["duplicate_of"] == first["id"]
    assert answer.json()["reason"] == "identical-bytes"


def test_bytes_in_the_trash_answer_200_and_come_back_with_keep(api: ApiClient) -> None:
    content = unique_jpeg()
    photo_id = api.upload(content).json()["id"]
    assert api.delete(f"photos/{photo_id}").status_code == 200

    assert api.upload(content).json()["reason"] == "in-trash"
    assert api.upload(content, on_duplicate="keep").json()["trashed_at"] is None


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"%PDF-1.7 ...", "PDF"), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"), (b"", "empty")],
)
def test_what_is_no_picture_answers_415_with_the_reason(api: ApiClient, content: bytes, word: str) -> None:
    answer = api.upload(content, "thing.jpg")

    assert answer.status_code == 415
    assert word in answer.json()["detail"]
    assert answer.json()["code"] == "unsupported-file"


def test_a_full_disk_answers_507_with_a_sentence(api: ApiClient, settings: object) -> None:
    settings.MIN_FREE_BYTES = 10**18  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gallery.originals.SHARE_OF_DISK_KEPT_FREE", 1.0)
        answer = api.upload(unique_jpeg())

    assert answer.status_code == 507
    assert "no room" in answer.json()["detail"]
    assert not Photo.objects.exists()


def test_an_upload_without_a_file_names_the_field(api: ApiClient) -> None:
    answer = api.client.post("/api/v1/photos", {}, headers=api.headers)

    assert answer.status_code == 422
    assert "file" in answer.json()["detail"]


def test_known_digests_are_told_for_visible_photos_only(api: ApiClient) -> None:
    mine, hidden = unique_jpeg(), unique_jpeg()
    photo_id = api.upload(mine).json()["id"]
    upload(make_user(), hidden, visibility="private")
    digests = [hashlib.sha256(content).hexdigest() for content in (mine, hidden)]

    answer = api.post("photos/check", {"sha256": [digests[0].upper(), digests[1]]})

    assert answer.json() == {"known": {digests[0]: photo_id}}


def test_a_wrong_digest_is_named(api: ApiClient) -> None:
    answer = api.post("photos/check", {"sha256": ["xyz"]})

    assert answer.status_code == 422
    assert "sha256" in answer.json()["detail"]


def test_details_hold_stages_and_matches(api: ApiClient) -> None:
    photo_id = api.upload(unique_jpeg()).json()["id"]
    body = api.get(f"photos/{photo_id}").json()

    assert set(body["stages"]) == {"analyse", "embed", "match", "group"}
    assert body["matches"] == []


def test_a_hidden_photo_does_not_exist(api: ApiClient) -> None:
    hidden = make_photo(visibility="private")

    for answer in (
        api.get(f"photos/{hidden.pk}"),
        api.delete(f"photos/{hidden.pk}"),
        api.patch(f"photos/{hidden.pk}", {}),
    ):
        assert answer.status_code == 404
        assert answer.json()["code"] == "not-found"


def test_a_photo_of_another_person_can_be_seen_but_not_changed(api: ApiClient) -> None:
    shared = make_photo()

    assert api.get(f"photos/{shared.pk}").status_code == 200
    assert api.patch(f"photos/{shared.pk}", {"title": "mine"}).status_code == 403
    assert api.delete(f"photos/{shared.pk}").status_code == 403


def test_a_patch_changes_what_it_names(api: ApiClient) -> None:
    photo_id = api.upload(unique_jpeg(), tags=["old"]).json()["id"]
    body = api.patch(
        f"photos/{photo_id}",
        {"title": "Beach", "tags": ["New One"], "favourite": True, "rating": 4, "visibility": "private"},
    ).json()

    assert (body["title"], body["tags"], body["favourite"]) == ("Beach", ["new_one"], True)
    assert (body["rating"], body["visibility"], body["description"]) == (4, "private", "")


@pytest.mark.parametrize(
    "change",
    [
        {"rating": 6},
        {"visibility": "secret"},
        {"tags": [""]},
        {"title": "x" * 256},
        {"title": "\x00"},
        {"description": "a\x00b"},
    ],
)
def test_a_wrong_value_is_named_and_changes_nothing(api: ApiClient, change: dict[str, object]) -> None:
    photo_id = api.upload(unique_jpeg()).json()["id"]
    answer = api.patch(f"photos/{photo_id}", change)

    assert answer.status_code == 422
    assert Photo.objects.get(pk=photo_id).title == ""


def test_trash_and_restore(api: ApiClient) -> None:
    photo_id = api.upload(unique_jpeg()).json()["id"]
    assert api.delete(f"photos/{photo_id}").json()["trashed_at"]
    assert api.get("photos").json()["total"] == 0

    assert api.post(f"photos/{photo_id}/restore").json()["trashed_at"] is None
    assert api.get("photos").json()["total"] == 1


def test_lists_are_paged_by_cursor_without_gap_or_repeat(api: ApiClient) -> None:
    owner = make_user()
    ids = {make_photo(owner).pk for _ in range(7)}
    seen: list[int] = []
    cursor = ""
    while True:
        page = api.get("photos", limit=3, cursor=cursor).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if not cursor:
            break

    assert len(seen) == 7
    assert set(seen) == ids


def test_a_broken_cursor_answers_400(api: ApiClient) -> None:
    assert api.get("photos", cursor="garbage").status_code == 400


def test_strangers_are_told_to_log_in() -> None:
    for answer in (ApiClient().get("photos"), ApiClient().upload(unique_jpeg())):
        assert answer.status_code == 401
        assert answer.json()["code"] == "not-logged-in"


def test_a_wrong_token_is_an_error_even_with_a_session(api: ApiClient) -> None:
    api.client.force_login(make_user())
    api.headers["Authorization"] = "Bearer lk_wrong"

    assert api.get("photos").status_code == 401


def test_a_viewer_may_not_upload() -> None:
    answer = ApiClient(make_user(role=Role.VIEWER)).upload(unique_jpeg())

    assert answer.status_code == 403
    assert "uploader" in answer.json()["detail"]


def test_a_token_without_the_scope_may_not() -> None:
    reader = ApiClient(make_user(), scopes=[ApiTokenScope.READ])

    assert reader.get("photos").status_code == 200
    assert reader.upload(unique_jpeg()).json()["code"] == "scope-missing"


def test_a_session_needs_the_csrf_token_for_changes() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())

    assert client.get("/api/v1/photos").status_code == 200
    assert (
        client.post("/api/v1/photos/check", {"sha256": []}, content_type="application/json").status_code
        == 403
    )


def test_strangers_may_read_a_public_gallery(settings: object) -> None:
    settings.PUBLIC_GALLERY = True  # type: ignore[attr-defined]
    public = make_photo(visibility="public")
    make_photo(visibility="members")

    assert [item["id"] for item in ApiClient().get("photos").json()["items"]] == [public.pk]
    assert ApiClient().upload(unique_jpeg()).status_code == 401


def test_an_album_that_the_database_cannot_name_is_refused(api: ApiClient) -> None:
    answer = api.upload(unique_jpeg(), album="a\x00b")

    assert answer.status_code == 422
    assert "album" in answer.json()["detail"]
    assert not Photo.objects.exists()


@pytest.mark.parametrize("query", ["\x00", "a\x00b", "title:\x00", 'like:"\x00"'])
def test_a_query_with_nul_is_answered(api: ApiClient, query: str) -> None:
    assert api.get("photos", q=query).status_code == 200
    assert api.get("search/parse", q=query).status_code == 200
