"""Tags and albums."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models

from gallery.models.accounts import User
from gallery.models.photos import Photo, Visibility


class Tag(models.Model):
    """A word for photos. `name` is normalised: lower case, underscores for spaces."""

    id: int
    name = models.CharField(max_length=128, unique=True)
    category = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


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


class Album(models.Model):
    """A named collection of photos, in an order of its own."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="albums")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility.choices, default=Visibility.MEMBERS)
    created_at = models.DateTimeField(auto_now_add=True)
    photos = models.ManyToManyField(Photo, through="AlbumPhoto", related_name="albums")

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="album_name_once_per_owner")]

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
