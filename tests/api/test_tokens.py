"""Tokens over the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gallery.models import ApiToken, ApiTokenScope
from gallery.tokens import find_token
from tests.api.client import ApiClient
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_token_is_made_listed_and_revoked() -> None:
    user = make_user()
    api = ApiClient(user)

    made = api.post("tokens", {"name": "backup", "scopes": ["read"], "days": 30})
    body = made.json()

    assert made.status_code == 201
    found = find_token(body["token"])
    assert found is not None
    assert (found.user, found.scopes) == (user, ["read"])
    assert found.expires_at is not None
    listed = api.get("tokens").json()
    assert {token["name"] for token in listed} == {"backup", "test"}
    assert "token" not in listed[0]
    assert api.delete(f"tokens/{body['id']}").status_code == 204
    assert find_token(body["token"]) is None


def test_a_token_makes_none_that_may_do_more_or_lives_longer() -> None:
    api = ApiClient(make_user(), [ApiTokenScope.READ])
    end = timezone.now() + timedelta(days=1)
    ApiToken.objects.update(expires_at=end)

    assert api.post("tokens", {"name": "more", "scopes": ["read", "upload"]}).status_code == 403
    assert api.post("tokens", {"name": "same", "scopes": ["read"]}).status_code == 201
    assert ApiToken.objects.get(name="same").expires_at == end


def test_nobody_revokes_the_token_of_another() -> None:
    other = ApiClient(make_user())
    pk = other.post("tokens", {"name": "theirs", "scopes": ["read"]}).json()["id"]

    assert ApiClient(make_user()).delete(f"tokens/{pk}").status_code == 404


@pytest.mark.parametrize(
    "body", [{"name": "x", "scopes": []}, {"name": "", "scopes": ["read"]}, {"name": "x", "scopes": ["all"]}]
)
def test_a_token_needs_a_name_and_known_scopes(body: dict[str, object]) -> None:
    assert ApiClient(make_user()).post("tokens", body).status_code == 422
