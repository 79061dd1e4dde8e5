"""Tags, albums and saved searches."""

from __future__ import annotations

from typing import Self, TypeVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from gallery.models.accounts import User
from gallery.models.photos import Photo, Visibility


class TagCategory(models.Model):
    """A kind of tags, such as people or places, with the colour in which its tags are shown."""

    name = models.CharField(max_length=64, unique=True)
    colour = models.CharField(
        max_length=7,
        default="#0d5e66",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", "Write it as #rrggbb.")],
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A word for photos. `name` is normalised: lower case, underscores for spaces."""

    id: int
    name = models.CharField(max_length=128, unique=True)
    category = models.ForeignKey(
        TagCategory, null=True, blank=True, on_delete=models.SET_NULL, related_name="tags"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TagAlias(models.Model):
    """Another name of a tag: whoever writes it means the tag. No tag has the name of an alias."""

    name = models.CharField(max_length=128, unique=True)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="aliases")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} for {self.tag}"


class TagSource(models.TextChoices):
    USER = "user", "Given by a person"
    METADATA = "metadata", "From the file's keywords"
    AUTO = "auto", "Recognised by the model"


class PhotoTag(models.Model):
    """That a photo has a tag, and who says so. `Photo.tag_ids` mirrors these rows."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="photo_tags")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="photo_tags")
    source = models.CharField(max_length=8, choices=TagSource.choices, default=TagSource.USER)
    confidence = models.FloatField(default=1.0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["photo", "tag"], name="photo_has_tag_once")]

    def __str__(self) -> str:
        return f"{self.tag} on photo {self.photo_id}"


SharedT = TypeVar("SharedT", bound=models.Model)


class SharedQuerySet(models.QuerySet[SharedT]):
    """Things with an owner and a visibility."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those that `user` may see, by the rule of photos."""
        if isinstance(user, AnonymousUser):
            return self.filter(visibility=Visibility.PUBLIC) if settings.PUBLIC_GALLERY else self.none()
        if user.may_moderate:
            return self
        shared = [Visibility.PUBLIC, Visibility.MEMBERS] if user.may_upload else [Visibility.PUBLIC]
        return self.filter(Q(owner=user) | Q(visibility__in=shared))

    def editable_by(self, user: User | AnonymousUser) -> Self:
        """Those that `user` may change: their own, or all for moderators."""
        if isinstance(user, AnonymousUser):
            return self.none()
        return self if user.may_moderate else self.filter(owner=user)


class Album(models.Model):
    """A named collection of photos, in an order of its own."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="albums")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility.choices, default=Visibility.MEMBERS)
    created_at = models.DateTimeField(auto_now_add=True)
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="children",
        verbose_name="inside",
    )
    cover = models.ForeignKey(Photo, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    photos = models.ManyToManyField(Photo, through="AlbumPhoto", related_name="albums")

    objects = SharedQuerySet["Album"].as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="album_name_once_per_owner"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="album_not_in_itself"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_visible_to(self, user: User | AnonymousUser) -> bool:
        """The rule of photos, for one album at hand."""
        if isinstance(user, AnonymousUser):
            return settings.PUBLIC_GALLERY and self.visibility == Visibility.PUBLIC
        if user.may_moderate or self.owner_id == user.pk:
            return True
        return self.visibility == Visibility.PUBLIC or (
            user.may_upload and self.visibility == Visibility.MEMBERS
        )


class AlbumPhoto(models.Model):
    """A photo's place in an album; `position` grows in the order of adding."""

    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="places")
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="album_places")
    position = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["album", "photo"], name="photo_once_per_album")]

    def __str__(self) -> str:
        return f"photo {self.photo_id} in {self.album}"


class SavedSearch(models.Model):
    """A query with a name: an album that fills itself."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches"
    )
    name = models.CharField(max_length=255)
    query = models.CharField(max_length=2_000)
    visibility = models.CharField(max_length=8, choices=Visibility.choices, default=Visibility.PRIVATE)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SharedQuerySet["SavedSearch"].as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="search_name_once_per_owner")]

    def __str__(self) -> str:
        return self.name
