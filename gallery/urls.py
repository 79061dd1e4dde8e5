"""Addresses of the site."""

from django.contrib import admin
from django.urls import include, path

from gallery.api import api

urlpatterns = [
    path("", include("gallery.views.urls")),
    path("duplicates/", include("dedup.urls")),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
]
