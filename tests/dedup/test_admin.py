"""The admin shows what is known about duplicates, and changes nothing."""

import pytest
from django.urls import reverse

from dedup.models import Group, Match, PairDecision, Resolution
from dedup.resolution import resolve_group
from gallery.models import Role, User
from tests.dedup.rows import grouped, moderator
from tests.dedup.test_api import client_of

pytestmark = pytest.mark.django_db


def superuser() -> User:
    return User.objects.create(username="root", role=Role.ADMIN, is_staff=True, is_superuser=True)


def test_every_list_and_page_opens_and_none_can_be_changed() -> None:
    group, photos = grouped(2)
    resolve_group(group_id=group.pk, keep=[photos[0].pk, photos[1].pk], trash=[], version=1, user=moderator())
    client = client_of(superuser())
    for model in (Group, Match, PairDecision, Resolution):
        name = f"admin:dedup_{model._meta.model_name}"
        row = model._default_manager.get()
        assert client.get(reverse(f"{name}_changelist")).status_code == 200
        page = client.get(reverse(f"{name}_change", args=[row.pk]))
        assert page.status_code == 200
        assert b'name="_save"' not in page.content
        assert client.get(reverse(f"{name}_add")).status_code == 403
        assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert Resolution.objects.count() == Group.objects.count() == 1
