"""Which pictures are compared with which at all: scopes, prefilters, and one picture for all files of equal bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedup.folder.reading import Picture


class Scope(StrEnum):
    """Whether each folder of the first level is looked at by itself, or all pictures together."""

    ALL = "all"
    FOLDER = "folder"


@dataclass(frozen=True)
class Filters:
    """What two pictures must have in common before they are compared."""

    scope: Scope = Scope.ALL
    same_size: bool = False
    same_file_size: bool = False

    def key(self, picture: Picture) -> tuple[object, ...]:
        """Only pictures with equal keys are compared."""
        return (
            first_level(picture.name) if self.scope is Scope.FOLDER else "",
            (picture.width, picture.height) if self.same_size else (),
            picture.file.size if self.same_file_size else 0,
        )


@dataclass(frozen=True)
class Part:
    """Pictures that are compared with each other: different bytes each, in the order of their names.

    `equals` holds, for each of them, all files with its bytes, itself first, in the order of their names.
    """

    pictures: tuple[Picture, ...]
    equals: dict[str, tuple[Picture, ...]]

    def without_equals(self) -> Part:
        """The part as if no two files had equal bytes."""
        return Part(self.pictures, {picture.name: (picture,) for picture in self.pictures})


def parts_of(pictures: Sequence[Picture], scope: Scope) -> list[Part]:
    """The pictures of each scope, in the order of its first name."""
    scopes: dict[str, dict[bytes, list[Picture]]] = {}
    for picture in sorted(pictures, key=lambda one: one.name):
        own = scopes.setdefault(first_level(picture.name) if scope is Scope.FOLDER else "", {})
        own.setdefault(picture.sha256, []).append(picture)
    return [
        Part(
            pictures=tuple(files[0] for files in own.values()),
            equals={files[0].name: tuple(files) for files in own.values()},
        )
        for own in scopes.values()
    ]


def first_level(name: str) -> str:
    """The folder of the first level in which a name lies; "" for files that lie in none."""
    folder, slash, _ = name.partition("/")
    return folder if slash else ""
