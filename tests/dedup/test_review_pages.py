"""The review pages without a browser's scripts: the queue, one group, decisions by forms, the journal."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dedup.models import Group, GroupStatus, PairDecision, Resolution, Verdict
from gallery.models import Photo, Role
from tests.dedup.rows import group_now, grouped, ids, make_photos, match, moderator, open_groups
from tests.dedup.test_api import client_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return client_of(moderator())


def decide(client: Client, group: Group, button: str, photos: list[Photo], **fields: Any) -> Any:
    """Press a button on the group's page, the first two photos being shown; fields override what it sends."""
    data = {"action": button, "version": group.version, "left": photos[0].pk, "right": photos[1].pk}
    return client.post(reverse("duplicate-decide", args=[group.pk]), data | fields)


def page_text(client: Client, url: str) -> str:
    return client.get(url, follow=True).content.decode()


def test_an_empty_queue_says_what_will_show_up_here(client: Client) -> None:
    assert "Nothing to review" in page_text(client, reverse("duplicates"))


def test_the_queue_lists_groups_with_counts_and_leaves_near_shots_to_their_own_lane(client: Client) -> None:
    group, photos = grouped(3)
    near = make_photos(2)
    match(near[0], near[1], Verdict.NEAR_SHOT)
    group_now(near)

    text = page_text(client, reverse("duplicates"))
    assert reverse("duplicate-group", args=[group.pk]) in text
    assert "3 photos" in text
    assert near[0].file_name not in text
    assert near[0].file_name in page_text(client, reverse("duplicates") + "?kind=near-shot")
    assert photos[0].file_name in text


@pytest.mark.parametrize("count", [2, 15])
def test_the_queue_costs_the_same_queries_whatever_its_length(
    client: Client, count: int, django_assert_max_num_queries: Any
) -> None:
    for _ in range(count):
        grouped(2)

    with django_assert_max_num_queries(15):
        client.get(reverse("duplicates"))


def test_a_group_shows_its_pair_the_reason_the_suggestion_and_what_differs(client: Client) -> None:
    group, photos = grouped(2)

    text = page_text(client, reverse("duplicate-group", args=[group.pk]))

    assert text.index(photos[0].file_name) < text.index(photos[1].file_name)
    assert f"Same-picture: {photos[0].pk} and {photos[1].pk}" in text
    assert "it has the most detail" in text
    assert "Suggested to keep" in text
    assert "larger" in text and "smaller" in text


@pytest.mark.parametrize("count", [2, 6])
def test_a_group_costs_the_same_queries_whatever_its_size(
    client: Client, count: int, django_assert_max_num_queries: Any
) -> None:
    group, _ = grouped(count)

    with django_assert_max_num_queries(24):
        client.get(reverse("duplicate-group", args=[group.pk]))


def test_any_two_members_can_be_put_side_by_side(client: Client) -> None:
    group, photos = grouped(3)
    url = reverse("duplicate-group", args=[group.pk])

    pair = client.get(f"{url}?left={photos[2].pk}&right={photos[1].pk}").context["pair"]
    assert (pair.left.photo, pair.right.photo) == (photos[2], photos[1])
    pair = client.get(f"{url}?left=7&right=nonsense").context["pair"]
    assert (pair.left.photo, pair.right.photo) == (photos[0], photos[1])


@pytest.mark.parametrize(
    ("action", "live", "decision"),
    [
        ("keep-left", [0], None),
        ("keep-right", [1], None),
        ("keep-both", [0, 1], "kept-both"),
        ("not-duplicates", [0, 1], "not-duplicates"),
        ("accept", [0], None),
    ],
)
def test_each_button_does_what_it_says(
    client: Client, action: str, live: list[int], decision: str | None
) -> None:
    group, photos = grouped(2)

    answer = decide(client, group, action, photos)

    assert answer.status_code == 302
    assert answer.url == reverse("duplicates")
    assert set(Photo.objects.live().values_list("pk", flat=True)) == ids(*(photos[place] for place in live))
    assert [row.kind for row in PairDecision.objects.all()] == ([decision] if decision else [])
    assert open_groups() == []


def test_the_whole_group_can_be_accepted_kept_dismissed_or_chosen_from(client: Client) -> None:
    for action, left in (("accept", 1), ("keep-all", 4), ("dismiss-all", 4)):
        Photo.objects.all().delete()
        group, photos = grouped(4)
        decide(client, group, action, photos)
        assert Photo.objects.live().count() == left
        assert open_groups() == []
    group, photos = grouped(4)
    decide(client, group, "chosen", photos, trash=[photos[0].pk, photos[3].pk])
    kept = Photo.objects.live().filter(pk__in=ids(*photos))
    assert set(kept.values_list("pk", flat=True)) == ids(photos[1], photos[2])


def test_after_a_decision_the_rest_of_the_group_comes_next_and_then_the_next_group(client: Client) -> None:
    first, photos = grouped(3, file_size=900)
    second, _ = grouped(2, file_size=100)

    assert decide(client, first, "keep-left", photos).url == reverse("duplicate-group", args=[first.pk])
    first.refresh_from_db()
    rest = [photos[0], photos[2]]
    assert decide(client, first, "keep-left", rest).url == reverse("duplicate-group", args=[second.pk])


def test_a_stale_page_is_told_and_changes_nothing(client: Client) -> None:
    group, photos = grouped(2)
    decide(client_of(moderator()), group, "keep-left", photos)

    answer = decide(client, group, "keep-right", photos)

    assert "has decided this group already" in page_text(client, answer.url)
    assert Photo.objects.live().count() == 1


def test_a_group_that_vanished_leads_back_to_the_queue(client: Client) -> None:
    answer = client.get(reverse("duplicate-group", args=[4711]), follow=True)

    assert answer.redirect_chain[-1][0] == reverse("duplicates")
    assert "not there any more" in answer.content.decode()


def test_nonsense_decisions_are_refused_in_words(client: Client) -> None:
    group, photos = grouped(2)
    stranger = make_photos(1)[0]

    for fields in ({"action": "explode"}, {"version": "x"}, {"left": stranger.pk}, {"right": photos[0].pk}):
        answer = decide(client, group, "keep-left", photos, **fields)
        assert answer.status_code == 302
    assert decide(client, group, "chosen", photos).status_code == 302
    assert Photo.objects.trashed().count() == 0
    assert not Resolution.objects.exists()


def test_undo_takes_back_ones_own_last_decision_then_the_one_before(client: Client) -> None:
    groups = [grouped(2, file_size=size) for size in (900, 100)]
    for group, photos in groups:
        decide(client, group, "keep-left", photos)
    other, photos = grouped(2)
    decide(client_of(moderator()), other, "keep-left", photos)

    for group, _ in reversed(groups):
        answer = client.post(reverse("duplicate-undo-last"))
        assert answer["Location"] == reverse("duplicate-group", args=[group.pk])
    assert "no decision left" in client.post(reverse("duplicate-undo-last"), follow=True).content.decode()
    assert Group.objects.filter(status=GroupStatus.OPEN).count() == 2


def test_the_journal_tells_who_decided_what_and_takes_it_back(client: Client) -> None:
    group, photos = grouped(2)
    ada = make_user("ada", role=Role.MODERATOR)
    decide(client_of(ada), group, "keep-left", photos)
    text = page_text(client, reverse("duplicate-journal"))
    assert f"Kept {photos[0].file_name}, moved {photos[1].file_name} to the trash." in text
    assert "ada" in text

    answer = client.post(reverse("duplicate-undo", args=[Resolution.objects.get().pk]), follow=True)

    assert "Taken back by" in answer.content.decode()
    assert Photo.objects.trashed().count() == 0


def test_an_undo_that_cannot_be_says_why(client: Client) -> None:
    group, photos = grouped(2)
    decide(client, group, "keep-left", photos)
    Photo.objects.trashed().get().delete()

    answer = client.post(reverse("duplicate-undo-last"), follow=True)

    assert "The trash was emptied of 1 photo" in answer.content.decode()


def test_the_pages_are_for_moderators_and_decisions_need_post() -> None:
    group, _ = grouped(2)
    paths = ["duplicates", "duplicate-journal", "duplicate-undo-last"]
    urls = [reverse(name) for name in paths]
    urls += [
        reverse(name, args=[group.pk]) for name in ("duplicate-group", "duplicate-decide", "duplicate-undo")
    ]
    uploader, decider = client_of(make_user()), client_of(moderator())
    for url in urls:
        posts = "undo" in url or "decide" in url
        ask = uploader.post if posts else uploader.get
        assert ask(url).status_code == 403
        assert (Client().post if posts else Client().get)(url).status_code == 302
        if posts:
            assert decider.get(url).status_code == 405
    assert Group.objects.get().status == GroupStatus.OPEN


def test_the_navigation_counts_waiting_groups_for_moderators_only(client: Client) -> None:
    grouped(2)

    assert 'class="badge">1<' in page_text(client, reverse("duplicates"))
    assert "badge" not in page_text(client_of(make_user()), reverse("library"))
