"""The HTTP API under /api/v1/, with its OpenAPI description and documentation page."""

from typing import Any

from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from gallery.api.common import ObjectParser, SessionAuth, TokenAuth
from gallery.api.failures import install_error_handlers

#: Area -> what it is about, in the order of the documentation page.
AREAS = {
    "photos": "Upload photos, find them, change them, and look after their trash.",
    "search": "Search by an example picture, and see how a query is understood.",
    "duplicates": "Groups of photos that are the same picture: decide, and take decisions back.",
    "albums": "Albums and the order of the photos in them.",
    "stacks": "Photos that the library shows as one.",
    "tags": "Tags, their other names and their categories.",
    "saved searches": "Queries with a name.",
    "trash": "Photos that were thrown away, until they are removed for good.",
    "tokens": "What programs identify themselves with.",
    "system": "Owed work, and whether all parts of the site work.",
}


class Api(NinjaAPI):
    """Builds its description once: that takes a while, and it does not change while the program runs."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._schemas: dict[str, OpenAPISchema] = {}

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        if prefix not in self._schemas:
            self._schemas[prefix] = super().get_openapi_schema(path_prefix=prefix)
        return self._schemas[prefix]


api = Api(
    title="Likeness",
    version="1",
    description="The photo library that knows which pictures are the same picture. docs/api.md shows it by example.",
    # Addresses are relative to the site that the description comes from.
    servers=[{"url": "/", "description": "This site"}],
    openapi_extra={"tags": [{"name": name, "description": words} for name, words in AREAS.items()]},
    auth=[TokenAuth(), SessionAuth()],
    parser=ObjectParser(),
    openapi_url="openapi.json",
    docs_url="docs",
    docs_decorator=require_safe,
    urls_namespace="api",
)
install_error_handlers(api)
api.add_router("", "gallery.api.photos.router")
api.add_router("", "gallery.api.search.router")
api.add_router("", "gallery.api.albums.router")
api.add_router("", "gallery.api.stacks.router")
api.add_router("", "gallery.api.tags.router")
api.add_router("", "gallery.api.searches.router")
api.add_router("", "gallery.api.trash.router")
api.add_router("", "gallery.api.tokens.router")
api.add_router("", "gallery.api.system.router")
api.add_router("", "dedup.api.router")
api.add_router("", "dedup.rules_api.router")
