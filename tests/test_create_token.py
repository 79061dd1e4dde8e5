"""manage.py create_token."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from gallery.models import ApiToken
from gallery.tokens import find_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def created(*arguments: str) -> ApiToken:
    output = StringIO()
    call_command("create_token", *arguments, stdout=output)
    token = find_token(output.getvalue().strip())
    assert token is not None
    return token


def test_it_prints_a_token_that_acts_for_the_user() -> None:
    user = make_user("ada")
    token = created("ada")
    assert token.user == user
    assert set(token.scopes) == {"read", "upload", "moderate"}
    assert token.expires_at is None


def test_scopes_and_days_limit_it() -> None:
    make_user("ada")
    token = created("ada", "--scope", "read", "--days", "2", "--name", "frame")
    assert token.scopes == ["read"]
    assert token.name == "frame"
    assert token.expires_at is not None
    assert timedelta(days=1) < token.expires_at - timezone.now() <= timedelta(days=2)


def test_an_unknown_user_is_named() -> None:
    with pytest.raises(CommandError, match="no user called 'nobody'"):
        call_command("create_token", "nobody")


def test_a_token_that_is_over_at_once_is_refused() -> None:
    make_user("ada")
    with pytest.raises(CommandError, match="--days must be 1 or more"):
        call_command("create_token", "ada", "--days", "0")
