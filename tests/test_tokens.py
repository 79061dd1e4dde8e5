"""API tokens are shown once and stop working when they should."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gallery.models import ApiToken
from gallery.tokens import create_token, find_token
from tests.factories import make_user


@pytest.mark.django_db
def test_a_token_is_found_by_its_text_which_is_not_stored() -> None:
    token, text = create_token(user=make_user(), name="phone")

    assert find_token(text) == token
    assert text not in str(ApiToken.objects.values().get())


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "lk_wrong", "\x00"])
def test_a_wrong_text_finds_nothing(text: str) -> None:
    create_token(user=make_user(), name="phone")

    assert find_token(text) is None


@pytest.mark.django_db
def test_an_expired_token_is_dead() -> None:
    _, text = create_token(user=make_user(), name="old", expires_at=timezone.now() - timedelta(seconds=1))

    assert find_token(text) is None


@pytest.mark.django_db
def test_the_token_of_a_locked_person_is_dead() -> None:
    user = make_user()
    _, text = create_token(user=user, name="phone")
    user.is_active = False
    user.save()

    assert find_token(text) is None


@pytest.mark.django_db
def test_its_use_is_noted() -> None:
    token, text = create_token(user=make_user(), name="phone")
    find_token(text)
    token.refresh_from_db()

    assert token.last_used_at is not None
