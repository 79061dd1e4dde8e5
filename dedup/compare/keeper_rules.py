"""By what the picture of a group to keep is chosen, and in which order: seven criteria and any number of preferences.

A rule has a text form, which is what is stored, sent and shown in addresses: the name of a criterion ("detail"), or a
trait and its value ("format:png", "album:Lisbon", "folder:2019/Rome", "uploader:mira").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

RULES_MAX = 50
VALUE_CHARS_MAX = 255


class BadRules(ValueError):
    """The rules cannot be used; the message says why and what to do."""


class Criterion(StrEnum):
    """What speaks for a picture of a group, in the order that holds unless somebody changes it."""

    DETAIL = "detail"
    WHOLE = "whole"
    UNEDITED = "unedited"
    COMPRESSION = "compression"
    SIZE = "size"
    METADATA = "metadata"
    DATE = "date"

    @property
    def words(self) -> str:
        """The criterion as a person says it."""
        return _WORDS[self]


_WORDS = {
    Criterion.DETAIL: "shows the most detail",
    Criterion.WHOLE: "shows the whole picture",
    Criterion.UNEDITED: "is not edited",
    Criterion.COMPRESSION: "is compressed least",
    Criterion.SIZE: "has the most pixels",
    Criterion.METADATA: "has the most metadata",
    Criterion.DATE: "is the earliest",
}


class Trait(StrEnum):
    """What a preference looks at."""

    FORMAT = "format"
    ALBUM = "album"
    FOLDER = "folder"
    UPLOADER = "uploader"


_TRAIT_WORDS = {
    Trait.FORMAT: "is a {} file",
    Trait.ALBUM: "is in the album {}",
    Trait.FOLDER: "comes from the folder {}",
    Trait.UPLOADER: "was uploaded by {}",
}
FORMATS = ("jpeg", "png", "webp", "tiff", "gif", "avif", "heic", "jxl", "raw")
_FORMAT_NAMES = {"webp": "WebP", "jxl": "JPEG XL", "raw": "camera RAW"}


@dataclass(frozen=True)
class Preference:
    """That photos with a trait are preferred: `value` is a format of FORMATS, or a name."""

    trait: Trait
    value: str

    @property
    def words(self) -> str:
        """The preference as a person says it."""
        name = _FORMAT_NAMES.get(self.value, self.value.upper()) if self.trait is Trait.FORMAT else self.value
        return _TRAIT_WORDS[self.trait].format(name)


Rule = Criterion | Preference
Rules = tuple[Rule, ...]

DEFAULT_RULES: Rules = tuple(Criterion)


@dataclass(frozen=True)
class Choice:
    """How keepers are chosen: the rules, and which of their preferences each photo (by id) meets."""

    rules: Rules = DEFAULT_RULES
    preferred: Mapping[int, frozenset[Preference]] = field(default_factory=dict)


def text_of(rule: Rule) -> str:
    """Return the rule as it is stored."""
    return rule.value if isinstance(rule, Criterion) else f"{rule.trait}:{rule.value}"


def read_rules(texts: Iterable[str]) -> Rules:
    """Return the rules that these texts stand for, in their order. Raises BadRules.

    Every criterion has to be there once: one that may not decide goes to the end.
    """
    rules = tuple(read_rule(text) for text in texts)
    if len(rules) > RULES_MAX:
        raise BadRules(f"There may be {RULES_MAX} rules at most; leave some preferences out.")
    twice = next((rule for place, rule in enumerate(rules) if rule in rules[:place]), None)
    if twice is not None:
        raise BadRules(f"The rule {text_of(twice)} is there twice; name it once.")
    if missing := [criterion for criterion in Criterion if criterion not in rules]:
        raise BadRules(
            f"Name every criterion once, those that matter least at the end; missing: {', '.join(missing)}."
        )
    return rules


def read_rule(text: str) -> Rule:
    """Return the rule that a text stands for. Raises BadRules."""
    name, colon, value = text.strip().partition(":")
    if not colon:
        if name not in set(Criterion):
            raise BadRules(f"There is no criterion {name[:40]!r}; there are {', '.join(Criterion)}.")
        return Criterion(name)
    if name not in set(Trait):
        raise BadRules(f"Nothing can be preferred by {name[:40]!r}, only by {', '.join(Trait)}.")
    return Preference(Trait(name), _value(Trait(name), value))


def _value(trait: Trait, text: str) -> str:
    value = " ".join(text.split())
    if trait is Trait.FOLDER:
        value = value.strip("/")
    if trait is Trait.FORMAT:
        value = {"jpg": "jpeg", "tif": "tiff"}.get(value.lower(), value.lower())
        if value not in FORMATS:
            raise BadRules(f"There is no format {value[:40]!r}; there are {', '.join(FORMATS)}.")
    if not value:
        raise BadRules(f"Say which {trait} is preferred, as in {trait}:name.")
    if len(value) > VALUE_CHARS_MAX or "\0" in value:
        raise BadRules(f"The name of the {trait} is too long or holds a NUL character.")
    return value
