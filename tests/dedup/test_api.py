"""Duplicates over the API: the queue, decisions, undo, and what is answered when something is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from dedup.models import Group, GroupStatus, Verdict
from gallery.models import Photo, Role, User
from tests.dedup.rows import group_now, grouped, make_photos, match, moderator
from tests.factories import make_user

pytestmark = pytest.mark.django_db

JSON = "application/json"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def client() -> Client:
    return client_of(moderator())


def post(client: Client, path: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(f"/api/v1/{path}", body or {}, content_type=JSON)


def test_groups_come_with_members_reasons_and_a_suggestion(client: Client) -> None:
    group, photos = grouped(2)

    answer = client.get("/api/v1/duplicates").json()

    assert answer["next"] is None
    shown = answer["groups"][0]
    assert (shown["id"], shown["version"], shown["kind"], shown["status"]) == (
        group.pk,
        1,
        "same-picture",
        "open",
    )
    assert shown["suggested_keeper"] == photos[0].pk
    assert shown["why"] and shown["confidence"] == 0.9
    keeper, other = shown["members"]
    assert (keeper["photo"]["id"], keeper["verdict"], keeper["reasons"]) == (photos[0].pk, None, [])
    assert (other["photo"]["id"], other["verdict"]) == (photos[1].pk, "same-picture")
    assert other["reasons"] == [f"same-picture: {photos[0].pk} and {photos[1].pk}"]


def test_the_queue_is_ordered_by_confidence_times_bytes_and_paged_without_gaps(client: Client) -> None:
    for size in (300, 100, 200, 400, 100):
        photos = make_photos(2, file_size=size)
        match(photos[0], photos[1])
        group_now(photos)

    seen: list[tuple[int, int]] = []
    cursor = ""
    for _ in range(5):
        answer = client.get("/api/v1/duplicates", {"limit": "2", "cursor": cursor}).json()
        seen += [(group["bytes_saved"], group["id"]) for group in answer["groups"]]
        cursor = answer["next"] or ""
        if not cursor:
            break

    assert [saved for saved, _ in seen] == [400, 300, 200, 100, 100]
    assert len(set(seen)) == 5


def test_groups_are_filtered_by_kind_and_status(client: Client) -> None:
    near = make_photos(2)
    match(near[0], near[1], Verdict.NEAR_SHOT)
    group_now(near)
    grouped(2)

    def kinds(**query: str) -> list[str]:
        return [group["kind"] for group in client.get("/api/v1/duplicates", query).json()["groups"]]

    assert sorted(kinds()) == ["near-shot", "same-picture"]
    assert kinds(kind="near-shot") == ["near-shot"]
    assert kinds(status="resolved") == []
    assert client.get("/api/v1/duplicates", {"kind": "twins"}).status_code == 422
    assert client.get("/api/v1/duplicates", {"status": "new"}).status_code == 422
    assert client.get("/api/v1/duplicates", {"cursor": "x"}).status_code == 400


@pytest.mark.parametrize("count", [2, 12])
def test_a_page_of_groups_costs_the_same_queries_whatever_its_length(
    client: Client, count: int, django_assert_max_num_queries: Any
) -> None:
    for _ in range(count):
        grouped(2)

    with django_assert_max_num_queries(14):
        assert len(client.get("/api/v1/duplicates").json()["groups"]) == count


def test_resolving_and_undoing_through_the_api(client: Client) -> None:
    group, (kept, trashed) = grouped(2)
    body = {"keep": [kept.pk], "trash": [trashed.pk], "merge": True, "version": 1}

    answer = post(client, f"duplicates/{group.pk}/resolve", body)
    assert answer.status_code == 200
    assert Photo.objects.get(pk=trashed.pk).is_trashed

    undone = post(client, f"resolutions/{answer.json()['resolution_id']}/undo")
    assert undone.status_code == 200
    assert not Photo.objects.get(pk=trashed.pk).is_trashed
    assert Group.objects.get().status == GroupStatus.OPEN


def test_a_stale_version_is_answered_with_409_a_sentence_and_the_present_group(client: Client) -> None:
    group, (kept, trashed) = grouped(2)
    body = {"keep": [kept.pk], "trash": [trashed.pk], "version": 1}
    post(client, f"duplicates/{group.pk}/resolve", body)

    answer = post(client, f"duplicates/{group.pk}/resolve", body)

    assert answer.status_code == 409
    assert answer.json()["code"] == "conflict"
    assert "has decided this group already" in answer.json()["detail"]
    assert answer.json()["group"]["status"] == "resolved"
    assert answer.json()["group"]["version"] == 2


def test_dismissing_needs_no_body(client: Client) -> None:
    group, _ = grouped(2)

    answer = client.generic("POST", f"/api/v1/duplicates/{group.pk}/dismiss")

    assert answer.status_code == 200
    assert Group.objects.get().status == GroupStatus.DISMISSED
    assert client.get("/api/v1/duplicates", {"status": "dismissed"}).json()["groups"][0]["id"] == group.pk


def test_wrong_decisions_and_unknown_things_are_told_apart(client: Client) -> None:
    group, (kept, trashed) = grouped(2)

    wrong = post(client, f"duplicates/{group.pk}/resolve", {"keep": [], "trash": [trashed.pk], "version": 1})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad-decision")
    body = {"keep": [kept.pk], "trash": [trashed.pk], "version": 1}
    assert post(client, "duplicates/99999/resolve", body).status_code == 404
    assert post(client, "duplicates/99999/dismiss").status_code == 404
    assert post(client, "resolutions/99999/undo").status_code == 404
    assert client.get("/api/v1/duplicates/99999").status_code == 404
    assert post(client, f"duplicates/{group.pk}/resolve", {"keep": "all"}).status_code == 422


def test_undoing_twice_is_refused_with_a_sentence(client: Client) -> None:
    group, _ = grouped(2)
    made = post(client, f"duplicates/{group.pk}/dismiss").json()["resolution_id"]
    post(client, f"resolutions/{made}/undo")

    answer = post(client, f"resolutions/{made}/undo")

    assert (answer.status_code, answer.json()["code"]) == (409, "cannot-undo")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.UPLOADER])
def test_only_moderators_see_the_queue_and_decide(role: Role) -> None:
    group, photos = grouped(2)
    client = client_of(make_user(role=role))
    body = {"keep": [photos[0].pk], "trash": [photos[1].pk], "version": 1}

    assert client.get("/api/v1/duplicates").status_code == 403
    assert client.get(f"/api/v1/duplicates/{group.pk}").status_code == 403
    assert post(client, f"duplicates/{group.pk}/resolve", body).status_code == 403
    assert post(client, f"duplicates/{group.pk}/dismiss").status_code == 403
    assert post(client, "resolutions/1/undo").status_code == 403
    assert Client().get("/api/v1/duplicates").status_code == 401


def test_a_photo_shows_its_matches_with_photos_that_the_asker_may_see() -> None:
    _, (best, second, third) = grouped(3)
    Photo.objects.filter(pk=third.pk).update(visibility="private")
    client = client_of(make_user())

    matches = client.get(f"/api/v1/photos/{best.pk}").json()["matches"]

    assert [one["photo"] for one in matches] == [second.pk]
    assert matches[0]["kind"] == "same-picture"
    assert matches[0]["sentence"]
