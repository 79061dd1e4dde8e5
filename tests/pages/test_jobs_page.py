"""The jobs page."""

import time

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from gallery import jobs
from gallery.models import Job, Photo, PhotoState, Role, StageStatistics, User
from gallery.pace import WINDOW_SECONDS, duration, observe
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client: Client) -> User:
    someone = make_user()
    client.force_login(someone)
    return someone


def failed(owner: User, reason: str = "The disk was full.") -> Photo:
    photo = make_photo(owner, file_name="broken.jpg", state=PhotoState.FAILED)
    Job.objects.create(photo=photo, stage="analyse", error=reason, failed_at=timezone.now(), attempts=3)
    return photo


def test_strangers_are_sent_to_the_login(client: Client) -> None:
    assert client.get("/jobs/").status_code == 302


def test_it_counts_what_each_stage_owes(client: Client, person: User) -> None:
    jobs.owe(photo_ids=[make_photo(person).pk, make_photo(person).pk], stage="analyse")

    rows = {row.name: row for row in client.get("/jobs/").context["rows"]}

    assert rows["analyse"].counts.owed == 2


def test_failures_are_told_in_words(client: Client, person: User) -> None:
    failed(person)

    page = client.get("/jobs/").content.decode()

    assert "broken.jpg" in page
    assert "The disk was full." in page


def test_failures_of_others_stay_hidden(client: Client, person: User) -> None:
    failed(make_user(), "Theirs.")

    assert "Theirs." not in client.get("/jobs/").content.decode()


def test_htmx_gets_the_changing_part_alone(client: Client, person: User) -> None:
    part = client.get("/jobs/", headers={"HX-Request": "true"}).content.decode()

    assert part.startswith('<div id="job-counts"')


def test_a_failed_photo_is_tried_again(client: Client, person: User) -> None:
    photo, other = failed(person), failed(person)

    client.post("/jobs/retry", {"photo": photo.pk})

    assert not Job.objects.get(photo=photo).failed_at
    assert Job.objects.get(photo=other).failed_at


def test_all_own_failures_are_tried_again_and_no_others(client: Client, person: User) -> None:
    own, theirs = failed(person), failed(make_user())

    client.post("/jobs/retry")

    assert not Job.objects.get(photo=own).failed_at
    assert Job.objects.get(photo=theirs).failed_at


def test_viewers_may_not_retry(client: Client) -> None:
    client.force_login(make_user(role=Role.VIEWER))

    assert client.post("/jobs/retry").status_code == 403


def test_the_upload_page_is_for_uploaders(client: Client, person: User) -> None:
    assert client.get("/upload").status_code == 200
    client.force_login(make_user(role=Role.VIEWER))
    response = client.get("/upload")
    assert response.status_code == 403
    assert "for people with the role uploader" in response.content.decode()


def test_an_unknown_address_gets_a_page_that_leads_back(client: Client, person: User) -> None:
    response = client.get("/nothing/here")

    assert response.status_code == 404
    assert "Go to the library" in response.content.decode()


def test_a_paused_stage_takes_up_no_work_until_it_is_resumed(client: Client) -> None:
    client.force_login(make_user(role=Role.MODERATOR))
    jobs.owe(photo_ids=[make_photo().pk], stage="analyse")

    client.post("/jobs/analyse/pause")
    assert jobs.claim(stage="analyse", limit=1) == []
    assert jobs.stages_with_due_work() == []
    assert "Resume" in client.get("/jobs/").content.decode()

    client.post("/jobs/analyse/pause", {"resume": "yes"})
    assert len(jobs.claim(stage="analyse", limit=1)) == 1


def test_pausing_is_for_moderators_and_for_stages_that_exist(client: Client, person: User) -> None:
    assert client.post("/jobs/analyse/pause").status_code == 403
    assert "Pause" not in client.get("/jobs/").content.decode()
    client.force_login(make_user(role=Role.MODERATOR))
    assert client.post("/jobs/nothing/pause").status_code == 404


def test_pace_tells_how_long_the_rest_takes() -> None:
    assert observe("analyse", 100, 0.0) is None

    assert observe("analyse", 160, 60.0) == (60.0, 60)
    assert observe("analyse", 160, WINDOW_SECONDS + 30) == (WINDOW_SECONDS - 30, 0)


def test_the_page_says_how_fast_a_stage_goes_and_how_long_it_will_take(client: Client, person: User) -> None:
    observe("analyse", 0, time.time() - 60)
    StageStatistics.objects.create(stage="analyse", done=30, seconds=3)
    jobs.owe(photo_ids=[make_photo().pk for _ in range(10)], stage="analyse")

    rows = {row.name: row for row in client.get("/jobs/").context["rows"]}

    assert rows["analyse"].pace.per_minute == pytest.approx(30, rel=0.05)
    assert rows["analyse"].pace.seconds_left == pytest.approx(20, rel=0.05)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "less than a minute"),
        (60, "a minute"),
        (600, "10 minutes"),
        (7_300, "2 hours"),
        (400_000, "5 days"),
    ],
)
def test_lengths_of_time_are_told_in_one_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_page_makes_few_queries(
    client: Client, person: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        failed(person)

    with django_assert_max_num_queries(12):
        client.get("/jobs/")
