"""The published shapes of answers. Every field says in words what it holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema

from gallery.models import PhotoState, Visibility

StageState = Literal["done", "owed", "running", "failed", "waiting", "none"]


class AlbumRef(Schema):
    id: int = Field(description="The album's id.")
    name: str = Field(description="The album's name.")


class PhotoBasic(Schema):
    id: int = Field(description="What the photo is known by.")
    state: PhotoState = Field(description="Where the photo stands; all but `processing` are final.")
    state_reason: str = Field(description="Why it was damaged, refused or failed; else empty.")
    file_name: str = Field(description="The name that the file was sent with.")
    title: str = Field(description="The title that a person gave; may be empty.")
    description: str = Field(description="The description that a person gave; may be empty.")
    width: int | None = Field(description="Upright width in pixels; null until it is analysed.")
    height: int | None = Field(description="Upright height in pixels; null until it is analysed.")
    media_type: str = Field(description="What the file is by its bytes, such as `image/jpeg`.")
    file_size: int = Field(description="Size of the file in bytes.")
    sha256: str = Field(description="SHA-256 of the file as it was sent, in hexadecimal digits.")
    stored_sha256: str = Field(
        description="SHA-256 of what a download gives: another one where the file was made smaller without loss."
    )
    taken_at: datetime | None = Field(description="When it was taken, as the file says.")
    uploaded_at: datetime = Field(description="When it arrived here.")
    owner: str = Field(description="Name of the person whose photo it is.")
    visibility: Visibility = Field(description="Who sees it beside its owner and moderators.")
    favourite: bool = Field(description="Whether it is marked as a favourite.")
    rating: int = Field(description="0 (none) to 5.")
    tags: list[str] = Field(description="Names of its tags, sorted.")
    albums: list[AlbumRef] = Field(description="The albums with it that you may see.")
    camera: str = Field(description="The camera, as the file says; may be empty.")
    lens: str = Field(description="The lens, as the file says; may be empty.")
    latitude: float | None = Field(description="Degrees north, as the file says.")
    longitude: float | None = Field(description="Degrees east, as the file says.")
    palette: list[tuple[str, float]] = Field(description="Its main colours as #rrggbb and their shares.")
    dominant_colour: str = Field(description="The main colour as #rrggbb; empty until it is analysed.")
    thumbhash: str = Field(description="A blurred placeholder (ThumbHash) in base64; may be empty.")
    previews: dict[str, str] = Field(description="Longer edge in pixels -> address of the preview.")
    original: str = Field(description="Address of the file as it was sent.")
    warnings: list[str] = Field(description="What was odd about the file, in sentences.")
    damaged: bool = Field(description="Whether a part of the picture could not be read.")
    animated: bool = Field(description="Whether it has several frames.")
    trashed_at: datetime | None = Field(description="When it was moved to the trash; null while it lives.")
    stages: dict[str, StageState] = Field(description="Stage -> how far the work on this photo is.")


class Uploaded(PhotoBasic):
    duplicate_of: int | None = Field(
        description="The photo that has these bytes already; null for a new one."
    )
    reason: str = Field(description="`identical-bytes`, `in-trash` or `restored`; empty for a new photo.")


class Copy(Schema):
    """What one picture is to another, proven on the pixels."""

    kind: str = Field(description="The kind of copy, such as `same-picture`, `crop` or `near-shot`.")
    confidence: float = Field(description="How sure that is, 0 to 1.")
    sentence: str = Field(description="The reason in a sentence.")
    transform: Any = Field(None, description="The rows of the matrix that lays one picture over the other.")
    mirrored: bool = Field(False, description="Whether one of them is mirrored.")


class PhotoMatch(Copy):
    photo: int = Field(description="The other photo's id.")
    decision: str | None = Field(description="What was decided about the pair; null for nothing.")


class PhotoDetail(PhotoBasic):
    exif: dict[str, Any] = Field(description="What the file says about itself, by name.")
    stage_details: dict[str, str] = Field(description="Stage -> why it failed or waits; else empty.")
    matches: list[PhotoMatch] = Field(
        description="Its copies among the photos that you may see, strongest first."
    )


class Chip(Schema):
    """One part of a query, as it was understood."""

    text: str = Field(description="The part in words.")
    kind: str = Field(description="tag, field, description, group, control or picture.")
    start: int = Field(description="Where the part begins in the query, counted in characters.")
    end: int = Field(description="Where it ends.")
    is_negative: bool = Field(description="Whether it excludes.")
    removed: str = Field(description="The query without this part.")
    switched: str = Field(
        description="The query with a tag made a description or the other way round, or empty."
    )
    switch_to: str = Field(description="Which of the two that is.")
    note: str = Field("", description="What could be honoured only in part.")


class QueryWarning(Schema):
    message: str = Field(description="What is odd about the query, in a sentence.")
    position: int | None = Field(description="Where in the query; null where that cannot be said.")


class PhotoList(Schema):
    items: list[PhotoBasic] = Field(description="The photos of this page.")
    next: str | None = Field(description="The cursor of the next page; null on the last.")
    total: int = Field(description="How many photos the query finds.")
    total_is_exact: bool = Field(description="False where `total` is an estimate.")
    understood: list[Chip] = Field(description="How the query was understood, part by part.")
    warnings: list[QueryWarning] = Field(description="What is odd about the query.")
    stopped: str = Field(
        description="On the last page: why a ranking ended before all were seen; else empty."
    )


class SimilarPhoto(Schema):
    photo: PhotoBasic = Field(description="The photo.")
    score: float = Field(description="How alike it is; higher is more.")
    reason: str = Field(description="Why it is here, in words.")


class SimilarPhotos(Schema):
    items: list[SimilarPhoto] = Field(description="Best first.")
    note: str = Field(description="Why the list is short or empty; else empty.")


class ImageHit(Schema):
    photo: PhotoBasic = Field(description="The photo.")
    score: float | None = Field(description="How well it fits; null where nothing was ranked.")
    verdict: Copy | None = Field(description="What it is to the example, where it is a copy; else null.")


class ImageHits(Schema):
    items: list[ImageHit] = Field(description="Best first.")
    understood: list[Chip] = Field(description="How the query beside the picture was understood.")
    warnings: list[QueryWarning] = Field(description="What is odd about the query.")


class ParsedQuery(Schema):
    tree: str = Field(description="The query as an s-expression.")
    warnings: list[str] = Field(description="What is odd about it, in sentences.")
    positions: list[int] = Field(description="Where in the query, one for each warning.")
    controls: list[tuple[str, str]] = Field(description="Names and values that order and limit the results.")
    understood: list[Chip] = Field(description="The query part by part.")


class StageNumbers(Schema):
    owed: int = Field(description="Photos that wait for this stage.")
    running: int = Field(description="Photos that a worker has in hand.")
    failed: int = Field(description="Photos whose last attempt failed.")
    done: int = Field(description="Photos that went through.")
    seconds: float = Field(description="Seconds of work that all of it took.")
    paused: bool = Field(description="Whether a moderator has paused the stage.")
    unavailable: str = Field(description="Why the stage cannot run now; else empty.")


class JobsAnswer(Schema):
    stages: dict[str, StageNumbers] = Field(description="By the stage's name: analyse, embed, match.")
    idle: bool = Field(description="True when nothing runs and nothing is owed that could run.")


class PartState(Schema):
    ok: bool = Field(description="Whether the part works.")
    detail: str = Field(description="Why not; empty for strangers.")


class HealthAnswer(Schema):
    status: Literal["ok", "degraded", "broken"] = Field(description="`broken` goes with status 503.")
    database: PartState = Field(description="PostgreSQL with pgvector.")
    redis: PartState = Field(description="Redis.")
    workers: PartState = Field(description="A worker for each queue.")
    storage: PartState = Field(description="The store of originals and previews.")
    originals: PartState = Field(description="What is known of originals that are missing or have changed.")
    model: PartState = Field(description="The model that understands descriptions.")
