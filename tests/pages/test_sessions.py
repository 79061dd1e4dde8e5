"""The signed-in browsers on the account page."""

import pytest
from django.test import Client
from django.utils import timezone

from gallery.models import BrowserSession, User
from gallery.sessions import SEEN_KEY, browser_in_words, session_digest
from gallery.tasks import remove_expired_sessions
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def signed_in(user: User, user_agent: str = "") -> Client:
    client = Client(headers={"User-Agent": user_agent})
    response = client.post("/login", {"username": user.username, "password": PASSWORD})
    assert response.status_code == 302
    return client


def digest_of(client: Client) -> str:
    return session_digest(str(client.session.session_key))


def test_a_person_sees_their_browsers_and_no_others() -> None:
    person = make_user()
    client = signed_in(person, FIREFOX)
    signed_in(person, FIREFOX.replace("X11; Linux x86_64", "Windows NT 10.0"))
    signed_in(make_user(), FIREFOX.replace("X11; Linux x86_64", "Macintosh; Intel Mac OS X"))

    page = client.get("/account").content.decode()

    assert "Firefox on Linux" in page
    assert "Firefox on Windows" in page
    assert "macOS" not in page
    assert page.count("this one") == 1
    assert str(client.session.session_key) not in page


def test_a_browser_is_signed_out_from_another() -> None:
    person = make_user()
    here, there = signed_in(person), signed_in(person)

    here.post("/account/sign-out", {"session": digest_of(there)})

    assert there.get("/account").status_code == 302
    assert here.get("/account").status_code == 200


def test_all_other_browsers_are_signed_out() -> None:
    person = make_user()
    here, *others = [signed_in(person) for _ in range(3)]

    page = here.post("/account/sign-out", {"others": "yes"}, follow=True).content.decode()

    assert "2 browsers signed out." in page
    assert [client.get("/account").status_code for client in others] == [302, 302]


def test_nobody_signs_out_the_browser_of_another() -> None:
    here, theirs = signed_in(make_user()), signed_in(make_user())

    here.post("/account/sign-out", {"session": digest_of(theirs)})

    assert theirs.get("/account").status_code == 200


def test_the_last_visit_is_noted_once_an_hour() -> None:
    client = signed_in(make_user(), FIREFOX)
    session = client.session
    session[SEEN_KEY] = "2020-01-01T00:00:00+00:00"
    session.save()

    client.get("/account")

    row = BrowserSession.objects.get(pk=session.session_key)
    assert row.seen_at is not None
    assert row.seen_at.year > 2020
    assert row.signed_in_at is not None


def test_sessions_that_ended_by_themselves_are_forgotten() -> None:
    person = make_user()
    ended, live = signed_in(person), signed_in(person)
    BrowserSession.objects.filter(pk=ended.session.session_key).update(expire_date=timezone.now())

    remove_expired_sessions()

    assert list(BrowserSession.objects.values_list("pk", flat=True)) == [live.session.session_key]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/130.0 Mobile Safari/537.36", "Chrome on Android"),
        ("", "A browser"),
    ],
)
def test_browsers_are_named_in_words(text: str, words: str) -> None:
    assert browser_in_words(text) == words
