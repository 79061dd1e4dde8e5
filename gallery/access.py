"""The one door from a request to photos and to what may be done with them. Hidden means 404."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from gallery.models import Photo, PhotoQuerySet, Role, User

if TYPE_CHECKING:
    from collections.abc import Callable

View = TypeVar("View", bound="Callable[..., HttpResponseBase]")


def asker(request: HttpRequest) -> User | AnonymousUser:
    """Who asks."""
    return request.user


def visible_photos(request: HttpRequest) -> PhotoQuerySet:
    """Live photos that the asker may see."""
    return Photo.objects.visible_to(asker(request))


def visible_photo(user: User | AnonymousUser, photo_id: int) -> Photo:
    """A live photo the user may see, or one in the trash that they may restore. Raises Http404."""
    photo = (
        Photo.objects.visible_to(user).filter(pk=photo_id).first()
        or Photo.objects.trashed().editable_by(user).filter(pk=photo_id).first()
    )
    if photo is None:
        raise Http404("There is no such photo.")
    return photo


def editable_photo(user: User | AnonymousUser, photo_id: int) -> Photo:
    """A photo the user may change. Raises Http404 when they may not see it, PermissionDenied when only that."""
    photo = visible_photo(user, photo_id)
    if not Photo.objects.editable_by(user).filter(pk=photo.pk).exists():
        raise PermissionDenied("Only the owner of a photo and moderators may change it.")
    return photo


def may_look(user: User | AnonymousUser, public_gallery: bool) -> bool:
    """Whether the library opens at all for this user."""
    return user.is_authenticated or public_gallery


def requires_role(role: Role) -> Callable[[View], View]:
    """Decorate a page: strangers go to the login, people with a weaker role get 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = asker(request)
            if isinstance(user, AnonymousUser):
                return redirect_to_login(request.get_full_path())
            if not user.has_role(role):
                raise PermissionDenied(f"This page is for people with the role {role.label.lower()}.")
            return view(request, *args, **kwargs)

        return cast("View", guarded)

    return decorate
