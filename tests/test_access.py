"""Who sees which photos."""

import pytest
from django.contrib.auth.models import AnonymousUser

from gallery.models import Photo, Role, User
from gallery.trash import trash_photos
from tests.factories import make_photo, make_user

VISIBLE = {
    # role: what of another person's photos they see
    Role.VIEWER: {"public"},
    Role.UPLOADER: {"members", "public"},
    Role.MODERATOR: {"private", "members", "public"},
    Role.ADMIN: {"private", "members", "public"},
}


def seen(user: User | AnonymousUser) -> set[str]:
    return set(Photo.objects.visible_to(user).values_list("visibility", flat=True))


@pytest.fixture
def owner() -> User:
    person = make_user()
    for visibility in ("private", "members", "public"):
        make_photo(person, visibility=visibility)
    return person


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_each_role_sees_what_is_meant_for_it(owner: User, role: Role) -> None:
    assert seen(make_user(role=role)) == VISIBLE[role]


@pytest.mark.django_db
def test_owners_see_all_of_their_own(owner: User) -> None:
    assert seen(owner) == {"private", "members", "public"}


@pytest.mark.django_db
@pytest.mark.parametrize(("is_open", "expected"), [(True, {"public"}), (False, set())])
def test_strangers_see_public_photos_of_a_public_gallery_only(
    owner: User, settings: object, is_open: bool, expected: set[str]
) -> None:
    settings.PUBLIC_GALLERY = is_open  # type: ignore[attr-defined]

    assert seen(AnonymousUser()) == expected


@pytest.mark.django_db
def test_nobody_sees_what_lies_in_the_trash(owner: User) -> None:
    trash_photos(photos=list(Photo.objects.all()), by=None)

    assert seen(make_user(role=Role.ADMIN)) == set()


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "may"), [(Role.VIEWER, 0), (Role.UPLOADER, 0), (Role.MODERATOR, 3)])
def test_only_owners_and_moderators_change_photos(owner: User, role: Role, may: int) -> None:
    assert Photo.objects.editable_by(make_user(role=role)).count() == may
    assert Photo.objects.editable_by(owner).count() == 3
