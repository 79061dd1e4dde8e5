"""Saved searches: keeping a query under a name, how many photos it finds now, changing it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from gallery.access import requires_role
from gallery.forms import SavedSearchForm
from gallery.models import Role, SavedSearch, Visibility
from gallery.saved_searches import BadSearch, change_search, delete_search, save_search
from gallery.search import search
from gallery.views.doors import person, visitors

if TYPE_CHECKING:
    from collections.abc import Callable


@require_POST
@requires_role(Role.VIEWER)
def save(request: HttpRequest) -> HttpResponse:
    """Keep a query; back to its results."""
    form = SavedSearchForm(request.POST)
    query = request.POST.get("query", "")
    attempt(request, form, lambda values: save_search(owner=person(request), **values), "is saved")
    return redirect(f"{reverse('search')}?{urlencode({'q': query})}")


def attempt(request: HttpRequest, form: SavedSearchForm, work: Callable[..., object], done: str) -> None:
    """Do the work with the form's values and say so, or say what is wrong."""
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return
    values = form.cleaned_data | {"visibility": Visibility(form.cleaned_data["visibility"])}
    try:
        work(values)
    except BadSearch as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The search {values['name']} {done}. It is on the page Albums.")


@require_safe
@visitors
def count(request: HttpRequest, pk: int) -> HttpResponse:
    """How many photos a saved search finds for the visitor now, as a fragment."""
    found = get_object_or_404(SavedSearch.objects.visible_to(request.user), pk=pk)
    page = search(request.user, found.query, limit=1)
    return render(request, "searches/count.html", {"page": page})


@require_safe
@requires_role(Role.VIEWER)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a saved search."""
    found = get_object_or_404(SavedSearch.objects.editable_by(request.user), pk=pk)
    names = ["name", "query", "visibility"]
    form = SavedSearchForm(initial={name: getattr(found, name) for name in names})
    return render(request, "searches/edit.html", {"search": found, "form": form})


@require_POST
@requires_role(Role.VIEWER)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a saved search another name, query or visibility."""
    found = get_object_or_404(SavedSearch.objects.editable_by(request.user), pk=pk)
    form = SavedSearchForm(request.POST)
    attempt(request, form, lambda values: change_search(search=found, **values), "is changed")
    return redirect("saved-search", pk=pk)


@require_POST
@requires_role(Role.VIEWER)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a saved search."""
    found = get_object_or_404(SavedSearch.objects.editable_by(request.user), pk=pk)
    delete_search(search=found)
    messages.success(request, f"The search {found.name} is forgotten.")
    return redirect("albums")
