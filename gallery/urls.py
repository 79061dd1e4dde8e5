"""Addresses of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from gallery.api import api

urlpatterns = [
    path("", include("gallery.views.urls")),
    path("duplicates/", include("dedup.urls")),
    path("api/docs", RedirectView.as_view(pattern_name="api:openapi-view"), name="api-docs"),
    path("uploads/", include("gallery.api.tus_urls")),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
]

handler500 = "gallery.views.errors.failed"
