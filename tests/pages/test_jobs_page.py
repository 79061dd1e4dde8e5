"""The jobs page."""

import pytest
from django.test import Client
from django.utils import timezone

from gallery import jobs
from gallery.models import Job, Photo, PhotoState, Role, User
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
