"""The published shapes of answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema


class AlbumRef(Schema):
    id: int
    name: str


class PhotoBasic(Schema):
    id: int
    state: str
    state_reason: str
    file_name: str
    title: str
    description: str
    width: int | None
    height: int | None
    media_type: str
    file_size: int
    sha256: str
    taken_at: datetime | None
    uploaded_at: datetime
    owner: str
    visibility: str
    favourite: bool
    rating: int
    tags: list[str]
    albums: list[AlbumRef]
    camera: str
    lens: str
    latitude: float | None
    longitude: float | None
    palette: list[Any]
    dominant_colour: str
    thumbhash: str
    previews: dict[str, str]
    original: str
    warnings: list[str]
    damaged: bool
    animated: bool
    trashed_at: datetime | None
    stages: dict[str, str]


class Uploaded(PhotoBasic):
    duplicate_of: int | None
    reason: str


class PhotoDetail(PhotoBasic):
    exif: dict[str, Any]
    stage_details: dict[str, str]
    matches: list[dict[str, Any]]


class PhotoList(Schema):
    items: list[PhotoBasic]
    next: str | None
    total: int
    total_is_exact: bool
    understood: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    stopped: str


class SimilarPhoto(Schema):
    photo: PhotoBasic
    score: float
    reason: str


class SimilarPhotos(Schema):
    items: list[SimilarPhoto]
    note: str


class ImageHit(Schema):
    photo: PhotoBasic
    score: float | None
    verdict: dict[str, Any] | None


class ImageHits(Schema):
    items: list[ImageHit]
    understood: list[dict[str, Any]]
    warnings: list[dict[str, Any]]


class ParsedQuery(Schema):
    tree: str
    warnings: list[str]
    positions: list[int]
    controls: list[list[str]]
    understood: list[dict[str, Any]]


class StageNumbers(Schema):
    owed: int
    running: int
    failed: int
    done: int
    seconds: float
    paused: bool
    unavailable: str


class JobsAnswer(Schema):
    stages: dict[str, StageNumbers]
    idle: bool


class PartState(Schema):
    ok: bool
    detail: str


class HealthAnswer(Schema):
    status: str
    database: PartState
    redis: PartState
    workers: PartState
    storage: PartState
    model: PartState
