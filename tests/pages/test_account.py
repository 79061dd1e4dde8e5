"""Signing in and out, the password, API tokens."""

import pytest
from django.conf import settings
from django.test import Client

from gallery.models import ApiToken, User
from gallery.tokens import create_token, find_token
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client: Client) -> User:
    someone = make_user("ann")
    client.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")
    return someone


def test_the_right_password_opens_the_page_that_was_asked_for(client: Client) -> None:
    make_user("ann")

    response = client.post("/login?next=/tags/", {"username": "ann", "password": PASSWORD, "next": "/tags/"})

    assert response["Location"] == "/tags/"


def test_the_login_leads_to_no_other_site(client: Client) -> None:
    make_user("ann")

    response = client.post(
        "/login", {"username": "ann", "password": PASSWORD, "next": "https://elsewhere.example/"}
    )

    assert response["Location"] == "/"


def test_a_wrong_password_is_told(client: Client) -> None:
    make_user("ann")

    page = client.post("/login", {"username": "ann", "password": "wrong"}).content.decode()

    assert "Please enter a correct username and password" in page


def test_signing_out_takes_a_form(client: Client, person: User) -> None:
    assert client.get("/logout").status_code == 405
    assert client.post("/logout")["Location"] == "/login"
    assert client.get("/").status_code == 302


def test_strangers_have_no_account_page(client: Client) -> None:
    assert client.get("/account").status_code == 302


def test_the_password_is_changed_and_this_browser_stays(client: Client, person: User) -> None:
    form = {
        "old_password": PASSWORD,
        "new_password1": "four more words here",
        "new_password2": "four more words here",
    }

    assert client.post("/account/password", form).status_code == 302

    person.refresh_from_db()
    assert person.check_password("four more words here")
    assert client.get("/account").status_code == 200


def test_a_short_password_is_refused(client: Client, person: User) -> None:
    form = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}

    response = client.post("/account/password", form)

    assert response.status_code == 422
    assert "too short" in response.content.decode()


def test_a_new_token_is_shown_once_and_works(client: Client, person: User) -> None:
    response = client.post("/account/tokens", {"name": "backup", "scopes": ["read"], "days": "30"})

    text = response.context["new_token"]
    found = find_token(text)
    assert found is not None
    assert (found.user, found.scopes) == (person, ["read"])
    assert found.expires_at is not None
    assert response["Cache-Control"] == "no-store"
    assert text not in client.get("/account").content.decode()


def test_a_token_without_scope_is_refused(client: Client, person: User) -> None:
    assert client.post("/account/tokens", {"name": "backup", "days": ""}).status_code == 422
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_useless(client: Client, person: User) -> None:
    token, text = create_token(user=person, name="backup")

    client.post(f"/account/tokens/{token.pk}/revoke")

    assert find_token(text) is None


def test_nobody_revokes_the_token_of_another(client: Client, person: User) -> None:
    token, _ = create_token(user=make_user(), name="backup")

    assert client.post(f"/account/tokens/{token.pk}/revoke").status_code == 404


@pytest.mark.parametrize(
    ("cookie", "expected"), [("dark", 'data-theme="dark"'), ('"><script>', '<html lang="en">')]
)
def test_the_theme_is_in_the_page_from_the_first_byte(
    client: Client, person: User, cookie: str, expected: str
) -> None:
    client.cookies["theme"] = cookie

    page = client.get("/account").content.decode()

    assert expected in page


def test_too_many_wrong_passwords_end_in_a_page_that_says_so(client: Client) -> None:
    make_user("ann")

    for _ in range(settings.AXES_FAILURE_LIMIT):
        response = client.post("/login", {"username": "ann", "password": "wrong"})

    assert response.status_code == 429
    assert "Too many wrong passwords" in response.content.decode()


def test_a_form_without_its_mark_is_refused_with_what_to_do() -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post("/login", {"username": "ann", "password": "x"})

    assert response.status_code == 403
    assert "The form is too old" in response.content.decode()
