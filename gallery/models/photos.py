"""Photos, and the one rule that says who sees which of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce, Left
from pgvector.django import HalfVectorField, HnswIndex

from gallery.imaging.sniff import MOVING_TYPES
from gallery.models.accounts import User

if TYPE_CHECKING:
    from datetime import datetime

MAX_RATING = 5
NOT_MEASURED = -1.0
"""How unusual a photo is that was not measured yet: less than any other."""
INDEXED_DESCRIPTION_CHARS = 20_000
"""PostgreSQL refuses an index entry of more than a megabyte of words."""
WORDS_OF_FILE_NAME = Func(
    F("file_name"), Value("_-."), Value("   "), function="translate", output_field=models.TextField()
)
INDEXED_DESCRIPTION = Left("description", INDEXED_DESCRIPTION_CHARS, output_field=models.TextField())


class Visibility(models.TextChoices):
    """Who sees a photo beside its owner and the moderators; strictest first."""

    PRIVATE = "private", "Private"
    MEMBERS = "members", "Members"
    PUBLIC = "public", "Public"


class PhotoState(models.TextChoices):
    """Where a photo stands after intake; all but `processing` are final."""

    PROCESSING = "processing", "Processing"
    READY = "ready", "Ready"
    DAMAGED = "damaged", "Damaged"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"


class PhotoQuerySet(models.QuerySet["Photo"]):
    def live(self) -> PhotoQuerySet:
        return self.filter(trashed_at=None)

    def trashed(self) -> PhotoQuerySet:
        return self.filter(trashed_at__isnull=False)

    def analysed(self) -> PhotoQuerySet:
        """Live photos whose previews and fingerprints exist."""
        return self.live().filter(state__in=[PhotoState.READY, PhotoState.DAMAGED])

    def with_content(self, *digests: str) -> PhotoQuerySet:
        """Photos that were uploaded as these bytes, or give them when they are downloaded."""
        return self.filter(Q(upload_sha256__in=digests) | Q(stored_sha256__in=digests))

    def allowed_to(self, user: User | AnonymousUser) -> PhotoQuerySet:
        """Photos whose visibility admits `user`, in the trash or not."""
        if isinstance(user, AnonymousUser):
            return self.filter(visibility=Visibility.PUBLIC) if settings.PUBLIC_GALLERY else self.none()
        if user.may_moderate:
            return self
        shared = [Visibility.PUBLIC, Visibility.MEMBERS] if user.may_upload else [Visibility.PUBLIC]
        shown = PhotoShare.objects.filter(user=user).values("photo")
        return self.filter(Q(owner=user) | Q(visibility__in=shared) | Q(pk__in=shown))

    def visible_to(self, user: User | AnonymousUser) -> PhotoQuerySet:
        """Live photos that `user` may see: the filter behind every list, count, search and download."""
        return self.live().allowed_to(user)

    def editable_by(self, user: User | AnonymousUser) -> PhotoQuerySet:
        """Photos, trashed ones included, that `user` may change: their own, or all for moderators."""
        if isinstance(user, AnonymousUser):
            return self.none()
        if user.may_moderate:
            return self
        return self.filter(owner=user) if user.may_upload else self.none()


class Photo(models.Model):
    """One uploaded picture of one owner. Its bytes lie in the originals store under `stored_sha256`."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="photos")
    visibility = models.CharField(max_length=8, choices=Visibility.choices, default=Visibility.MEMBERS)

    upload_sha256 = models.CharField(max_length=64, db_index=True, editable=False)
    stored_sha256 = models.CharField(max_length=64, db_index=True, editable=False)
    file_name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=32)
    file_size = models.BigIntegerField(help_text="Bytes of the stored original.")
    saved_bytes = models.BigIntegerField(
        default=0, db_default=0, editable=False, help_text="What lossless optimisation took off the file."
    )
    optimise_version = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="0 while lossless optimisation has not looked at it.",
    )
    uploaded_at = models.DateTimeField(auto_now_add=True, db_index=True)

    state = models.CharField(max_length=10, choices=PhotoState.choices, default=PhotoState.PROCESSING)
    state_reason = models.TextField(blank=True)
    warnings = models.JSONField(default=list, blank=True)
    report_duplicates = models.BooleanField(default=True)

    width = models.PositiveIntegerField(null=True, help_text="Upright pixels.")
    height = models.PositiveIntegerField(null=True, help_text="Upright pixels.")
    frame_count = models.PositiveIntegerField(default=1)
    previews_version = models.PositiveSmallIntegerField(default=0, help_text="0 while there are none.")
    preview_sizes = ArrayField(models.PositiveIntegerField(), default=list, blank=True)
    preview_media_type = models.CharField(max_length=16, blank=True)
    palette = models.JSONField(default=list, blank=True)
    dominant_colour = models.CharField(max_length=7, blank=True)
    thumbhash = models.BinaryField(default=bytes, blank=True)
    sharpness = models.FloatField(null=True)
    filled_share = models.FloatField(
        null=True,
        help_text="Share of the long side, or of the largest preview's, that detail fills; below 1 when enlarged.",
    )
    border = ArrayField(
        models.FloatField(),
        default=list,
        blank=True,
        help_text="Shares of height and width that bands of one colour take: top, right, bottom, left.",
    )
    quality_version = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    unusual = models.FloatField(
        default=NOT_MEASURED,
        db_default=NOT_MEASURED,
        editable=False,
        help_text="Mean distance (0..2) to the nearest other photos; -1 while it is not measured.",
    )

    taken_at = models.DateTimeField(null=True, blank=True)
    shown_at = models.GeneratedField(
        expression=Coalesce("taken_at", "uploaded_at"),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    camera = models.CharField(max_length=128, blank=True)
    lens = models.CharField(max_length=128, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    orientation = models.PositiveSmallIntegerField(default=1)
    exif = models.JSONField(default=dict, blank=True)

    title = models.CharField(max_length=255, blank=True)
    description = models.TextField(blank=True, max_length=20_000)
    source = models.CharField(max_length=2_000, blank=True)
    favourite = models.BooleanField(default=False)
    rating = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(MAX_RATING)])
    words = models.GeneratedField(
        # As they stand, for names and other languages, and by English stems, so that "dogs" finds "dog".
        expression=SearchVector("title", config="simple", weight="A")
        + SearchVector("title", config="english", weight="A")
        + SearchVector(INDEXED_DESCRIPTION, config="simple", weight="B")
        + SearchVector(INDEXED_DESCRIPTION, config="english", weight="B")
        + SearchVector(WORDS_OF_FILE_NAME, "camera", "lens", config="simple", weight="C")
        + SearchVector(WORDS_OF_FILE_NAME, config="english", weight="C"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    palette_vector = HalfVectorField(
        dimensions=125, null=True, editable=False, help_text="See gallery.imaging.palette."
    )
    tag_ids = ArrayField(models.IntegerField(), default=list, blank=True, editable=False)

    stacked_under = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        db_index=False,
        on_delete=models.SET_NULL,
        related_name="stacked",
        help_text="The cover of the stack that this photo lies in; empty for the cover itself.",
    )
    trashed_at = models.DateTimeField(null=True, blank=True, db_index=True)
    trashed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = PhotoQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "upload_sha256"],
                condition=Q(trashed_at=None),
                name="one_live_photo_per_owner_and_content",
            ),
            models.CheckConstraint(condition=Q(rating__lte=MAX_RATING), name="rating_within_range"),
            models.CheckConstraint(condition=~Q(stacked_under=F("id")), name="cover_not_under_itself"),
        ]
        indexes = [
            models.Index(fields=["-shown_at", "-id"], condition=Q(trashed_at=None), name="photo_live_newest"),
            models.Index(fields=["-unusual", "-id"], condition=Q(trashed_at=None), name="photo_live_unusual"),
            models.Index(fields=["owner", "-shown_at"], name="photo_owner_newest"),
            models.Index(
                fields=["stacked_under"], condition=Q(stacked_under__isnull=False), name="photo_in_stack"
            ),
            GinIndex(fields=["tag_ids"], name="photo_tag_ids"),
            GinIndex(fields=["words"], name="photo_words"),
            HnswIndex(fields=["palette_vector"], name="photo_palette", opclasses=["halfvec_cosine_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} (photo {self.pk})"

    @property
    def is_trashed(self) -> bool:
        return self.trashed_at is not None

    @property
    def is_analysed(self) -> bool:
        """Whether previews, size and fingerprints exist."""
        return self.state in (PhotoState.READY, PhotoState.DAMAGED)

    @property
    def is_animated(self) -> bool:
        """Whether it moves; the further frames of other formats are pages."""
        return self.frame_count > 1 and self.media_type in MOVING_TYPES

    @property
    def best_date(self) -> datetime:
        """When the photo was taken, else when it was uploaded."""
        return self.taken_at or self.uploaded_at


class OriginalCheck(models.Model):
    """When the bytes of an original were last read and hashed, and what was wrong with them; equal bytes share it.

    A table of its own, because each change of a wide photo row is paid for in all of its indexes.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    checked_at = models.DateTimeField()
    problem = models.TextField(blank=True, help_text="Empty while the bytes are as they were uploaded.")

    class Meta:
        indexes = [models.Index(fields=["checked_at"], condition=~Q(problem=""), name="original_problems")]

    def __str__(self) -> str:
        return f"{self.sha256}: {self.problem or 'sound'}"


class NeighbourCheck(models.Model):
    """When it was last measured how unusual a photo is, and among how many; see gallery.unusual.

    A table of its own, for the reason that OriginalCheck is one.
    """

    photo = models.OneToOneField(Photo, on_delete=models.CASCADE, primary_key=True, related_name="+")
    measured_by = models.CharField(
        max_length=200,
        blank=True,
        help_text="The model by whose vectors it was measured; empty for colours.",
    )
    among = models.PositiveIntegerField(help_text="How many photos there were to be near to.")
    measured_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"photo {self.photo_id} among {self.among} others by {self.measured_by or 'colours'}"


class PhotoShare(models.Model):
    """That a person sees a photo whatever its visibility says: it was kept in place of a copy of theirs."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="shares")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "photo"], name="photo_shared_once_with_each")]

    def __str__(self) -> str:
        return f"photo {self.photo_id} shared with user {self.user_id}"


class Embedding(models.Model):
    """The CLIP vector of a photo. Vectors of different models have different lengths and are never mixed."""

    photo = models.OneToOneField(Photo, on_delete=models.CASCADE, related_name="embedding")
    model = models.CharField(max_length=200, db_index=True)
    vector = HalfVectorField()

    def __str__(self) -> str:
        return f"embedding of photo {self.photo_id} by {self.model}"
