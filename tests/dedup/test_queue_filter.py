"""Which groups the queue shows, in every order, page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone

from dedup.models import Group, GroupStatus, Verdict
from dedup.queue_filter import ORDERS, BadCursor, BadFilter, QueueFilter, read_filter
from dedup.review import next_groups, previous_group, queue_page
from gallery.models import Album, AlbumPhoto
from tests.dedup.rows import group_now, grouped, make_photos, match, moderator
from tests.dedup.test_api import client_of
from tests.factories import make_user

if TYPE_CHECKING:
    from gallery.models import Photo

pytestmark = pytest.mark.django_db


def shown(**given: str) -> set[int]:
    return {group.pk for group in read_filter(given).groups()}


def group_with(confidence: float = 0.9, kind: str = Verdict.SAME_PICTURE, size: int = 100) -> Group:
    photos = make_photos(2, file_size=size)
    match(photos[0], photos[1], kind, confidence)
    group_now(photos)
    return Group.objects.get(members__photo=photos[0])


def test_a_group_belongs_to_the_album_the_folder_and_the_uploader_of_any_of_its_photos() -> None:
    mira = make_user("mira")
    (first, photos), (second, others) = grouped(2), grouped(2, owner=mira, source="trips/rome/day 1")
    album = Album.objects.create(name="Rome", owner=mira)
    AlbumPhoto.objects.create(album=album, photo=photos[1], position=1)

    assert shown(album=str(album.pk)) == {first.pk}
    assert (
        shown(uploader="mira")
        == shown(folder="trips/rome")
        == shown(folder="trips/rome/day 1")
        == {second.pk}
    )
    assert shown(folder="trips/ro") == shown(uploader="nobody") == set()
    assert shown(album=str(album.pk), uploader="mira") == set()
    assert shown() == {first.pk, second.pk}
    assert others[0].source == "trips/rome/day 1"


def test_groups_are_filtered_by_confidence_and_by_the_day_they_were_found() -> None:
    sure, unsure = group_with(0.99), group_with(0.6)
    found = datetime(2024, 5, 3, 12, tzinfo=timezone.get_current_timezone())
    Group.objects.filter(pk=sure.pk).update(created_at=found)

    assert shown(sure="90") == {sure.pk}
    assert shown(since="2024-05-04") == {unsure.pk}
    assert shown(since="2024-05-03", until="2024-05-03") == {sure.pk}
    assert shown(until="2024-05-02") == set()
    assert shown(since=found.astimezone(UTC).isoformat(), until="2024-06-01") == {sure.pk}


@pytest.mark.parametrize("order", ORDERS)
def test_each_order_is_paged_and_walked_without_gaps(order: str) -> None:
    kinds = [Verdict.SAME_PICTURE, Verdict.CROP, Verdict.EDITED, Verdict.SAME_PICTURE, Verdict.CROP]
    made = [group_with(0.5 + place / 20, kind, 100 * (place % 3 + 1)) for place, kind in enumerate(kinds)]
    for place, group in enumerate(made):
        Group.objects.filter(pk=group.pk).update(created_at=timezone.now() - timedelta(days=place // 2))
    queue = QueueFilter(order=order)

    whole = list(queue.groups())
    values = [float(ORDERS[order].text(group)) for group in whole if order not in ("new", "old")]
    assert values == sorted(values, reverse=ORDERS[order].descending)
    paged: list[Group] = []
    cursor = ""
    while len(paged) < len(made):
        page = queue_page(queue, cursor=cursor, limit=2)
        paged += page.groups
        cursor = page.next
    assert [group.pk for group in paged] == [group.pk for group in whole]
    assert cursor == ""
    assert [next_groups(queue, one)[0].pk for one in whole[:-1]] == [one.pk for one in whole[1:]]
    assert [previous_group(queue, one) for one in whole[1:]] == whole[:-1]


@pytest.mark.parametrize(
    "given",
    [
        {"status": "new"},
        {"kind": "twins"},
        {"sure": "most"},
        {"sure": "101"},
        {"album": "Rome"},
        {"since": "yesterday"},
        {"until": "2024-13-01"},
        {"order": "best"},
        {"folder": "a\0b"},
    ],
)
def test_what_the_filter_does_not_know_is_named(given: dict[str, str]) -> None:
    with pytest.raises(BadFilter, match=next(iter(given))):
        read_filter(given)


def test_a_cursor_of_another_order_is_refused() -> None:
    group_with()
    with pytest.raises(BadCursor):
        queue_page(QueueFilter(order="new"), cursor=QueueFilter().cursor(Group.objects.get()))


def test_a_filter_is_its_own_address() -> None:
    asked = {
        "kind": "crop",
        "sure": "85",
        "folder": "trips/rome & more",
        "until": "2024-05-03",
        "order": "new",
    }
    queue = read_filter(asked)

    assert read_filter(queue.values()) == queue
    assert "kind=crop" in queue.query() and "kind" not in queue.query(without="kind")
    assert str(queue.last_day) == "2024-05-03"
    assert QueueFilter().query() == ""


def test_the_page_and_the_api_filter_alike_and_say_what_is_wrong() -> None:
    client = client_of(moderator())
    (first, photos), _ = grouped(2, owner=make_user("mira")), grouped(2)

    def names(photo: Photo) -> bool:
        return photo.file_name in client.get(reverse("duplicates"), {"uploader": "mira"}).content.decode()

    assert names(photos[0])
    assert "of mira" in client.get(reverse("duplicates"), {"uploader": "mira"}).content.decode().lower()
    assert not names(Group.objects.exclude(pk=first.pk).get().members.first().photo)  # type: ignore[union-attr]
    answer = client.get("/api/v1/duplicates", {"uploader": "mira"}).json()
    assert [group["id"] for group in answer["groups"]] == [first.pk]
    page = client.get(reverse("duplicates"), {"sure": "very"})
    assert page.status_code == 200 and "percent from 0 to 100" in page.content.decode()
    refused = client.get("/api/v1/duplicates", {"sure": "very"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-filter")
    assert answer["groups"][0]["status"] == GroupStatus.OPEN
