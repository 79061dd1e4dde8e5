"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """The name of the site and whether strangers may look at it."""
    return {"site_name": "Likeness", "public_gallery": settings.PUBLIC_GALLERY}
