"""Uploads that arrive in parts."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from gallery.models.photos import Photo

if TYPE_CHECKING:
    from gallery.models.accounts import User


class PartialUploadQuerySet(models.QuerySet["PartialUpload"]):
    def unfinished_of(self, user: User) -> PartialUploadQuerySet:
        """What `user` has begun to send and not finished, latest first."""
        return self.filter(owner=user, photo=None).order_by("-created_at")


class PartialUpload(models.Model):
    """A file that arrives in parts; its bytes so far lie in the folder of incoming files, under this id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=255)
    length = models.BigIntegerField(help_text="Bytes of the whole file.")
    options = models.JSONField(default=dict, help_text="Tags, album and the like, as they were given.")
    expected_sha256 = models.CharField(
        max_length=64, blank=True, help_text="What the sender says that the file hashes to."
    )
    sha256 = models.CharField(
        max_length=64, blank=True, help_text="What the whole file hashes to, once it is here."
    )
    certain_until = models.BigIntegerField(
        null=True,
        help_text="Bytes behind this offset are not yet checked against the checksum sent with them.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    photo = models.ForeignKey(
        Photo, null=True, on_delete=models.CASCADE, related_name="+", help_text="Set when it is finished."
    )
    outcome = models.CharField(max_length=32, blank=True, help_text="What became of the finished file.")

    objects = PartialUploadQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.file_name} of {self.owner}"
