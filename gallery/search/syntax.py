"""Which field names the grammar knows, and how each reads its values. Pure; `fields.py` says what they mean.

Other apps add theirs through `gallery.search.fields.register_field`, which calls `add_field` here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from gallery.imaging.sniff import RAW_MEDIA_TYPES
from gallery.search import values
from gallery.search.values import Reader


class Part(Enum):
    """What a field is in a query."""

    FILTER = "filter"  # photos are in or out
    MEANING = "meaning"  # ranks photos
    TAG = "tag"  # names a tag
    CONTROL = "control"  # says how results are shown


@dataclass(frozen=True, slots=True)
class FieldSyntax:
    """A field as the parser sees it.

    `ordered` fields take < > and ranges. `hint` says in a few words what may stand behind the colon, `examples` are
    offered while typing.
    """

    key: str
    read: Reader
    label: str
    hint: str
    aliases: tuple[str, ...] = ()
    ordered: bool = False
    part: Part = Part.FILTER
    examples: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.key, *self.aliases)


FIELDS: Final[dict[str, FieldSyntax]] = {}
"""Every name and alias of every field, lower case."""

CHOICES: Final[dict[str, set[str]]] = {
    "has": {
        "location", "tags", "title", "description", "album", "source", "camera", "lens", "date", "rating", "text",
    },
    "is": {
        "portrait", "landscape", "square", "panorama", "private", "members", "public", "animated", "damaged",
        "favourite", "favorite", "mine", "ready", "processing", "failed", "bordered", "upscaled",
    },
    "type": {
        "jpeg", "jpg", "png", "gif", "webp", "tiff", "tif", "avif", "heic", "heif", "jxl",
        *RAW_MEDIA_TYPES,
    },
}  # fmt: skip
"""The words that `has:`, `is:` and `type:` understand; `fields.register_choice` adds to them."""


def add_field(syntax: FieldSyntax) -> None:
    """Let the grammar know a field; ValueError where one of its names is taken by another field."""
    for name in syntax.names:
        known = FIELDS.get(name)
        if known is not None and known.key != syntax.key:
            raise ValueError(f"the search field name {name!r} belongs to {known.key!r}")
    for name in syntax.names:
        FIELDS[name] = syntax


def _limit(text: str) -> int:
    number = values.whole_number(text)
    if number < 1:
        raise ValueError(f"'{text}' is not a number above 0")
    return number


NUMBERS: Final = "a number, >5, <=5, 5..9 or 5,6,7"
DATES: Final = "2024, 2024-06, 2024-06-01 or a range 2023..2024-06"

for _syntax in (
    FieldSyntax("width", values.number, "width", NUMBERS, ordered=True, examples=(">=1920", "1920..3840")),
    FieldSyntax("height", values.number, "height", NUMBERS, ordered=True, examples=(">=1080",)),
    FieldSyntax(
        "mpixels", values.number, "megapixels", NUMBERS, ("mp", "megapixels"), ordered=True, examples=(">12",)
    ),
    FieldSyntax(
        "ratio", values.ratio, "ratio", "16:9, 3:2, >1.5", ordered=True, examples=("16:9", "3:2", "1:1", ">1")
    ),
    FieldSyntax(
        "filesize",
        values.byte_size,
        "file size",
        ">2M, <500k, 1MiB..2MiB",
        ordered=True,
        examples=(">2M", "<500k"),
    ),
    FieldSyntax("date", values.period, "date", DATES, ordered=True, examples=("2024", "2023..2024-06")),
    FieldSyntax("taken", values.period, "taken", DATES, ordered=True, examples=("2024",)),
    FieldSyntax("uploaded", values.period, "uploaded", DATES, ("added",), ordered=True, examples=("2024",)),
    FieldSyntax("age", values.age, "age", "<2w (s mi h d w mo y)", ordered=True, examples=("<2w", ">1y")),
    FieldSyntax(
        "rating", values.rating, "rating", "0 to 5, >3, yes, no", ordered=True, examples=(">=4", "5", "no")
    ),
    FieldSyntax(
        "favourite", values.yes_no, "favourite", "yes or no", ("favorite", "fav"), examples=("yes", "no")
    ),
    FieldSyntax("tagcount", values.number, "number of tags", NUMBERS, ordered=True, examples=("0", ">5")),
    FieldSyntax("user", values.name, "uploaded by", "a user's name, or me", ("owner",), examples=("me",)),
    FieldSyntax("album", values.name, "in album", "an album's name", ("pool",)),
    FieldSyntax("source", values.name, "source contains", "part of an address"),
    FieldSyntax("camera", values.name, "camera contains", "part of a camera's name"),
    FieldSyntax("lens", values.name, "lens contains", "part of a lens's name"),
    FieldSyntax(
        "type", values.choice(lambda: CHOICES["type"], "a type of picture"), "type", "jpeg, png, webp ..."
    ),
    FieldSyntax(
        "has", values.choice(lambda: CHOICES["has"], "something a photo has"), "has", "location, tags ..."
    ),
    FieldSyntax(
        "is", values.choice(lambda: CHOICES["is"], "something a photo is"), "is", "portrait, private ..."
    ),
    FieldSyntax("id", values.whole_number, "number", "a photo's number, 1,2,5..9", ordered=True),
    FieldSyntax(
        "sha256", values.hash_prefix, "checksum", "at least 8 digits of the checksum", ("sha", "md5")
    ),
    FieldSyntax("text", values.name, "text", "words in title, description, file name, camera, album"),
    FieldSyntax(
        "colour", values.colour, "colour", "#ff8800 or teal", ("color",), examples=("teal", "#ff8800")
    ),
    FieldSyntax("like", values.name, "described as", '"a dog on a beach"', part=Part.MEANING),
    FieldSyntax(
        "similar",
        values.similar_to,
        "similar to photo",
        "123, 123@colour, @tags, @structure",
        part=Part.MEANING,
    ),
    FieldSyntax("tag", values.tag_name, "tag", "a tag's name", part=Part.TAG),
    FieldSyntax("unaliased", values.tag_name, "tag", "a tag's name, aliases aside", part=Part.TAG),
    FieldSyntax(
        "order",
        values.order,
        "order",
        "newest, oldest, width, rating, unusual, random ...",
        ("sort",),
        part=Part.CONTROL,
        examples=(
            *("newest", "oldest", "relevance", "random", "rating", "unusual", "mpixels", "filesize"),
            "tagcount",
        ),
    ),
    FieldSyntax("limit", _limit, "at most", "results wanted", part=Part.CONTROL, examples=("50",)),
):
    add_field(_syntax)
