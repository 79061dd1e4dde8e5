"""Stacks from the photo page: another cover, and taking one apart."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from gallery.access import editable_photo, requires_role
from gallery.models import Role
from gallery.stacks import BadStack, set_stack_cover, unstack
from gallery.views.doors import person


@require_POST
@requires_role(Role.VIEWER)
def cover(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the photo stand for its stack."""
    photo = editable_photo(person(request), pk)
    try:
        set_stack_cover(photo=photo)
    except BadStack as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{photo.title or photo.file_name} is the cover of its stack now.")
    return redirect("photo", pk=pk)


@require_POST
@requires_role(Role.VIEWER)
def apart(request: HttpRequest, pk: int) -> HttpResponse:
    """Show each photo of the stack on its own again."""
    freed = unstack(photo=editable_photo(person(request), pk))
    messages.success(request, f"{freed} photos stand on their own again.")
    return redirect("photo", pk=pk)
