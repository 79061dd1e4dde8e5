"""What other apps add to the gallery. They register from their AppConfig; the gallery never names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest

    from gallery.imaging.guard import Analysis
    from gallery.models import Photo, PhotoQuerySet, User


@dataclass(frozen=True)
class PhotoPanel:
    """A part of the photo page: a template, and what it is rendered with (None leaves the panel out)."""

    name: str
    template: str
    context: Callable[[HttpRequest, Photo], dict[str, Any] | None]


@dataclass(frozen=True)
class Measure:
    """A number of an app for those who watch the site: its name after ``likeness_``, what it is, and how to get the
    values by their label, for example ``{"open": 3}``."""

    name: str
    meaning: str
    label: str
    values: Callable[[], Mapping[str, float]]


@dataclass(frozen=True)
class StatisticsFact:
    """A number on the page of statistics, in bytes where `is_size`, and the page it leads to."""

    label: str
    value: int
    is_size: bool = False
    url_name: str = ""


@dataclass(frozen=True)
class MenuLink:
    """A page for moderators that the navigation leads to."""

    label: str
    url_name: str
    icon_name: str


class PhotoListener(Protocol):
    """Told, inside the same transaction, which photos left for the trash or came back."""

    def photos_trashed(self, photos: Sequence[Photo]) -> None: ...

    def photos_restored(self, photos: Sequence[Photo]) -> None: ...


@dataclass(frozen=True)
class WaitingWork:
    """Something that waits for a person, shown in the navigation: how many and where."""

    label: str
    url_name: str
    count: Callable[[User], int]


@dataclass(frozen=True)
class StructureHit:
    """A photo built like the one asked about: `score` 0..1, why in words, and a verdict where it is a copy."""

    photo_id: int
    score: float
    reason: str
    verdict: dict[str, Any] | None = None


class StructureRanker(Protocol):
    """Finds photos by their structure, best first. Only photos of `photos` count: those that the asker may see and
    that the rest of the query lets through."""

    def like_photo(self, photo: Photo, photos: PhotoQuerySet, limit: int) -> list[StructureHit]:
        """Photos built like one of the library."""
        ...

    def like_example(
        self, results: dict[str, dict[str, Any]], photos: PhotoQuerySet, limit: int
    ) -> list[StructureHit]:
        """Photos built like an example, given what the analysers computed of it, by their names."""
        ...


class ExampleExaminer(Protocol):
    """Looks at an example picture in the query worker, which has its pixels; the web gets the answer by its name."""

    name: str

    def examine(self, analysis: Analysis) -> dict[str, Any]:
        """What there is to say about the example, ready for JSON, beside what the analysers computed."""
        ...


@dataclass(frozen=True)
class Inconsistency:
    """Rows that contradict each other: what they are about, and why they cannot be right."""

    name: str
    detail: str


@dataclass(frozen=True)
class ConsistencyCheck:
    """A check of an app's own tables for `manage.py fsck`; both are run in a transaction of their own.

    `mend` puts right what `find` finds and returns how much that was.
    """

    kind: str
    find: Callable[[], Sequence[Inconsistency]]
    mend: Callable[[], int]


photo_panels: list[PhotoPanel] = []
photo_notes: list[Callable[[User | AnonymousUser, Photo], list[str]]] = []
photo_listeners: list[PhotoListener] = []
waiting_work: list[WaitingWork] = []
matches_of_photo: list[Callable[[User | AnonymousUser, Photo], list[dict[str, Any]]]] = []
structure_rankers: list[StructureRanker] = []
example_examiners: list[ExampleExaminer] = []
measures: list[Measure] = []
statistics_facts: list[Callable[[User], list[StatisticsFact]]] = []
moderator_links: list[MenuLink] = []
consistency_checks: list[ConsistencyCheck] = []
sweeps: list[Callable[[], None]] = []
"""Called every half minute by one worker: each goes on with what was lost on the way."""
