"""Two moderators at one queue: each gets groups that the other does not look at; and what is new since last time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from dedup.claims import CLAIM_SECONDS, VISIT_GAP_MINUTES, claim, holders, last_look
from dedup.models import Group, GroupClaim, GroupStatus, ReviewVisit
from dedup.queue_filter import QueueFilter
from dedup.resolution import dismiss_group
from tests.dedup.rows import grouped, moderator
from tests.dedup.test_api import client_of

if TYPE_CHECKING:
    from gallery.models import User


def let_time_pass(seconds: float) -> None:
    for row in GroupClaim.objects.all():
        GroupClaim.objects.filter(pk=row.pk).update(until=row.until - timedelta(seconds=seconds))
    for visit in ReviewVisit.objects.all():
        ReviewVisit.objects.filter(pk=visit.pk).update(seen_at=visit.seen_at - timedelta(seconds=seconds))


@pytest.mark.django_db
def test_two_who_start_get_different_groups_and_the_third_is_told_that_none_is_free() -> None:
    grouped(2)
    grouped(2)
    places = [client_of(moderator()).post(reverse("duplicate-start")).headers["Location"] for _ in range(3)]

    assert len({*places[:2]}) == 2
    assert places[2] == reverse("duplicates")


@pytest.mark.django_db
def test_after_a_decision_comes_the_next_group_that_nobody_looks_at() -> None:
    (first, photos), (second, _), (third, _) = grouped(2), grouped(2), grouped(2)
    order = list(QueueFilter().groups())
    assert {first, second, third} == set(order)
    anna, bert = moderator(), moderator()
    assert claim(order[1].pk, bert)
    left, right = (row.photo_id for row in order[0].members.all())
    form = {"action": "keep-left", "version": 1, "left": left, "right": right}
    answer = client_of(anna).post(reverse("duplicate-decide", args=[order[0].pk]), form)

    assert answer.headers["Location"] == reverse("duplicate-group", args=[order[2].pk])
    assert GroupClaim.objects.get(user=anna).group == order[2]
    assert photos


@pytest.mark.django_db
def test_a_claim_ends_by_itself_and_with_the_next_one_of_the_same_person() -> None:
    (first, _), (second, _) = grouped(2), grouped(2)
    anna, bert = moderator(), moderator()

    assert claim(first.pk, anna) and claim(first.pk, anna) and not claim(first.pk, bert)
    assert holders([first.pk, second.pk], bert) == {first.pk: anna.username}
    let_time_pass(CLAIM_SECONDS + 1)
    assert holders([first.pk], bert) == {} and claim(first.pk, bert)
    assert claim(second.pk, bert) and claim(first.pk, anna)


@pytest.mark.django_db
def test_what_is_decided_cannot_be_claimed() -> None:
    group, _ = grouped(2)
    dismiss_group(group_id=group.pk, user=moderator())

    assert not claim(group.pk, moderator()) and not claim(0, moderator())


@pytest.mark.django_db
def test_the_page_of_a_claimed_group_names_who_looks_at_it() -> None:
    group, _ = grouped(2)
    anna, bert = moderator(), moderator()
    url = reverse("duplicate-claim", args=[group.pk])

    assert client_of(anna).post(url).json() == {"by": None}
    assert client_of(bert).post(url).json() == {"by": anna.username}
    assert (
        f"{anna.username}</strong> looks at this group"
        in client_of(bert).get(reverse("duplicate-group", args=[group.pk])).content.decode()
    )
    assert f"{anna.username} looks at it" in client_of(bert).get(reverse("duplicates")).content.decode()
    assert "looks at it" not in client_of(anna).get(reverse("duplicates")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_gets_the_group() -> None:
    group, _ = grouped(2)
    people = [moderator() for _ in range(6)]

    def ask(user: User) -> bool:
        try:
            return claim(group.pk, user)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(people)) as threads:
        assert sum(threads.map(ask, people)) == 1


@pytest.mark.django_db
def test_new_is_what_came_since_the_visit_before() -> None:
    old, _ = grouped(2)
    anna = moderator()
    client = client_of(anna)
    assert last_look(anna) is None
    assert claim(old.pk, anna) and last_look(anna) is None
    let_time_pass(60 * VISIT_GAP_MINUTES + 1)
    seen = ReviewVisit.objects.get().seen_at
    assert last_look(anna) == seen
    Group.objects.filter(pk=old.pk).update(created_at=seen - timedelta(minutes=1))
    new, _ = grouped(2)

    assert claim(old.pk, anna) and last_look(anna) == seen
    page = client.get(reverse("duplicates")).content.decode()
    assert "New since" in page and "<small>1</small>" in page
    assert [group.pk for group in QueueFilter(since=seen).groups()] == [new.pk]
    assert new.status == GroupStatus.OPEN and seen < timezone.now()
