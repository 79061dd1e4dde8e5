"""The page of the settings of detection: looked at, tried, taken over. Only for moderators; GET changes nothing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dedup.detection_forms import DetectionForm
from dedup.detection_preview import preview
from dedup.detection_settings import change_settings, photos_to_group, present_rules, with_changes
from gallery.access import requires_role
from gallery.models import Role
from gallery.views.doors import person

TRY = "preview"


@require_http_methods(["GET", "HEAD", "POST"])
@requires_role(Role.MODERATOR)
def detection(request: HttpRequest) -> HttpResponse:
    """The settings; with `preview` in the address what they would do if they were as the address says."""
    if request.method == "POST":
        return take_over(request)
    present = present_rules()
    if TRY not in request.GET:
        return shown(request, DetectionForm(initial=DetectionForm.values_of(present)))
    return shown(request, DetectionForm(request.GET))


def shown(request: HttpRequest, form: DetectionForm, status: int = 200) -> HttpResponse:
    """The page with this form and, where its values are tried and can be, what they would do."""
    tried = with_changes(form.rules) if form.is_bound and form.is_valid() else None
    context = {
        "form": form,
        "confirm": DetectionForm(form.data, auto_id=False) if tried else None,
        "preview": preview(tried) if tried else None,
        "is_same": tried == present_rules(),
        "waiting": photos_to_group(),
    }
    return render(request, "dedup/settings.html", context, status=status)


def take_over(request: HttpRequest) -> HttpResponse:
    """Apply the settings; what does not fit is shown again with the reason."""
    form = DetectionForm(request.POST)
    if not form.is_valid():
        return shown(request, form, status=422)
    count = change_settings(rules=form.rules, by=person(request))
    if count:
        messages.success(request, f"Saved. {count} photo{'' if count == 1 else 's'} will be grouped anew.")
    else:
        messages.success(request, "Saved. No group changes by it.")
    return redirect("duplicate-settings")
