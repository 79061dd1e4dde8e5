"""Addresses of resumable uploads, below /uploads/."""

from django.urls import path

from gallery.api import tus

urlpatterns = [
    path("", tus.uploads, name="tus-uploads"),
    path("<uuid:upload_id>", tus.upload, name="tus-upload"),
]
