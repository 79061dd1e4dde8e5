"""Groups of copies and whom to keep of each, by the same rules as in the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dedup.compare.kinds import Kind
from dedup.folder.pairs import SAME_BYTES, FoundPair
from dedup.planning import plan_groups

if TYPE_CHECKING:
    from dedup.folder.parts import Part
    from dedup.folder.reading import Picture
    from dedup.planning import PlannedGroup

Facts = Mapping[str, Any]
# Where all else is equal, keys decide as text; all of these have as many digits, so that they order as names do.
FIRST_KEY = 10**12


@dataclass(frozen=True)
class FolderGroup:
    """Copies of one picture: the keeper first, then the others by name. `why` says why it is the keeper."""

    members: tuple[Picture, ...]
    kind: Kind
    confidence: float
    why: tuple[str, ...]

    @property
    def keeper(self) -> Picture:
        """The one to keep."""
        return self.members[0]


@dataclass(frozen=True)
class FolderPhoto:
    """A file as `dedup.planning` asks about photos. When a file was written is no reason to keep it: copying a folder
    changes that."""

    pk: int
    width: int
    height: int
    file_size: int
    media_type: str
    palette: Sequence[tuple[str, float]]
    exif: Mapping[str, Any]
    tag_ids: Sequence[str]
    camera: str
    lens: str
    title: str
    description: str
    latitude: float | None
    taken_at: datetime | None
    filled_share: float | None

    @property
    def best_date(self) -> datetime | None:
        """When the photo was taken."""
        return self.taken_at


@dataclass(frozen=True)
class FolderMatch:
    """A pair as `dedup.planning` asks about matches."""

    low_id: int
    high_id: int
    pair: FoundPair

    @property
    def kind(self) -> str:
        return self.pair.kind.value

    @property
    def confidence(self) -> float:
        return self.pair.confidence

    @property
    def transform(self) -> Any:
        return self.pair.transform

    @property
    def evidence(self) -> Mapping[str, Any]:
        return self.pair.evidence

    @property
    def sentence(self) -> str:
        return self.pair.why

    def partner_of(self, photo_id: int) -> int:
        """The other one of the pair."""
        return self.high_id if photo_id == self.low_id else self.low_id


def groups_of(part: Part, found: Sequence[FoundPair], facts: Callable[[Picture], Facts]) -> list[FolderGroup]:
    """The groups that the pairs of a part make, in the order of their keepers' names. Shots of another moment make
    none.

    Files with the bytes of a member are members too; those that are like no other picture make groups of their own.
    """
    copies = [pair for pair in found if pair.kind is not Kind.NEAR_SHOT]
    keys = {picture.name: FIRST_KEY + place for place, picture in enumerate(part.pictures)}
    named = {keys[picture.name]: picture for picture in part.pictures}
    matches = [FolderMatch(keys[pair.low.name], keys[pair.high.name], pair) for pair in copies]
    concerned = sorted({key for match in matches for key in (match.low_id, match.high_id)})
    photos = [photo_of(key, named[key], facts(named[key])) for key in concerned]
    groups = [_group(plan, named, part) for plan in plan_groups(photos, matches)]
    return sorted(groups + _equal_bytes(part, groups), key=lambda group: group.keeper.name)


def photo_of(key: int, picture: Picture, facts: Facts) -> FolderPhoto:
    """The picture with what its file says about it."""
    return FolderPhoto(
        pk=key,
        width=picture.width,
        height=picture.height,
        file_size=picture.file.size,
        media_type=picture.media_type,
        palette=facts["palette"],
        exif=facts["exif"],
        tag_ids=facts["keywords"],
        camera=facts["camera"] or "",
        lens=facts["lens"] or "",
        title=facts["title"] or "",
        description=facts["description"] or "",
        latitude=facts["latitude"],
        taken_at=aware(facts["taken_at"]),
        filled_share=facts["filled_share"],
    )


def aware(text: str | None) -> datetime | None:
    """An ISO date and time, in UTC where it has no offset; None for none, and for an impossible one."""
    if not text:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _group(plan: PlannedGroup, named: Mapping[int, Picture], part: Part) -> FolderGroup:
    keeper = part.equals[named[plan.keeper_id].name]
    others = sorted(
        (
            picture
            for key in plan.members
            if key != plan.keeper_id
            for picture in part.equals[named[key].name]
        ),
        key=lambda picture: picture.name,
    )
    members = (keeper[0], *sorted([*keeper[1:], *others], key=lambda picture: picture.name))
    return FolderGroup(members, Kind(plan.kind), plan.confidence, tuple(plan.why))


def _equal_bytes(part: Part, groups: Sequence[FolderGroup]) -> list[FolderGroup]:
    """Files of equal bytes whose picture is in no group."""
    grouped = {picture.name for group in groups for picture in group.members}
    return [
        FolderGroup(equals, Kind.IDENTICAL_PIXELS, 1.0, (f"{SAME_BYTES} Its name comes first.",))
        for name, equals in part.equals.items()
        if len(equals) > 1 and name not in grouped
    ]
