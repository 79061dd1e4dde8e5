"""What each field of the query language means: from a value to a condition on photos.

Another app adds a field in two steps, from its AppConfig's `ready`:

    register_field(
        FieldSyntax("dupes", values.number, "copies", "number of copies: >0", ordered=True),
        lambda condition, asking: whole(F("..."), condition),
    )

The syntax tells the parser how to read values (and autocomplete what to offer); the function gets one value and the
`Asking` and returns a Q or an expression that is true for the photos that match. It must not join tables with several
rows per photo (use `Q(pk__in=...)`), and must not look at photos that `asking.user` may not see. Negation, lists and
`!=` are the planner's business. `register_choice("has", "duplicates", condition, aliases=["dupes"])` adds a word to
`has:` or `is:`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from django.db.models import F, FloatField, Func, IntegerField, Q
from django.db.models.functions import Cast

from gallery.albums import visible_albums
from gallery.imaging.sniff import RAW_MEDIA_TYPES
from gallery.models import AlbumPhoto, PhotoState, Tag, User, Visibility
from gallery.photo_notes import FILLED_SHARE_ENOUGH
from gallery.search.colours import colour_check
from gallery.search.conditions import NOTHING, Check, opposite
from gallery.search.full_text import text_check
from gallery.search.numbers import RATIO_TOLERANCE, SIZE_TOLERANCE, age, approximate, moment, whole
from gallery.search.syntax import CHOICES, FIELDS, FieldSyntax, Part, add_field
from gallery.search.tree import Condition

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


@dataclass(frozen=True)
class Asking:
    """Who asks, and when; and a place for remarks on the value at hand, shown as warnings."""

    user: User | AnonymousUser
    now: datetime
    remarks: list[str] = field(default_factory=list)


ToCheck = Callable[[Condition, Asking], Check]
Choice = Callable[[Asking], Check]

_CHECKS: Final[dict[str, ToCheck]] = {}
_CHOICES: Final[dict[str, dict[str, Choice]]] = {"has": {}, "is": {}}

PIXELS: Final = Cast("width", FloatField()) * Cast("height", FloatField())
MEGAPIXELS: Final = PIXELS / 1e6
RATIO: Final = Cast("width", FloatField()) / Cast("height", FloatField())
TAG_COUNT: Final = Func(F("tag_ids"), function="cardinality", output_field=IntegerField())
PANORAMA_RATIO: Final = 2.0  # twice as wide as high is wider than any camera's sensor
RATING_LETTERS: Final = {"g": "general", "s": "safe", "q": "questionable", "e": "explicit"}
MEDIA_TYPES: Final = {
    "jpeg": "image/jpeg", "jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "tiff": "image/tiff", "tif": "image/tiff", "avif": "image/avif", "heic": "image/heic", "heif": "image/heif",
    "jxl": "image/jxl",
}  # fmt: skip


def _media_types(word: str) -> list[str]:
    """The media types that `type:word` means: for "raw", those of every camera."""
    if word == "raw":
        return list(RAW_MEDIA_TYPES.values())
    return [RAW_MEDIA_TYPES[word] if word in RAW_MEDIA_TYPES else MEDIA_TYPES[word]]


def register_field(syntax: FieldSyntax, to_check: ToCheck) -> None:
    """Add a field to the language. ValueError where one of its names is taken."""
    add_field(syntax)
    _CHECKS[syntax.key] = to_check


def register_choice(field_key: str, word: str, choice: Choice, *, aliases: Sequence[str] = ()) -> None:
    """Add a word that `has:` or `is:` understands."""
    for name in (word, *aliases):
        CHOICES[field_key].add(name)
        _CHOICES[field_key][name] = choice


def check_for(key: str, condition: Condition, asking: Asking) -> Check:
    """The condition on photos that one value of a field amounts to."""
    check = (
        _CHECKS[key](Condition("=", condition.text, condition.value), asking)
        if condition.op == "!="
        else None
    )
    return opposite(check) if check is not None else _CHECKS[key](condition, asking)


def is_filter(key: str) -> bool:
    """Whether the field says of each photo whether it is in or out."""
    return key in _CHECKS


# --- numbers and dates


def _rating(condition: Condition, asking: Asking) -> Check:
    value = condition.value
    if isinstance(value, str):
        names = [f"rating:{value}", f"rating:{RATING_LETTERS[value]}"]
        ids = list(Tag.objects.filter(name__in=names).values_list("pk", flat=True))
        return Q(tag_ids__overlap=ids) if ids else NOTHING
    if isinstance(value, bool):
        return Q(rating__gt=0) if value else Q(rating=0)
    return whole(F("rating"), condition)


# --- names


def _user(condition: Condition, asking: Asking) -> Check:
    if condition.text.lower() == "me" and asking.user.is_authenticated:
        return Q(owner_id=asking.user.pk)
    return Q(owner_id__in=User.objects.filter(username__iexact=str(condition.value)).values("pk"))


def _album(condition: Condition, asking: Asking) -> Check:
    albums = visible_albums(asking.user).filter(name__iexact=str(condition.value))
    return Q(pk__in=AlbumPhoto.objects.filter(album__in=albums).values("photo_id"))


def _contains(column: str, condition: Condition, asking: Asking) -> Check:
    return Q(**{f"{column}__icontains": str(condition.value)})


def _sha256(condition: Condition, asking: Asking) -> Check:
    prefix = str(condition.value)
    return Q(stored_sha256__startswith=prefix) | Q(upload_sha256__startswith=prefix)


# --- words


def _choice(key: str, condition: Condition, asking: Asking) -> Check:
    return _CHOICES[key][str(condition.value)](asking)


def _always(check: Check) -> Choice:
    return lambda asking: check


def _not_empty(column: str) -> Choice:
    return _always(opposite(Q(**{column: ""})))


def _in_album(asking: Asking) -> Check:
    return Q(pk__in=AlbumPhoto.objects.filter(album__in=visible_albums(asking.user)).values("photo_id"))


def _mine(asking: Asking) -> Check:
    return Q(owner_id=asking.user.pk) if asking.user.is_authenticated else NOTHING


def _register_core() -> None:
    for name, to_check in _core_checks().items():
        register_field(FIELDS[name], to_check)
    for word, choice in _has_words().items():
        register_choice("has", word, choice)
    for word, choice in _is_words().items():
        register_choice("is", word, choice)


def _core_checks() -> dict[str, ToCheck]:
    return {
        "width": lambda condition, asking: whole(F("width"), condition),
        "height": lambda condition, asking: whole(F("height"), condition),
        "id": lambda condition, asking: whole(F("pk"), condition),
        "tagcount": lambda condition, asking: whole(TAG_COUNT, condition),
        "mpixels": lambda condition, asking: approximate(MEGAPIXELS, condition, SIZE_TOLERANCE),
        "ratio": lambda condition, asking: approximate(RATIO, condition, RATIO_TOLERANCE),
        "filesize": lambda condition, asking: approximate(F("file_size"), condition, SIZE_TOLERANCE),
        "date": lambda condition, asking: moment(F("shown_at"), condition),
        "taken": lambda condition, asking: moment(F("taken_at"), condition),
        "uploaded": lambda condition, asking: moment(F("uploaded_at"), condition),
        "age": lambda condition, asking: age(F("shown_at"), condition, asking.now),
        "rating": _rating,
        "favourite": lambda condition, asking: Q(favourite=cast(bool, condition.value)),
        "user": _user,
        "album": _album,
        "source": partial(_contains, "source"),
        "camera": partial(_contains, "camera"),
        "lens": partial(_contains, "lens"),
        "type": lambda condition, asking: Q(media_type__in=_media_types(str(condition.value))),
        "has": partial(_choice, "has"),
        "is": partial(_choice, "is"),
        "sha256": _sha256,
        "text": lambda condition, asking: text_check(str(condition.value), asking.user),
        "colour": lambda condition, asking: colour_check([cast(tuple[int, int, int], condition.value)]),
    }


def _has_words() -> dict[str, Choice]:
    return {
        "location": _always(Q(latitude__isnull=False, longitude__isnull=False)),
        "tags": _always(Q(tag_ids__len__gt=0)),
        "title": _not_empty("title"),
        "description": _not_empty("description"),
        "source": _not_empty("source"),
        "camera": _not_empty("camera"),
        "lens": _not_empty("lens"),
        "text": _always(opposite(Q(title="", description=""))),
        "date": _always(Q(taken_at__isnull=False)),
        "rating": _always(Q(rating__gt=0)),
        "album": _in_album,
    }


def _is_words() -> dict[str, Choice]:
    states = {"ready": PhotoState.READY, "processing": PhotoState.PROCESSING, "failed": PhotoState.FAILED}
    return {
        "portrait": _always(Q(height__gt=F("width"))),
        "landscape": _always(Q(width__gt=F("height"))),
        "square": _always(Q(width=F("height"))),
        "panorama": _always(Q(width__gte=F("height") * PANORAMA_RATIO)),
        "animated": _always(Q(frame_count__gt=1)),
        "damaged": _always(Q(state=PhotoState.DAMAGED)),
        "favourite": _always(Q(favourite=True)),
        "favorite": _always(Q(favourite=True)),
        "mine": _mine,
        "bordered": _always(Q(border__len__gt=0)),
        "upscaled": _always(Q(filled_share__lt=FILLED_SHARE_ENOUGH)),
        **{word: _always(Q(state=state)) for word, state in states.items()},
        **{word.value: _always(Q(visibility=word)) for word in Visibility},
    }


_register_core()

__all__ = ["Asking", "FieldSyntax", "Part", "check_for", "is_filter", "register_choice", "register_field"]
