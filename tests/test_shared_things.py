"""Albums and saved searches are seen and changed by the rule of photos."""

import pytest
from django.contrib.auth.models import AnonymousUser

from gallery.albums import visible_albums
from gallery.models import Album, Role, SavedSearch, User, Visibility
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    """Owns an album and a saved search of each visibility."""
    someone = make_user("owner")
    for visibility in Visibility:
        Album.objects.create(owner=someone, name=visibility, visibility=visibility)
        SavedSearch.objects.create(owner=someone, name=visibility, query="x", visibility=visibility)
    return someone


@pytest.mark.parametrize(
    ("role", "seen", "changed"),
    [
        (Role.VIEWER, {"public"}, set()),
        (Role.UPLOADER, {"public", "members"}, set()),
        (Role.MODERATOR, {"public", "members", "private"}, {"public", "members", "private"}),
        (Role.ADMIN, {"public", "members", "private"}, {"public", "members", "private"}),
    ],
)
def test_each_role_sees_and_changes_its_share(
    owner: User, role: Role, seen: set[str], changed: set[str]
) -> None:
    user = make_user(role=role)

    for model in (Album, SavedSearch):
        assert set(model.objects.visible_to(user).values_list("name", flat=True)) == seen
        assert set(model.objects.editable_by(user).values_list("name", flat=True)) == changed


def test_owners_see_and_change_all_of_theirs(owner: User) -> None:
    for model in (Album, SavedSearch):
        assert model.objects.visible_to(owner).count() == 3
        assert model.objects.editable_by(owner).count() == 3


@pytest.mark.parametrize(("is_public", "seen"), [(True, ["public"]), (False, [])])
def test_strangers_see_what_is_public_in_a_public_gallery_only(
    owner: User, is_public: bool, seen: list[str], settings: object
) -> None:
    settings.PUBLIC_GALLERY = is_public  # type: ignore[attr-defined]  # pytest-django's settings take any name

    for model in (Album, SavedSearch):
        assert list(model.objects.visible_to(AnonymousUser()).values_list("name", flat=True)) == seen
        assert not model.objects.editable_by(AnonymousUser()).exists()


@pytest.mark.parametrize("role", Role)
def test_the_rule_for_one_album_is_that_of_the_list(owner: User, role: Role) -> None:
    user = make_user(role=role)

    for album in Album.objects.all():
        assert album.is_visible_to(user) == visible_albums(user).filter(pk=album.pk).exists()
