"""The forms of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm

from gallery.edit import PhotoChanges
from gallery.models import MAX_RATING, Album, ApiTokenScope, Visibility
from gallery.organise import Change
from gallery.saved_searches import MAX_QUERY_CHARS

if TYPE_CHECKING:
    from typing import Any

    from django.contrib.auth.models import AnonymousUser

    from gallery.models import Photo, User

    AlbumModelForm = forms.ModelForm[Album]
else:
    AlbumModelForm = forms.ModelForm

YES_NO = [("", "As it is"), ("yes", "Yes"), ("no", "No")]
RATINGS = [(stars, "★" * stars or "None") for stars in range(MAX_RATING + 1)]
TOKEN_LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("", "No end")]


class LoginForm(AuthenticationForm):
    """Name and password, with fields that password managers know."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}


class NewPasswordForm(PasswordChangeForm):
    """Change of password; it stands among other forms, so it does not take the focus."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["old_password"].widget.attrs["autofocus"]


class PhotoForm(forms.Form):
    """What people say about a photo. Tags are one text, separated by commas."""

    title = forms.CharField(required=False, max_length=255)
    description = forms.CharField(required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3}))
    tags = forms.CharField(required=False, max_length=20_000)
    visibility = forms.ChoiceField(choices=Visibility.choices)
    rating = forms.TypedChoiceField(choices=RATINGS, coerce=int)
    favourite = forms.BooleanField(required=False)

    @classmethod
    def of(cls, photo: Photo) -> PhotoForm:
        """The form filled with what is said about the photo."""
        names = ["title", "description", "visibility", "rating", "favourite"]
        tags = photo.photo_tags.order_by("tag__name").values_list("tag__name", flat=True)
        return cls(initial={name: getattr(photo, name) for name in names} | {"tags": ", ".join(tags)})

    def changes(self) -> PhotoChanges:
        """All fields, as `gallery.edit.change_photo` takes them."""
        return PhotoChanges(**{**self.cleaned_data, "tags": split_tags(self.cleaned_data["tags"])})


class BulkForm(forms.Form):
    """One change for the selected photos."""

    ids = forms.CharField(error_messages={"required": "Choose photos first."})
    add_tags = forms.CharField(required=False, max_length=20_000)
    remove_tags = forms.CharField(required=False, max_length=20_000)
    favourite = forms.ChoiceField(required=False, choices=YES_NO)
    rating = forms.IntegerField(required=False, min_value=0, max_value=MAX_RATING)
    visibility = forms.ChoiceField(required=False, choices=[("", "As it is"), *Visibility.choices])
    album = forms.CharField(required=False, max_length=255)
    trash = forms.BooleanField(required=False)

    def clean_ids(self) -> list[int]:
        """Photo ids separated by commas."""
        parts = self.cleaned_data["ids"].split(",")
        if not all(part.isdecimal() and len(part) < 19 for part in parts):
            raise forms.ValidationError("The photos must be given as numbers.")
        return [int(part) for part in parts]

    def change(self) -> Change:
        """What `gallery.organise.change_photos` is to do."""
        data = self.cleaned_data
        return Change(
            add_tags=split_tags(data["add_tags"]),
            remove_tags=split_tags(data["remove_tags"]),
            favourite={"yes": True, "no": False}.get(data["favourite"]),
            rating=data["rating"],
            visibility=Visibility(data["visibility"]) if data["visibility"] else None,
        )


class AlbumForm(AlbumModelForm):
    """Name, description, who sees an album, and the album around it: one that `user` may change."""

    def __init__(self, *args: Any, user: User | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parent = self.instance.parent
        self.unseen = parent if parent is not None and not parent.is_visible_to(user) else None
        own = Album.objects.editable_by(user).exclude(pk=self.instance.pk)
        choices = own | Album.objects.filter(pk=self.instance.parent_id or 0)
        if self.unseen is not None:
            choices, self.initial["parent"] = own, None
        around = forms.ModelChoiceField(choices, required=False, empty_label="No other album")
        around.label = "Inside"
        self.fields["parent"] = around

    def clean_parent(self) -> Album | None:
        """What is chosen. A moderator may have put the album into one that its owner does not see: there it stays."""
        chosen: Album | None = self.cleaned_data["parent"]
        return chosen or self.unseen

    class Meta:
        model = Album
        fields = ["name", "description", "visibility", "parent"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}


class SavedSearchForm(forms.Form):
    """A query with a name."""

    name = forms.CharField(max_length=255)
    query = forms.CharField(max_length=MAX_QUERY_CHARS, label="Search for")
    visibility = forms.ChoiceField(
        choices=Visibility.choices, initial=Visibility.PRIVATE, label="Who sees it"
    )


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(max_length=100, help_text="What will use it, for example: backup script")
    scopes = forms.MultipleChoiceField(
        choices=ApiTokenScope.choices,
        initial=[ApiTokenScope.READ],
        widget=forms.CheckboxSelectMultiple,
        label="It may",
    )
    days = forms.ChoiceField(choices=TOKEN_LIFETIMES, required=False, initial="365", label="Valid for")


def split_tags(text: str) -> list[str]:
    """Tags separated by commas, without empty ones."""
    return [part for part in (part.strip() for part in text.split(",")) if part]
