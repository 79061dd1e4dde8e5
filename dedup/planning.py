"""From verified matches to the groups that follow from them: who belongs together, whom to keep, and why."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dedup.compare.closer_look import overlaid_sides
from dedup.compare.grouping import Edge, StarGroup, group
from dedup.compare.keeper import PhotoFacts, quality_from_size, suggest
from dedup.compare.keeper_rules import Choice, Rules
from dedup.compare.kinds import Colour, Kind
from dedup.geometry import Affine, affine, inverse
from gallery.imaging.sizes import PREVIEW_SIZES_PX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set
    from datetime import datetime

# Channels of a palette colour (0..255) that differ by less are grey to the eye, JPEG's rounding included.
GREY_CHANNEL_SPREAD_MAX = 12
# The long side of the one decode, by which a photo alone is judged.
MEASURED_PX_MAX = max(PREVIEW_SIZES_PX)
USUAL_CHOICE = Choice()
VERIFIED_WITH_ALL = "every other picture of the group was verified against it"


class KnownPhoto(Protocol):
    """What choosing asks of a photo: a row of the library, or a file of a folder that nobody imported.

    `palette` holds ("#rrggbb", share); of `exif` and `tag_ids` only the length is asked.
    """

    @property
    def pk(self) -> int: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def file_size(self) -> int: ...
    @property
    def media_type(self) -> str: ...
    @property
    def palette(self) -> Any: ...
    @property
    def exif(self) -> Any: ...
    @property
    def tag_ids(self) -> Any: ...
    @property
    def taken_at(self) -> datetime | None: ...
    @property
    def camera(self) -> str: ...
    @property
    def lens(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def latitude(self) -> float | None: ...
    @property
    def filled_share(self) -> float | None: ...
    @property
    def best_date(self) -> datetime | None: ...


class KnownMatch(Protocol):
    """A verified pair: `kind` as in `Kind`, `evidence` and `transform` as in the engine's Verdict."""

    @property
    def low_id(self) -> int: ...
    @property
    def high_id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def transform(self) -> Any: ...
    @property
    def evidence(self) -> Any: ...
    @property
    def sentence(self) -> str: ...

    def partner_of(self, photo_id: int) -> int:
        """The other one of the pair."""


AnyMatch = TypeVar("AnyMatch", bound=KnownMatch)


@dataclass(frozen=True)
class PlannedGroup:
    """A group as the matches want it. `members` maps photo ids to (verdict against the keeper, reasons)."""

    keeper_id: int
    kind: str
    confidence: float
    why: list[str]
    bytes_saved: int
    members: dict[int, tuple[str, tuple[str, ...]]]


def plan_groups(
    photos: Sequence[KnownPhoto], matches: Sequence[KnownMatch], choice: Choice = USUAL_CHOICE
) -> list[PlannedGroup]:
    """The groups that the undecided matches among these photos make; `choice` says how keepers are chosen.

    Photos that hang together are looked at by themselves: what else there is must not change their groups.
    """
    present = {photo.pk: photo for photo in photos}
    usable = [match for match in matches if match.low_id in present and match.high_id in present]
    plans = []
    for part in connected_parts(usable):
        ids = {pk for match in part for pk in (match.low_id, match.high_id)}
        plans += plan_part([present[pk] for pk in sorted(ids)], part, choice)
    return plans


def connected_parts(matches: Sequence[AnyMatch]) -> list[list[AnyMatch]]:
    """The matches, those together whose photos are connected, directly or through others."""
    part_of: dict[int, set[int]] = {}
    for match in matches:
        one = part_of.setdefault(match.low_id, {match.low_id})
        other = part_of.setdefault(match.high_id, {match.high_id})
        if one is not other:
            small, large = sorted((one, other), key=len)
            large |= small
            part_of.update(dict.fromkeys(small, large))
    parts: dict[int, list[AnyMatch]] = {}
    for match in matches:
        parts.setdefault(id(part_of[match.low_id]), []).append(match)
    return list(parts.values())


def plan_part(
    photos: Sequence[KnownPhoto], matches: Sequence[KnownMatch], choice: Choice = USUAL_CHOICE
) -> list[PlannedGroup]:
    """The groups of photos that hang together."""
    own: dict[int, list[KnownMatch]] = {photo.pk: [] for photo in photos}
    for match in matches:
        own[match.low_id].append(match)
        own[match.high_id].append(match)
    by_id = {photo.pk: photo for photo in photos}
    framed = {pk for pk, found in own.items() if any(frames(pk, match) for match in found)}
    facts = {pk: facts_of(photo, own[pk], by_id, framed, choice) for pk, photo in by_id.items()}
    edges = [Edge(match.low_id, match.high_id, Kind(match.kind), match.confidence) for match in matches]
    sentences = {(match.low_id, match.high_id): match.sentence for match in matches}
    best_first = suggest(list(facts.values()), choice.rules).order
    return [planned(star, facts, sentences, choice.rules) for star in group(edges, best_first)]


def planned(
    star: StarGroup[int],
    facts: Mapping[int, PhotoFacts[int]],
    sentences: Mapping[tuple[int, int], str],
    rules: Rules,
) -> PlannedGroup:
    """A star of verified pairs as a group with words."""
    suggestion = suggest([facts[star.keeper], *(facts[other] for other in star.others)], rules)
    why = suggestion.reasons if suggestion.keeper == star.keeper else (VERIFIED_WITH_ALL,)
    members: dict[int, tuple[str, tuple[str, ...]]] = {star.keeper: ("", ())}
    for other, edge in zip(star.others, star.verdicts, strict=True):
        pair = (min(star.keeper, other), max(star.keeper, other))
        members[other] = (edge.kind.value, (sentences[pair],))
    return PlannedGroup(
        keeper_id=star.keeper,
        kind=star.kind.value,
        confidence=star.confidence,
        why=list(why),
        bytes_saved=sum(facts[other].file_size for other in star.others),
        members=members,
    )


def facts_of(
    photo: KnownPhoto,
    matches: Sequence[KnownMatch],
    photos: Mapping[int, KnownPhoto],
    framed: Set[int],
    choice: Choice,
) -> PhotoFacts[int]:
    """What speaks for keeping the photo: from its file, its metadata, and its own matches with the others.

    `framed` are photos that show a partner with something flat around it: what they show beyond is not missed.
    """
    shares = [shown_share(photo.pk, match) for match in matches if match.partner_of(photo.pk) not in framed]
    source = least_detailed_twin(photo, matches, photos)
    return PhotoFacts(
        key=photo.pk,
        width=photo.width or 1,
        height=photo.height or 1,
        file_size=photo.file_size,
        media_type=source.media_type,
        true_long_side=true_long_side(photo, matches, photos),
        shown_share=min(shares, default=1.0),
        edits=edits_of(photo, matches),
        jpeg_quality=quality_from_size(source.file_size, (source.width or 1) * (source.height or 1)),
        saved_quality=saved_quality(photo, matches),
        metadata_fields=metadata_fields(photo),
        date=photo.best_date,
        preferred=choice.preferred.get(photo.pk, frozenset()),
    )


def least_detailed_twin(
    photo: KnownPhoto, matches: Sequence[KnownMatch], photos: Mapping[int, KnownPhoto]
) -> KnownPhoto:
    """The smallest file with the very same pixels, maybe the photo itself.

    A JPEG saved again without loss holds what the JPEG held: its size and type promise more than there is.
    """
    twins = [photos[m.partner_of(photo.pk)] for m in matches if m.kind == Kind.IDENTICAL_PIXELS]
    return min([photo, *twins], key=lambda one: (one.file_size, one.pk))


def shown_share(photo_id: int, match: KnownMatch) -> float:
    """The share (0..1) of its partner that the photo shows."""
    if match.kind == Kind.NEAR_SHOT:
        return 1.0
    covered = match.evidence.get("high_share" if photo_id == match.low_id else "low_share", 1.0)
    return float(covered)


def edits_of(photo: KnownPhoto, matches: Sequence[KnownMatch]) -> tuple[str, ...]:
    """What was done to the photo, as far as its matches tell which of the two was changed.

    One pair does not tell which side is mirrored or tinted; when most copies differ from this photo in the same way,
    it is this photo that was changed.
    """
    copies = [match for match in matches if match.kind != Kind.NEAR_SHOT]
    edits = set()
    if is_grey(photo) and any(match.evidence.get("colour") == Colour.GREY for match in copies):
        edits.add("grey")
    if any(frames(photo.pk, match) for match in copies):
        edits.add("surroundings")
    if any(match.evidence.get("enlarged") == side_of(photo.pk, match) for match in copies):
        edits.add("enlarged")
    if any(match.evidence.get("blurred") == side_of(photo.pk, match) for match in copies):
        edits.add("blurred")
    if most(is_overlaid(photo.pk, match) for match in copies):
        edits.add("overlay")
    if len(copies) > 1 and most(match.kind == Kind.ROTATED for match in copies):
        edits.add("turned")
    if len(copies) > 1 and most(has_other_colours(match) for match in copies):
        edits.add("colours")
    return tuple(sorted(edits))


def is_overlaid(photo_id: int, match: KnownMatch) -> bool:
    """Whether something lies over the photo and not over its partner: letters, a watermark, a sticker."""
    return side_of(photo_id, match) in overlaid_sides(match.evidence)


def most(found: Iterable[bool]) -> bool:
    """Whether more than half are true."""
    values = list(found)
    return sum(values) > len(values) / 2


def has_other_colours(match: KnownMatch) -> bool:
    """Whether the pair differs in colour, other than by one being grey."""
    return match.evidence.get("colour", Colour.SAME) not in (Colour.SAME, Colour.GREY)


def frames(photo_id: int, match: KnownMatch) -> bool:
    """Whether the photo shows its partner with something flat around it: a border, a screen."""
    return bool(match.evidence.get("framed_by") == side_of(photo_id, match))


def picture_long_side(
    photo: KnownPhoto, matches: Sequence[KnownMatch], photos: Mapping[int, KnownPhoto]
) -> float | None:
    """The long side in px of the picture inside a border or a screen; None where the whole photo is the picture.

    A screen that enlarges the picture shows no more of it than the copy beside it.
    """
    partners = [photos[m.partner_of(photo.pk)] for m in matches if frames(photo.pk, m)]
    largest = max((max(partner.width or 1, partner.height or 1) for partner in partners), default=0)
    parts = [
        part_long_side(
            photo, inverse(affine(match.transform)) if photo.pk == match.low_id else affine(match.transform)
        )
        for match in matches
        if match.transform and frames(photo.pk, match)
    ]
    return min(largest, *parts) if parts else None


def true_long_side(
    photo: KnownPhoto, matches: Sequence[KnownMatch], photos: Mapping[int, KnownPhoto]
) -> float | None:
    """The long side in px that the photo's detail fills; None where all of it does, as far as anything tells.

    What a smaller copy says counts more than the photo alone: an original out of focus looks like an enlarged one.
    """
    side = max(photo.width or 1, photo.height or 1)
    known = [picture_long_side(photo, matches, photos)]
    told = [match for match in matches if match.evidence.get("enlarged_agreement") is not None]
    sources = [
        max(partner.width or 1, partner.height or 1)
        for match in told
        if match.evidence["enlarged"] == side_of(photo.pk, match)
        for partner in (photos[match.partner_of(photo.pk)],)
    ]
    known += [float(min(sources))] if sources else []
    if (
        not (told or shows_as_much(photo, matches))
        and photo.filled_share is not None
        and photo.filled_share < 1
    ):
        known.append(photo.filled_share * min(side, MEASURED_PX_MAX))
    return min((one for one in known if one is not None), default=None)


def shows_as_much(photo: KnownPhoto, matches: Sequence[KnownMatch]) -> bool:
    """Whether a copy differs only by what lies over or around one of the two: letters and borders are sharp and would
    make it look more detailed than the picture is."""
    return any(overlaid_sides(match.evidence) or match.evidence.get("framed_by") for match in matches)


def saved_quality(photo: KnownPhoto, matches: Sequence[KnownMatch]) -> int | None:
    """The quality of the coarsest JPEG that the photo was ever saved as; None where its matches do not tell.

    Where two have the very same pixels, what is true of one is true of both.
    """
    told = [
        match.evidence.get(f"{side}_saved_quality")
        for match in matches
        for side in ("low", "high")
        if match.kind == Kind.IDENTICAL_PIXELS or side == side_of(photo.pk, match)
    ]
    return min((int(quality) for quality in told if quality is not None), default=None)


def part_long_side(photo: KnownPhoto, to_photo: Affine) -> float:
    """The long side in px of the place that the partner has in the photo."""
    (a, b, _), (d, e, _) = to_photo
    width, height = photo.width or 1, photo.height or 1
    return max(hypot(a * width, d * height), hypot(b * width, e * height))


def side_of(photo_id: int, match: KnownMatch) -> str:
    """Which side of the pair the photo is, as the evidence names sides."""
    return "low" if photo_id == match.low_id else "high"


def is_grey(photo: KnownPhoto) -> bool:
    """Whether no colour of the palette is one."""
    return all(channel_spread(colour) <= GREY_CHANNEL_SPREAD_MAX for colour, _ in photo.palette)


def channel_spread(colour: str) -> int:
    """Largest less smallest channel (0..255) of "#rrggbb"."""
    channels = bytes.fromhex(colour.removeprefix("#"))
    return max(channels) - min(channels)


def metadata_fields(photo: KnownPhoto) -> int:
    """How many things are known about the photo beside its pixels."""
    given = (photo.taken_at, photo.camera, photo.lens, photo.title, photo.description, photo.latitude)
    return len(photo.exif) + len(photo.tag_ids) + sum(value not in (None, "") for value in given)
