"""The HTTP API under /api/v1/, with its OpenAPI description and documentation page."""

from ninja import NinjaAPI

from gallery.api.common import SessionAuth, TokenAuth, install_error_handlers

api = NinjaAPI(
    title="Likeness",
    version="1",
    description="The photo library that knows which pictures are the same picture.",
    auth=[TokenAuth(), SessionAuth()],
    openapi_url="openapi.json",
    docs_url="docs",
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
